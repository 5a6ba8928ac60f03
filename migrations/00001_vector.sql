-- The pgvector extension. Its comment remembers that Lookalike brought it, so that going down takes away only what
-- going up has added.

-- +goose Up
-- It is there already: goose keeps its own table in it.
CREATE SCHEMA IF NOT EXISTS lookalike;
-- +goose StatementBegin
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN
		CREATE EXTENSION vector SCHEMA public;
		COMMENT ON EXTENSION vector IS 'pgvector, created by lookalike';
	END IF;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (
		SELECT FROM pg_extension e
		WHERE e.extname = 'vector' AND obj_description(e.oid, 'pg_extension') = 'pgvector, created by lookalike'
	) THEN
		DROP EXTENSION vector;
	END IF;
EXCEPTION
	WHEN dependent_objects_still_exist THEN
		COMMENT ON EXTENSION vector IS 'pgvector';
		RAISE NOTICE 'extension vector is kept: other tables use it';
END
$$;
-- +goose StatementEnd
