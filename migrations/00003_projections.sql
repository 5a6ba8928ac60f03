-- Projections: the stored linear maps from feature to embedding.

-- +goose Up
CREATE TABLE lookalike.projection (
	projection_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	model_id      integer NOT NULL REFERENCES lookalike.model,
	method        text NOT NULL CHECK (method IN ('pca')),
	factors       integer NOT NULL CHECK (factors BETWEEN 1 AND 2000),
	normalise     boolean NOT NULL,
	mean          vector NOT NULL,
	fitted_on     integer NOT NULL CHECK (fitted_on >= 2),
	fitted_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE lookalike.projection IS
	'embedding = components * (feature - mean), the feature first scaled to length 1 where normalise is set.';
COMMENT ON COLUMN lookalike.projection.factors IS 'How many dimensions are kept; at most 2,000, the limit of an HNSW index.';
COMMENT ON COLUMN lookalike.projection.fitted_on IS 'How many features the projection was fitted on.';

CREATE TABLE lookalike.projection_factor (
	projection_id            integer NOT NULL REFERENCES lookalike.projection ON DELETE CASCADE,
	factor                   integer NOT NULL CHECK (factor >= 1),
	component                vector NOT NULL,
	explained_variance       double precision NOT NULL,
	explained_variance_ratio double precision NOT NULL,
	PRIMARY KEY (projection_id, factor)
);
COMMENT ON TABLE lookalike.projection_factor IS 'One row a factor, the most telling first: its component and how much variance it explains.';

-- +goose Down
DROP TABLE lookalike.projection_factor;
DROP TABLE lookalike.projection;
