package repo

import (
	"context"
	"fmt"
	"time"
)

// FailedProduct is a product whose photo could not be embedded.
type FailedProduct struct {
	Key      string    `json:"key"`
	Stage    string    `json:"stage"`
	Error    string    `json:"error"`
	Attempts int       `json:"attempts"`
	TriedAt  time.Time `json:"tried_at"`
}

// Failures lists the failed products of a catalog by key.
func (d *DB) Failures(ctx context.Context, c Catalog) ([]FailedProduct, error) {
	rows, err := d.queries.ListFailures(ctx, c.ID)
	if err != nil {
		return nil, fmt.Errorf("read failures: %w", err)
	}
	list := make([]FailedProduct, len(rows))
	for i, row := range rows {
		list[i] = FailedProduct{Key: row.Key, Stage: row.Stage, Error: row.Error, Attempts: int(row.Attempts), TriedAt: row.TriedAt.Time}
	}
	return list, nil
}

// CatalogStatus says how far a catalog has come. Model, Factors and LiveGeneration are empty until one is live.
type CatalogStatus struct {
	Catalog        string    `json:"catalog"`
	Table          string    `json:"table"`
	Embedded       int64     `json:"embedded"`
	Pending        int64     `json:"pending"`
	Failed         int64     `json:"failed"`
	OldestPending  time.Time `json:"oldest_pending,omitzero"`
	LiveGeneration int       `json:"live_generation,omitempty"`
	Model          string    `json:"model,omitempty"`
	Factors        int       `json:"factors,omitempty"`
	LiveAt         time.Time `json:"live_at,omitzero"`
}

// Status says how far each catalog has come, by name.
func (d *DB) Status(ctx context.Context) ([]CatalogStatus, error) {
	rows, err := d.queries.ListStatus(ctx)
	if err != nil {
		return nil, fmt.Errorf("read status: %w", err)
	}
	list := make([]CatalogStatus, len(rows))
	for i, row := range rows {
		list[i] = CatalogStatus{
			Catalog: row.Catalog, Table: row.ProductTable, Embedded: row.Embedded, Pending: row.Pending, Failed: row.Failed,
			OldestPending: row.OldestPending.Time, LiveGeneration: int(deref(row.LiveGeneration)), Model: deref(row.Model),
			Factors: int(deref(row.Factors)), LiveAt: row.LiveAt.Time,
		}
	}
	return list, nil
}

func deref[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}
