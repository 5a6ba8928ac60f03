package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestSearchByPhoto(t *testing.T) {
	s := newShell(t)
	dir := write(t, photos(t, 9))
	s.ok(t, "ingest", dir, "--catalog", "discs")

	found := parse[[]neighbourJSON](t, s.ok(t, "search", filepath.Join(dir, "a/5.png"), "-k", "2", "--json"))
	if len(found) != 2 || found[0].Key != "a/5" || found[0].Distance > 1e-4 {
		t.Errorf("the photo of a/5 finds %+v", found)
	}
	if r := s.runWith(t, photo(t, 6), "search", "-", "-k", "1"); r.code != exitOK || !strings.Contains(r.out, "b/6") {
		t.Errorf("standard input: code %d\n%s%s", r.code, r.out, r.err)
	}
	if r := s.runWith(t, []byte("no photo"), "search", "-"); r.code != exitError || r.err == "" {
		t.Errorf("no photo: code %d, %s", r.code, r.err)
	}
	if r := s.run(t, "search", filepath.Join(dir, "missing.png")); r.code != exitError || !strings.Contains(r.err, "missing.png") {
		t.Errorf("missing photo: code %d, %s", r.code, r.err)
	}
}

func TestPageOfAnAnswer(t *testing.T) {
	s := newShell(t)
	dir := write(t, photos(t, 5))
	s.ok(t, "ingest", dir, "--catalog", "discs")
	for _, args := range [][]string{{"similar", "a/1"}, {"search", filepath.Join(dir, "a/1.png")}} {
		page := filepath.Join(t.TempDir(), "page.html")
		s.ok(t, append(args, "--html", page)...)
		html, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(html), "data:image/"); n < 4 {
			t.Errorf("%v: %d pictures in the page, want those of the neighbours and of the query", args, n)
		}
		if !strings.Contains(string(html), "lookalike.discs_") {
			t.Errorf("%v: the page does not show its SQL", args)
		}
	}
}

func TestPhotosInTheTable(t *testing.T) {
	s := newShell(t)
	s.ok(t, "migrate", "up")
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `CREATE TABLE pictures (id int PRIMARY KEY, picture bytea)`); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 7; i++ {
		if _, err := conn.Exec(t.Context(), `INSERT INTO pictures VALUES ($1, $2)`, i, photo(t, i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Exec(t.Context(), `SELECT lookalike.attach('pictures', image => 'picture', name => 'discs')`); err != nil {
		t.Fatal(err)
	}
	if r := s.run(t, "similar", "1"); r.code != exitError || !strings.Contains(r.err, "lookalike worker --once") {
		t.Errorf("before the worker: code %d, %s", r.code, r.err)
	}
	s.ok(t, "worker", "--once")
	if found := parse[[]neighbourJSON](t, s.ok(t, "similar", "1", "--json")); len(found) != 5 {
		t.Errorf("%d neighbours, want 5", len(found))
	}
}

func TestCatalogIsAskedFor(t *testing.T) {
	s := newShell(t)
	if r := s.run(t, "similar", "1"); r.code != exitError || !strings.Contains(r.err, "lookalike ingest") {
		t.Errorf("without a catalog: code %d, %s", r.code, r.err)
	}
	dir := write(t, photos(t, 3))
	s.ok(t, "ingest", dir, "--catalog", "one")
	s.ok(t, "ingest", dir, "--catalog", "two")
	if r := s.run(t, "similar", "a/1"); r.code != exitUsage || !strings.Contains(r.err, "one, two") {
		t.Errorf("with two: code %d, %s", r.code, r.err)
	}
}

func TestMigrateVerbs(t *testing.T) {
	s := newShell(t)
	s.ok(t, "migrate", "up")
	type migration struct{ Applied bool }
	list := parse[[]migration](t, s.ok(t, "migrate", "down", "--json"))
	for i, m := range list {
		if m.Applied != (i < len(list)-1) {
			t.Errorf("after one step down migration %d is applied: %v", i+1, m.Applied)
		}
	}
	s.ok(t, "migrate", "down", "--to", "0")
	if r := s.run(t, "migrate", "down"); r.code != exitError || !strings.Contains(r.err, "no migration is applied") {
		t.Errorf("down below nothing: code %d, %s", r.code, r.err)
	}
	if r := s.ok(t, "migrate", "status"); !strings.Contains(r.out, "00001_vector.sql") {
		t.Errorf("status is\n%s", r.out)
	}
}

func TestVersion(t *testing.T) {
	s := newShell(t)
	v := parse[versions](t, s.ok(t, "version", "--json"))
	for name, value := range map[string]string{"ONNX Runtime": v.ONNXRuntime, "PostgreSQL": v.Postgres, "pgvector": v.Pgvector, "Go": v.Go, "lookalike": v.Lookalike} {
		if value == "" || strings.Contains(value, "not available") {
			t.Errorf("version of %s is %q", name, value)
		}
	}
}
