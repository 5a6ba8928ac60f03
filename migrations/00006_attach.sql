-- attach and detach: a product table becomes a catalog, in SQL alone.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION lookalike.primary_key_column(relation regclass) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT a.attname
	FROM pg_index i
	JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
	WHERE i.indrelid = relation AND i.indisprimary AND i.indnkeyatts = 1;
END;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.primary_key_column(regclass) IS 'The column of a single-column primary key, else NULL.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.check_attachable(relation regclass, key name, image name) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	columns text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped);
BEGIN
	IF (SELECT relkind FROM pg_class WHERE oid = relation) NOT IN ('r', 'p') THEN
		RAISE EXCEPTION '% is not a table', relation USING ERRCODE = 'wrong_object_type';
	ELSIF key IS NULL THEN
		RAISE EXCEPTION '% has no single-column primary key', relation
			USING ERRCODE = 'invalid_parameter_value', HINT = format('Name a unique column: key => ''...''. Columns: %s.', columns);
	ELSIF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND attname = key AND attnum > 0 AND NOT attisdropped) THEN
		RAISE EXCEPTION '% has no column %', relation, quote_ident(key) USING ERRCODE = 'undefined_column', HINT = format('Columns: %s.', columns);
	ELSIF key IN ('position', 'embedding', 'distance', 'k', 'among') THEN
		RAISE EXCEPTION 'a key column cannot be named %, which the views and functions of a catalog use themselves', key
			USING ERRCODE = 'reserved_name', HINT = 'Rename the column, or attach a view''s table with another unique column.';
	ELSIF NOT EXISTS (
		SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		WHERE i.indrelid = relation AND a.attname = key AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL
	) THEN
		RAISE EXCEPTION 'column % of % is not unique', quote_ident(key), relation
			USING ERRCODE = 'invalid_parameter_value', HINT = format('Make it the key: ALTER TABLE %s ADD PRIMARY KEY (%I);', relation, key);
	ELSIF NOT EXISTS (
		SELECT FROM pg_attribute WHERE attrelid = relation AND attname = image AND NOT attisdropped
		AND atttypid IN ('text'::regtype, 'varchar'::regtype, 'bytea'::regtype)
	) THEN
		RAISE EXCEPTION '% has no column % of type text, varchar or bytea', relation, quote_ident(image)
			USING ERRCODE = 'undefined_column', HINT = format('Name the column with the photos: image => ''...''. Columns: %s.', columns);
	END IF;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.check_attachable(regclass, name, name) IS 'Raises why a table cannot be attached.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.check_catalog_name(name text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF octet_length(name) NOT BETWEEN 1 AND 40 THEN
		RAISE EXCEPTION 'the catalog name % is not of 1 to 40 bytes', quote_ident(name)
			USING ERRCODE = 'invalid_name', HINT = 'Give a shorter one: name => ''...''.';
	ELSIF to_regclass(format('lookalike.%I', name)) IS NOT NULL OR to_regtype(format('lookalike.%I', name || '_neighbour')) IS NOT NULL
		OR name ~ '_g[0-9]+$' THEN
		RAISE EXCEPTION 'the catalog name % is taken', quote_ident(name)
			USING ERRCODE = 'duplicate_object', HINT = 'Give another one: name => ''...''.';
	END IF;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.check_catalog_name(text) IS 'Raises why a name cannot be a catalog''s: it becomes a view in this schema.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.create_triggers(attached lookalike.catalog) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	prefix text := 'lookalike_' || attached.catalog_id;
BEGIN
	EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %s REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT
		EXECUTE FUNCTION lookalike.enqueue_changed_rows(%L)', prefix || '_insert', attached.relation, attached.catalog_id);
	EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %s REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT
		EXECUTE FUNCTION lookalike.enqueue_changed_rows(%L)', prefix || '_delete', attached.relation, attached.catalog_id);
	-- WHEN rather than UPDATE OF: the latter does not see what a BEFORE trigger changes.
	EXECUTE format('CREATE TRIGGER %1$I AFTER UPDATE ON %2$s FOR EACH ROW
		WHEN (OLD.%3$I IS DISTINCT FROM NEW.%3$I OR OLD.%4$I IS DISTINCT FROM NEW.%4$I)
		EXECUTE FUNCTION lookalike.enqueue_updated_row(%5$L)',
		prefix || '_update', attached.relation, attached.image_column, attached.key_column, attached.catalog_id);
	EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %s FOR EACH STATEMENT
		EXECUTE FUNCTION lookalike.enqueue_all(%L)', prefix || '_truncate', attached.relation, attached.catalog_id);
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.create_triggers(lookalike.catalog) IS 'Creates the triggers that make tasks.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.attach(
	relation regclass, key name DEFAULT NULL, image name DEFAULT 'image', name text DEFAULT NULL, root text DEFAULT NULL
) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC'
AS $$
#variable_conflict use_column
DECLARE
	wanted   text := coalesce(attach.name, (SELECT relname FROM pg_class WHERE oid = attach.relation));
	key_name name := coalesce(attach.key, lookalike.primary_key_column(attach.relation));
	attached lookalike.catalog;
	keys     text[];
BEGIN
	PERFORM lookalike.check_attachable(attach.relation, key_name, attach.image);
	PERFORM pg_advisory_xact_lock(hashtextextended('lookalike.attach', 0));
	SELECT * INTO attached FROM lookalike.catalog c WHERE c.name = wanted;
	IF FOUND THEN
		IF (attached.relation, attached.key_column, attached.image_column) IS DISTINCT FROM (attach.relation, key_name, attach.image) THEN
			RAISE EXCEPTION 'catalog % is already attached to %, key %, image %', quote_ident(wanted),
				attached.relation, quote_ident(attached.key_column), quote_ident(attached.image_column)
				USING ERRCODE = 'duplicate_object', HINT = 'Give another name: name => ''...'', or detach it first: SELECT lookalike.detach(''...'').';
		END IF;
		IF attach.root <> ALL (attached.roots) THEN
			UPDATE lookalike.catalog SET roots = roots || attach.root WHERE catalog_id = attached.catalog_id;
		END IF;
		RETURN attached.catalog_id;
	END IF;

	PERFORM lookalike.check_catalog_name(wanted);
	INSERT INTO lookalike.catalog (name, relation, key_column, key_type, image_column, roots)
	SELECT wanted, attach.relation, key_name, format_type(a.atttypid, a.atttypmod), attach.image, array_remove(ARRAY[attach.root], NULL)
	FROM pg_attribute a WHERE a.attrelid = attach.relation AND a.attname = key_name
	RETURNING * INTO attached;
	-- The triggers first: creating them waits for whoever is writing, so that the tasks below miss no row.
	PERFORM lookalike.create_triggers(attached);
	EXECUTE format('SELECT array_agg(%I::text) FROM %s', key_name, attach.relation) INTO keys;
	PERFORM lookalike.enqueue(attached.catalog_id, keys);
	RETURN attached.catalog_id;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.attach(regclass, name, name, text, text) IS
	'Attaches a product table as a catalog: key is its unique column (default: the primary key), image holds the photos '
	'(paths below root, or bytes), name is the catalog''s (default: the table''s). Doing it again changes nothing.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.detach(name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	attached lookalike.catalog;
	made     record;
BEGIN
	SELECT * INTO attached FROM lookalike.catalog c WHERE c.name = detach.name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no catalog %', quote_ident(detach.name)
			USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM lookalike.catalog lists them.';
	END IF;
	FOR made IN SELECT tgname, tgrelid::regclass AS relation FROM pg_trigger
		WHERE tgrelid = attached.relation AND tgparentid = 0 AND tgname ~ format('^lookalike_%s_[a-z]+$', attached.catalog_id)
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', made.tgname, made.relation);
	END LOOP;
	PERFORM lookalike.withdraw(attached);
	FOR made IN SELECT g.relation FROM lookalike.generation g WHERE g.catalog_id = attached.catalog_id AND g.relation IS NOT NULL LOOP
		EXECUTE format('DROP TABLE IF EXISTS %s', made.relation);
	END LOOP;
	DELETE FROM lookalike.catalog WHERE catalog_id = attached.catalog_id;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.detach(text) IS
	'Undoes attach: triggers, tasks, generations, view and functions go. Features stay, so attaching again is quick.';

-- +goose Down
DROP FUNCTION lookalike.detach(text);
DROP FUNCTION lookalike.attach(regclass, name, name, text, text);
DROP FUNCTION lookalike.create_triggers(lookalike.catalog);
DROP FUNCTION lookalike.check_catalog_name(text);
DROP FUNCTION lookalike.check_attachable(regclass, name, name);
DROP FUNCTION lookalike.primary_key_column(regclass);
