package repo_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lookalike/repo"
)

var shopColumns = []repo.Column{
	{Name: "id", Type: repo.Bigint},
	{Name: "image", Type: repo.Text},
	{Name: "price", Type: repo.Double},
	{Name: "seen", Type: repo.Date},
}

func rowsOf(rows ...[]any) iter.Seq2[repo.LoadRow, error] {
	return func(yield func(repo.LoadRow, error) bool) {
		for i, values := range rows {
			if !yield(repo.LoadRow{Place: i + 1, Values: values}, nil) {
				return
			}
		}
	}
}

func day(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }

// load loads rows into the table of a catalog and returns what was rejected, by place.
func (f fixture) load(t *testing.T, c repo.Catalog, columns []repo.Column, rows iter.Seq2[repo.LoadRow, error]) (repo.Loaded, map[int]string) {
	t.Helper()
	rejected := map[int]string{}
	loaded, err := f.LoadProducts(t.Context(), repo.Load{
		Catalog: c, Columns: columns, Rows: rows, Rejected: func(place int, reason string) { rejected[place] = reason },
	})
	if err != nil {
		t.Fatal(err)
	}
	return loaded, rejected
}

// newTable creates table shop.things for shopColumns and attaches it.
func (f fixture) newTable(t *testing.T) repo.Catalog {
	t.Helper()
	table := repo.TableName{Schema: "shop", Name: "things"}
	if created, err := f.EnsureProductTable(t.Context(), table, shopColumns, "id"); err != nil || !created {
		t.Fatalf("created %v (%v)", created, err)
	}
	if created, err := f.EnsureProductTable(t.Context(), table, shopColumns, "id"); err != nil || created {
		t.Fatalf("created again: %v (%v)", created, err)
	}
	c, err := f.Attach(t.Context(), repo.Attachment{Table: table, Key: "id", Image: "image", Name: "things", Root: "/srv/photos"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoadCreatesAndUpserts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.newTable(t)
	first := rowsOf([]any{int64(1), "1.jpg", 1.5, day(1)}, []any{int64(2), "2.jpg", nil, nil})
	loaded, rejected := f.load(t, c, shopColumns, first)
	if diff := cmp.Diff(repo.Loaded{Rows: 2, Changed: 2}, loaded); diff != "" || len(rejected) > 0 {
		t.Fatalf("first load (-want +got):\n%s%v", diff, rejected)
	}
	f.exec(t, `DELETE FROM lookalike.task`)
	second := rowsOf([]any{int64(1), "1.jpg", 1.5, day(1)}, []any{int64(2), "2.jpg", 2.5, nil}, []any{int64(3), "3.jpg", nil, nil})
	loaded, _ = f.load(t, c, shopColumns, second)
	if diff := cmp.Diff(repo.Loaded{Rows: 3, Changed: 2}, loaded); diff != "" {
		t.Errorf("second load (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1", "2", "3"}, f.pendingKeys(t, c)); diff != "" {
		t.Errorf("every row of the source is owed a look at its photo (-want +got):\n%s", diff)
	}
	got := all[string](t, f, `SELECT format('%s %s %s %s', id, image, price, seen) FROM shop.things ORDER BY id`)
	if diff := cmp.Diff([]string{"1 1.jpg 1.5 2026-01-01", "2 2.jpg 2.5 ", "3 3.jpg  "}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestLoadRejectsSingleRows(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.exec(t, `CREATE TABLE strict (id smallint PRIMARY KEY, image varchar(10), price numeric(4,2) CHECK (price > 0), total int GENERATED ALWAYS AS (id * 2) STORED)`)
	f.exec(t, `SELECT lookalike.attach('strict')`)
	c := f.catalog(t, "strict")
	columns := []repo.Column{{Name: "id", Type: repo.Text}, {Name: "image", Type: repo.Text}, {Name: "price", Type: repo.Double}, {Name: "total", Type: repo.Bigint}, {Name: "unknown", Type: repo.Text}}
	missing, err := f.MissingColumns(t.Context(), c.Table(), columns)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"total", "unknown"}, missing); diff != "" {
		t.Errorf("columns left out (-want +got):\n%s", diff)
	}
	var rows [][]any
	for i := range 50 {
		rows = append(rows, []any{fmt.Sprint(i), "a.jpg", 1.0, int64(9), "x"})
	}
	rows[7][0] = "not a number"
	rows[20][1] = "much too long a name"
	rows[30][2] = -1.0
	rows[40][0] = nil
	loaded, rejected := f.load(t, c, columns, rowsOf(rows...))
	if diff := cmp.Diff(repo.Loaded{Rows: 46, Changed: 46, Rejected: 4}, loaded); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var places []int
	for place, reason := range rejected {
		if places = append(places, place); reason == "" {
			t.Errorf("row %d is rejected without a reason", place)
		}
	}
	slices.Sort(places)
	if diff := cmp.Diff([]int{8, 21, 31, 41}, places); diff != "" {
		t.Errorf("rejected rows (-want +got):\n%s", diff)
	}
}

func TestLoadEndsWithItsSource(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.newTable(t)
	broken := errors.New("disk gone")
	_, err := f.LoadProducts(t.Context(), repo.Load{
		Catalog: c, Columns: shopColumns,
		Rows: func(yield func(repo.LoadRow, error) bool) { yield(repo.LoadRow{}, broken) },
	})
	if !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
}

func TestLoadInSeveralTransactions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.newTable(t)
	const n = 12_000
	var steps []int64
	loaded, err := f.LoadProducts(t.Context(), repo.Load{
		Catalog: c, Columns: shopColumns, Progress: func(rows int64) { steps = append(steps, rows) },
		Rows: func(yield func(repo.LoadRow, error) bool) {
			for i := range n {
				if !yield(repo.LoadRow{Place: i, Values: []any{int64(i), fmt.Sprint(i), nil, nil}}, nil) {
					return
				}
			}
		},
	})
	if err != nil || loaded.Rows != n {
		t.Fatalf("loaded %+v (%v)", loaded, err)
	}
	if len(steps) < 3 || steps[len(steps)-1] != n {
		t.Errorf("progress was %v", steps)
	}
	if got := one[int](t, f, `SELECT count(*) FROM lookalike.task`); got != n {
		t.Errorf("%d tasks, want %d", got, n)
	}
}

func TestParseTableName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in, want string
		bad      bool
	}{
		{in: "products", want: "public.products"},
		{in: "Shop.Products", want: "shop.products"},
		{in: `"Shop"."My ""Products"""`, want: `"Shop"."My ""Products"""`},
		{in: `shop."a.b"`, want: `shop."a.b"`},
		{in: "", bad: true},
		{in: "a.b.c", bad: true},
		{in: "a.", bad: true},
		{in: `"open`, bad: true},
		{in: `"a"b`, bad: true},
		{in: "a\x00", bad: true},
		{in: "a123456789012345678901234567890123456789012345678901234567890123", bad: true},
	} {
		got, err := repo.ParseTableName(test.in)
		if test.bad != errors.Is(err, repo.ErrTableName) {
			t.Errorf("%q: error %v", test.in, err)
		} else if !test.bad && got.String() != test.want {
			t.Errorf("%q: %s, want %s", test.in, got, test.want)
		}
	}
}
