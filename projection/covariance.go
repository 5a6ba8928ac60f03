package projection

import (
	"context"
	"fmt"
	"math"
)

// Bounds of the number of features multiplied at a time. Sums within a chunk are float32 and between chunks float64, and
// a chunk of about chunkNumbers (8 MB) is large enough for products at full speed.
const (
	chunkNumbers = 2 << 20
	minChunkRows = 256
	maxChunkRows = 4096
)

// covariance accumulates the mean and the covariance of features. All are shifted by the mean of the first chunk, which
// keeps the float32 products free of cancellation; matrix takes the shift out again, exactly.
//
// Chunks are cut here and not by the caller, so that the result does not depend on how the features arrive.
type covariance struct {
	dims, rows int // rows counts the features of full chunks and of the one being filled
	normalise  bool
	gram       Multiplier

	chunk    []float32 // up to chunkRows features
	filled   int       // how many it holds
	shift    []float32 // nil before the first chunk
	sum      []float64 // of the shifted features
	products []float64 // dims x dims, sum of the shifted features' products; the upper triangle
	product  []float32 // that of one chunk
}

func newCovariance(dims int, normalise bool, gram Multiplier) *covariance {
	rows := min(max(chunkNumbers/dims, minChunkRows), maxChunkRows)
	return &covariance{
		dims: dims, normalise: normalise, gram: gram,
		chunk: make([]float32, rows*dims), sum: make([]float64, dims),
		products: make([]float64, dims*dims), product: make([]float32, dims*dims),
	}
}

// add takes a block of features in. The block is copied.
func (c *covariance) add(ctx context.Context, block []float32) error {
	if len(block)%c.dims != 0 {
		return fmt.Errorf("block of %d numbers for features of %d: %w", len(block), c.dims, ErrShape)
	}
	for ; len(block) > 0; block = block[c.dims:] {
		feature := block[:c.dims]
		scale, err := scaleOf(feature, c.normalise)
		if err != nil {
			return fmt.Errorf("feature %d: %w", c.rows, err)
		}
		for i, v := range feature {
			c.chunk[c.filled*c.dims+i] = float32(float64(v) * scale)
		}
		c.filled++
		c.rows++
		if c.filled*c.dims == len(c.chunk) {
			if err := c.flush(ctx); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// flush multiplies what the chunk holds.
func (c *covariance) flush(ctx context.Context) error {
	if c.filled == 0 {
		return ctx.Err()
	}
	chunk := c.chunk[:c.filled*c.dims]
	if c.shift == nil {
		c.shift = meanOf(chunk, c.dims)
	}
	for start := 0; start < len(chunk); start += c.dims {
		for j, s := range c.shift {
			chunk[start+j] -= s
			c.sum[j] += float64(chunk[start+j])
		}
	}
	if err := c.gram.Gram(ctx, chunk, c.filled, c.dims, c.product); err != nil {
		return fmt.Errorf("multiply features: %w", err)
	}
	for i := range c.dims {
		total := c.products[i*c.dims : (i+1)*c.dims]
		for j := i; j < c.dims; j++ {
			total[j] += float64(c.product[i*c.dims+j])
		}
	}
	c.filled = 0
	return nil
}

func meanOf(chunk []float32, dims int) []float32 {
	sum := make([]float64, dims)
	for start := 0; start < len(chunk); start += dims {
		for j := range sum {
			sum[j] += float64(chunk[start+j])
		}
	}
	mean := make([]float32, dims)
	for j, s := range sum {
		mean[j] = float32(s / float64(len(chunk)/dims))
	}
	return mean
}

// matrix ends the accumulation: it returns the mean, the covariance (divided by n - 1; full, row after row) and its trace.
// It needs two features or more.
func (c *covariance) matrix(ctx context.Context) (mean []float32, matrix []float64, trace float64, err error) {
	if err := c.flush(ctx); err != nil {
		return nil, nil, 0, err
	}
	c.product, c.chunk = nil, nil
	n := float64(c.rows)
	for i := range c.dims {
		for j := i; j < c.dims; j++ {
			v := (c.products[i*c.dims+j] - c.sum[i]*c.sum[j]/n) / (n - 1)
			c.products[i*c.dims+j], c.products[j*c.dims+i] = v, v
		}
		trace += c.products[i*c.dims+i]
	}
	mean = make([]float32, c.dims)
	for j, s := range c.sum {
		mean[j] = float32(float64(c.shift[j]) + s/n)
	}
	if math.IsNaN(trace) || math.IsInf(trace, 0) || firstNotFinite(mean) >= 0 {
		return nil, nil, 0, fmt.Errorf("numbers too large to be squared: %w", ErrNotFinite)
	}
	return mean, c.products, trace, nil
}
