-- Tasks: the work owed to products, made by triggers on the product tables.

-- +goose Up
CREATE TABLE lookalike.task (
	catalog_id  integer NOT NULL REFERENCES lookalike.catalog ON DELETE CASCADE,
	key         text NOT NULL,
	state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'failed')),
	due_at      timestamptz NOT NULL DEFAULT now(),
	lease       uuid,
	attempts    smallint NOT NULL DEFAULT 0,
	stage       text,
	error       text,
	enqueued_at timestamptz NOT NULL DEFAULT now(),
	tried_at    timestamptz,
	PRIMARY KEY (catalog_id, key)
);
COMMENT ON TABLE lookalike.task IS 'The work owed to one product. The row goes in the transaction that writes the result.';
COMMENT ON COLUMN lookalike.task.due_at IS
	'When it may be claimed: at once for a new task, after a pause for one that is tried again, when its lease ends for a claimed one.';
COMMENT ON COLUMN lookalike.task.lease IS
	'Who has claimed it. A change of the product clears it, and what is written under another lease is refused.';
CREATE INDEX task_due ON lookalike.task (catalog_id, due_at) WHERE state = 'pending';

-- The trigger functions run with the rights of Lookalike's owner, because whoever changes products owns no tasks;
-- their search_path is pinned for that reason. Keys are written as text under one date style and time zone.

-- +goose StatementBegin
CREATE FUNCTION lookalike.enqueue(catalog_id integer, keys text[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	-- In the order of the keys, so that two statements never wait for each other.
	INSERT INTO lookalike.task (catalog_id, key)
	SELECT enqueue.catalog_id, k FROM unnest(enqueue.keys) AS k WHERE k IS NOT NULL ORDER BY k
	ON CONFLICT ON CONSTRAINT task_pkey DO UPDATE
	SET state = 'pending', due_at = now(), lease = NULL, attempts = 0, stage = NULL, error = NULL, enqueued_at = now();
END;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.enqueue(integer, text[]) IS 'Makes or renews the tasks of some products.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.enqueue_changed_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC'
AS $$
DECLARE
	attached lookalike.catalog;
	keys     text[];
BEGIN
	SELECT * INTO STRICT attached FROM lookalike.catalog WHERE catalog_id = TG_ARGV[0]::integer;
	EXECUTE format('SELECT array_agg(%I::text) FROM changed_rows', attached.key_column) INTO keys;
	PERFORM lookalike.enqueue(attached.catalog_id, keys);
	RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.enqueue_changed_rows() IS 'Statement trigger of INSERT and DELETE: a task for each row.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.enqueue_updated_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC'
AS $$
DECLARE
	attached lookalike.catalog;
	keys     text[];
BEGIN
	SELECT * INTO STRICT attached FROM lookalike.catalog WHERE catalog_id = TG_ARGV[0]::integer;
	EXECUTE format('SELECT ARRAY(SELECT DISTINCT k FROM (VALUES (($1).%1$I::text), (($2).%1$I::text)) AS change(k))', attached.key_column)
		INTO keys USING OLD, NEW;
	PERFORM lookalike.enqueue(attached.catalog_id, keys);
	RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.enqueue_updated_row() IS 'Row trigger of UPDATE: a task for the old and the new key.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.enqueue_all() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM lookalike.enqueue(TG_ARGV[0]::integer, ARRAY(
		SELECT key FROM lookalike.product_photo WHERE catalog_id = TG_ARGV[0]::integer
		UNION
		SELECT key FROM lookalike.task WHERE catalog_id = TG_ARGV[0]::integer));
	RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.enqueue_all() IS 'Statement trigger of TRUNCATE: a task for each product known so far.';

-- +goose Down
DROP FUNCTION lookalike.enqueue_all();
DROP FUNCTION lookalike.enqueue_updated_row();
DROP FUNCTION lookalike.enqueue_changed_rows();
DROP FUNCTION lookalike.enqueue(integer, text[]);
DROP TABLE lookalike.task;
