package repo_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lookalike/internal/testdb"
	"lookalike/repo"
)

func TestMain(m *testing.M) { os.Exit(testdb.Main(m)) }

// fixture is a migrated database with a connection of its own for plain SQL.
type fixture struct {
	*repo.DB
	url  string
	conn *pgx.Conn
}

func newFixture(t *testing.T) fixture {
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
	return fixture{DB: db, url: url, conn: conn}
}

// exec runs SQL that must succeed.
func (f fixture) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := f.conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// one returns the single value of a question.
func one[T any](t *testing.T, f fixture, sql string, args ...any) T {
	t.Helper()
	var value T
	if err := f.conn.QueryRow(t.Context(), sql, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// all returns the single column of a question.
func all[T any](t *testing.T, f fixture, sql string, args ...any) []T {
	t.Helper()
	rows, err := f.conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return values
}

// dims is how many numbers the features of these tests have.
const dims = 4

// shop creates shop.products with n products and attaches it as catalog products.
func (f fixture) shop(t *testing.T, n int) repo.Catalog {
	t.Helper()
	f.exec(t, `CREATE SCHEMA shop; CREATE TABLE shop.products (id bigint PRIMARY KEY, name text, price numeric, image text)`)
	f.exec(t, `INSERT INTO shop.products SELECT i, 'product ' || i, i, i || '.jpg' FROM generate_series(1, $1) AS i`, n)
	f.exec(t, `SELECT lookalike.attach('shop.products')`)
	return f.catalog(t, "products")
}

func (f fixture) catalog(t *testing.T, name string) repo.Catalog {
	t.Helper()
	c, err := f.Catalog(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wish registers a model and starts a generation of it, and returns the model's id.
func (f fixture) wish(t *testing.T, c repo.Catalog, model string) int32 {
	t.Helper()
	id, err := f.RegisterModel(t.Context(), repo.Model{Name: model, Version: model + " 1", FeatureDims: dims, Preprocessing: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.StartGeneration(t.Context(), c, repo.Wish{ModelID: id, Factors: dims, Normalise: false}); err != nil {
		t.Fatal(err)
	}
	return id
}

// claim claims tasks for a minute.
func (f fixture) claim(t *testing.T, c repo.Catalog, n int) repo.Claim {
	t.Helper()
	claim, err := f.ClaimTasks(t.Context(), c, n, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return claim
}

func (f fixture) generations(t *testing.T, c repo.Catalog) repo.Generations {
	t.Helper()
	g, err := f.Generations(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// photoOf names the photo of a product in these tests, and featureOf is what every model says of it: a point that tells
// the photos apart.
func photoOf(key string) repo.SHA256 { return sha256.Sum256([]byte("photo of " + key)) }

func featureOf(key string) []float32 {
	sum := sha256.Sum256([]byte("feature of " + key))
	feature := make([]float32, dims)
	for i := range feature {
		feature[i] = float32(sum[i]) / 64
	}
	return feature
}

// results are what an honest worker would record of a claim.
func (f fixture) results(t *testing.T, c repo.Catalog, claim repo.Claim) repo.Results {
	t.Helper()
	r := repo.Results{Lease: claim.Lease, For: f.generations(t, c), Embeddings: map[repo.SHA256][]float32{}}
	for _, p := range claim.Products {
		if p.Gone || p.Reference == "" {
			r.Shown = append(r.Shown, repo.Shown{Key: p.Key})
			continue
		}
		sum := photoOf(p.Key)
		r.Photos = append(r.Photos, repo.Photo{SHA256: sum, Format: "jpeg", Width: 10, Height: 20, Bytes: 30})
		for _, model := range r.For.ModelIDs() {
			r.Features = append(r.Features, repo.Feature{ModelID: model, SHA256: sum, Values: featureOf(p.Key)})
		}
		r.Shown = append(r.Shown, repo.Shown{Key: p.Key, Photos: []repo.SHA256{sum}})
		r.Embeddings[sum] = featureOf(p.Key)
	}
	return r
}

// embedAll does all tasks of a catalog.
func (f fixture) embedAll(t *testing.T, c repo.Catalog) {
	t.Helper()
	for {
		claim := f.claim(t, c, 1000)
		if len(claim.Products) == 0 {
			return
		}
		if _, err := f.Record(t.Context(), c, f.results(t, c, claim)); err != nil {
			t.Fatal(err)
		}
	}
}

// identity is the projection that changes nothing.
func identity(modelID int32) repo.Projection {
	p := repo.Projection{ModelID: modelID, Method: "pca", Mean: make([]float32, dims), FittedOn: 2}
	for i := range dims {
		component := make([]float32, dims)
		component[i] = 1
		p.Components = append(p.Components, component)
		p.ExplainedVariance = append(p.ExplainedVariance, 1)
		p.ExplainedVarianceRatio = append(p.ExplainedVarianceRatio, 1.0/dims)
	}
	return p
}

func asIs(feature []float32) ([]float32, error) { return feature, nil }

// goLive builds the generation that is being built, and makes it live. between, if not nil, runs while its table is filled.
func (f fixture) goLive(t *testing.T, c repo.Catalog, between func()) repo.Generation {
	t.Helper()
	ctx := t.Context()
	building := f.generations(t, c).Building
	if building == nil {
		t.Fatal("no generation is being built")
	}
	build, err := f.StartBuild(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer build.Close(ctx)
	g, err := build.CreateTable(ctx, *building, identity(building.ModelID))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := build.Fill(ctx, g, asIs, nil)
	if err != nil {
		t.Fatal(err)
	}
	if between != nil {
		between()
	}
	if err := build.CreateIndexes(ctx, g, repo.PlanIndex(rows, dims), nil); err != nil {
		t.Fatal(err)
	}
	if err := build.Publish(ctx, g, asIs); err != nil {
		t.Fatal(err)
	}
	return g
}

// live makes a shop of n products with a live generation.
func (f fixture) live(t *testing.T, n int) repo.Catalog {
	t.Helper()
	c := f.shop(t, n)
	f.wish(t, c, "fake")
	f.embedAll(t, c)
	f.goLive(t, c, nil)
	return c
}

// pendingKeys are the keys of the tasks that are pending.
func (f fixture) pendingKeys(t *testing.T, c repo.Catalog) []string {
	t.Helper()
	return all[string](t, f, `SELECT key FROM lookalike.task WHERE catalog_id = $1 AND state = 'pending' ORDER BY key COLLATE "C"`, c.ID)
}

// embeddingRows are the live rows as "key/position".
func (f fixture) embeddingRows(t *testing.T, c repo.Catalog) []string {
	t.Helper()
	return all[string](t, f, fmt.Sprintf(`SELECT id || '/' || position FROM lookalike.%s ORDER BY id, position`, c.Name))
}
