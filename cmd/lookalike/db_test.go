package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// private gives a test a data directory of its own, and so a private PostgreSQL, which is destroyed at the end. Models
// are shared with the other tests.
func private(t *testing.T) shell {
	t.Helper()
	dir, err := os.MkdirTemp("", "lookalike-data-")
	if err != nil {
		t.Fatal(err)
	}
	models := filepath.Join(os.Getenv("LOOKALIKE_DATA"), modelsFolder)
	if err := errors.Join(os.MkdirAll(models, 0o755), os.Symlink(models, filepath.Join(dir, modelsFolder))); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LOOKALIKE_DATA", dir)
	for _, name := range pgVariables {
		t.Setenv(name, "") // so that it comes back after the test
		os.Unsetenv(name)
	}
	s := shell{}
	t.Cleanup(func() {
		run(context.WithoutCancel(t.Context()), []string{"db", "destroy", "--yes"}, streams{in: strings.NewReader(""), out: os.Stderr, err: os.Stderr})
		os.RemoveAll(dir)
	})
	return s
}

func TestPrivateDatabaseStartsByItself(t *testing.T) {
	s := private(t)
	if r := s.ok(t, "db", "status"); !strings.Contains(r.out, "absent") {
		t.Errorf("status before:\n%s", r.out)
	}
	s.ok(t, "ingest", write(t, photos(t, 6)), "--catalog", "discs")
	found := parse[[]neighbourJSON](t, s.ok(t, "similar", "a/1", "--json"))
	if len(found) != 5 {
		t.Errorf("%d neighbours, want 5", len(found))
	}
	if r := s.ok(t, "db", "psql", "--", "-XAtc", "SELECT count(*) FROM lookalike.discs"); strings.TrimSpace(r.out) != "6" {
		t.Errorf("psql says %q, want 6", r.out)
	}
	if r := s.run(t, "db", "psql", "--", "-XAtc", "SELECT nothing"); r.code != exitError || !strings.Contains(r.err, "exit code 1") {
		t.Errorf("a fault in SQL: code %d, %s", r.code, r.err)
	}
	url := strings.TrimSpace(s.ok(t, "db", "url").out)
	if st := parse[[]map[string]any](t, s.ok(t, "status", "--json", "--database-url", url)); len(st) != 1 {
		t.Errorf("by its URL: %v", st)
	}

	if r := s.ok(t, "db", "stop"); !strings.Contains(r.out, "stopped") {
		t.Errorf("db stop:\n%s", r.out)
	}
	if r := s.ok(t, "db", "start"); !strings.Contains(r.out, "running") {
		t.Errorf("db start:\n%s", r.out)
	}
	s.ok(t, "similar", "a/1")
}

func TestDestroyAsks(t *testing.T) {
	s := private(t)
	s.ok(t, "db", "start")
	for _, answer := range []string{"", "n\n", "what?\n"} {
		if r := s.runWith(t, []byte(answer), "db", "destroy"); r.code != exitError || !strings.Contains(r.err, "[y/N]") {
			t.Errorf("answer %q: code %d, %s", answer, r.code, r.err)
		}
	}
	if r := s.ok(t, "db", "status"); !strings.Contains(r.out, "running") {
		t.Errorf("after three refusals:\n%s", r.out)
	}
	if r := s.runWith(t, []byte("yes\n"), "db", "destroy"); r.code != exitOK {
		t.Errorf("answer yes: code %d, %s", r.code, r.err)
	}
	if r := s.ok(t, "db", "status"); !strings.Contains(r.out, "absent") {
		t.Errorf("after destroy:\n%s", r.out)
	}
}

func TestPrivateVerbsLeaveOtherDatabasesAlone(t *testing.T) {
	s := newShell(t)
	for _, verb := range []string{"start", "stop", "status", "destroy"} {
		if r := s.run(t, "db", verb); r.code != exitUsage || !strings.Contains(r.err, "another database is named") {
			t.Errorf("db %s: code %d, %s", verb, r.code, r.err)
		}
	}
	if r := s.ok(t, "db", "url"); strings.TrimSpace(r.out) != s.url {
		t.Errorf("db url prints %s, want %s", r.out, s.url)
	}
}

func TestWhichDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte("postgres://from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, flag, url, urlFile, pgHost string
		want                             string
		named                            bool
	}{
		{"nothing", "", "", "", "", "", false},
		{"PG*", "", "", "", "db", "", true},
		{"file", "", "", file, "db", "postgres://from-file", true},
		{"DATABASE_URL", "", "postgres://env", file, "db", "postgres://env", true},
		{"flag", "postgres://flag", "postgres://env", file, "db", "postgres://flag", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range pgVariables {
				t.Setenv(name, "")
			}
			t.Setenv("DATABASE_URL", test.url)
			t.Setenv("DATABASE_URL_FILE", test.urlFile)
			t.Setenv("PGHOST", test.pgHost)
			a := &app{databaseURL: test.flag}
			url, named, err := a.ownDatabase()
			if err != nil || url != test.want || named != test.named {
				t.Errorf("%q, %v (%v), want %q, %v", url, named, err, test.want, test.named)
			}
		})
	}
	t.Setenv("DATABASE_URL", "")
	t.Setenv("DATABASE_URL_FILE", filepath.Join(t.TempDir(), "missing"))
	if _, _, err := (&app{}).ownDatabase(); err == nil {
		t.Error("a missing DATABASE_URL_FILE is no error")
	}
}
