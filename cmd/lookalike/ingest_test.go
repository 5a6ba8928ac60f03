package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// counts are those of a closing report that do not depend on time.
func counts(t *testing.T, r result) summary {
	t.Helper()
	s := parse[summary](t, r)
	return summary{Changed: s.Changed, Unchanged: s.Unchanged, Removed: s.Removed, Failed: s.Failed, Embedded: s.Embedded}
}

func sameCounts(t *testing.T, want, got summary) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(summary{})); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestIngestFolder(t *testing.T) {
	s := newShell(t)
	dir := write(t, photos(t, 12))
	r := s.ok(t, "ingest", dir, "--catalog", "discs", "--json")
	sameCounts(t, summary{Changed: 12, Embedded: 12}, counts(t, r))
	report := parse[summary](t, r)
	if b := report.Built; b == nil || b.Number != 1 || b.Rows != 12 || b.Factors != 11 {
		t.Errorf("generation is %+v, want number 1 of 12 rows with the 11 factors that 12 photos allow", b)
	}
	var names []string
	for _, st := range report.Stages {
		names = append(names, st.Name)
	}
	if diff := cmp.Diff([]string{"load rows", "embed", "fit projection", "project and copy", "build index"}, names); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}

	sameCounts(t, summary{Unchanged: 12}, counts(t, s.ok(t, "ingest", dir, "--catalog", "discs", "--json")))

	if err := os.WriteFile(filepath.Join(dir, "a/1.png"), photo(t, 40), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "new.png"), photo(t, 2), 0o644); err != nil { // the photo of b/2
		t.Fatal(err)
	}
	sameCounts(t, summary{Changed: 2, Unchanged: 11, Embedded: 1}, counts(t, s.ok(t, "ingest", dir, "--catalog", "discs", "--json")))

	found := parse[[]neighbourJSON](t, s.ok(t, "similar", "new", "-k", "3", "--json"))
	if len(found) != 3 || found[0].Key != "b/2" || found[0].Distance != 0 || string(found[0].Product["category"]) != `"b"` {
		t.Errorf("similar to a copy of b/2: %+v", found)
	}
}

func TestIngestCSVIntoATableOfItsOwnName(t *testing.T) {
	s := newShell(t)
	files := photos(t, 6)
	csv := "sku,title,price,picture\n"
	for i := 1; i <= 6; i++ {
		csv += fmt.Sprintf("%d,\"Disc, no. %d\",%d.5,%c/%d.png\n", i, i, i, "ab"[(i-1)%2], i)
	}
	files["discs.csv"] = []byte(csv)
	file := filepath.Join(write(t, files), "discs.csv")
	s.ok(t, "ingest", file, "--catalog", "discs", "--table", "shop.discs", "--key", "sku", "--image", "picture", "--factors", "3")
	r := s.ok(t, "similar", "2", "-k", "2")
	for _, want := range []string{"distance", "sku", "title", "Disc, no. "} {
		if !strings.Contains(r.out, want) {
			t.Errorf("the table has no %q:\n%s", want, r.out)
		}
	}
	status := parse[[]map[string]any](t, s.ok(t, "status", "--json"))
	if status[0]["table"] != "shop.discs" || status[0]["factors"] != 3.0 || status[0]["embedded"] != 6.0 {
		t.Errorf("status is %v", status)
	}
	if r := s.run(t, "ingest", file, "--catalog", "discs", "--key", "title"); r.code != exitUsage || !strings.Contains(r.err, "sku") {
		t.Errorf("another key for the same catalog: code %d, %s", r.code, r.err)
	}
}

func TestIngestWithBadPhotosAndRows(t *testing.T) {
	s := newShell(t)
	files := photos(t, 4)
	files["a/broken.png"] = photo(t, 5)[:200]
	files["a/text.jpg"] = []byte("this is no photo")
	files["list.csv"] = []byte("id,image\n1,a/1.png\n2,b/2.png\n3,a/3.png\n4,a/broken.png\n5,a/text.jpg\n6,a/missing.png\n7,../../etc/passwd\n1,b/4.png\n8,b/4.png\n")
	file := filepath.Join(write(t, files), "list.csv")
	r := s.run(t, "ingest", file, "--catalog", "discs")
	if r.code != exitFailures {
		t.Fatalf("exit code %d, want %d\n%s%s", r.code, exitFailures, r.out, r.err)
	}
	for _, want := range []string{"4 products failed", "1 row of the source", "lookalike failures --catalog discs"} {
		if !strings.Contains(r.err, want) {
			t.Errorf("the report does not say %q:\n%s", want, r.err)
		}
	}
	failures := parse[[]map[string]any](t, s.ok(t, "failures", "--json"))
	got := map[string]string{}
	for _, f := range failures {
		got[f["key"].(string)] = f["stage"].(string)
	}
	if diff := cmp.Diff(map[string]string{"4": "embed", "5": "embed", "6": "fetch", "7": "fetch"}, got); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	if r := s.ok(t, "failures"); !strings.Contains(r.out, "lookalike retry") {
		t.Errorf("failures do not say what to do next:\n%s", r.out)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "a/broken.png"), photo(t, 5), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := s.run(t, "retry", "4"); r.code != exitFailures || !strings.Contains(r.err, "1 product to try again") {
		t.Errorf("retry: code %d, %s", r.code, r.err)
	}
	if failures := parse[[]map[string]any](t, s.ok(t, "failures", "--json")); len(failures) != 3 {
		t.Errorf("%d failures are left, want 3", len(failures))
	}
}

func TestIngestAgainWithOtherFactors(t *testing.T) {
	s := newShell(t)
	dir := write(t, photos(t, 10))
	s.ok(t, "ingest", dir, "--catalog", "discs", "--factors", "4")
	r := s.ok(t, "ingest", dir, "--catalog", "discs", "--factors", "6", "--json")
	sameCounts(t, summary{Unchanged: 10}, counts(t, r))
	if b := parse[summary](t, r).Built; b == nil || b.Number != 2 || b.Factors != 6 {
		t.Errorf("generation is %+v, want number 2 with 6 factors", b)
	}
	s.ok(t, "similar", "a/1")
	if b := parse[summary](t, s.ok(t, "ingest", dir, "--catalog", "discs", "--json")).Built; b != nil {
		t.Errorf("ingesting again without --factors builds %+v", b)
	}
}

func TestIngestOneFolderAfterTheOther(t *testing.T) {
	s := newShell(t)
	s.ok(t, "ingest", write(t, photos(t, 4)), "--catalog", "discs")
	second := map[string][]byte{"c/9.png": photo(t, 9), "c/10.png": photo(t, 10)}
	sameCounts(t, summary{Changed: 2, Embedded: 2}, counts(t, s.ok(t, "ingest", write(t, second), "--catalog", "discs", "--json")))
	s.ok(t, "similar", "c/9")
}

func TestOneProductIsNotEnough(t *testing.T) {
	s := newShell(t)
	dir := write(t, photos(t, 1))
	r := s.run(t, "ingest", dir, "--catalog", "discs")
	if r.code != exitError || !strings.Contains(r.err, "at least 2 different photos") {
		t.Fatalf("code %d: %s", r.code, r.err)
	}
	if err := os.WriteFile(filepath.Join(dir, "more.png"), photo(t, 7), 0o644); err != nil {
		t.Fatal(err)
	}
	s.ok(t, "ingest", dir, "--catalog", "discs")
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"no source", []string{"ingest", "--catalog", "c"}, "SOURCE"},
		{"no catalog", []string{"ingest", "x"}, "catalog"},
		{"factors", []string{"ingest", "x", "--catalog", "c", "--factors", "0"}, "--factors"},
		{"k", []string{"similar", "1", "-k", "0"}, "-k"},
		{"unknown flag", []string{"similar", "1", "--nearest"}, "--help"},
		{"unknown verb", []string{"guess"}, "guess"},
	} {
		r := shell{}.run(t, test.args...)
		if r.code == exitOK || !strings.Contains(r.err, test.want) {
			t.Errorf("%s: code %d, %s", test.name, r.code, r.err)
		}
	}
	if r := (shell{}).ok(t, "ingest", "--help"); !strings.Contains(r.out, "Examples:") || !strings.Contains(r.out, "--factors") {
		t.Errorf("help is\n%s", r.out)
	}
}
