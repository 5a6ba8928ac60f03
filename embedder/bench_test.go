package embedder_test

import (
	"fmt"
	"testing"
	"time"

	"lookalike/embedder"
)

// BenchmarkDecode is the cost of the pixels of one 224 x 224 photo.
func BenchmarkDecode(b *testing.B) {
	photos := fashion(b, 64)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, _, err := embedder.Decode(photos[i%len(photos)]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTrunk is the bare session, by batch size and threads: where DefaultBatchSize and the default of
// Options.Threads come from.
func BenchmarkTrunk(b *testing.B) {
	photos := fashion(b, 64)
	model := lite0(b)
	for _, threads := range []int{1, 2} {
		for _, size := range []int{1, 4, 8, 16, 32} {
			b.Run(fmt.Sprintf("threads=%d/batch=%d", threads, size), func(b *testing.B) {
				e := open(b, model, embedder.Options{Threads: threads, BatchSize: size})
				for b.Loop() {
					rate, err := e.TimeTrunk(b.Context(), photos, time.Second)
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(rate, "photos/s")
				}
			})
		}
	}
}

// BenchmarkEmbed is the way from bytes to features, as a share of the bare session measured in turn with it.
func BenchmarkEmbed(b *testing.B) {
	photos := fashion(b, 512)
	e := open(b, lite0(b), embedder.Options{})
	var bare, embedded float64
	rounds := 0.0
	for b.Loop() {
		rate, err := e.TimeTrunk(b.Context(), photos, 2*time.Second)
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		if _, err := e.Embed(b.Context(), photos); err != nil {
			b.Fatal(err)
		}
		bare += rate
		embedded += float64(len(photos)) / time.Since(start).Seconds()
		rounds++
	}
	b.ReportMetric(bare/rounds, "bare-photos/s")
	b.ReportMetric(embedded/rounds, "photos/s")
	b.ReportMetric(embedded/bare, "share")
}
