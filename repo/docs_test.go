package repo_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"lookalike/internal/testenv"
	"lookalike/repo"
)

// demoShop is a live catalog with the columns of the table that `make demo` makes, ids from 1001, large enough that the
// planner has a choice.
func (f fixture) demoShop(t *testing.T, n int) repo.Catalog {
	t.Helper()
	f.exec(t, `CREATE SCHEMA shop; CREATE TABLE shop.products (id bigint PRIMARY KEY, name text, category text, gender text,
		year bigint, price double precision, in_stock boolean, image text)`)
	f.exec(t, `INSERT INTO shop.products SELECT 1000 + i, 'product ' || i, 'category ' || i % 5, (ARRAY['Men', 'Women', NULL])[1 + i % 3],
		2019 + i % 8, i, i % 4 <> 0, i || '.jpg' FROM generate_series(1, $1) AS i`, n)
	f.exec(t, `SELECT lookalike.attach('shop.products')`)
	c := f.catalog(t, "products")
	f.wish(t, c, "fake")
	f.embedAll(t, c)
	f.goLive(t, c, nil)
	f.exec(t, `ANALYZE shop.products`)
	return c
}

// sqlOf returns the SQL below the headings of docs/sql.md, by heading; the second of a heading has " 2" after it.
func sqlOf(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(testenv.Root(), "docs", "sql.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]string{}
	for _, section := range strings.Split(string(page), "\n## ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		for _, found := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(body, -1) {
			name := heading
			if blocks[name] != "" {
				name += " 2"
			}
			blocks[name] = found[1]
		}
	}
	return blocks
}

// rowsOfScript runs SQL, of which one statement may return rows, and returns them.
func rowsOfScript(t *testing.T, conn *pgx.Conn, sql string) [][]string {
	t.Helper()
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	var rows [][]string
	for _, result := range results {
		for _, values := range result.Rows {
			row := make([]string, len(values))
			for i, v := range values {
				row[i] = string(v)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// planOf explains the one SELECT of a script.
func planOf(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	explained := regexp.MustCompile(`(?m)^(SELECT|WITH)`).ReplaceAllString(sql, "EXPLAIN $1")
	if strings.HasPrefix(sql, "WITH") {
		explained = "EXPLAIN " + sql
	}
	var lines []string
	for _, row := range rowsOfScript(t, conn, explained) {
		lines = append(lines, row[0])
	}
	return strings.Join(lines, "\n")
}

func TestDocumentedQueries(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.demoShop(t, 3000)
	f.exec(t, `UPDATE lookalike.products_g1 SET embedding = (SELECT embedding FROM lookalike.products WHERE id = 1001) WHERE id = 1500`)
	tests := map[string]struct {
		rows int    // how many, -1 for any but none
		plan string // a regular expression that the plan matches
		not  string // one that it does not match
	}{
		"The five most similar products":                  {5, `Function Scan on products_similar(.|\n)*Index Scan using products_pkey`, `Seq Scan`},
		"Filtered by gender and year":                     {5, `Function Scan on products_similar(.|\n)*Index Scan using products_pkey`, ``},
		"Within the same category, out of stock excluded": {5, `Index Scan using products_pkey on products q(.|\n)*Function Scan on products_similar`, ``},
		"Similarity without the functions":                {5, `Index Scan using products_g1_embedding_idx`, `Seq Scan on products_g1`},
		"Similarity without the functions 2":              {5, `Index Scan using products_g1_embedding_idx`, `Seq Scan|Sort Key`},
		"The most isolated products":                      {5, `Function Scan on products_similar`, ``},
		"Pairs nearer than a distance":                    {-1, `Function Scan on products_similar`, ``},
		"How much the projection explains":                {dims, `projection_factor`, ``},
		"Recall: the index against an exact scan":         {1, `Sort Key: .*\+ `, `embedding_idx`},
		"What failed, and how far it has come":            {0, `Index Scan|Bitmap|Seq Scan`, ``},
		"What failed, and how far it has come 2":          {1, ``, ``},
	}
	blocks := sqlOf(t)
	if len(blocks) != len(tests) {
		t.Errorf("docs/sql.md has %d queries, %d are tested here", len(blocks), len(tests))
	}
	// As an analyst has it: a session with the settings of the server, that has not used vectors yet.
	conn, err := pgx.Connect(t.Context(), f.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for name, test := range tests {
		sql, ok := blocks[name]
		if !ok {
			t.Errorf("docs/sql.md has nothing under %q", name)
			continue
		}
		rows := rowsOfScript(t, conn, sql)
		if (test.rows >= 0 && len(rows) != test.rows) || (test.rows < 0 && len(rows) == 0) {
			t.Errorf("%s: %d rows, want %d", name, len(rows), test.rows)
		}
		plan := planOf(t, conn, sql)
		if !regexp.MustCompile(test.plan).MatchString(plan) || (test.not != "" && regexp.MustCompile(test.not).MatchString(plan)) {
			t.Errorf("%s: the plan is not %q, or is %q:\n%s", name, test.plan, test.not, plan)
		}
	}
}

func TestDocumentedAnswers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.demoShop(t, 1500)
	blocks := sqlOf(t)
	answers := func(heading string) [][]string {
		return rowsOfScript(t, f.conn, blocks[heading])
	}
	if recall := answers("Recall: the index against an exact scan")[0][0]; recall < "0.99" {
		t.Errorf("recall@5 is %s, want at least 0.99", recall)
	}
	for _, row := range answers("Filtered by gender and year") {
		if row[2] != "Women" || row[3] < "2023" {
			t.Errorf("filtered by gender and year: %v", row)
		}
	}
	direct, byFunction := answers("Similarity without the functions"), answers("The five most similar products")
	for i := range byFunction {
		if direct[i][0] != byFunction[i][0] {
			t.Errorf("neighbour %d is %s without the functions, %s with", i+1, direct[i][0], byFunction[i][0])
		}
	}
	for _, row := range answers("Within the same category, out of stock excluded") {
		if row[2] != "category 0" {
			t.Errorf("within the same category: %v", row)
		}
	}
}

// TestPlans holds the shapes of design: a generic plan, a parameter, and the view keep the index in use.
func TestPlans(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.demoShop(t, 3000)
	f.exec(t, `SET plan_cache_mode = force_generic_plan`)
	f.exec(t, `PREPARE nearest(vector, int) AS SELECT id FROM lookalike.products ORDER BY embedding <-> $1 LIMIT $2`)
	for name, sql := range map[string]string{
		"generic plan": `EXPLAIN EXECUTE nearest('[1,2,3,4]', 5)`,
		"array":        `EXPLAIN SELECT id FROM lookalike.products ORDER BY embedding <-> ARRAY[1,2,3,4]::real[]::vector LIMIT 5`,
		"lateral": `EXPLAIN SELECT n.id FROM (SELECT embedding FROM lookalike.products WHERE id = 1010) q
			CROSS JOIN LATERAL (SELECT id FROM lookalike.products e ORDER BY e.embedding <-> q.embedding LIMIT 5) n`,
	} {
		plan := strings.Join(all[string](t, f, sql), "\n")
		if !strings.Contains(plan, "Index Scan using products_g1_embedding_idx") {
			t.Errorf("%s: the index is not used:\n%s", name, plan)
		}
	}
}
