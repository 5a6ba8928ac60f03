package projection

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/blas/blas32"
)

// tile is how many features are projected together in a batch, so that each component is fetched once for all of them:
// 16 features of 2048 dims stay in a level 2 cache.
const tile = 16

// Apply sets dst, Factors long, to the embedding of feature, FeatureDims long. It is ErrShape when a length is wrong and
// ErrNotFinite when the feature or its embedding is not finite; dst is then of no use. Several goroutines may apply one
// Projection.
func (p *Projection) Apply(dst, feature []float32) error {
	if len(feature) != p.FeatureDims || len(dst) != p.Factors {
		return fmt.Errorf("apply %d x %d: %d numbers to %d: %w", p.Factors, p.FeatureDims, len(feature), len(dst), ErrShape)
	}
	if row, err := p.applyTile(dst, feature, make([]float32, p.FeatureDims)); row >= 0 {
		return fmt.Errorf("apply: %w", err)
	}
	return nil
}

// ApplyAll sets dst to the embeddings of features, both row after row, on all cores. Each embedding equals that of Apply
// to the last bit. It is ErrShape when the lengths do not fit, and ErrNotFinite, naming a row counted from 0, when a
// feature or its embedding is not finite.
func (p *Projection) ApplyAll(ctx context.Context, dst, features []float32) error {
	rows := len(features) / max(p.FeatureDims, 1)
	if rows*p.FeatureDims != len(features) || rows*p.Factors != len(dst) {
		return fmt.Errorf("apply %d x %d: %d numbers to %d: %w", p.Factors, p.FeatureDims, len(features), len(dst), ErrShape)
	}
	workers := min(runtime.GOMAXPROCS(0), (rows+tile-1)/tile)
	group, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		group.Go(func() error { return p.applyRows(ctx, dst, features, w*rows/workers, (w+1)*rows/workers) })
	}
	return group.Wait()
}

// applyRows projects the features from row first to before row end.
func (p *Projection) applyRows(ctx context.Context, dst, features []float32, first, end int) error {
	scratch := make([]float32, tile*p.FeatureDims)
	for r := first; r < end; r += tile {
		if err := ctx.Err(); err != nil {
			return err
		}
		last := min(r+tile, end)
		d, f := p.Factors, p.FeatureDims
		if bad, err := p.applyTile(dst[r*d:last*d], features[r*f:last*f], scratch[:(last-r)*f]); bad >= 0 {
			return fmt.Errorf("apply to row %d: %w", r+bad, err)
		}
	}
	return nil
}

// applyTile projects a few features by way of scratch, which is as long as they are. It returns the first row that has no
// finite embedding and why, or -1.
func (p *Projection) applyTile(dst, features, scratch []float32) (int, error) {
	dims := p.FeatureDims
	rows := len(features) / dims
	for r := range rows {
		if err := p.centre(scratch[r*dims:(r+1)*dims], features[r*dims:(r+1)*dims]); err != nil {
			return r, err
		}
	}
	for i, component := range p.Components {
		c := blas32.Vector{N: dims, Inc: 1, Data: component}
		for r := range rows {
			x := blas32.Vector{N: dims, Inc: 1, Data: scratch[r*dims : (r+1)*dims]}
			dst[r*p.Factors+i] = blas32.Dot(c, x)
		}
	}
	for r := range rows {
		if i := firstNotFinite(dst[r*p.Factors : (r+1)*p.Factors]); i >= 0 {
			return r, fmt.Errorf("factor %d is %v: %w", i+1, dst[r*p.Factors+i], ErrNotFinite)
		}
	}
	return -1, nil
}

// centre sets dst to the feature, scaled to length 1 where that is asked for, minus the mean.
func (p *Projection) centre(dst, feature []float32) error {
	if err := prepare(dst, feature, p.Normalise); err != nil {
		return err
	}
	for i, m := range p.Mean {
		dst[i] -= m
	}
	return nil
}

// prepare copies a feature to dst, scaled to length 1 when normalise is set; one of zeros stays so.
func prepare(dst, feature []float32, normalise bool) error {
	if i := firstNotFinite(feature); i >= 0 {
		return fmt.Errorf("dimension %d is %v: %w", i, feature[i], ErrNotFinite)
	}
	copy(dst, feature)
	if !normalise {
		return nil
	}
	if square := squaredLength(feature); square > 0 {
		scale := 1 / math.Sqrt(square)
		for i, v := range feature {
			dst[i] = float32(float64(v) * scale)
		}
	}
	return nil
}
