package repo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lookalike/repo/internal/db"
)

// A task whose worker died twice is claimed alone, so that it takes no others with it; after maxAttempts it is failed.
const (
	sharedAttempts = 2
	maxAttempts    = 5
)

// Lease names one claim. What is written under a lease that has passed to somebody else is refused.
type Lease uuid.UUID

// Claim is a batch of tasks that this worker holds.
type Claim struct {
	Lease    Lease
	Products []Product
}

func (c Claim) keys() []string {
	keys := make([]string, len(c.Products))
	for i, p := range c.Products {
		keys[i] = p.Key
	}
	return keys
}

// Product is what a task is about: the row as it is now.
type Product struct {
	// Key is the key as text.
	Key string
	// Gone tells that there is no such row any more.
	Gone bool
	// Reference is the photo's path, or empty.
	Reference string
	// Stored tells that the image column holds the photo itself: see DB.Photo.
	Stored bool
}

// Failure is why a task failed.
type Failure struct {
	Key string
	// Stage is where: fetch, decode, embed or worker.
	Stage string
	Error string
}

// ClaimTasks leases at most batch tasks for the given time and reads their products. No tasks means that none is due.
func (d *DB) ClaimTasks(ctx context.Context, c Catalog, batch int, leaseFor time.Duration) (Claim, error) {
	claim := Claim{Lease: Lease(uuid.New())}
	params := db.ClaimTasksParams{
		CatalogID: c.ID, MaxAttempts: sharedAttempts - 1, Batch: int32(batch), Lease: claim.Lease.pg(), LeaseFor: interval(leaseFor),
	}
	keys, err := d.queries.ClaimTasks(ctx, params)
	if err == nil && len(keys) == 0 {
		keys, err = d.claimDoubtful(ctx, params)
	}
	if err != nil {
		return claim, fmt.Errorf("claim tasks: %w", err)
	}
	if len(keys) > 0 {
		claim.Products, err = d.products(ctx, c, keys)
	}
	return claim, err
}

// claimDoubtful claims one task that others have not survived, after failing those that have had their chances.
func (d *DB) claimDoubtful(ctx context.Context, params db.ClaimTasksParams) ([]string, error) {
	_, err := d.queries.QuarantineTasks(ctx, db.QuarantineTasksParams{
		CatalogID: params.CatalogID, MaxAttempts: maxAttempts - 1,
		Error: fmt.Sprintf("quarantined: %d workers in a row died or were stopped while they had it", maxAttempts),
	})
	if err != nil {
		return nil, err
	}
	params.MinAttempts, params.MaxAttempts, params.Batch = sharedAttempts, maxAttempts-1, 1
	return d.queries.ClaimTasks(ctx, params)
}

// products reads where the photos of some products are. Keys that no row has come back as gone.
func (d *DB) products(ctx context.Context, c Catalog, keys []string) ([]Product, error) {
	rows, err := d.pool.Query(ctx, fmt.Sprintf(`SELECT t.key, p.%[1]s IS NULL,
			CASE WHEN pg_typeof(p.%[2]s) = 'bytea'::regtype THEN '' ELSE coalesce(p.%[2]s::text, '') END,
			pg_typeof(p.%[2]s) = 'bytea'::regtype AND p.%[2]s IS NOT NULL
		FROM unnest($1::text[]) AS t(key) LEFT JOIN %[3]s p ON p.%[1]s = t.key::%[4]s`,
		quote(c.KeyColumn), quote(c.ImageColumn), c.table().quoted(), c.KeyType), keys)
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	products, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Product, error) {
		var p Product
		err := row.Scan(&p.Key, &p.Gone, &p.Reference, &p.Stored)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	return products, nil
}

// Photo reads a photo that is stored in the image column. It returns nil when there is none any more, and
// ErrPhotoTooLarge when it has more than maxBytes.
func (d *DB) Photo(ctx context.Context, c Catalog, key string, maxBytes int64) ([]byte, error) {
	var size *int64
	var photo []byte
	image := quote(c.ImageColumn)
	err := d.pool.QueryRow(ctx, fmt.Sprintf(`SELECT octet_length(%[1]s), CASE WHEN octet_length(%[1]s) <= $2 THEN %[1]s END
		FROM %[2]s WHERE %[3]s = $1::text::%[4]s`, image, c.table().quoted(), quote(c.KeyColumn), c.KeyType), key, maxBytes).
		Scan(&size, &photo)
	switch {
	case errors.Is(err, pgx.ErrNoRows) || (err == nil && size == nil):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read photo of %s: %w", key, err)
	case *size > maxBytes:
		return nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrPhotoTooLarge, *size, maxBytes)
	}
	return photo, nil
}

// ExtendLease keeps the tasks of a claim for another while.
func (d *DB) ExtendLease(ctx context.Context, c Catalog, claim Claim, leaseFor time.Duration) error {
	err := d.queries.ExtendLease(ctx, db.ExtendLeaseParams{
		CatalogID: c.ID, Lease: claim.Lease.pg(), Keys: claim.keys(), LeaseFor: interval(leaseFor),
	})
	if err != nil {
		return fmt.Errorf("extend lease: %w", err)
	}
	return nil
}

// ReleaseTasks gives back what is left of a claim, as if it had not been claimed.
func (d *DB) ReleaseTasks(ctx context.Context, c Catalog, claim Claim) error {
	err := d.queries.ReleaseTasks(ctx, db.ReleaseTasksParams{CatalogID: c.ID, Lease: claim.Lease.pg(), Keys: claim.keys()})
	if err != nil {
		return fmt.Errorf("release tasks: %w", err)
	}
	return nil
}

// TaskCounts says how much work a catalog is owed.
type TaskCounts struct {
	Pending, Failed int64
	// NextDue is how long until a pending task may be claimed; 0 when one is due, or none is pending.
	NextDue time.Duration
}

// CountTasks counts the tasks of a catalog.
func (d *DB) CountTasks(ctx context.Context, c Catalog) (TaskCounts, error) {
	row, err := d.queries.CountTasks(ctx, c.ID)
	if err != nil {
		return TaskCounts{}, fmt.Errorf("count tasks: %w", err)
	}
	counts := TaskCounts{Pending: row.Pending, Failed: row.Failed}
	if s := row.NextDueSeconds; s > 0 {
		counts.NextDue = time.Duration(s * float64(time.Second))
	}
	return counts, nil
}

// RetryTasks makes failed tasks pending again, all of a catalog or those of some keys, and returns how many.
func (d *DB) RetryTasks(ctx context.Context, c Catalog, keys []string) (int64, error) {
	n, err := d.queries.RetryTasks(ctx, db.RetryTasksParams{CatalogID: c.ID, Keys: keys})
	if err != nil {
		return 0, fmt.Errorf("retry tasks: %w", err)
	}
	return n, nil
}

func (l Lease) pg() pgtype.UUID { return pgtype.UUID{Bytes: l, Valid: true} }

func interval(d time.Duration) pgtype.Interval {
	return pgtype.Interval{Microseconds: d.Microseconds(), Valid: true}
}
