package projection_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"lookalike/projection"
)

func TestFitRefuses(t *testing.T) {
	t.Parallel()
	spoilt := func(at int, value float32) []float32 {
		x := normal(5000, 4, 1)
		x[4999*4] = 1
		x[at] = value
		return x
	}
	for name, c := range map[string]struct {
		dims     int
		features []float32
		opts     projection.Options
		want     error
		text     string
	}{
		"no features":       {4, nil, projection.Options{Factors: 2}, projection.ErrTooFew, "add photos"},
		"one feature":       {4, normal(1, 4, 1), projection.Options{Factors: 2}, projection.ErrTooFew, "fit on 1 features"},
		"constant features": {4, slices.Repeat([]float32{0.1, 0.2, 0.3, 0.7}, 33), projection.Options{Factors: 2}, projection.ErrConstant, ""},
		"all zero":          {4, make([]float32, 40), projection.Options{Factors: 2, Normalise: true}, projection.ErrConstant, ""},
		"one direction, normalised": {
			4,
			[]float32{0.1, 0.2, 0.3, 0.7, 0.3, 0.6, 0.9, 2.1, 0.7, 1.4, 2.1, 4.9},
			projection.Options{Factors: 2, Normalise: true},
			projection.ErrConstant, "",
		},
		"NaN":             {4, spoilt(7*4+2, float32(math.NaN())), projection.Options{Factors: 2}, projection.ErrNotFinite, "feature 7: dimension 2 is NaN"},
		"infinity":        {4, spoilt(4998*4, float32(math.Inf(-1))), projection.Options{Factors: 2}, projection.ErrNotFinite, "feature 4998: dimension 0 is -Inf"},
		"too large":       {4, spoilt(3, 1e30), projection.Options{Factors: 2}, projection.ErrNotFinite, "too large"},
		"not whole":       {4, make([]float32, 6), projection.Options{Factors: 2}, projection.ErrShape, "block of 6 numbers"},
		"no dims":         {0, nil, projection.Options{Factors: 2}, projection.ErrShape, ""},
		"factors below 1": {4, normal(9, 4, 1), projection.Options{}, nil, "factors is 0: want at least 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := projection.Fit(t.Context(), c.dims, blocks(c.features, 4096), c.opts, nil)
			if err == nil || (c.want != nil && !errors.Is(err, c.want)) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v; want %v saying %q", err, c.want, c.text)
			}
		})
	}
}

var errBroken = errors.New("broken")

func TestFitReturnsTheErrorOfItsBlocks(t *testing.T) {
	t.Parallel()
	broken := func(yield func([]float32, error) bool) {
		if yield(normal(10, 4, 1), nil) {
			yield(nil, errBroken)
		}
	}
	if _, err := projection.Fit(t.Context(), 4, broken, projection.Options{Factors: 2}, nil); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

// multiplier calls itself in place of a product.
type multiplier func() error

func (m multiplier) Gram(_ context.Context, _ []float32, _, cols int, dst []float32) error {
	for i := range cols {
		dst[i*cols+i] = float32(cols - i) // so that there is something to iterate on
	}
	return m()
}

func TestFitReturnsTheErrorOfItsMultiplier(t *testing.T) {
	t.Parallel()
	fail := multiplier(func() error { return errBroken })
	_, err := projection.Fit(t.Context(), 4, blocks(normal(10, 4, 1), 8), projection.Options{Factors: 2}, fail)
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

func TestFitStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	t.Run("between blocks", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		asked := 0
		endless := func(yield func([]float32, error) bool) {
			for yield(make([]float32, 4), nil) {
				if asked++; asked == 3 {
					cancel()
				}
			}
		}
		_, err := projection.Fit(ctx, 4, endless, projection.Options{Factors: 2}, nil)
		if !errors.Is(err, context.Canceled) || asked != 3 {
			t.Errorf("got %v after %d blocks", err, asked)
		}
	})
	for name, dims := range map[string]int{"before the iteration": 512, "before the decomposition": 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			last := multiplier(func() error { cancel(); return nil })
			_, err := projection.Fit(ctx, dims, blocks(normal(10, dims, 1), 10*dims), projection.Options{Factors: 2}, last)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A fit allocates less than its features take: they are never held together. Not parallel: it reads the counters of the
// whole process.
func TestFitInBoundedMemory(t *testing.T) {
	const rows, dims, size = 20_000, 512, 500
	var before, after runtime.MemStats
	block := normal(size, dims, 1)
	var stream iter.Seq2[[]float32, error] = func(yield func([]float32, error) bool) {
		for n := 0; n < rows; n += size {
			block[n%len(block)]++ // no two blocks are the same
			if !yield(block, nil) {
				return
			}
		}
	}
	runtime.ReadMemStats(&before)
	p, err := projection.Fit(t.Context(), dims, stream, projection.Options{Factors: 16}, nil)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if p.FittedOn != rows {
		t.Errorf("fitted on %d", p.FittedOn)
	}
	if bytes, features := after.TotalAlloc-before.TotalAlloc, uint64(rows*dims*4); bytes > features {
		t.Errorf("allocated %d bytes for %d bytes of features", bytes, features)
	}
}
