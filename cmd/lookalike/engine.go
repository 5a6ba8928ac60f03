package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"

	"lookalike/embedder"
	"lookalike/ingest"
	"lookalike/internal/datadir"
	"lookalike/internal/nativeparts"
	"lookalike/projection"
	"lookalike/repo"
	"lookalike/worker"
)

// maxPhotoBytes is how large a photo may be: the embedder takes no more.
const maxPhotoBytes = embedder.MaxPhotoBytes

// engine wires what the worker needs: it fetches photos and keeps the loaded models and projections. Nothing is loaded
// before it is needed.
type engine struct {
	db       *repo.DB
	catalog  repo.Catalog
	registry embedder.Registry
	library  string
	fetcher  *ingest.Fetcher

	mu         sync.Mutex
	models     map[string]embedder.Model // by name
	loaded     map[string]*embedder.Embedder
	projectors map[int32]repo.Project
}

func (a *app) newEngine(db *repo.DB, c repo.Catalog) (*engine, error) {
	registry, library, err := modelRegistry()
	if err != nil {
		return nil, err
	}
	fetcher, err := ingest.NewFetcher(c.Roots, maxPhotoBytes)
	if err != nil {
		return nil, err
	}
	return &engine{
		db: db, catalog: c, registry: registry, library: library, fetcher: fetcher,
		models: map[string]embedder.Model{}, loaded: map[string]*embedder.Embedder{}, projectors: map[int32]repo.Project{},
	}, nil
}

// modelRegistry is the registry of this user's models, and the ONNX Runtime library they run in.
func modelRegistry() (embedder.Registry, string, error) {
	registry, err := localModels()
	if err != nil {
		return registry, "", err
	}
	dir, err := datadir.Dir()
	if err != nil {
		return registry, "", err
	}
	parts, err := nativeparts.Find(dir)
	if err != nil {
		return registry, "", err
	}
	library, err := parts.ONNXRuntime()
	return registry, library, err
}

// Close unloads the models.
func (e *engine) Close() error {
	errs := []error{e.fetcher.Close()}
	for _, m := range e.loaded {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}

// Fetch reads the photo of a product, from the table or from below the roots of the catalog.
func (e *engine) Fetch(ctx context.Context, p repo.Product) ([]byte, error) {
	if p.Stored {
		return e.db.Photo(ctx, e.catalog, p.Key, maxPhotoBytes)
	}
	return e.fetcher.Fetch(ctx, p.Reference)
}

// model finds a model of the registry by its name.
func (e *engine) model(ctx context.Context, name string) (embedder.Model, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m, ok := e.models[name]; ok {
		return m, nil
	}
	m, err := e.registry.Get(ctx, name)
	if err == nil {
		e.models[name] = m
	}
	return m, err
}

// register makes a model known to the database and returns its id there, and its version.
func (e *engine) register(ctx context.Context, name string) (id int32, version string, err error) {
	m, err := e.model(ctx, name)
	if err != nil {
		return 0, "", err
	}
	preprocessing, err := json.Marshal(m.Preprocessing)
	if err != nil {
		return 0, "", err
	}
	id, err = e.db.RegisterModel(ctx, repo.Model{
		Name: m.Name, Version: m.Version, FeatureDims: m.FeatureDims, Preprocessing: preprocessing,
	})
	return id, m.Version, err
}

// modelOf finds the model of a generation, exactly.
func (e *engine) modelOf(ctx context.Context, g repo.Generation) (embedder.Model, error) {
	m, err := e.model(ctx, g.Model)
	if err != nil {
		return m, err
	}
	if m.Version != g.ModelVersion {
		return m, fmt.Errorf("generation %d is embedded with another model %s than the one here: `lookalike ingest --model %s` embeds anew",
			g.Number, g.Model, g.Model)
	}
	return m, nil
}

func (e *engine) featureDims(ctx context.Context, g repo.Generation) (int, error) {
	m, err := e.modelOf(ctx, g)
	return m.FeatureDims, err
}

// Embedder loads the model of a generation, once.
func (e *engine) Embedder(ctx context.Context, g repo.Generation) (worker.Embedder, error) {
	m, err := e.modelOf(ctx, g)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if loaded, ok := e.loaded[m.Version]; ok {
		return adapter{loaded}, nil
	}
	loaded, err := embedder.Open(m, embedder.Options{Library: e.library})
	if err != nil {
		return nil, fmt.Errorf("load model %s: %w", m.Name, err)
	}
	e.loaded[m.Version] = loaded
	return adapter{loaded}, nil
}

// adapter puts an embedder's results into the worker's terms.
type adapter struct{ embedder *embedder.Embedder }

func (a adapter) Embed(ctx context.Context, photos [][]byte) ([]worker.Embedded, error) {
	results, err := a.embedder.Embed(ctx, photos)
	if err != nil {
		return nil, err
	}
	embedded := make([]worker.Embedded, len(results))
	for i, r := range results {
		embedded[i] = worker.Embedded{Feature: r.Feature, Format: r.Photo.Format, Width: r.Photo.Width, Height: r.Photo.Height, Err: r.Err}
	}
	return embedded, nil
}

// ProjectorOf loads the projection of a generation, once. Several goroutines may call the function it returns.
func (e *engine) ProjectorOf(ctx context.Context, g repo.Generation) (repo.Project, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if project, ok := e.projectors[g.ProjectionID]; ok {
		return project, nil
	}
	stored, err := e.db.Projection(ctx, g.ProjectionID)
	if err != nil {
		return nil, err
	}
	project, err := e.Projector(stored)
	if err == nil {
		e.projectors[g.ProjectionID] = project
	}
	return project, err
}

// Projector turns a stored projection into a function, which several goroutines may call.
func (e *engine) Projector(stored repo.Projection) (repo.Project, error) {
	p := &projection.Projection{
		Method: stored.Method, FeatureDims: len(stored.Mean), Factors: len(stored.Components), Normalise: stored.Normalise,
		Mean: stored.Mean, Components: stored.Components, ExplainedVariance: stored.ExplainedVariance,
		ExplainedVarianceRatio: stored.ExplainedVarianceRatio, FittedOn: stored.FittedOn,
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("stored projection: %w", err)
	}
	return func(feature []float32) ([]float32, error) {
		embedding := make([]float32, p.Factors)
		return embedding, p.Apply(embedding, feature)
	}, nil
}

// Fit fits the projection of a generation; the large products run in ONNX Runtime.
func (e *engine) Fit(ctx context.Context, g repo.Generation, dims int, blocks iter.Seq2[[]float32, error]) (repo.Projection, error) {
	gram, err := embedder.NewGram(e.library, 0)
	if err != nil {
		return repo.Projection{}, err
	}
	defer gram.Close()
	p, err := projection.Fit(ctx, dims, blocks, projection.Options{Factors: g.Factors, Normalise: g.Normalise}, gram)
	if err != nil {
		return repo.Projection{}, err
	}
	return repo.Projection{
		ModelID: g.ModelID, Method: p.Method, Normalise: p.Normalise, Mean: p.Mean, Components: p.Components,
		ExplainedVariance: p.ExplainedVariance, ExplainedVarianceRatio: p.ExplainedVarianceRatio, FittedOn: p.FittedOn,
	}, nil
}
