package worker_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lookalike/internal/testdb"
	"lookalike/repo"
	"lookalike/worker"
)

func TestMain(m *testing.M) { os.Exit(testdb.Main(m)) }

// dims is how many numbers the features of these tests have.
const dims = 4

var errCorrupt = errors.New("corrupt photo")

// studio stands in for what needs real photos and a real model: product 7's photo is "photo of 7" unless photos says
// otherwise, its feature a hash of that. What it counts is what the tests are about.
type studio struct {
	mu       sync.Mutex
	photos   map[string]string // by reference
	embedded map[string]int    // how often, by photo
	block    chan struct{}     // Embed waits for it, if it is there
	entered  chan struct{}     // Embed says that it waits
}

func newStudio() *studio {
	return &studio{photos: map[string]string{}, embedded: map[string]int{}}
}

func (s *studio) Fetch(_ context.Context, p repo.Product) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	photo, ok := s.photos[p.Reference]
	if !ok {
		photo = "photo " + p.Reference
	}
	if photo == "missing" {
		return nil, os.ErrNotExist
	}
	return []byte(photo), nil
}

func (s *studio) Embedder(context.Context, repo.Generation) (worker.Embedder, error) { return s, nil }

func (s *studio) Embed(ctx context.Context, photos [][]byte) ([]worker.Embedded, error) {
	if s.block != nil {
		s.entered <- struct{}{}
		select {
		case <-s.block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	results := make([]worker.Embedded, len(photos))
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, photo := range photos {
		s.embedded[string(photo)]++
		if bytes.HasPrefix(photo, []byte("corrupt")) {
			results[i].Err = errCorrupt
			continue
		}
		results[i] = worker.Embedded{Feature: featureOf(photo), Format: "jpeg", Width: 1, Height: 1}
	}
	return results, nil
}

func featureOf(photo []byte) []float32 {
	sum := sha256.Sum256(photo)
	feature := make([]float32, dims)
	for i := range feature {
		feature[i] = float32(sum[i]) / 64
	}
	return feature
}

func (s *studio) ProjectorOf(context.Context, repo.Generation) (repo.Project, error) {
	return func(feature []float32) ([]float32, error) { return feature, nil }, nil
}

func (s *studio) Projector(repo.Projection) (repo.Project, error) {
	return s.ProjectorOf(context.Background(), repo.Generation{})
}

func (s *studio) Fit(_ context.Context, g repo.Generation, dims int, blocks iter.Seq2[[]float32, error]) (repo.Projection, error) {
	p := repo.Projection{ModelID: g.ModelID, Method: "pca", Mean: make([]float32, dims)}
	for block, err := range blocks {
		if err != nil {
			return p, err
		}
		p.FittedOn += len(block) / dims
	}
	for i := range dims {
		component := make([]float32, dims)
		component[i] = 1
		p.Components = append(p.Components, component)
		p.ExplainedVariance = append(p.ExplainedVariance, 1)
		p.ExplainedVarianceRatio = append(p.ExplainedVarianceRatio, 1.0/float64(dims))
	}
	return p, nil
}

// times is how often photos went through the model, by photo.
func (s *studio) times() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := map[string]int{}
	for photo, n := range s.embedded {
		copied[photo] = n
	}
	return copied
}

// shop is a database with an attached table of n products, whose photos a studio makes.
type shop struct {
	*repo.DB
	conn    *pgx.Conn
	catalog repo.Catalog
	studio  *studio
}

func newShop(t *testing.T, n int) *shop {
	t.Helper()
	url := testdb.New(t)
	db, err := repo.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	s := &shop{DB: db, conn: conn, studio: newStudio()}
	s.exec(t, `CREATE TABLE products (id int PRIMARY KEY, image text)`)
	s.exec(t, `INSERT INTO products SELECT i, i || '.jpg' FROM generate_series(1, $1) AS i`, n)
	s.exec(t, `SELECT lookalike.attach('products', name => 'shop')`)
	if s.catalog, err = db.Catalog(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	s.wish(t, "fake")
	return s
}

func (s *shop) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := s.conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (s *shop) count(t *testing.T, sql string) int {
	t.Helper()
	var n int
	if err := s.conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (s *shop) wish(t *testing.T, model string) {
	t.Helper()
	id, err := s.RegisterModel(t.Context(), repo.Model{Name: model, Version: model + " 1", FeatureDims: dims, Preprocessing: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.StartGeneration(t.Context(), s.catalog, repo.Wish{ModelID: id, Factors: dims}); err != nil {
		t.Fatal(err)
	}
}

func smallConfig() worker.Config {
	c := worker.DefaultConfig()
	c.Batch, c.Lease, c.Grace = 8, 3*time.Second, time.Second
	return c
}

func (s *shop) worker(t *testing.T, config worker.Config) *worker.Worker {
	t.Helper()
	w, err := worker.New(s.catalog, config, s.DB, s.DB, s.studio, s.studio)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// drain does all tasks and returns what was done.
func (s *shop) drain(t *testing.T) worker.Done {
	t.Helper()
	done, err := s.worker(t, smallConfig()).Drain(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// quiet takes progress and keeps the steps.
type quiet struct{ steps []string }

func (q *quiet) Begin(step string, total int64) {
	q.steps = append(q.steps, fmt.Sprintf("%s of %d", step, total))
}
func (q *quiet) Set(int64) {}
func (q *quiet) End()      {}

func (s *shop) build(t *testing.T) worker.Built {
	t.Helper()
	g, err := s.Generations(t.Context(), s.catalog)
	if err != nil || g.Building == nil {
		t.Fatalf("no generation is being built (%v)", err)
	}
	built, err := worker.Build(t.Context(), s.DB, s.studio, s.catalog, *g.Building, dims, &quiet{})
	if err != nil {
		t.Fatal(err)
	}
	return built
}
