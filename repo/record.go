package repo

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"lookalike/repo/internal/db"
)

// Photo is what is kept of an image.
type Photo struct {
	SHA256        SHA256
	Format        string
	Width, Height int
	Bytes         int64
}

// Feature is what a model says of a photo.
type Feature struct {
	ModelID int32
	SHA256  SHA256
	Values  []float32
}

// Shown is which photos a product shows, in order. None means that the product is gone or shows nothing.
type Shown struct {
	Key    string
	Photos []SHA256
	// Unchanged tells that this is what is recorded already: then only the task ends.
	Unchanged bool
}

// Results are what came of a claim.
type Results struct {
	Lease Lease
	// For is the state that the embeddings were made for.
	For      Generations
	Photos   []Photo
	Features []Feature
	Shown    []Shown
	// Embeddings are those of the photos in Shown, under the live generation of For; nil when there is none.
	Embeddings map[SHA256][]float32
	Failures   []Failure
}

// Recorded says what Record did.
type Recorded struct {
	// Ended and Failed are how many tasks ended well, and how many did not.
	Ended, Failed int
	// Busy are the keys of tasks that are ours but that somebody has locked at this moment. They are as before: record
	// them again.
	Busy []string
}

// Record writes the results of a claim and ends its tasks, in one transaction. A task that has meanwhile passed to
// somebody else, or whose product has changed, is left alone. It returns ErrGenerationChanged, and writes nothing,
// when the generations are not those of r.For any more.
func (d *DB) Record(ctx context.Context, c Catalog, r Results) (Recorded, error) {
	var done Recorded
	err := d.tx(ctx, func(tx pgx.Tx, queries *db.Queries) error {
		if err := queries.LockCatalogShared(ctx, c.ID); err != nil {
			return err
		}
		now, err := generations(ctx, queries, c)
		if err != nil {
			return err
		}
		if !same(now, r.For) {
			return ErrGenerationChanged
		}
		shown, busy, err := hold(ctx, queries, c, r)
		if err != nil {
			return err
		}
		failed, err := fail(ctx, queries, c, r)
		if err != nil {
			return err
		}
		done = Recorded{Ended: len(shown), Failed: failed, Busy: busy}
		return write(ctx, tx, queries, c, r, shown)
	})
	if err != nil {
		return Recorded{}, fmt.Errorf("record results: %w", err)
	}
	return done, nil
}

func same(a, b Generations) bool {
	liveA, buildingA, fillingA := a.ids()
	liveB, buildingB, fillingB := b.ids()
	return liveA == liveB && buildingA == buildingB && fillingA == fillingB
}

// hold locks the tasks that are still ours and returns their products, and the keys of those that others have locked.
func hold(ctx context.Context, queries *db.Queries, c Catalog, r Results) (held []Shown, busy []string, err error) {
	keys := make([]string, len(r.Shown))
	for i, s := range r.Shown {
		keys[i] = s.Key
	}
	locked, err := queries.HoldTasks(ctx, db.HoldTasksParams{CatalogID: c.ID, Lease: r.Lease.pg(), Keys: keys})
	if err != nil || len(locked) == len(keys) {
		return r.Shown, nil, err
	}
	ours, err := queries.ListHeldTasks(ctx, db.ListHeldTasksParams{CatalogID: c.ID, Lease: r.Lease.pg(), Keys: keys})
	if err != nil {
		return nil, nil, err
	}
	for _, s := range r.Shown {
		if slices.Contains(locked, s.Key) {
			held = append(held, s)
		} else if slices.Contains(ours, s.Key) {
			busy = append(busy, s.Key)
		}
	}
	return held, busy, nil
}

func fail(ctx context.Context, queries *db.Queries, c Catalog, r Results) (int, error) {
	params := db.FailTasksParams{CatalogID: c.ID, Lease: r.Lease.pg()}
	for _, f := range r.Failures {
		params.Keys = append(params.Keys, f.Key)
		params.Stages = append(params.Stages, f.Stage)
		params.Errors = append(params.Errors, f.Error)
	}
	if len(params.Keys) == 0 {
		return 0, nil
	}
	n, err := queries.FailTasks(ctx, params)
	return int(n), err
}

func write(ctx context.Context, tx pgx.Tx, queries *db.Queries, c Catalog, r Results, shown []Shown) error {
	if err := writePhotos(ctx, queries, r); err != nil {
		return err
	}
	var keys, changedKeys []string
	var changed []Shown
	for _, s := range shown {
		keys = append(keys, s.Key)
		if !s.Unchanged {
			changed, changedKeys = append(changed, s), append(changedKeys, s.Key)
		}
	}
	if len(changed) > 0 {
		if err := writeProductPhotos(ctx, queries, c, changed, changedKeys); err != nil {
			return err
		}
		if r.For.Live != nil {
			if err := replaceEmbeddings(ctx, tx, c, *r.For.Live, changed, changedKeys, r.Embeddings); err != nil {
				return err
			}
		}
		if b := r.For.Building; b != nil && b.Table != "" {
			if err := queries.InsertGenerationChanges(ctx, db.InsertGenerationChangesParams{GenerationID: b.ID, Keys: changedKeys}); err != nil {
				return err
			}
		}
	}
	return queries.EndTasks(ctx, db.EndTasksParams{CatalogID: c.ID, Keys: keys})
}

// writePhotos inserts photos and features in the order of their hashes, so that two workers never wait for each other.
func writePhotos(ctx context.Context, queries *db.Queries, r Results) error {
	photos := make([]db.InsertPhotosParams, len(r.Photos))
	for i, p := range r.Photos {
		photos[i] = db.InsertPhotosParams{
			Sha256: p.SHA256[:], Format: p.Format, Width: int32(p.Width), Height: int32(p.Height), Bytes: p.Bytes,
		}
	}
	slices.SortFunc(photos, func(a, b db.InsertPhotosParams) int { return bytes.Compare(a.Sha256, b.Sha256) })
	if err := execBatch(queries.InsertPhotos(ctx, photos)); err != nil {
		return err
	}
	features := make([]db.InsertFeaturesParams, len(r.Features))
	for i, f := range r.Features {
		features[i] = db.InsertFeaturesParams{ModelID: f.ModelID, Sha256: f.SHA256[:], Feature: pgvector.NewHalfVector(f.Values)}
	}
	slices.SortFunc(features, func(a, b db.InsertFeaturesParams) int { return bytes.Compare(a.Sha256, b.Sha256) })
	return execBatch(queries.InsertFeatures(ctx, features))
}

func writeProductPhotos(ctx context.Context, queries *db.Queries, c Catalog, changed []Shown, keys []string) error {
	if err := queries.DeleteProductPhotos(ctx, db.DeleteProductPhotosParams{CatalogID: c.ID, Keys: keys}); err != nil {
		return err
	}
	params := db.InsertProductPhotosParams{CatalogID: c.ID}
	for _, s := range changed {
		for i, sum := range s.Photos {
			params.Keys = append(params.Keys, s.Key)
			params.Positions = append(params.Positions, int16(i+1))
			params.Photos = append(params.Photos, sum[:])
		}
	}
	return queries.InsertProductPhotos(ctx, params)
}

// replaceEmbeddings puts the embeddings of some products in place of those that a generation has of them.
func replaceEmbeddings(
	ctx context.Context, tx pgx.Tx, c Catalog, g Generation, changed []Shown, keys []string, embeddings map[SHA256][]float32,
) error {
	table := pgx.Identifier{schema, g.Table}.Sanitize()
	batch := &pgx.Batch{}
	batch.Queue(fmt.Sprintf(`DELETE FROM %s WHERE %s = ANY ($1::text[]::%s[])`, table, quote(c.KeyColumn), c.KeyType), keys)
	insert := fmt.Sprintf(`INSERT INTO %s (%s, position, embedding) VALUES ($1::text::%s, $2, $3)`, table, quote(c.KeyColumn), c.KeyType)
	for _, s := range changed {
		for i, sum := range s.Photos {
			embedding, ok := embeddings[sum]
			if !ok {
				return fmt.Errorf("no embedding for a photo of product %s", s.Key)
			}
			batch.Queue(insert, s.Key, int16(i+1), pgvector.NewVector(embedding))
		}
	}
	return tx.SendBatch(ctx, batch).Close()
}
