package projection

import (
	"context"
	"fmt"
	"iter"
	"math"
)

// Options says what to fit.
type Options struct {
	// Factors is how many dimensions to keep, at least 1; DefaultFactors is a good choice.
	Factors int
	// Normalise scales features to length 1 first, so that what is compared is their direction.
	Normalise bool
}

// Validate reports every fault of o at once, joined.
func (o Options) Validate() error {
	if o.Factors < 1 {
		return fmt.Errorf("factors is %d: want at least 1", o.Factors)
	}
	return nil
}

const (
	// rankTolerance is the share of the largest variance below which a direction is not kept: there the float32 products
	// cannot tell variance from rounding.
	rankTolerance = 1e-6
	// constantTolerance is the share of the mean's squared length below which variance is rounding: the square of
	// float32's precision, times ten.
	constantTolerance = 1e-13
)

// Fit fits a PCA on features of dims numbers, which come in blocks of any number of features, row after row; a block is
// not read after the next one was asked for. It takes one pass and memory of the order of dims x dims, whatever the
// number of features. A nil gram multiplies in Go, several times slower than ONNX Runtime does.
//
// The same features give the same Projection on the same machine, however they are cut into blocks. More factors than
// the features allow (their dims, their number less 1, or the directions in which they differ at all) are reduced to
// what they allow, with a Note. An error in blocks ends the fit and is returned. It is ErrTooFew below two features,
// ErrConstant when they do not differ, ErrNotFinite, naming the feature by its number from 0, or ErrShape.
func Fit(
	ctx context.Context, dims int, blocks iter.Seq2[[]float32, error], opts Options, gram Multiplier,
) (*Projection, error) {
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("fit: %w", err)
	}
	if dims < 1 {
		return nil, fmt.Errorf("fit on features of %d dims: %w", dims, ErrShape)
	}
	if gram == nil {
		gram = &gonumGram{}
	}
	sums := newCovariance(dims, opts.Normalise, gram)
	for block, err := range blocks {
		if err == nil {
			err = sums.add(ctx, block)
		}
		if err != nil {
			return nil, fmt.Errorf("fit: %w", err)
		}
	}
	p, err := sums.fit(ctx, opts.Factors)
	if err != nil {
		return nil, fmt.Errorf("fit on %d features: %w", sums.rows, err)
	}
	return p, nil
}

// fit turns the sums into a projection.
func (c *covariance) fit(ctx context.Context, factors int) (*Projection, error) {
	if c.rows < 2 {
		return nil, fmt.Errorf("%w: at least 2 are needed, add photos first", ErrTooFew)
	}
	mean, matrix, trace, err := c.matrix(ctx)
	if err != nil {
		return nil, err
	}
	if trace <= constantTolerance*squaredLength(mean) {
		return nil, fmt.Errorf("%w: add photos that show something else", ErrConstant)
	}
	p := &Projection{Method: MethodPCA, FeatureDims: c.dims, Normalise: c.normalise, Mean: mean, FittedOn: c.rows}
	values, vectors, err := leading(ctx, matrix, c.dims, min(factors, c.dims, c.rows-1))
	if err != nil {
		return nil, err
	}
	p.keep(values, vectors, trace)
	p.Note = note(factors, p)
	return p, nil
}

// keep takes over the factors that stand out of the rounding. Vectors are rows.
func (p *Projection) keep(values []float64, vectors [][]float64, trace float64) {
	for i, v := range values {
		if v <= rankTolerance*values[0] {
			break
		}
		p.Components = append(p.Components, component(vectors[i]))
		p.ExplainedVariance = append(p.ExplainedVariance, v)
		p.ExplainedVarianceRatio = append(p.ExplainedVarianceRatio, min(v/trace, 1))
	}
	p.Factors = len(p.Components)
}

// component rounds a vector, with the sign that makes its number of largest magnitude positive. Numbers equal but for
// rounding count as equal, so that the choice among them does not hang on it.
func component(vector []float64) []float32 {
	largest := 0.0
	for _, v := range vector {
		largest = max(largest, math.Abs(v))
	}
	sign := 1.0
	for _, v := range vector {
		if math.Abs(v) > largest*(1-1e-6) {
			sign = math.Copysign(1, v)
			break
		}
	}
	row := make([]float32, len(vector))
	for i, v := range vector {
		row[i] = float32(sign * v)
	}
	return row
}

func note(asked int, p *Projection) string {
	if p.Factors >= asked {
		return ""
	}
	reason := fmt.Sprintf("the features differ in no more than %d directions", p.Factors)
	switch p.Factors {
	case p.FeatureDims:
		reason = fmt.Sprintf("a feature has %d dimensions", p.FeatureDims)
	case p.FittedOn - 1:
		reason = fmt.Sprintf("%d features allow no more", p.FittedOn)
	}
	return fmt.Sprintf("%d factors instead of %d: %s", p.Factors, asked, reason)
}
