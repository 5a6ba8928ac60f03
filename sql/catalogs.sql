-- name: AttachCatalog :one
-- Attaches a product table, or finds it attached already. The relation is looked up by the server.
SELECT lookalike.attach(
	sqlc.arg(relation)::text::regclass, sqlc.arg(key)::text::name, sqlc.arg(image)::text::name,
	sqlc.arg(name)::text, sqlc.narg(root)::text)::integer AS catalog_id;

-- name: DetachCatalog :exec
SELECT lookalike.detach(sqlc.arg(name)::text);

-- name: GetCatalog :one
-- A catalog with the parts of its table's name as they are, unquoted; and table and key as people write them in SQL.
SELECT c.catalog_id, c.name, n.nspname::text AS table_schema, r.relname::text AS table_name,
	c.key_column::text AS key_column, c.key_type, c.image_column::text AS image_column, c.roots,
	format('%I.%I', n.nspname, r.relname)::text AS table_sql, quote_ident(c.key_column)::text AS key_sql
FROM lookalike.catalog c
JOIN pg_catalog.pg_class r ON r.oid = c.relation
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE c.name = @name;

-- name: ListCatalogNames :many
SELECT name FROM lookalike.catalog ORDER BY name;

-- name: ListColumns :many
-- The columns of a product table in their order, generated ones marked. The type is without length or precision:
-- an explicit cast to varchar(10) would cut, an assignment complains.
SELECT a.attname::text AS name, quote_ident(a.attname)::text AS name_sql, format_type(a.atttypid, NULL) AS type, (a.attgenerated <> '' OR a.attidentity = 'a')::boolean AS generated
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class r ON r.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE n.nspname = sqlc.arg(table_schema)::text AND r.relname = sqlc.arg(table_name)::text AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;

-- name: ListFailures :many
SELECT key, coalesce(stage, '') AS stage, coalesce(error, '') AS error, attempts, tried_at
FROM lookalike.task
WHERE catalog_id = @catalog_id AND state = 'failed'
ORDER BY key;

-- name: ListStatus :many
SELECT catalog, product_table::text AS product_table, embedded, pending, failed, oldest_pending::timestamptz AS oldest_pending, live_generation, model, factors, live_at
FROM lookalike.status ORDER BY catalog;
