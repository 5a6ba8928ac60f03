package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"lookalike/embedder"
	"lookalike/internal/testdb"
	"lookalike/internal/testenv"
)

// trunkTime is for how long the bare trunk is timed, before the ingest and after it.
const trunkTime = 5 * time.Second

// BenchmarkIngest holds the step embed of an ingest of 2,000 product photos (claim, fetch, decode, trunk, record, with
// Postgres on the same machine) against what the bare ONNX session does on prepared tensors in the same run.
func BenchmarkIngest(b *testing.B) {
	csv := testenv.Shared(b, "fashion", "products.csv")
	for b.Loop() {
		before := timeTrunk(b, csv)
		whole := timeEmbed(b, csv)
		bare := (before + timeTrunk(b, csv)) / 2
		b.ReportMetric(bare, "bare-photos/s")
		b.ReportMetric(whole, "embed-photos/s")
		b.ReportMetric(whole/bare, "ratio")
		b.ReportMetric(0, "ns/op")
	}
}

// timeTrunk is how many photos a second the bare session takes.
func timeTrunk(b *testing.B, csv string) float64 {
	b.Helper()
	registry, library, err := modelRegistry()
	if err != nil {
		b.Fatal(err)
	}
	model, err := registry.Get(b.Context(), embedder.DefaultModel)
	if err != nil {
		b.Fatal(err)
	}
	e, err := embedder.Open(model, embedder.Options{Library: library})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(csv), "images", "*.jpg"))
	if err != nil || len(files) == 0 {
		b.Fatalf("no photos beside %s (%v)", csv, err)
	}
	var photos [][]byte
	for _, file := range files[:min(len(files), e.Options().BatchSize)] {
		photo, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		photos = append(photos, photo)
	}
	perSecond, err := e.TimeTrunk(b.Context(), photos, trunkTime)
	if err != nil {
		b.Fatal(err)
	}
	return perSecond
}

// timeEmbed is how many photos a second the step embed of an ingest takes.
func timeEmbed(b *testing.B, csv string) float64 {
	b.Helper()
	s := shell{url: testdb.NewEmpty(b)}
	report := parse[summary](b, s.ok(b, "ingest", csv, "--catalog", "products", "--json"))
	for _, st := range report.Stages {
		if st.Name == stepEmbed {
			return float64(st.Done) / st.Seconds
		}
	}
	b.Fatal("the report has no step embed")
	return 0
}
