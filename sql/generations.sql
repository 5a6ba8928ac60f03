-- name: InsertProjection :one
INSERT INTO lookalike.projection (model_id, method, factors, normalise, mean, fitted_on)
VALUES (@model_id, @method, @factors, @normalise, @mean, @fitted_on)
RETURNING projection_id;

-- name: InsertProjectionFactors :batchexec
INSERT INTO lookalike.projection_factor (projection_id, factor, component, explained_variance, explained_variance_ratio)
VALUES (@projection_id, @factor, @component, @explained_variance, @explained_variance_ratio);

-- name: GetProjection :one
SELECT * FROM lookalike.projection WHERE projection_id = @projection_id;

-- name: ListProjectionFactors :many
SELECT * FROM lookalike.projection_factor WHERE projection_id = @projection_id ORDER BY factor;

-- name: ListGenerations :many
-- The live generation of a catalog and the one that is being built, the live one first.
SELECT g.generation_id, g.number, g.model_id, m.name AS model, m.version AS model_version, g.factors, g.normalise, g.projection_id,
	coalesce(r.relname::text, '')::text AS table_name, g.state
FROM lookalike.generation g
JOIN lookalike.model m USING (model_id)
LEFT JOIN pg_catalog.pg_class r ON r.oid = g.relation
WHERE g.catalog_id = @catalog_id AND g.state IN ('live', 'building')
ORDER BY g.state DESC;

-- name: InsertGeneration :exec
INSERT INTO lookalike.generation (catalog_id, number, model_id, factors, normalise)
SELECT sqlc.arg(catalog_id)::integer, coalesce(max(g.number), 0) + 1, sqlc.arg(model_id)::integer, sqlc.arg(factors)::integer, sqlc.arg(normalise)::boolean
FROM lookalike.generation g WHERE g.catalog_id = sqlc.arg(catalog_id)::integer;

-- name: DeleteGeneration :exec
DELETE FROM lookalike.generation WHERE generation_id = @generation_id;

-- name: SetGenerationProjection :exec
UPDATE lookalike.generation SET projection_id = @projection_id WHERE generation_id = @generation_id;

-- name: SetGenerationTable :exec
UPDATE lookalike.generation SET relation = sqlc.narg(relation)::text::regclass WHERE generation_id = @generation_id;

-- name: PublishGeneration :exec
SELECT lookalike.publish(sqlc.arg(generation_id)::integer);

-- name: InsertGenerationChanges :exec
INSERT INTO lookalike.generation_change (generation_id, key)
SELECT sqlc.arg(generation_id)::integer, unnest(sqlc.arg(keys)::text[])
ON CONFLICT DO NOTHING;

-- name: TakeGenerationChanges :many
DELETE FROM lookalike.generation_change WHERE generation_id = @generation_id RETURNING key;

-- name: LockCatalogShared :exec
-- Held by whoever records results, until its transaction ends. The number sets these locks apart from other advisory ones.
SELECT pg_advisory_xact_lock_shared(1819242347, sqlc.arg(catalog_id)::integer);

-- name: LockCatalog :exec
-- Held while a generation starts to be filled and while it goes live: nobody records in between.
SELECT pg_advisory_xact_lock(1819242347, sqlc.arg(catalog_id)::integer);

-- name: TryLockBuild :one
-- Held by the session that builds a generation of the catalog, so that there is one builder only.
SELECT pg_try_advisory_lock(1819242348, sqlc.arg(catalog_id)::integer);

-- name: UnlockBuild :exec
SELECT pg_advisory_unlock(1819242348, sqlc.arg(catalog_id)::integer);

-- name: GetIndexProgress :one
-- How far the index build of a table has come.
SELECT coalesce(blocks_done, 0)::bigint AS blocks_done, coalesce(blocks_total, 0)::bigint AS blocks_total,
	coalesce(tuples_done, 0)::bigint AS tuples_done, coalesce(tuples_total, 0)::bigint AS tuples_total
FROM pg_catalog.pg_stat_progress_create_index p
JOIN pg_catalog.pg_class r ON r.oid = p.relid
WHERE r.relname = sqlc.arg(table_name)::text AND p.datname = current_database();
