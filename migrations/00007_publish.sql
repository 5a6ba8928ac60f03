-- What analysts use: the view and the functions of a catalog, made anew when a generation goes live.
-- They need pgvector's types and operators, which are found in the schema of the extension.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION lookalike.search_path_with_vector() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT format('pg_catalog, %I, pg_temp', n.nspname)
	FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector';
END;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.search_path_with_vector() IS 'The search_path under which pgvector''s operators are found.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.vector_type() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT format('%I.vector', n.nspname)
	FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector';
END;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.vector_type() IS 'The type vector with the schema of the extension.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.create_nearest(attached lookalike.catalog) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $create$
DECLARE
	-- Inserted as a literal below: a name may hold any quotes, dollars too.
	body text := format($body$
		#variable_conflict use_column
		DECLARE
			nearest lookalike.%1$I[];
		BEGIN
			IF $2 IS NULL OR $2 < 1 THEN
				RAISE EXCEPTION 'k must be at least 1' USING ERRCODE = 'invalid_parameter_value';
			END IF;
			IF $3 IS NULL THEN
				-- A product may show several photos, so more rows than products are fetched.
				nearest := ARRAY(
					SELECT ROW(c.%2$I, min(c.distance))::lookalike.%1$I
					FROM (
						SELECT e.%2$I, (e.embedding <-> $1)::double precision AS distance
						FROM lookalike.%3$I e ORDER BY e.embedding <-> $1 LIMIT 4 * $2::bigint
					) AS c
					GROUP BY c.%2$I ORDER BY min(c.distance), c.%2$I LIMIT $2);
				IF cardinality(nearest) = $2 THEN
					RETURN QUERY SELECT n.* FROM unnest(nearest) AS n;
					RETURN;
				END IF;
			END IF;
			-- Among some products only, or where the index has come to its end: every distance is computed.
			RETURN QUERY
				SELECT e.%2$I, min((e.embedding <-> $1)::double precision)
				FROM lookalike.%3$I e
				WHERE $3 IS NULL OR e.%2$I = ANY ($3)
				GROUP BY e.%2$I ORDER BY 2, 1 LIMIT $2;
		END
		$body$, attached.name || '_neighbour', attached.key_column, attached.name);
BEGIN
	EXECUTE format('CREATE OR REPLACE FUNCTION lookalike.%I(embedding %s, k integer DEFAULT 5, among %s[] DEFAULT NULL)
		RETURNS SETOF lookalike.%I LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 10
		SET search_path = %s SET hnsw.iterative_scan = ''strict_order'' SET hnsw.ef_search = 100 AS %L',
		attached.name || '_nearest', lookalike.vector_type(), attached.key_type, attached.name || '_neighbour',
		lookalike.search_path_with_vector(), body);
	EXECUTE format('COMMENT ON FUNCTION lookalike.%I IS %L', attached.name || '_nearest',
		'The k products nearest to an embedding, of all or among some keys, each by its nearest photo. Always k rows when k exist.');
END
$create$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.create_nearest(lookalike.catalog) IS 'Creates or replaces NAME_nearest.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.create_similar(attached lookalike.catalog) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $create$
DECLARE
	body text := format($body$
		SELECT n.%1$I, min(n.distance)
		FROM lookalike.%2$I AS own
		CROSS JOIN LATERAL lookalike.%3$I(own.embedding, $2 + 1, $3) AS n
		WHERE own.%1$I = $1 AND n.%1$I <> $1
		GROUP BY n.%1$I ORDER BY 2, 1 LIMIT $2
		$body$, attached.key_column, attached.name, attached.name || '_nearest');
BEGIN
	EXECUTE format('CREATE OR REPLACE FUNCTION lookalike.%I(%I %s, k integer DEFAULT 5, among %s[] DEFAULT NULL)
		RETURNS SETOF lookalike.%I LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 10 SET search_path = %s AS %L',
		attached.name || '_similar', attached.key_column, attached.key_type, attached.key_type, attached.name || '_neighbour',
		lookalike.search_path_with_vector(), body);
	EXECUTE format('COMMENT ON FUNCTION lookalike.%I IS %L', attached.name || '_similar',
		'The k products that look most like a product, itself left out, of all or among some keys, each by its nearest photo.');
END
$create$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.create_similar(lookalike.catalog) IS 'Creates or replaces NAME_similar.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.publish(generation_id integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	ready    lookalike.generation;
	attached lookalike.catalog;
BEGIN
	SELECT * INTO STRICT ready FROM lookalike.generation g WHERE g.generation_id = publish.generation_id;
	SELECT * INTO STRICT attached FROM lookalike.catalog c WHERE c.catalog_id = ready.catalog_id;
	UPDATE lookalike.generation SET state = 'retired' WHERE catalog_id = attached.catalog_id AND state = 'live';
	UPDATE lookalike.generation g SET state = 'live', live_at = now() WHERE g.generation_id = ready.generation_id;

	EXECUTE format('SET LOCAL search_path = %s', lookalike.search_path_with_vector());
	-- Without a dimension, so that the view can be replaced when the number of factors changes.
	EXECUTE format('CREATE OR REPLACE VIEW lookalike.%I AS SELECT %I, position, embedding::vector AS embedding FROM %s',
		attached.name, attached.key_column, ready.relation);
	EXECUTE format('COMMENT ON VIEW lookalike.%I IS %L', attached.name, format('The live embeddings of catalog %s (generation %s).',
		attached.name, ready.number));
	IF to_regtype(format('lookalike.%I', attached.name || '_neighbour')) IS NULL THEN
		EXECUTE format('CREATE TYPE lookalike.%I AS (%I %s, distance double precision)',
			attached.name || '_neighbour', attached.key_column, attached.key_type);
	END IF;
	PERFORM lookalike.create_nearest(attached);
	PERFORM lookalike.create_similar(attached);
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.publish(integer) IS 'Makes a generation the live one of its catalog: view and functions answer from it at commit.';

-- +goose StatementBegin
CREATE FUNCTION lookalike.withdraw(attached lookalike.catalog) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('DROP FUNCTION IF EXISTS lookalike.%I', attached.name || '_similar');
	EXECUTE format('DROP FUNCTION IF EXISTS lookalike.%I', attached.name || '_nearest');
	EXECUTE format('DROP TYPE IF EXISTS lookalike.%I', attached.name || '_neighbour');
	EXECUTE format('DROP VIEW IF EXISTS lookalike.%I', attached.name);
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION lookalike.withdraw(lookalike.catalog) IS 'Undoes publish: drops the view and the functions of a catalog.';

-- +goose Down
-- Catalogs cannot be without these functions: triggers, views and generations go with them.
SELECT lookalike.detach(name) FROM lookalike.catalog;
DROP FUNCTION lookalike.withdraw(lookalike.catalog);
DROP FUNCTION lookalike.publish(integer);
DROP FUNCTION lookalike.create_similar(lookalike.catalog);
DROP FUNCTION lookalike.create_nearest(lookalike.catalog);
DROP FUNCTION lookalike.vector_type();
DROP FUNCTION lookalike.search_path_with_vector();
