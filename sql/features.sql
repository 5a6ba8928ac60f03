-- name: UpsertModel :one
INSERT INTO lookalike.model (name, version, feature_dims, preprocessing)
VALUES (@name, @version, @feature_dims, @preprocessing)
ON CONFLICT (version) DO UPDATE SET name = excluded.name
RETURNING model_id;

-- name: ListFeatures :many
-- What a model says of some photos, as far as it has seen them.
SELECT sha256, feature FROM lookalike.feature WHERE model_id = @model_id AND sha256 = ANY (sqlc.arg(photos)::bytea[]);

-- name: ListPhotosWithFeature :many
SELECT sha256 FROM lookalike.feature WHERE model_id = @model_id AND sha256 = ANY (sqlc.arg(photos)::bytea[]);

-- name: InsertPhotos :batchexec
INSERT INTO lookalike.photo (sha256, format, width, height, bytes) VALUES (@sha256, @format, @width, @height, @bytes)
ON CONFLICT (sha256) DO NOTHING;

-- name: InsertFeatures :batchexec
INSERT INTO lookalike.feature (model_id, sha256, feature) VALUES (@model_id, @sha256, @feature)
ON CONFLICT (model_id, sha256) DO NOTHING;

-- name: ListProductPhotos :many
SELECT key, position, sha256 FROM lookalike.product_photo
WHERE catalog_id = @catalog_id AND key = ANY (sqlc.arg(keys)::text[])
ORDER BY key, position;

-- name: DeleteProductPhotos :exec
DELETE FROM lookalike.product_photo WHERE catalog_id = @catalog_id AND key = ANY (sqlc.arg(keys)::text[]);

-- name: InsertProductPhotos :exec
INSERT INTO lookalike.product_photo (catalog_id, key, position, sha256)
SELECT sqlc.arg(catalog_id)::integer, unnest(sqlc.arg(keys)::text[]), unnest(sqlc.arg(positions)::smallint[]), unnest(sqlc.arg(photos)::bytea[]);

-- name: CountPhotosWithFeature :one
-- How many different photos of a catalog a model has seen: what a projection can be fitted on.
SELECT count(*) FROM lookalike.feature f
WHERE f.model_id = @model_id
	AND EXISTS (SELECT FROM lookalike.product_photo pp WHERE pp.catalog_id = @catalog_id AND pp.sha256 = f.sha256);
