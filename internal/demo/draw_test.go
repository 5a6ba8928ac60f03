package demo_test

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/internal/demo"
)

// few is a catalogue that is drawn quickly.
func few() []demo.Product { return demo.Catalogue()[:3] }

func drawFew(t *testing.T, dir string) (csvPath string, drawn int) {
	t.Helper()
	csvPath, err := demo.DrawProducts(t.Context(), dir, few(), func(done, _ int) { drawn = done })
	if err != nil {
		t.Fatalf("draw: %v", err)
	}
	return csvPath, drawn
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDrawWritesPhotosAndRows(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "demo")
	csvPath, _ := drawFew(t, dir)
	if want := filepath.Join(dir, "products.csv"); csvPath != want {
		t.Errorf("rows are in %s, want %s", csvPath, want)
	}
	records, err := csv.NewReader(strings.NewReader(string(read(t, csvPath)))).ReadAll()
	if err != nil {
		t.Fatalf("read rows: %v", err)
	}
	want := [][]string{strings.Split("id,name,category,kind,colour,pattern,size,gender,season,year,price,in_stock,image", ",")}
	for _, p := range few() {
		price := strconv.FormatFloat(float64(p.Cents)/100, 'f', 2, 64)
		want = append(want, []string{
			strconv.Itoa(p.ID), p.Name, p.Category, p.Kind, p.Colour, p.Pattern, p.Size, p.Gender, p.Season,
			strconv.Itoa(p.Year), price, strconv.FormatBool(p.InStock), "images/" + strconv.Itoa(p.ID) + ".jpg",
		})
	}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	for _, p := range few() {
		if diff := cmp.Diff(photo(t, p), read(t, filepath.Join(dir, p.Image()))); diff != "" {
			t.Errorf("photo of %s is not what was drawn", p.Name)
		}
	}
}

func TestDrawLeavesNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	drawFew(t, dir)
	var names []string
	for _, sub := range []string{".", "images"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, filepath.Join(sub, e.Name()))
		}
	}
	want := []string{".complete", "images", "products.csv"}
	for _, p := range few() {
		want = append(want, p.Image())
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestDrawReportsProgress(t *testing.T) {
	t.Parallel()
	var got []int
	_, err := demo.DrawProducts(t.Context(), t.TempDir(), few(), func(done, total int) {
		if total != len(few()) {
			t.Errorf("total is %d, want %d", total, len(few()))
		}
		got = append(got, done)
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2, 3}, got); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

func TestDrawAgain(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(t *testing.T, dir string)
		drawn  int
	}{
		"when all is there, nothing is drawn": {change: func(*testing.T, string) {}, drawn: 0},
		"when a photo is missing": {drawn: 3, change: func(t *testing.T, dir string) {
			remove(t, filepath.Join(dir, few()[2].Image()))
		}},
		"when a photo is empty": {drawn: 3, change: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, few()[2].Image()), "")
		}},
		"when an older version drew it": {drawn: 3, change: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, ".complete"), "0\n")
		}},
		"when it was interrupted": {drawn: 3, change: func(t *testing.T, dir string) {
			remove(t, filepath.Join(dir, ".complete"))
		}},
		"when the rows were edited": {drawn: 3, change: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "products.csv"), "id\n1\n")
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			csvPath, _ := drawFew(t, dir)
			rows := read(t, csvPath)
			c.change(t, dir)
			if _, drawn := drawFew(t, dir); drawn != c.drawn {
				t.Errorf("%d photos drawn, want %d", drawn, c.drawn)
			}
			if diff := cmp.Diff(string(rows), string(read(t, csvPath))); diff != "" {
				t.Errorf("rows changed (-before +after):\n%s", diff)
			}
		})
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDrawStopsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	drawn := 0
	_, err := demo.DrawProducts(ctx, dir, demo.Catalogue(), func(done, _ int) {
		drawn = done
		if done == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v, want context.Canceled", err)
	}
	if drawn > productCount/4 {
		t.Errorf("%d photos drawn after the context ended at the second", drawn)
	}
	if _, err := os.Stat(filepath.Join(dir, "products.csv")); err == nil {
		t.Error("rows were written without their photos")
	}
	if _, drawn := drawFew(t, dir); drawn != len(few()) {
		t.Errorf("the next call drew %d photos, want %d", drawn, len(few()))
	}
}

func TestDrawWithEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := demo.Draw(ctx, t.TempDir(), func(done, _ int) { t.Errorf("photo %d was drawn", done) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
}

func TestDrawIntoAFileFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "taken")
	write(t, file, "not a folder")
	_, err := demo.DrawProducts(t.Context(), file, few(), nil)
	if err == nil || !strings.Contains(err.Error(), "draw catalogue") {
		t.Errorf("error is %v, want one that names what was tried", err)
	}
}

// Folders that were drawn by an earlier program are known by demo.Version: rows that change must change it.
func TestRowsBelongToTheVersion(t *testing.T) {
	t.Parallel()
	want := map[string]string{"1": "b1ac3fa9329acb62f1418500bb55a66c25e811a4dfcf08162614a389cc03e0fb"}[demo.Version]
	var b strings.Builder
	for _, p := range demo.Catalogue() {
		fmt.Fprintf(&b, "%d|%s|%s|%s|%d|%d|%t\n", p.ID, p.Name, p.Size, p.Season, p.Year, p.Cents, p.InStock)
	}
	sum := sha256.Sum256([]byte(b.String()))
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("rows of version %s have hash %s, want %s: give a changed catalogue a new Version", demo.Version, got, want)
	}
}
