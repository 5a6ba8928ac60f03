package embedder_test

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"lookalike/embedder"
	"lookalike/internal/testenv"
)

// models converts each model once for all tests of the package.
var models struct {
	sync.Mutex
	dir string
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "lookalike-models-")
	if err != nil {
		panic(err)
	}
	models.dir = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

func lite0(tb testing.TB) embedder.Model {
	tb.Helper()
	weights, err := testenv.Parts(tb).Lite0Weights()
	if err != nil {
		tb.Fatal(err)
	}
	model, err := embedder.Registry{Dir: models.dir, Lite0Weights: weights}.Get(tb.Context(), embedder.DefaultModel)
	if err != nil {
		tb.Fatal(err)
	}
	return model
}

func resnet50(tb testing.TB) embedder.Model {
	tb.Helper()
	weights := testenv.Shared(tb, "reference", "resnet50_seeded.pth")
	model, err := embedder.Registry{Dir: models.dir}.Add(tb.Context(), "resnet50", "resnet50", weights)
	if err != nil {
		tb.Fatal(err)
	}
	return model
}

func library(tb testing.TB) string {
	tb.Helper()
	path, err := testenv.Parts(tb).ONNXRuntime()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// open opens a model and closes it at the end of the test.
func open(tb testing.TB, model embedder.Model, opts embedder.Options) *embedder.Embedder {
	tb.Helper()
	opts.Library = library(tb)
	e, err := embedder.Open(model, opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// fashion is the photos of the reference products in their order, at most n of them.
func fashion(tb testing.TB, n int) [][]byte {
	tb.Helper()
	f, err := os.Open(testenv.Shared(tb, "fashion", "products.csv"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	column := slices.Index(rows[0], "image")
	var photos [][]byte
	for _, row := range rows[1:min(n+1, len(rows))] {
		photos = append(photos, readShared(tb, "fashion", filepath.FromSlash(row[column])))
	}
	return photos
}

// features embeds photos that must all be good.
func features(tb testing.TB, e *embedder.Embedder, photos [][]byte) [][]float32 {
	tb.Helper()
	results, err := e.Embed(tb.Context(), photos)
	if err != nil {
		tb.Fatal(err)
	}
	out := make([][]float32, len(results))
	for i, r := range results {
		if r.Err != nil {
			tb.Fatalf("photo %d: %v", i, r.Err)
		}
		out[i] = r.Feature
	}
	return out
}

func TestLite0MatchesReference(t *testing.T) {
	want, shape := testenv.Npy[float32](t, testenv.Shared(t, "reference", "efficientnet_lite0_features.npy"))
	photos := fashion(t, shape[0])
	e := open(t, lite0(t), embedder.Options{})
	got := features(t, e, photos)

	cosines := make([]float64, len(got))
	for i, feature := range got {
		cosines[i] = cosine(feature, want[i*shape[1]:(i+1)*shape[1]])
	}
	slices.Sort(cosines)
	least, median := cosines[0], cosines[len(cosines)/2]
	overlap := faissOverlap(t, got)
	t.Logf("cosine: least %.6f, median %.6f; overlap of the 5 nearest %.4f", least, median, overlap)
	if least < 0.999 || median < 0.9999 {
		t.Errorf("cosine with the reference is %.6f at least, %.6f at the median: want 0.999 and 0.9999", least, median)
	}
	if overlap < 0.98 {
		t.Errorf("the 5 nearest overlap by %.4f with faiss's: want 0.98", overlap)
	}
}

// faissOverlap is the share of faiss's 5 nearest, the product itself left out, that are among ours.
func faissOverlap(t *testing.T, features [][]float32) float64 {
	t.Helper()
	ids, _ := testenv.Npy[int64](t, testenv.Shared(t, "reference", "ids.npy"))
	var reference struct {
		Features []struct {
			ID         int64   `json:"id"`
			Neighbours []int64 `json:"neighbours"`
		} `json:"features"`
	}
	if err := json.Unmarshal(readShared(t, "reference", "faiss_top6.json"), &reference); err != nil {
		t.Fatal(err)
	}
	common, all := 0, 0
	for q, entry := range reference.Features {
		if ids[q] != entry.ID {
			t.Fatalf("query %d is product %d in one file and %d in the other", q, ids[q], entry.ID)
		}
		ours := nearest(features, ids, q, 5)
		for _, id := range entry.Neighbours {
			if id == entry.ID {
				continue
			}
			all++
			if slices.Contains(ours, id) {
				common++
			}
		}
	}
	return float64(common) / float64(all)
}

// nearest is the k nearest of feature q by Euclidean distance, itself left out.
func nearest(features [][]float32, ids []int64, q, k int) []int64 {
	type hit struct {
		id       int64
		distance float32
	}
	hits := make([]hit, 0, k+1)
	for i, f := range features {
		if i == q {
			continue
		}
		d := squaredL2(f, features[q])
		if len(hits) == k && d >= hits[k-1].distance {
			continue
		}
		at := slices.IndexFunc(hits, func(h hit) bool { return d < h.distance })
		if at < 0 {
			at = len(hits)
		}
		hits = slices.Insert(hits, at, hit{ids[i], d})
		hits = hits[:min(k, len(hits))]
	}
	out := make([]int64, len(hits))
	for i, h := range hits {
		out[i] = h.id
	}
	return out
}

func squaredL2(a, b []float32) float32 {
	var sum float32
	b = b[:len(a)]
	for i, v := range a {
		d := v - b[i]
		sum += d * d
	}
	return sum
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}
