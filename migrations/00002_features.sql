-- Photos by content, models by version, and what a model says of a photo.

-- +goose Up
CREATE TABLE lookalike.model (
	model_id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name          text NOT NULL,
	version       text NOT NULL UNIQUE,
	feature_dims  integer NOT NULL CHECK (feature_dims BETWEEN 1 AND 16000),
	preprocessing jsonb NOT NULL,
	added_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE lookalike.model IS 'A trunk network with its preprocessing.';
COMMENT ON COLUMN lookalike.model.version IS 'SHA-256 (hex) of the trunk and its preprocessing.';

CREATE TABLE lookalike.photo (
	sha256     bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
	format     text NOT NULL,
	width      integer NOT NULL,
	height     integer NOT NULL,
	bytes      bigint NOT NULL,
	first_seen timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE lookalike.photo IS 'One image, named by the SHA-256 of its bytes. Width and height are as displayed.';

-- halfvec: half the size of vector, and the 5 nearest agree in 99.96 % of places (2,000 photos, 1,280 dims).
CREATE TABLE lookalike.feature (
	model_id integer NOT NULL REFERENCES lookalike.model,
	sha256   bytea NOT NULL REFERENCES lookalike.photo,
	feature  halfvec NOT NULL,
	PRIMARY KEY (model_id, sha256)
);
COMMENT ON TABLE lookalike.feature IS 'What the trunk of a model says of a photo. Kept, so that nothing is embedded twice.';

-- +goose Down
DROP TABLE lookalike.feature;
DROP TABLE lookalike.photo;
DROP TABLE lookalike.model;
