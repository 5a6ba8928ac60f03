package embedder_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"lookalike/embedder"
	"lookalike/internal/testenv"
)

func newGram(t *testing.T, threads int) *embedder.Gram {
	t.Helper()
	library, err := testenv.Parts(t).ONNXRuntime()
	if err != nil {
		t.Fatal(err)
	}
	gram, err := embedder.NewGram(library, threads)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := gram.Close(); err != nil {
			t.Error(err)
		}
	})
	return gram
}

// matrix is seeded random numbers.
func matrix(rows, cols int) []float32 {
	random := rand.New(rand.NewPCG(uint64(rows), uint64(cols)))
	x := make([]float32, rows*cols)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	return x
}

func TestGram(t *testing.T) {
	t.Parallel()
	gram := newGram(t, 0)
	for name, size := range map[string]struct{ rows, cols int }{
		"one number": {1, 1}, "one row": {1, 9}, "one column": {9, 1}, "tall": {300, 17}, "wide": {7, 130},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := matrix(size.rows, size.cols)
			got := slices.Repeat([]float32{float32(math.NaN())}, size.cols*size.cols) // what is there is overwritten
			if err := gram.Gram(t.Context(), x, size.rows, size.cols, got); err != nil {
				t.Fatal(err)
			}
			for i := range size.cols {
				for j := range size.cols {
					var want float64
					for r := range size.rows {
						want += float64(x[r*size.cols+i]) * float64(x[r*size.cols+j])
					}
					if v := float64(got[i*size.cols+j]); math.IsNaN(v) || math.Abs(v-want) > 1e-3 {
						t.Fatalf("[%d,%d] is %v: want %v", i, j, v, want)
					}
				}
			}
		})
	}
}

func TestGramByManyAtOnce(t *testing.T) {
	t.Parallel()
	gram := newGram(t, 1)
	x, want := matrix(64, 32), make([]float32, 32*32)
	if err := gram.Gram(t.Context(), x, 64, 32, want); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got := make([]float32, 32*32)
			if err := gram.Gram(t.Context(), x, 64, 32, got); err != nil || !slices.Equal(got, want) {
				t.Errorf("another product than before, %v", err)
			}
		})
	}
	group.Wait()
}

func TestGramRefuses(t *testing.T) {
	t.Parallel()
	gram := newGram(t, 1)
	for name, c := range map[string]struct{ numbers, rows, cols, room int }{
		"no rows":        {0, 0, 2, 4},
		"no columns":     {0, 2, 0, 0},
		"missing number": {5, 3, 2, 4},
		"too many":       {7, 3, 2, 4},
		"no room":        {6, 3, 2, 3},
		"negative":       {6, -3, -2, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := gram.Gram(t.Context(), make([]float32, c.numbers), c.rows, c.cols, make([]float32, c.room))
			if err == nil || !strings.Contains(err.Error(), "gram of") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := gram.Gram(ctx, []float32{1}, 1, 1, []float32{0}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestNewGramRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		library string
		threads int
		text    string
	}{
		"no library":       {"", 0, "make runtime"},
		"missing library":  {filepath.Join(t.TempDir(), "libonnxruntime.so"), 0, "load ONNX Runtime"},
		"negative threads": {"any", -1, "-1 threads"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := embedder.NewGram(c.library, c.threads); err == nil || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, which does not say %q", err, c.text)
			}
		})
	}
}
