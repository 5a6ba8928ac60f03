package repo

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pgvector/pgvector-go"

	"lookalike/repo/internal/db"
)

// Projection is a stored linear map from feature to embedding.
type Projection struct {
	ModelID   int32
	Method    string
	Normalise bool
	// Mean has as many numbers as a feature.
	Mean []float32
	// Components has a row a factor, each as long as a feature.
	Components [][]float32
	// ExplainedVariance and ExplainedVarianceRatio have one number a factor.
	ExplainedVariance, ExplainedVarianceRatio []float64
	// FittedOn is how many features it was fitted on.
	FittedOn int
}

// Generation is the embeddings of one catalog under one model and projection.
type Generation struct {
	ID, Number, ModelID int32
	Model, ModelVersion string
	// Factors is how many were asked for.
	Factors   int
	Normalise bool
	// ProjectionID is 0 until the projection is fitted.
	ProjectionID int32
	// Table is the table of embeddings in the schema lookalike, or empty.
	Table string
}

// Generations are those of a catalog that matter to new products. Either may be nil.
type Generations struct{ Live, Building *Generation }

// ids identify the state that work was prepared for.
func (g Generations) ids() (live, building int32, filling bool) {
	if g.Live != nil {
		live = g.Live.ID
	}
	if g.Building != nil {
		building, filling = g.Building.ID, g.Building.Table != ""
	}
	return live, building, filling
}

// ModelIDs are the models under which a new photo must be embedded.
func (g Generations) ModelIDs() []int32 {
	var ids []int32
	for _, one := range []*Generation{g.Live, g.Building} {
		if one != nil && (len(ids) == 0 || ids[0] != one.ModelID) {
			ids = append(ids, one.ModelID)
		}
	}
	return ids
}

// Generations returns the live generation of a catalog and the one that is being built.
func (d *DB) Generations(ctx context.Context, c Catalog) (Generations, error) {
	return generations(ctx, d.queries, c)
}

func generations(ctx context.Context, queries *db.Queries, c Catalog) (Generations, error) {
	rows, err := queries.ListGenerations(ctx, c.ID)
	if err != nil {
		return Generations{}, fmt.Errorf("read generations: %w", err)
	}
	var found Generations
	for _, row := range rows {
		g := &Generation{
			ID: row.GenerationID, Number: row.Number, ModelID: row.ModelID, Model: row.Model, ModelVersion: row.ModelVersion,
			Factors: int(row.Factors), Normalise: row.Normalise, Table: row.TableName,
		}
		if row.ProjectionID != nil {
			g.ProjectionID = *row.ProjectionID
		}
		if row.State == "live" {
			found.Live = g
		} else {
			found.Building = g
		}
	}
	return found, nil
}

// Wish is what a generation is to be built with.
type Wish struct {
	ModelID   int32
	Factors   int
	Normalise bool
}

// StartGeneration makes sure that a generation is being built with what is wished for, in place of another that has not
// gone live, and makes tasks for the products whose photos its model has not seen.
func (d *DB) StartGeneration(ctx context.Context, c Catalog, w Wish) error {
	found, err := d.Generations(ctx, c)
	if err != nil {
		return err
	}
	if b := found.Building; b != nil {
		if b.ModelID == w.ModelID && b.Factors == w.Factors && b.Normalise == w.Normalise {
			return nil
		}
		if err := d.dropBuilding(ctx, c, *b); err != nil {
			return err
		}
	}
	err = d.queries.InsertGeneration(ctx, db.InsertGenerationParams{
		CatalogID: c.ID, ModelID: w.ModelID, Factors: int32(w.Factors), Normalise: w.Normalise,
	})
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.ConstraintName == "generation_building" {
		return fmt.Errorf("start generation: %w", ErrBusy)
	}
	if err != nil {
		return fmt.Errorf("start generation: %w", err)
	}
	if err := d.queries.EnqueueWithoutFeature(ctx, db.EnqueueWithoutFeatureParams{CatalogID: c.ID, ModelID: w.ModelID}); err != nil {
		return fmt.Errorf("make tasks for the new model: %w", err)
	}
	return nil
}

// Projection reads a stored projection.
func (d *DB) Projection(ctx context.Context, id int32) (Projection, error) {
	row, err := d.queries.GetProjection(ctx, id)
	if err != nil {
		return Projection{}, fmt.Errorf("read projection %d: %w", id, err)
	}
	factors, err := d.queries.ListProjectionFactors(ctx, id)
	if err != nil {
		return Projection{}, fmt.Errorf("read projection %d: %w", id, err)
	}
	p := Projection{
		ModelID: row.ModelID, Method: row.Method, Normalise: row.Normalise, Mean: row.Mean.Slice(), FittedOn: int(row.FittedOn),
	}
	for _, f := range factors {
		p.Components = append(p.Components, f.Component.Slice())
		p.ExplainedVariance = append(p.ExplainedVariance, f.ExplainedVariance)
		p.ExplainedVarianceRatio = append(p.ExplainedVarianceRatio, f.ExplainedVarianceRatio)
	}
	return p, nil
}

// storeProjection inserts a projection and its factors.
func storeProjection(ctx context.Context, queries *db.Queries, p Projection) (int32, error) {
	id, err := queries.InsertProjection(ctx, db.InsertProjectionParams{
		ModelID: p.ModelID, Method: p.Method, Factors: int32(len(p.Components)), Normalise: p.Normalise,
		Mean: pgvector.NewVector(p.Mean), FittedOn: int32(p.FittedOn),
	})
	if err != nil {
		return 0, fmt.Errorf("store projection: %w", err)
	}
	rows := make([]db.InsertProjectionFactorsParams, len(p.Components))
	for i, component := range p.Components {
		rows[i] = db.InsertProjectionFactorsParams{
			ProjectionID: id, Factor: int32(i + 1), Component: pgvector.NewVector(component),
			ExplainedVariance: p.ExplainedVariance[i], ExplainedVarianceRatio: p.ExplainedVarianceRatio[i],
		}
	}
	if err := execBatch(queries.InsertProjectionFactors(ctx, rows)); err != nil {
		return 0, fmt.Errorf("store projection: %w", err)
	}
	return id, nil
}

// execBatch runs a batch to its end and returns the first error.
func execBatch(batch interface {
	Exec(func(int, error))
	Close() error
},
) error {
	var first error
	batch.Exec(func(_ int, err error) {
		if first == nil {
			first = err
		}
	})
	if err := batch.Close(); first == nil {
		first = err
	}
	return first
}
