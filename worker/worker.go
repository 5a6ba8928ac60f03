// Package worker does the work that catalogs are owed: it claims tasks, embeds and projects photos and records the
// results; and it builds generations from what has been embedded.
package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lookalike/repo"
)

// Queue hands out tasks. It is implemented by repo.DB.
type Queue interface {
	ClaimTasks(ctx context.Context, c repo.Catalog, batch int, leaseFor time.Duration) (repo.Claim, error)
	ExtendLease(ctx context.Context, c repo.Catalog, claim repo.Claim, leaseFor time.Duration) error
	ReleaseTasks(ctx context.Context, c repo.Catalog, claim repo.Claim) error
	CountTasks(ctx context.Context, c repo.Catalog) (repo.TaskCounts, error)
}

// Library knows what has been embedded, and takes what is new. It is implemented by repo.DB.
type Library interface {
	Generations(ctx context.Context, c repo.Catalog) (repo.Generations, error)
	ProductPhotos(ctx context.Context, c repo.Catalog, keys []string) (map[string][]repo.SHA256, error)
	Seen(ctx context.Context, modelID int32, photos []repo.SHA256) (map[repo.SHA256]bool, error)
	Features(ctx context.Context, modelID int32, photos []repo.SHA256) (map[repo.SHA256][]float32, error)
	Record(ctx context.Context, c repo.Catalog, r repo.Results) (repo.Recorded, error)
}

// Photos fetches the bytes of a product's photo. An error concerns this photo only.
type Photos interface {
	Fetch(ctx context.Context, p repo.Product) ([]byte, error)
}

// Embedder is a loaded model. Embed returns one Embedded a photo, in order; an error concerns the model, not a photo.
// Several goroutines may call it at once.
type Embedder interface {
	Embed(ctx context.Context, photos [][]byte) ([]Embedded, error)
}

// Embedded is what came of one photo: a feature, or why there is none.
type Embedded struct {
	Feature       []float32
	Format        string
	Width, Height int
	Err           error
}

// Models loads models and projections, and keeps them. Several goroutines may call it at once.
type Models interface {
	// Embedder returns the model of a generation.
	Embedder(ctx context.Context, g repo.Generation) (Embedder, error)
	// ProjectorOf returns the projection of a generation as a function, which several goroutines may call.
	ProjectorOf(ctx context.Context, g repo.Generation) (repo.Project, error)
}

// Config says how much is done at once.
type Config struct {
	// Batch is how many tasks are claimed at once.
	Batch int
	// Lanes is how many batches are under way at once: while one is in the model, others are fetched and recorded.
	Lanes int
	// Lease is how long a claim lasts without a sign of life: what a killed worker holds is free again after it.
	Lease time.Duration
	// Grace is how long a batch under way may go on after the context has ended.
	Grace time.Duration
	// BatchBytes bounds the bytes of photos that a lane holds at once.
	BatchBytes int64
}

// DefaultConfig suits one machine.
func DefaultConfig() Config {
	return Config{Batch: 64, Lanes: 3, Lease: time.Minute, Grace: 10 * time.Second, BatchBytes: 64 << 20}
}

// Validate reports everything that is wrong.
func (c Config) Validate() error {
	var errs []error
	if c.Batch < 1 || c.Batch > 10_000 {
		errs = append(errs, fmt.Errorf("batch is %d, not 1 to 10,000", c.Batch))
	}
	if c.Lanes < 1 || c.Lanes > 64 {
		errs = append(errs, fmt.Errorf("lanes is %d, not 1 to 64", c.Lanes))
	}
	if c.Lease < time.Second {
		errs = append(errs, fmt.Errorf("lease is %v, less than a second", c.Lease))
	}
	if c.Grace < 0 {
		errs = append(errs, fmt.Errorf("grace is %v, less than nothing", c.Grace))
	}
	if c.BatchBytes < 1 {
		errs = append(errs, fmt.Errorf("batch bytes is %d, less than 1", c.BatchBytes))
	}
	return errors.Join(errs...)
}

// Done counts what has been done. Every product is counted once: as Changed, Unchanged, Removed or Failed.
type Done struct {
	// Changed products have new photos recorded, Unchanged ones show what they showed, Removed ones show nothing.
	Changed, Unchanged, Removed, Failed int
	// Embedded is how many photos went through the model: less than Changed where photos were known already.
	Embedded int
}

func (d *Done) add(other Done) {
	d.Changed += other.Changed
	d.Unchanged += other.Unchanged
	d.Removed += other.Removed
	d.Failed += other.Failed
	d.Embedded += other.Embedded
}

// Products is how many products are done.
func (d Done) Products() int { return d.Changed + d.Unchanged + d.Removed + d.Failed }

// Worker does the tasks of one catalog.
type Worker struct {
	catalog repo.Catalog
	config  Config
	queue   Queue
	library Library
	photos  Photos
	models  Models
}

// New makes a worker for a catalog.
func New(c repo.Catalog, config Config, queue Queue, library Library, photos Photos, models Models) (*Worker, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	return &Worker{catalog: c, config: config, queue: queue, library: library, photos: photos, models: models}, nil
}
