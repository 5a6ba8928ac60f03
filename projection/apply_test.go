package projection_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/projection"
)

// swap has two factors of three dims: the third, and the first with its sign turned.
func swap(normalise bool) *projection.Projection {
	return &projection.Projection{
		Method: projection.MethodPCA, FeatureDims: 3, Factors: 2, Normalise: normalise, FittedOn: 9,
		Mean: []float32{1, 2, 0.5}, Components: [][]float32{{0, 0, 1}, {-1, 0, 0}},
		ExplainedVariance: []float64{2, 1}, ExplainedVarianceRatio: []float64{0.5, 0.25},
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		normalise     bool
		feature, want []float32
	}{
		"plain":                   {false, []float32{4, 9, -2}, []float32{-2.5, -3}},
		"normalised":              {true, []float32{3, 0, 4}, []float32{0.3, 0.4}},
		"normalised, very short":  {true, []float32{3e-40, 0, 4e-40}, []float32{0.3, 0.4}},
		"normalised, very long":   {true, []float32{1.5e38, 0, 2e38}, []float32{0.3, 0.4}},
		"zero stays when scaled":  {true, []float32{0, 0, 0}, []float32{-0.5, 1}},
		"the mean maps to zero":   {false, []float32{1, 2, 0.5}, []float32{0, 0}},
		"negative zero is a zero": {true, []float32{float32(math.Copysign(0, -1)), 0, 0}, []float32{-0.5, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, feature := make([]float32, 2), slices.Clone(c.feature)
			if err := swap(c.normalise).Apply(got, feature); err != nil {
				t.Fatal(err)
			}
			for i, want := range c.want {
				if math.Abs(float64(got[i]-want)) > 1e-5 {
					t.Errorf("factor %d is %v: want %v", i+1, got[i], want)
				}
			}
			if diff := cmp.Diff(c.feature, feature); diff != "" {
				t.Errorf("the feature was changed (-before +after):\n%s", diff)
			}
		})
	}
}

// What Fit saw as variance is the variance of the embeddings, and their mean is zero.
func TestEmbeddingsHaveTheExplainedVariance(t *testing.T) {
	t.Parallel()
	const rows, dims, factors = 600, 48, 5
	for name, normalise := range map[string]bool{"plain": false, "normalised": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			features := normal(rows, dims, 9)
			p := fit(t, dims, features, projection.Options{Factors: factors, Normalise: normalise})
			embeddings := make([]float32, rows*factors)
			if err := p.ApplyAll(t.Context(), embeddings, features); err != nil {
				t.Fatal(err)
			}
			for f := range factors {
				var sum, squares float64
				for r := range rows {
					v := float64(embeddings[r*factors+f])
					sum += v
					squares += v * v
				}
				if math.Abs(sum)/rows > 1e-5 || !near(squares/(rows-1), p.ExplainedVariance[f], 1e-4) {
					t.Errorf("factor %d: mean %.2g, variance %v; want 0, %v", f+1, sum/rows, squares/(rows-1), p.ExplainedVariance[f])
				}
			}
		})
	}
}

func TestApplyAllEqualsApply(t *testing.T) {
	t.Parallel()
	const dims, factors = 37, 6
	p := fit(t, dims, normal(200, dims, 2), projection.Options{Factors: factors, Normalise: true})
	for _, rows := range []int{0, 1, 15, 16, 17, 333} {
		features := normal(rows, dims, 4)
		all, want := make([]float32, rows*factors), make([]float32, rows*factors)
		if err := p.ApplyAll(t.Context(), all, features); err != nil {
			t.Fatal(err)
		}
		for r := range rows {
			if err := p.Apply(want[r*factors:(r+1)*factors], features[r*dims:(r+1)*dims]); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(all, want) {
			t.Errorf("%d rows: a batch gives other embeddings than one at a time", rows)
		}
	}
}

func TestApplyByManyAtOnce(t *testing.T) {
	t.Parallel()
	p := fit(t, 20, normal(100, 20, 2), projection.Options{Factors: 3})
	feature, want := normal(1, 20, 8), make([]float32, 3)
	if err := p.Apply(want, feature); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got := make([]float32, 3)
			if err := p.Apply(got, feature); err != nil || !slices.Equal(got, want) {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		})
	}
	group.Wait()
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, c := range map[string]struct {
		dst, features []float32
		want          error
		text          string
	}{
		"short feature": {make([]float32, 2), make([]float32, 2), projection.ErrShape, "2 numbers to 2"},
		"long dst":      {make([]float32, 3), make([]float32, 3), projection.ErrShape, "3 numbers to 3"},
		"NaN":           {make([]float32, 2), []float32{0, nan, 0}, projection.ErrNotFinite, "dimension 1 is NaN"},
		"infinity":      {make([]float32, 2), []float32{0, 0, inf}, projection.ErrNotFinite, "dimension 2 is +Inf"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := swap(true).Apply(c.dst, c.features); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("Apply: %v; want %v saying %q", err, c.want, c.text)
			}
			if err := swap(true).ApplyAll(t.Context(), c.dst, c.features); !errors.Is(err, c.want) {
				t.Errorf("ApplyAll: %v; want %v", err, c.want)
			}
		})
	}
	t.Run("embedding too large", func(t *testing.T) {
		t.Parallel()
		p := swap(false)
		p.Components[0] = []float32{0.577, 0.577, 0.577}
		if err := p.Apply(make([]float32, 2), []float32{3e38, 3e38, 3e38}); !errors.Is(err, projection.ErrNotFinite) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("row of a batch", func(t *testing.T) {
		t.Parallel()
		features := make([]float32, 3*100)
		features[3*61] = nan
		err := swap(false).ApplyAll(t.Context(), make([]float32, 200), features)
		if !errors.Is(err, projection.ErrNotFinite) || !strings.Contains(err.Error(), "row 61: dimension 0 is NaN") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := swap(false).ApplyAll(ctx, make([]float32, 2), make([]float32, 3)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
