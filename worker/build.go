package worker

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"lookalike/repo"
)

// ErrTooFewPhotos says that a projection cannot be fitted yet.
var ErrTooFewPhotos = errors.New("at least 2 different photos are needed")

// Store keeps features and makes generations of them. It is implemented by repo.DB.
type Store interface {
	CountFeatures(ctx context.Context, c repo.Catalog, modelID int32) (int64, error)
	FeatureBlocks(ctx context.Context, c repo.Catalog, modelID int32, dims, rows int) iter.Seq2[[]float32, error]
	StartBuild(ctx context.Context, c repo.Catalog) (*repo.Build, error)
}

// Fitter fits a projection on blocks of features, each of dims numbers, row after row.
type Fitter interface {
	Fit(ctx context.Context, g repo.Generation, dims int, blocks iter.Seq2[[]float32, error]) (repo.Projection, error)
	// Projector turns a projection into a function.
	Projector(p repo.Projection) (repo.Project, error)
}

// Progress follows the steps of a build: each begins with how much there is to do and is set to how much is done.
type Progress interface {
	Begin(step string, total int64)
	Set(done int64)
	End()
}

// Built says what a build has made.
type Built struct {
	Generation repo.Generation
	Projection repo.Projection
	// Rows is how many embeddings were copied. Index is what its index took.
	Rows  int64
	Index repo.IndexPlan
}

// fitRows is how many features are fitted at once: 4,096 of 2,048 numbers are 32 MB.
const fitRows = 4096

// The steps of a build, as people read them.
const (
	StepFit   = "fit projection"
	StepCopy  = "project and copy"
	StepIndex = "build index"
)

// Build makes the generation that is being built live: it fits a projection of the model's features, copies all
// embeddings and indexes them. dims is how many numbers a feature has. It returns ErrTooFewPhotos or repo.ErrBusy.
func Build(
	ctx context.Context, store Store, fitter Fitter, c repo.Catalog, g repo.Generation, dims int, progress Progress,
) (Built, error) {
	build, err := store.StartBuild(ctx, c)
	if err != nil {
		return Built{}, err
	}
	defer build.Close(ctx)
	projection, err := fit(ctx, store, fitter, c, g, dims, progress)
	if err != nil {
		return Built{}, err
	}
	project, err := fitter.Projector(projection)
	if err != nil {
		return Built{}, fmt.Errorf("project: %w", err)
	}
	if g, err = build.CreateTable(ctx, g, projection); err != nil {
		return Built{}, err
	}
	progress.Begin(StepCopy, int64(projection.FittedOn))
	rows, err := build.Fill(ctx, g, project, progress.Set)
	progress.End()
	if err != nil {
		return Built{}, err
	}
	plan := repo.PlanIndex(rows, len(projection.Components))
	progress.Begin(StepIndex, rows)
	err = build.CreateIndexes(ctx, g, plan, func(done float64) { progress.Set(int64(done * float64(rows))) })
	if err == nil {
		progress.Set(rows)
	}
	progress.End()
	if err != nil {
		return Built{}, err
	}
	if err := build.Publish(ctx, g, project); err != nil {
		return Built{}, err
	}
	return Built{Generation: g, Projection: projection, Rows: rows, Index: plan}, nil
}

func fit(
	ctx context.Context, store Store, fitter Fitter, c repo.Catalog, g repo.Generation, dims int, progress Progress,
) (repo.Projection, error) {
	count, err := store.CountFeatures(ctx, c, g.ModelID)
	if err != nil {
		return repo.Projection{}, err
	}
	if count < 2 {
		return repo.Projection{}, fmt.Errorf("fit a projection on %d photos of catalog %s: %w", count, c.Name, ErrTooFewPhotos)
	}
	progress.Begin(StepFit, count)
	defer progress.End()
	blocks := func(yield func([]float32, error) bool) {
		var done int64
		for block, err := range store.FeatureBlocks(ctx, c, g.ModelID, dims, fitRows) {
			if !yield(block, err) {
				return
			}
			done += int64(len(block) / dims)
			progress.Set(done)
		}
	}
	projection, err := fitter.Fit(ctx, g, dims, blocks)
	if err != nil {
		return repo.Projection{}, fmt.Errorf("fit projection: %w", err)
	}
	return projection, nil
}
