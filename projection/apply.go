package projection

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Apply sets dst, Factors long, to the embedding of feature, FeatureDims long. It is ErrShape when a length is wrong and
// ErrNotFinite when the feature or its embedding is not finite; dst is then of no use. Several goroutines may apply one
// Projection. The sums are float64 and always in the same order: equal features have equal embeddings, to the last bit.
func (p *Projection) Apply(dst, feature []float32) error {
	if len(feature) != p.FeatureDims || len(dst) != p.Factors {
		return fmt.Errorf("apply %d x %d: %d numbers to %d: %w", p.Factors, p.FeatureDims, len(feature), len(dst), ErrShape)
	}
	if err := p.apply(dst, feature, make([]float64, p.FeatureDims)); err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	return nil
}

// ApplyAll sets dst to the embeddings of features, both row after row, on all cores. Each embedding equals that of Apply.
// It is ErrShape when the lengths do not fit, and ErrNotFinite, naming a row counted from 0, when a feature or its
// embedding is not finite.
func (p *Projection) ApplyAll(ctx context.Context, dst, features []float32) error {
	rows := len(features) / max(p.FeatureDims, 1)
	if rows*p.FeatureDims != len(features) || rows*p.Factors != len(dst) {
		return fmt.Errorf("apply %d x %d: %d numbers to %d: %w", p.Factors, p.FeatureDims, len(features), len(dst), ErrShape)
	}
	workers := min(runtime.GOMAXPROCS(0), rows)
	group, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		group.Go(func() error { return p.applyRows(ctx, dst, features, w*rows/workers, (w+1)*rows/workers) })
	}
	return group.Wait()
}

// applyRows projects the features from row first to before row end.
func (p *Projection) applyRows(ctx context.Context, dst, features []float32, first, end int) error {
	scratch := make([]float64, p.FeatureDims)
	for r := first; r < end; r++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		embedding, feature := dst[r*p.Factors:(r+1)*p.Factors], features[r*p.FeatureDims:(r+1)*p.FeatureDims]
		if err := p.apply(embedding, feature, scratch); err != nil {
			return fmt.Errorf("apply to row %d: %w", r, err)
		}
	}
	return nil
}

// apply projects one feature by way of scratch, which is as long as it. Four components at a time keep the processor busy.
func (p *Projection) apply(dst, feature []float32, scratch []float64) error {
	scale, err := scaleOf(feature, p.Normalise)
	if err != nil {
		return err
	}
	for i, v := range feature {
		scratch[i] = float64(v)*scale - float64(p.Mean[i])
	}
	c, rest := p.Components, dst
	for ; len(c) >= 4; c, rest = c[4:], rest[4:] {
		rest[0], rest[1], rest[2], rest[3] = dot4(scratch, c[0], c[1], c[2], c[3])
	}
	for i, row := range c {
		rest[i], _, _, _ = dot4(scratch, row, row, row, row)
	}
	if i := firstNotFinite(dst); i >= 0 {
		return fmt.Errorf("factor %d is %v: %w", i+1, dst[i], ErrNotFinite)
	}
	return nil
}

func dot4(x []float64, a, b, c, d []float32) (float32, float32, float32, float32) {
	a, b, c, d = a[:len(x)], b[:len(x)], c[:len(x)], d[:len(x)]
	var sumA, sumB, sumC, sumD float64
	for i, v := range x {
		sumA += v * float64(a[i])
		sumB += v * float64(b[i])
		sumC += v * float64(c[i])
		sumD += v * float64(d[i])
	}
	return float32(sumA), float32(sumB), float32(sumC), float32(sumD)
}

// scaleOf is what a feature is multiplied with before the mean is taken off: 1, or when normalise is set what makes its
// length 1. A feature of zeros has no direction and stays as it is.
func scaleOf(feature []float32, normalise bool) (float64, error) {
	square := squaredLength(feature)
	if math.IsNaN(square) || math.IsInf(square, 0) { // finite float32 squares do not overflow in float64
		i := firstNotFinite(feature)
		return 0, fmt.Errorf("dimension %d is %v: %w", i, feature[i], ErrNotFinite)
	}
	if !normalise || square == 0 {
		return 1, nil
	}
	return 1 / math.Sqrt(square), nil
}
