package migrations_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"lookalike/internal/testdb"
	"lookalike/migrations"
)

func TestMain(m *testing.M) { os.Exit(testdb.Main(m)) }

// objects lists everything in a database that initdb has not put there.
func objects(t *testing.T, url string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), `
		SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')
		UNION ALL SELECT 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
		UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class WHERE oid >= 16384 AND relnamespace <> 'pg_toast'::regnamespace
		UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE oid >= 16384
		UNION ALL SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func exec(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func up(t *testing.T, url string) {
	t.Helper()
	if err := migrations.Up(t.Context(), url); err != nil {
		t.Fatal(err)
	}
}

func down(t *testing.T, url string, to int64) {
	t.Helper()
	if err := migrations.Down(t.Context(), url, to); err != nil {
		t.Fatal(err)
	}
}

func TestUpDownUp(t *testing.T) {
	t.Parallel()
	url := testdb.NewEmpty(t)
	before := objects(t, url)
	up(t, url)
	full := objects(t, url)
	if len(full) < len(before)+20 {
		t.Fatalf("up has made only %d objects", len(full)-len(before))
	}
	up(t, url)
	if diff := cmp.Diff(full, objects(t, url)); diff != "" {
		t.Errorf("up twice (-once +twice):\n%s", diff)
	}
	down(t, url, 0)
	if diff := cmp.Diff(before, objects(t, url)); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
	up(t, url)
	if diff := cmp.Diff(full, objects(t, url)); diff != "" {
		t.Errorf("up again (-want +got):\n%s", diff)
	}
}

func TestDownStepByStep(t *testing.T) {
	t.Parallel()
	url := testdb.NewEmpty(t)
	before := objects(t, url)
	up(t, url)
	list, err := migrations.Status(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(list) - 1; i >= 0; i-- {
		down(t, url, list[i].Version-1)
		now, err := migrations.Status(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		for j, m := range now {
			if m.Applied != (j < i) {
				t.Errorf("after going below %s: %s applied is %v", list[i].Name, m.Name, m.Applied)
			}
		}
	}
	if diff := cmp.Diff(before, objects(t, url)); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
}

func TestDownDetachesCatalogs(t *testing.T) {
	t.Parallel()
	url := testdb.NewEmpty(t)
	exec(t, url, `CREATE TABLE products (id int PRIMARY KEY, image text); INSERT INTO products VALUES (1, 'a.jpg')`)
	before := objects(t, url)
	up(t, url)
	exec(t, url, `SELECT lookalike.attach('products', name => 'mine')`)
	down(t, url, 0)
	if diff := cmp.Diff(before, objects(t, url)); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
	exec(t, url, `INSERT INTO products VALUES (2, 'b.jpg')`)
}

func TestDownKeepsAnExtensionOfOthers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, before, after string }{
		{"it was there before", `CREATE SCHEMA extensions; CREATE EXTENSION vector SCHEMA extensions`, ``},
		{"others have come to use it", ``, `CREATE TABLE theirs (v vector(3))`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := testdb.NewEmpty(t)
			exec(t, url, test.before)
			up(t, url)
			exec(t, url, test.after)
			down(t, url, 0)
			if list := strings.Join(objects(t, url), "\n"); !strings.Contains(list, "extension vector") || strings.Contains(list, "lookalike") {
				t.Errorf("left are:\n%s", list)
			}
		})
	}
}

func TestEightAtOnce(t *testing.T) {
	t.Parallel()
	url := testdb.NewEmpty(t)
	var group errgroup.Group
	for range 8 {
		group.Go(func() error { return migrations.Up(t.Context(), url) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if current, err := migrations.UpToDate(t.Context(), url); err != nil || !current {
		t.Errorf("up to date: %v (%v)", current, err)
	}
}

func TestStatusChangesNothing(t *testing.T) {
	t.Parallel()
	url := testdb.NewEmpty(t)
	before := objects(t, url)
	list, err := migrations.Status(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range list {
		if m.Applied || m.Version != int64(i+1) || !strings.HasSuffix(m.Name, ".sql") {
			t.Errorf("migration %d is %+v", i+1, m)
		}
	}
	if diff := cmp.Diff(before, objects(t, url)); diff != "" {
		t.Errorf("status has changed the database:\n%s", diff)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	v, err := migrations.Check(t.Context(), testdb.NewEmpty(t))
	if err != nil {
		t.Fatal(err)
	}
	if v.Postgres == "" || v.Pgvector == "" {
		t.Errorf("versions are %+v", v)
	}
}

func TestCheckVersions(t *testing.T) {
	t.Parallel()
	is := func(s string) *string { return &s }
	for _, test := range []struct {
		name                 string
		installed, available *string
		want                 error
		says                 string
		warning              bool
	}{
		{name: "missing", want: migrations.ErrPgvectorMissing, says: "install pgvector"},
		{name: "old", available: is("0.7.4"), want: migrations.ErrPgvectorTooOld, says: "install pgvector"},
		{name: "old, newer at hand", installed: is("0.7.4"), available: is("0.8.6"), want: migrations.ErrPgvectorTooOld, says: "ALTER EXTENSION vector UPDATE"},
		{name: "faulty", available: is("0.8.3"), warning: true},
		{name: "faulty, installed", installed: is("0.8.0"), available: is("0.8.6"), warning: true},
		{name: "sound", installed: is("0.8.4"), available: is("0.8.4")},
		{name: "later", available: is("0.10.0")},
		{name: "much later", available: is("1.0")},
	} {
		warning, err := migrations.CheckPgvector(test.installed, test.available)
		if !errors.Is(err, test.want) || (err != nil && !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: %v", test.name, err)
		}
		if (warning != "") != test.warning {
			t.Errorf("%s: warning %q", test.name, warning)
		}
	}
}
