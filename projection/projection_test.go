package projection_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"lookalike/projection"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := swap(true).Validate(); err != nil {
		t.Fatalf("a good projection: %v", err)
	}
	nan := math.NaN()
	for name, c := range map[string]struct {
		spoil func(*projection.Projection)
		want  error
		text  string
	}{
		"unknown method":    {func(p *projection.Projection) { p.Method = "lda" }, nil, `method is "lda"`},
		"no dims":           {func(p *projection.Projection) { p.FeatureDims = 0 }, projection.ErrShape, "2 factors of 0"},
		"no factors":        {func(p *projection.Projection) { p.Factors = 0 }, projection.ErrShape, "0 factors"},
		"factors over dims": {func(p *projection.Projection) { p.Factors = 4 }, projection.ErrShape, "4 factors of 3"},
		"fitted on one":     {func(p *projection.Projection) { p.FittedOn = 1 }, projection.ErrTooFew, "fitted on 1"},
		"short mean":        {func(p *projection.Projection) { p.Mean = p.Mean[:2] }, projection.ErrShape, "mean has 2 numbers of 3"},
		"mean of NaN":       {func(p *projection.Projection) { p.Mean[1] = float32(nan) }, projection.ErrNotFinite, "mean, dimension 1"},
		"component missing": {func(p *projection.Projection) { p.Components = p.Components[:1] }, projection.ErrShape, "1 components for 2"},
		"short component":   {func(p *projection.Projection) { p.Components[1] = []float32{1} }, projection.ErrShape, "component 2 has 1"},
		"infinite component": {
			func(p *projection.Projection) { p.Components[0][0] = float32(math.Inf(1)) }, projection.ErrNotFinite, "component 1, dimension 0",
		},
		"component not of length 1": {func(p *projection.Projection) { p.Components[0][2] = 2 }, nil, "component 1 has length 2: want 1"},
		"variance missing": {
			func(p *projection.Projection) { p.ExplainedVariance = nil }, projection.ErrShape, "explained variance has 0 numbers",
		},
		"negative variance": {func(p *projection.Projection) { p.ExplainedVariance[1] = -1 }, nil, "explained variance 2 is -1"},
		"variance of NaN":   {func(p *projection.Projection) { p.ExplainedVariance[0] = nan }, nil, "explained variance 1 is NaN"},
		"infinite variance": {func(p *projection.Projection) { p.ExplainedVariance[0] = math.Inf(1) }, nil, "explained variance 1 is +Inf"},
		"ratio above 1":     {func(p *projection.Projection) { p.ExplainedVarianceRatio[0] = 1.5 }, nil, "ratio 1 is 1.5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := swap(true)
			c.spoil(p)
			err := p.Validate()
			if err == nil || (c.want != nil && !errors.Is(err, c.want)) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v; want %v saying %q", err, c.want, c.text)
			}
		})
	}
}

func TestValidateReportsEveryFault(t *testing.T) {
	t.Parallel()
	err := (&projection.Projection{}).Validate()
	for _, want := range []string{"method", "0 factors", "fitted on 0"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, which does not say %q", err, want)
		}
	}
}
