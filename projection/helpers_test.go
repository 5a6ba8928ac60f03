package projection_test

import (
	"context"
	"iter"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"lookalike/projection"
)

// blocks cuts features into blocks and overwrites each after its use, as a reader with one buffer would.
func blocks(features []float32, size int) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		for block := range slices.Chunk(features, size) {
			buffer := slices.Clone(block)
			if !yield(buffer, nil) {
				return
			}
			clear(buffer)
		}
	}
}

func fit(t *testing.T, dims int, features []float32, opts projection.Options) *projection.Projection {
	t.Helper()
	p, err := projection.Fit(context.Background(), dims, blocks(features, 7*dims), opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Validate(); err != nil {
		t.Fatalf("fitted projection: %v", err)
	}
	return p
}

// normal are seeded random features.
func normal(rows, dims int, seed uint64) []float32 {
	random := rand.New(rand.NewPCG(seed, 0))
	x := make([]float32, rows*dims)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	return x
}

// axis is number i of an orthonormal basis (Walsh and Hadamard's); dims is a power of two.
func axis(i, dims int) []float64 {
	v := make([]float64, dims)
	for j := range v {
		v[j] = (1 - 2*float64(bits.OnesCount(uint(i&j))%2)) / math.Sqrt(float64(dims))
	}
	return v
}

// alongAxes are features whose covariance is known: for each variance two features, to both sides of the mean along one
// axis, at the distance that gives just this variance.
func alongAxes(variances []float64, dims int, mean float64) []float32 {
	n := float64(2 * len(variances))
	var x []float32
	for i, variance := range variances {
		distance := math.Sqrt(variance * (n - 1) / 2)
		for _, side := range []float64{distance, -distance} {
			for _, v := range axis(i, dims) {
				x = append(x, float32(mean+side*v))
			}
		}
	}
	return x
}

func dot(a []float32, b []float64) float64 {
	var sum float64
	for i, v := range a {
		sum += float64(v) * b[i]
	}
	return sum
}

func wide(a []float32) []float64 {
	b := make([]float64, len(a))
	for i, v := range a {
		b[i] = float64(v)
	}
	return b
}

// outside is how much of the rows of a lies outside the span of the orthonormal rows of b: an upper bound of the sine of
// the largest principal angle between the two.
func outside(a, b [][]float32) float64 {
	var sum float64
	for _, row := range a {
		rest := wide(row)
		for _, base := range b {
			share := dot(base, rest)
			for j, v := range base {
				rest[j] -= share * float64(v)
			}
		}
		for _, v := range rest {
			sum += v * v
		}
	}
	return math.Sqrt(sum)
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*math.Abs(b) }
