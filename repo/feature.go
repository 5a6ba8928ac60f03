package repo

import (
	"context"
	"fmt"
	"iter"

	"github.com/pgvector/pgvector-go"
	"github.com/x448/float16"

	"lookalike/repo/internal/db"
)

// SHA256 names a photo by its bytes.
type SHA256 [32]byte

// Features returns what a model says of some photos, as far as it has seen them.
func (d *DB) Features(ctx context.Context, modelID int32, photos []SHA256) (map[SHA256][]float32, error) {
	rows, err := d.queries.ListFeatures(ctx, db.ListFeaturesParams{ModelID: modelID, Photos: bytesOf(photos)})
	if err != nil {
		return nil, fmt.Errorf("read features: %w", err)
	}
	features := make(map[SHA256][]float32, len(rows))
	for _, row := range rows {
		features[SHA256(row.Sha256)] = row.Feature.Slice()
	}
	return features, nil
}

// Seen tells which photos a model has seen.
func (d *DB) Seen(ctx context.Context, modelID int32, photos []SHA256) (map[SHA256]bool, error) {
	found, err := d.queries.ListPhotosWithFeature(ctx, db.ListPhotosWithFeatureParams{ModelID: modelID, Photos: bytesOf(photos)})
	if err != nil {
		return nil, fmt.Errorf("look for features: %w", err)
	}
	seen := make(map[SHA256]bool, len(found))
	for _, sum := range found {
		seen[SHA256(sum)] = true
	}
	return seen, nil
}

// ProductPhotos returns the photos that products show as recorded, in the order of their positions.
func (d *DB) ProductPhotos(ctx context.Context, c Catalog, keys []string) (map[string][]SHA256, error) {
	rows, err := d.queries.ListProductPhotos(ctx, db.ListProductPhotosParams{CatalogID: c.ID, Keys: keys})
	if err != nil {
		return nil, fmt.Errorf("read product photos: %w", err)
	}
	photos := make(map[string][]SHA256, len(rows))
	for _, row := range rows {
		photos[row.Key] = append(photos[row.Key], SHA256(row.Sha256))
	}
	return photos, nil
}

// CountFeatures is how many different photos of a catalog a model has seen.
func (d *DB) CountFeatures(ctx context.Context, c Catalog, modelID int32) (int64, error) {
	n, err := d.queries.CountPhotosWithFeature(ctx, db.CountPhotosWithFeatureParams{ModelID: modelID, CatalogID: c.ID})
	if err != nil {
		return 0, fmt.Errorf("count features: %w", err)
	}
	return n, nil
}

// FeatureBlocks yields the features of a catalog's photos under a model, each photo once, in blocks of at most rows
// features of dims numbers (row after row), in the order of their hashes, so that a fit on them is repeatable. A block
// is valid until the next one.
func (d *DB) FeatureBlocks(ctx context.Context, c Catalog, modelID int32, dims, rows int) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		found, err := d.pool.Query(ctx, `SELECT f.feature FROM lookalike.feature f
			WHERE f.model_id = $1 AND EXISTS (SELECT FROM lookalike.product_photo pp WHERE pp.catalog_id = $2 AND pp.sha256 = f.sha256)
			ORDER BY f.sha256`, modelID, c.ID)
		if err != nil {
			yield(nil, fmt.Errorf("read features: %w", err))
			return
		}
		defer found.Close()
		block := make([]float32, 0, rows*dims)
		var feature pgvector.HalfVector
		for found.Next() {
			if err := found.Scan(&feature); err != nil {
				yield(nil, fmt.Errorf("read features: %w", err))
				return
			}
			if block = append(block, feature.Slice()...); len(block) >= rows*dims {
				if !yield(block, nil) {
					return
				}
				block = block[:0]
			}
		}
		if err := found.Err(); err != nil {
			yield(nil, fmt.Errorf("read features: %w", err))
		} else if len(block) > 0 {
			yield(block, nil)
		}
	}
}

func bytesOf(sums []SHA256) [][]byte {
	list := make([][]byte, len(sums))
	for i := range sums {
		list[i] = sums[i][:]
	}
	return list
}

// RoundFeature returns a feature as it will be read back: stored features have half precision (IEEE 754 binary16).
func RoundFeature(values []float32) []float32 {
	rounded := make([]float32, len(values))
	for i, v := range values {
		rounded[i] = float16.Fromfloat32(v).Float32()
	}
	return rounded
}
