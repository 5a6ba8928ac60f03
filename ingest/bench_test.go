package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"lookalike/ingest"
)

// benchRows is how many rows the sources of the benchmarks have.
const benchRows = 100_000

// benchmarkSource opens and reads a source; the figure is rows a second of both passes together.
func benchmarkSource(b *testing.B, path string, rows int) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		source, err := ingest.Open(b.Context(), path, ingest.Options{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range source.Rows(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if err := source.Close(); err != nil || n != rows {
			b.Fatalf("%d rows of %d, error %v", n, rows, err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkCSV(b *testing.B) {
	var text strings.Builder
	text.WriteString("id,image,name,price,added\n")
	for i := range benchRows {
		fmt.Fprintf(&text, "%d,images/%d.jpg,\"Shirt, size %d\",%d.50,2024-01-02 10:00:00\n", i, i, i%50, i%200)
	}
	benchmarkSource(b, writeFile(b, "a.csv", text.String()), benchRows)
}

func BenchmarkJSONLines(b *testing.B) {
	var text strings.Builder
	for i := range benchRows {
		fmt.Fprintf(&text, `{"id":%d,"image":"images/%d.jpg","name":"Shirt","price":%d.50}`+"\n", i, i, i%200)
	}
	benchmarkSource(b, writeFile(b, "a.jsonl", text.String()), benchRows)
}

func BenchmarkParquet(b *testing.B) {
	rows := make([]plain, benchRows)
	for i := range rows {
		name := fmt.Sprintf("images/%d.jpg", i)
		rows[i] = plain{ID: int64(i), Image: &name}
	}
	benchmarkSource(b, writeParquet(b, rows, parquet.Compression(&parquet.Snappy)), benchRows)
}

func BenchmarkFolder(b *testing.B) {
	dir := b.TempDir()
	const folders, photos = 20, 500
	for i := range folders {
		sub := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(sub, 0o700); err != nil {
			b.Fatal(err)
		}
		for j := range photos {
			if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("%d.jpg", j)), nil, 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	benchmarkSource(b, dir, folders*photos)
}

func BenchmarkFetch(b *testing.B) {
	dir := b.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "images"), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "images", "a.jpg"), make([]byte, 8<<10), 0o600); err != nil {
		b.Fatal(err)
	}
	fetcher := newFetcher(b, 0, dir)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fetcher.Fetch(b.Context(), "images/a.jpg"); err != nil {
			b.Fatal(err)
		}
	}
}
