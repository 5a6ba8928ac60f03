-- Catalogs: the product tables that are attached, which photos their products show, and their generations.

-- +goose Up
CREATE TABLE lookalike.catalog (
	catalog_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name         text NOT NULL UNIQUE CHECK (octet_length(name) BETWEEN 1 AND 40),
	relation     regclass NOT NULL,
	key_column   name NOT NULL,
	key_type     text NOT NULL,
	image_column name NOT NULL,
	roots        text[] NOT NULL DEFAULT '{}',
	attached_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN lookalike.catalog.name IS
	'At most 40 bytes: name_similar_g12345 and the like must fit into the 63 bytes of an identifier.';
COMMENT ON COLUMN lookalike.catalog.roots IS
	'Folders that photos may be read from. A relative reference is relative to the first.';

CREATE TABLE lookalike.product_photo (
	catalog_id integer NOT NULL REFERENCES lookalike.catalog ON DELETE CASCADE,
	key        text NOT NULL,
	position   smallint NOT NULL CHECK (position >= 1),
	sha256     bytea NOT NULL REFERENCES lookalike.photo,
	PRIMARY KEY (catalog_id, key, position)
);
COMMENT ON TABLE lookalike.product_photo IS 'Which photo a product shows, as far as it has been embedded.';
-- Products that show one photo, and photos that nobody shows any more.
CREATE INDEX product_photo_sha256 ON lookalike.product_photo (sha256);

CREATE TABLE lookalike.generation (
	generation_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	catalog_id    integer NOT NULL REFERENCES lookalike.catalog ON DELETE CASCADE,
	number        integer NOT NULL CHECK (number >= 1),
	model_id      integer NOT NULL REFERENCES lookalike.model,
	factors       integer NOT NULL CHECK (factors BETWEEN 1 AND 2000),
	normalise     boolean NOT NULL,
	projection_id integer REFERENCES lookalike.projection,
	relation      regclass,
	state         text NOT NULL DEFAULT 'building' CHECK (state IN ('building', 'live', 'retired')),
	created_at    timestamptz NOT NULL DEFAULT now(),
	live_at       timestamptz,
	UNIQUE (catalog_id, number),
	CHECK (state = 'building' OR (projection_id IS NOT NULL AND relation IS NOT NULL AND live_at IS NOT NULL))
);
COMMENT ON TABLE lookalike.generation IS 'The embeddings of one catalog under one model and projection.';
COMMENT ON COLUMN lookalike.generation.factors IS 'How many were asked for; the projection says how many the data allowed.';
COMMENT ON COLUMN lookalike.generation.relation IS 'The table of embeddings. NULL until the projection is fitted.';
-- Exactly one is live, at most one is being built.
CREATE UNIQUE INDEX generation_live ON lookalike.generation (catalog_id) WHERE state = 'live';
CREATE UNIQUE INDEX generation_building ON lookalike.generation (catalog_id) WHERE state = 'building';

CREATE TABLE lookalike.generation_change (
	generation_id integer NOT NULL REFERENCES lookalike.generation ON DELETE CASCADE,
	key           text NOT NULL,
	PRIMARY KEY (generation_id, key)
);
COMMENT ON TABLE lookalike.generation_change IS
	'Products that changed while the table of a generation was being filled. They are copied again before it goes live.';

-- +goose Down
DROP TABLE lookalike.generation_change;
DROP TABLE lookalike.generation;
DROP TABLE lookalike.product_photo;
DROP TABLE lookalike.catalog;
