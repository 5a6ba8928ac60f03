package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"lookalike/embedder"
	"lookalike/projection"
	"lookalike/repo"
	"lookalike/worker"
)

// stepEmbed is the step in which tasks are done.
const stepEmbed = "embed"

// wishFlags say how a catalog is to be embedded. What is not given stays as it is, or is the default.
type wishFlags struct {
	model     string
	factors   int
	normalise bool
	given     func(flag string) bool
}

func (w *wishFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.model, "model", embedder.DefaultModel, "model to embed with (see `lookalike model list`)")
	cmd.Flags().IntVar(&w.factors, "factors", projection.DefaultFactors, "how many dimensions the projection keeps, 1 to 2000")
	cmd.Flags().BoolVar(&w.normalise, "normalise", true, "scale features to length 1 before the projection")
	w.given = cmd.Flags().Changed
}

func (w *wishFlags) validate() error {
	if w.given != nil && (w.factors < 1 || w.factors > 2000) {
		return usageError{fmt.Errorf("--factors is %d, not 1 to 2000 (an HNSW index takes no more)", w.factors)}
	}
	return nil
}

// summary is the closing report of a verb that embeds.
type summary struct {
	Catalog string      `json:"catalog"`
	Source  *sourceNews `json:"source,omitempty"`
	// Counts of products; every product is in one of the first four.
	Changed   int   `json:"changed"`
	Unchanged int   `json:"unchanged"`
	Removed   int   `json:"removed"`
	Failed    int64 `json:"failed"`
	// Embedded is how many photos went through the model.
	Embedded int        `json:"photos_embedded"`
	Built    *builtNews `json:"generation,omitempty"`
	Stages   []stage    `json:"stages"`
	Seconds  float64    `json:"seconds"`
	started  time.Time  // when the verb began
	progress *progress  // of its stages
}

// builtNews is what is said of a generation that has gone live.
type builtNews struct {
	Number            int     `json:"number"`
	Model             string  `json:"model"`
	Factors           int     `json:"factors"`
	FittedOn          int     `json:"fitted_on"`
	ExplainedVariance float64 `json:"explained_variance_ratio"`
	Rows              int64   `json:"rows"`
	IndexMemory       int64   `json:"index_memory_bytes"`
}

// work does what a catalog is owed: it embeds, and builds a generation when one is wanted. It prints the closing report.
func (a *app) work(ctx context.Context, db *repo.DB, c repo.Catalog, wish wishFlags, s *summary) error {
	if s == nil {
		s = a.newSummary(c.Name)
	}
	engine, err := a.newEngine(db, c)
	if err != nil {
		return err
	}
	defer engine.Close()
	if err := a.startGeneration(ctx, db, c, engine, wish); err != nil {
		return err
	}
	if err := a.drain(ctx, db, c, engine, s); err != nil {
		return err
	}
	if err := a.build(ctx, db, c, engine, s); err != nil {
		return err
	}
	counts, err := db.CountTasks(ctx, c)
	if err != nil {
		return err
	}
	s.Failed = counts.Failed
	if err := a.printSummary(s); err != nil {
		return err
	}
	if s.Failed > 0 || (s.Source != nil && s.Source.Rejected > 0) {
		return failuresError{catalog: c.Name, failed: s.Failed, rejected: s.Source.rejected()}
	}
	return nil
}

func (a *app) newSummary(catalog string) *summary {
	return &summary{Catalog: catalog, started: time.Now(), progress: a.progress("photos")}
}

// startGeneration starts a generation when none is live, or when the wish differs from the live one.
func (a *app) startGeneration(ctx context.Context, db *repo.DB, c repo.Catalog, engine *engine, wish wishFlags) error {
	found, err := db.Generations(ctx, c)
	if err != nil {
		return err
	}
	current := found.Live
	if found.Building != nil {
		current = found.Building
	}
	given := func(flag string) bool { return wish.given != nil && wish.given(flag) }
	name, factors, normalise := embedder.DefaultModel, projection.DefaultFactors, true
	if current != nil {
		name, factors, normalise = current.Model, current.Factors, current.Normalise
	}
	if given("model") {
		name = wish.model
	}
	if given("factors") {
		factors = wish.factors
	}
	if given("normalise") {
		normalise = wish.normalise
	}
	modelID, version, err := engine.register(ctx, name)
	if err != nil {
		return err
	}
	if current != nil && !given("model") && current.ModelVersion != version {
		return fmt.Errorf("model %s here is not the one that catalog %s is embedded with: `--model %s` embeds it anew", name, c.Name, name)
	}
	if current != nil && current.ModelID == modelID && current.Factors == factors && current.Normalise == normalise {
		return nil
	}
	return db.StartGeneration(ctx, c, repo.Wish{ModelID: modelID, Factors: factors, Normalise: normalise})
}

// drain does the tasks of the catalog.
func (a *app) drain(ctx context.Context, db *repo.DB, c repo.Catalog, engine *engine, s *summary) error {
	counts, err := db.CountTasks(ctx, c)
	if err != nil || counts.Pending == 0 {
		return err
	}
	w, err := worker.New(c, worker.DefaultConfig(), db, db, engine, engine)
	if err != nil {
		return err
	}
	s.progress.Begin(stepEmbed, counts.Pending)
	defer s.progress.End()
	done, err := w.Drain(ctx, func(d worker.Done) { s.progress.Add(int64(d.Products())) })
	s.Changed, s.Unchanged, s.Removed, s.Embedded = done.Changed, done.Unchanged, done.Removed, done.Embedded
	return err
}

// build makes the generation live that is being built, if any.
func (a *app) build(ctx context.Context, db *repo.DB, c repo.Catalog, engine *engine, s *summary) error {
	found, err := db.Generations(ctx, c)
	if err != nil || found.Building == nil {
		return err
	}
	dims, err := engine.featureDims(ctx, *found.Building)
	if err != nil {
		return err
	}
	built, err := worker.Build(ctx, db, engine, c, *found.Building, dims, s.progress)
	if errors.Is(err, worker.ErrTooFewPhotos) {
		return fmt.Errorf("%w; once there are, run the same command again", err)
	}
	if err != nil {
		return err
	}
	var ratio float64
	for _, r := range built.Projection.ExplainedVarianceRatio {
		ratio += r
	}
	s.Built = &builtNews{
		Number: int(built.Generation.Number), Model: built.Generation.Model, Factors: len(built.Projection.Components),
		FittedOn: built.Projection.FittedOn, ExplainedVariance: ratio, Rows: built.Rows, IndexMemory: built.Index.Memory,
	}
	if s.Built.Factors < built.Generation.Factors {
		fmt.Fprintf(a.err, "lookalike: %d factors were asked for, but %d photos allow only %d\n",
			built.Generation.Factors, s.Built.FittedOn, s.Built.Factors)
	}
	return nil
}
