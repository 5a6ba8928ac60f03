package projection_test

import (
	"cmp"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"lookalike/embedder"
	"lookalike/internal/testenv"
	"lookalike/projection"
)

// reference is what scikit-learn's PCA(64) and faiss found on the features of 2,000 photos.
type reference struct {
	features        []float32
	dims            int
	mean            []float32
	components      [][]float32
	variance, ratio []float32
	ids             []int64
	neighbours      []neighbours
}

type neighbours struct {
	ID         int64   `json:"id"`
	Neighbours []int64 `json:"neighbours"`
}

func readReference(t *testing.T) reference {
	t.Helper()
	read := func(name string) []float32 {
		values, _ := testenv.Npy[float32](t, testenv.Shared(t, "reference", name))
		return values
	}
	var r reference
	var shape []int
	r.features, shape = testenv.Npy[float32](t, testenv.Shared(t, "reference", "efficientnet_lite0_features.npy"))
	r.dims = shape[1]
	r.mean = read("pca64_mean.npy")
	r.components = rowsOf(read("pca64_components.npy"), r.dims)
	r.variance, r.ratio = read("pca64_explained_variance.npy"), read("pca64_explained_variance_ratio.npy")
	r.ids, _ = testenv.Npy[int64](t, testenv.Shared(t, "reference", "ids.npy"))
	text, err := os.ReadFile(testenv.Shared(t, "reference", "faiss_top6.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tops map[string][]neighbours
	if err := json.Unmarshal(text, &tops); err != nil {
		t.Fatal(err)
	}
	r.neighbours = tops["pca64"]
	return r
}

// rowsOf are the rows of a matrix stored column after column, as NumPy keeps the transpose that scikit-learn returns.
func rowsOf(columns []float32, dims int) [][]float32 {
	rows := make([][]float32, len(columns)/dims)
	for i := range columns {
		rows[i%len(rows)] = append(rows[i%len(rows)], columns[i])
	}
	return rows
}

func TestAgreesWithScikitLearn(t *testing.T) {
	t.Parallel()
	r := readReference(t)
	t.Run("in Go", func(t *testing.T) {
		t.Parallel()
		r.check(t, nil)
	})
	t.Run("in ONNX Runtime", func(t *testing.T) {
		t.Parallel()
		library, err := testenv.Parts(t).ONNXRuntime()
		if err != nil {
			t.Fatal(err)
		}
		gram, err := embedder.NewGram(library, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := gram.Close(); err != nil {
				t.Error(err)
			}
		})
		r.check(t, gram)
	})
}

func (r reference) check(t *testing.T, gram projection.Multiplier) {
	t.Helper()
	p, err := projection.Fit(t.Context(), r.dims, blocks(r.features, 100*r.dims), projection.Options{Factors: 64}, gram)
	if err != nil {
		t.Fatal(err)
	}
	for j, want := range r.mean {
		if math.Abs(float64(p.Mean[j]-want)) > 1e-5 {
			t.Errorf("mean %d is %v: want %v", j, p.Mean[j], want)
		}
	}
	for f, want := range r.variance {
		if !near(p.ExplainedVariance[f], float64(want), 1e-3) || !near(p.ExplainedVarianceRatio[f], float64(r.ratio[f]), 1e-3) {
			t.Errorf("factor %d: variance %v, ratio %v; want %v, %v",
				f+1, p.ExplainedVariance[f], p.ExplainedVarianceRatio[f], want, r.ratio[f])
		}
	}
	angle := outside(p.Components, r.components)
	if angle > 1e-3 {
		t.Errorf("largest principal angle may be %.2g", angle)
	}
	overlap := r.overlap(t, p)
	if overlap < 0.995 {
		t.Errorf("the 5 nearest overlap %.4f: want 0.995", overlap)
	}
	t.Logf("principal angle <= %.1e, overlap of the 5 nearest %.4f", angle, overlap)
}

// overlap is the share of the reference's 5 nearest that are among ours, by exact search in the embeddings.
func (r reference) overlap(t *testing.T, p *projection.Projection) float64 {
	t.Helper()
	embeddings := make([]float32, len(r.ids)*p.Factors)
	if err := p.ApplyAll(t.Context(), embeddings, r.features); err != nil {
		t.Fatal(err)
	}
	rows := slices.Collect(slices.Chunk(embeddings, p.Factors))
	found := 0
	for _, want := range r.neighbours {
		query := slices.Index(r.ids, want.ID)
		for _, row := range nearest(rows, query, 5) {
			if slices.Contains(want.Neighbours[1:], r.ids[row]) {
				found++
			}
		}
	}
	return float64(found) / float64(5*len(r.neighbours))
}

// nearest are the k rows nearest to the query's, itself left out.
func nearest(rows [][]float32, query, k int) []int {
	distance := make([]float64, len(rows))
	order := make([]int, 0, len(rows))
	for i, row := range rows {
		for j, v := range row {
			d := float64(v) - float64(rows[query][j])
			distance[i] += d * d
		}
		if i != query {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(distance[a], distance[b]) })
	return order[:k]
}
