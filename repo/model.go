package repo

import (
	"context"
	"encoding/json"
	"fmt"

	"lookalike/repo/internal/db"
)

// Model is a trunk network with its preprocessing, as the database knows it.
type Model struct {
	Name string
	// Version is the SHA-256 (hex) of trunk and preprocessing.
	Version string
	// FeatureDims is how many numbers a feature has.
	FeatureDims int
	// Preprocessing is the model's preprocessing as JSON.
	Preprocessing json.RawMessage
}

// RegisterModel returns the id of a model, which is known by its version. A new name replaces the old one.
func (d *DB) RegisterModel(ctx context.Context, m Model) (int32, error) {
	id, err := d.queries.UpsertModel(ctx, db.UpsertModelParams{
		Name: m.Name, Version: m.Version, FeatureDims: int32(m.FeatureDims), Preprocessing: m.Preprocessing,
	})
	if err != nil {
		return 0, fmt.Errorf("register model %s: %w", m.Name, err)
	}
	return id, nil
}
