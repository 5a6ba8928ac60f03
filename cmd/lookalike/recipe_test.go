package main

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"lookalike/internal/testenv"
)

// queried is how many of the first products the reference has the neighbours of.
const queried = 200

// referenceNeighbours are the five nearest of the first products as faiss found them, without the product itself.
func referenceNeighbours(t *testing.T, space string) map[int64][]int64 {
	t.Helper()
	content, err := os.ReadFile(testenv.Shared(t, "reference", "faiss_top6.json"))
	if err != nil {
		t.Fatal(err)
	}
	var spaces map[string][]struct {
		ID         int64
		Neighbours []int64
	}
	if err := json.Unmarshal(content, &spaces); err != nil {
		t.Fatal(err)
	}
	neighbours := map[int64][]int64{}
	for _, q := range spaces[space] {
		for _, id := range q.Neighbours {
			if id != q.ID && len(neighbours[q.ID]) < 5 {
				neighbours[q.ID] = append(neighbours[q.ID], id)
			}
		}
	}
	if len(neighbours) != queried {
		t.Fatalf("%s: neighbours of %d products, want %d", space, len(neighbours), queried)
	}
	return neighbours
}

// overlap is the share of wanted neighbours that SQL returns as (id, neighbour).
func overlap(t *testing.T, conn *pgx.Conn, want map[int64][]int64, sql string) float64 {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	hits := 0
	var id, neighbour int64
	_, err = pgx.ForEachRow(rows, []any{&id, &neighbour}, func() error {
		for _, w := range want[id] {
			if w == neighbour {
				hits++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return float64(hits) / (5 * float64(len(want)))
}

// TestAnswersOfTheRecipe ingests the 2,000 product photos with the recipe's own settings (no normalisation, 64 factors)
// and compares the answers of the database with those of torchvision, scikit-learn and faiss.
func TestAnswersOfTheRecipe(t *testing.T) {
	csv := testenv.Shared(t, "fashion", "products.csv")
	s := newShell(t)
	r := s.ok(t, "ingest", csv, "--catalog", "products", "--table", "shop.products", "--factors", "64", "--normalise=false", "--json")
	if report := parse[summary](t, r); report.Changed != 2000 || report.Failed != 0 {
		t.Fatalf("report is %+v", report)
	}
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))

	for _, test := range []struct {
		name, space, sql string
		least            float64
	}{
		{"stored features, exact", "features", `
			SELECT q.id, n.id FROM (SELECT p.id, f.feature FROM shop.products p JOIN lookalike.product_photo pp ON pp.key = p.id::text
				JOIN lookalike.feature f USING (sha256) ORDER BY p.id LIMIT 200) q
			CROSS JOIN LATERAL (SELECT pp.key::bigint AS id FROM lookalike.product_photo pp JOIN lookalike.feature f USING (sha256)
				WHERE pp.key <> q.id::text ORDER BY f.feature <-> q.feature LIMIT 5) n`, 0.98},
		{"embeddings, exact", "pca64", `
			SELECT q.id, n.id FROM (SELECT id, embedding FROM lookalike.products ORDER BY id LIMIT 200) q
			CROSS JOIN LATERAL (SELECT id FROM lookalike.products e WHERE e.id <> q.id ORDER BY (e.embedding <-> q.embedding) + 0 LIMIT 5) n`, 0.98},
		{"products_similar", "pca64", `
			SELECT q.id, n.id FROM (SELECT id FROM shop.products ORDER BY id LIMIT 200) q
			CROSS JOIN LATERAL lookalike.products_similar(q.id, k => 5) n`, 0.98},
	} {
		got := overlap(t, conn, referenceNeighbours(t, test.space), test.sql)
		t.Logf("%s: the 5 nearest overlap %.4f with the reference", test.name, got)
		if got < test.least {
			t.Errorf("%s: the 5 nearest overlap %.4f with the reference, want at least %.2f", test.name, got, test.least)
		}
	}

	var recall float64
	err = conn.QueryRow(t.Context(), `SELECT count(s.id)::float8 / count(*)
		FROM lookalike.products q
		CROSS JOIN LATERAL (SELECT id FROM lookalike.products e WHERE e.id <> q.id ORDER BY (e.embedding <-> q.embedding) + 0 LIMIT 5) exact
		LEFT JOIN LATERAL lookalike.products_similar(q.id, k => 5) s ON s.id = exact.id`).Scan(&recall)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("recall@5 of the index on all 2,000 products: %.4f", recall)
	if recall < 0.99 {
		t.Errorf("recall@5 is %.4f, want at least 0.99", recall)
	}
}
