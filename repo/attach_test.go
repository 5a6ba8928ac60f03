package repo_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"lookalike/repo"
)

func TestAttachSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.exec(t, `CREATE TABLE good (id int PRIMARY KEY, image text, code text);
		CREATE TABLE keyless (id int, image text);
		CREATE TABLE pair (a int, b int, image text, PRIMARY KEY (a, b));
		CREATE TABLE partial (id int, image text); CREATE UNIQUE INDEX ON partial (id) WHERE id > 5;
		CREATE TABLE reserved (embedding int PRIMARY KEY, image text);
		CREATE VIEW seen AS SELECT * FROM good`)
	for _, test := range []struct{ name, call, want string }{
		{"no table", `attach('nothing')`, "does not exist"},
		{"a view", `attach('seen', key => 'id')`, "not a table"},
		{"no key", `attach('keyless')`, "primary key"},
		{"two-column key", `attach('pair')`, "primary key"},
		{"key that is not unique", `attach('good', key => 'code')`, "not unique"},
		{"key unique for some rows only", `attach('partial', key => 'id')`, "not unique"},
		{"no such key", `attach('good', key => 'sku')`, "no column"},
		{"no such image", `attach('good', image => 'photo')`, "photo"},
		{"image of another type", `attach('good', image => 'id')`, "text, varchar or bytea"},
		{"reserved key", `attach('reserved')`, "embedding"},
		{"long name", `attach('good', name => repeat('x', 41))`, "40 bytes"},
		{"empty name", `attach('good', name => '')`, "40 bytes"},
		{"name of a table of ours", `attach('good', name => 'task')`, "taken"},
		{"name of a generation", `attach('good', name => 'products_g1')`, "taken"},
	} {
		_, err := f.conn.Exec(t.Context(), `SELECT lookalike.`+test.call)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	if n := one[int](t, f, `SELECT count(*) FROM lookalike.catalog`); n != 0 {
		t.Errorf("%d catalogs are left", n)
	}
}

func TestAttachAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 2)
	f.exec(t, `SELECT lookalike.attach('shop.products', root => '/a'); SELECT lookalike.attach('shop.products', root => '/b');
		SELECT lookalike.attach('shop.products', root => '/a')`)
	if diff := cmp.Diff([]string{"/a", "/b"}, f.catalog(t, "products").Roots); diff != "" {
		t.Errorf("roots (-want +got):\n%s", diff)
	}
	if pending := f.pendingKeys(t, c); len(pending) != 0 {
		t.Errorf("attaching again owes %v", pending)
	}
	if _, err := f.conn.Exec(t.Context(), `SELECT lookalike.attach('shop.products', image => 'name')`); err == nil {
		t.Error("another image column under the same name is taken")
	}
}

func TestOneTableInTwoCatalogs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	front := f.shop(t, 2)
	f.exec(t, `ALTER TABLE shop.products ADD back text; SELECT lookalike.attach('shop.products', image => 'back', name => 'backs')`)
	back := f.catalog(t, "backs")
	f.exec(t, `DELETE FROM lookalike.task; UPDATE shop.products SET back = 'b.jpg' WHERE id = 1; UPDATE shop.products SET image = 'f.jpg' WHERE id = 2`)
	if diff := cmp.Diff([][]string{{"2"}, {"1"}}, [][]string{f.pendingKeys(t, front), f.pendingKeys(t, back)}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// hostileNames are names of schemas, tables and columns that must be quoted everywhere.
var hostileNames = []string{
	`a"; DROP TABLE canary; --`, `'; DROP TABLE canary; --`, `$$`, `$body$`, `$definition$`, `%I`, `%1$s`, `select`, `table`, `user`,
	`Order`, `two words`, `ünïcode`, `日本語`, `tab	tab`, `new
line`, `back\slash`, `semi;colon`, `dot.dot`, `"quoted"`, `{{.}}`, `locked`, `d`, `id`, `c`, `e`, `n`, `own`, `nearest`, `key`,
	strings.Repeat("x", 63), `changed_rows`,
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.exec(t, `CREATE TABLE canary (id int PRIMARY KEY); INSERT INTO canary VALUES (1)`)
	for i, name := range hostileNames {
		image := hostileNames[(i+7)%len(hostileNames)]
		table := pgx.Identifier{name, image}.Sanitize()
		f.exec(t, fmt.Sprintf(`CREATE SCHEMA %s; CREATE TABLE %s (%s text PRIMARY KEY, %s text)`,
			pgx.Identifier{name}.Sanitize(), table, pgx.Identifier{name}.Sanitize(), pgx.Identifier{image}.Sanitize()))
		catalog := name
		if len(catalog) > 40 || catalog == "key" {
			catalog = fmt.Sprintf("catalog %d", i)
		}
		c, err := f.Attach(t.Context(), repo.Attachment{Table: repo.TableName{Schema: name, Name: image}, Key: name, Image: image, Name: catalog})
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		f.exec(t, fmt.Sprintf(`INSERT INTO %s SELECT 'k''"' || i, i FROM generate_series(1, 8) AS i`, table))
		f.wish(t, c, "fake")
		f.embedAll(t, c)
		f.goLive(t, c, nil)
		found, err := f.Similar(t.Context(), c, `k'"3`, 5)
		if err != nil || len(found) != 5 {
			t.Errorf("%q: %d neighbours (%v)", name, len(found), err)
		}
		if answer, err := f.Ask(t.Context(), f.SimilarQuestion(c, `k'"3`, 5)); err != nil || len(answer.Rows) != 5 {
			t.Errorf("%q: question: %d rows (%v)", name, len(answer.Rows), err)
		}
		f.exec(t, fmt.Sprintf(`DELETE FROM %s; TRUNCATE %[1]s`, table))
		if err := f.Detach(t.Context(), catalog); err != nil {
			t.Errorf("%q: detach: %v", name, err)
		}
	}
	if one[int](t, f, `SELECT count(*) FROM canary`) != 1 {
		t.Error("the canary is dead")
	}
}

func TestDetachLeavesTheTableAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 3)
	if err := f.Detach(t.Context(), c.Name); err != nil {
		t.Fatal(err)
	}
	f.exec(t, `INSERT INTO shop.products VALUES (9, 'new', 1, '9.jpg'); UPDATE shop.products SET image = 'x'; DELETE FROM shop.products WHERE id = 1; TRUNCATE shop.products`)
	left := all[string](t, f, `SELECT relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'lookalike' AND relname LIKE 'products%'`)
	if diff := cmp.Diff([]string{}, left); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
	f.exec(t, `INSERT INTO shop.products VALUES (1, 'again', 1, '1.jpg'), (2, 'again', 1, '2.jpg')`)
	f.exec(t, `SELECT lookalike.attach('shop.products')`)
	again := f.catalog(t, "products")
	model := f.wish(t, again, "fake")
	if seen, err := f.Seen(t.Context(), model, []repo.SHA256{photoOf("1")}); err != nil || !seen[photoOf("1")] {
		t.Errorf("the features are gone (%v, %v)", seen, err)
	}
}

func TestApplicationNeedsNoRightsOnTasks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 8)
	role := fmt.Sprintf("app_%d", one[int](t, f, `SELECT pg_backend_pid()`))
	f.exec(t, fmt.Sprintf(`CREATE ROLE %[1]s; GRANT USAGE ON SCHEMA shop, lookalike TO %[1]s;
		GRANT INSERT, SELECT, UPDATE, DELETE, TRUNCATE ON shop.products TO %[1]s; GRANT SELECT ON lookalike.products TO %[1]s`, role))
	t.Cleanup(func() {
		if _, err := f.conn.Exec(context.WithoutCancel(t.Context()), fmt.Sprintf(`RESET ROLE; DROP OWNED BY %[1]s; DROP ROLE %[1]s`, role)); err != nil {
			t.Error(err)
		}
	})
	f.exec(t, `SET ROLE `+role)
	f.exec(t, `INSERT INTO shop.products VALUES (9, 'new', 1, '9.jpg'); UPDATE shop.products SET image = 'x' WHERE id = 1; DELETE FROM shop.products WHERE id = 2`)
	if n := one[int](t, f, `SELECT count(*) FROM lookalike.products_similar(5)`); n != 5 {
		t.Errorf("the application sees %d neighbours, want 5", n)
	}
	if _, err := f.conn.Exec(t.Context(), `SELECT * FROM lookalike.task`); err == nil {
		t.Error("the application reads tasks")
	}
	f.exec(t, `RESET ROLE`)
	if diff := cmp.Diff([]string{"1", "2", "9"}, f.pendingKeys(t, c)); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
}
