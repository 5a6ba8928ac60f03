package projection_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lookalike/projection"
)

// Four points of a cross: variance 2*4*4/3 along the first axis and 2*1*1/3 along the second, around (10, 20).
func TestFitByHand(t *testing.T) {
	t.Parallel()
	got := fit(t, 2, []float32{14, 20, 6, 20, 10, 21, 10, 19}, projection.Options{Factors: 2})
	want := &projection.Projection{
		Method: projection.MethodPCA, FeatureDims: 2, Factors: 2, FittedOn: 4,
		Mean: []float32{10, 20}, Components: [][]float32{{1, 0}, {0, 1}},
		ExplainedVariance: []float64{32.0 / 3, 2.0 / 3}, ExplainedVarianceRatio: []float64{16.0 / 17, 1.0 / 17},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-12, 1e-6)); diff != "" {
		t.Errorf("projection (-want +got):\n%s", diff)
	}
}

func TestFitNormalises(t *testing.T) {
	t.Parallel()
	// Of length 1 these are (1,0), (0,1), (1,0), (0,1): the mean is (1/2, 1/2) and all variance lies along (1,-1).
	p := fit(t, 2, []float32{3, 0, 0, 1e-20, 1e20, 0, 0, 7}, projection.Options{Factors: 1, Normalise: true})
	half := float32(math.Sqrt(0.5))
	if diff := cmp.Diff([][]float32{{half, -half}}, p.Components, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	if !near(p.ExplainedVariance[0], 2.0/3, 1e-6) || !near(p.ExplainedVarianceRatio[0], 1, 1e-6) {
		t.Errorf("variance %v, ratio %v", p.ExplainedVariance, p.ExplainedVarianceRatio)
	}
}

// The covariance of these features is known exactly; above 256 dims the leading factors come from the iteration.
func TestFitFindsKnownSpectra(t *testing.T) {
	t.Parallel()
	const factors = 24
	for name, variance := range map[string]func(i int) float64{
		"falling slowly":       func(i int) float64 { return math.Pow(float64(i+1), -1) },
		"falling fast":         func(i int) float64 { return math.Pow(0.7, float64(i)) },
		"flat":                 func(int) float64 { return 3 },
		"tiny gaps":            func(i int) float64 { return 1 - 1e-5*float64(i) },
		"tie at the last":      func(i int) float64 { return []float64{5, 1}[min(i/(factors-4), 1)] },
		"one far above a flat": func(i int) float64 { return []float64{1e4, 1}[min(i, 1)] },
	} {
		for _, dims := range []int{128, 512} {
			t.Run(name+map[int]string{128: ", dense", 512: ", iterated"}[dims], func(t *testing.T) {
				t.Parallel()
				variances := make([]float64, dims)
				var total float64
				for i := range variances {
					variances[i] = variance(i)
					total += variances[i]
				}
				p := fit(t, dims, alongAxes(variances, dims, 0.5), projection.Options{Factors: factors})
				checkSpectrum(t, p, variances, total)
			})
		}
	}
}

// checkSpectrum compares variances, and asks of each component that the covariance only stretches it.
func checkSpectrum(t *testing.T, p *projection.Projection, variances []float64, total float64) {
	t.Helper()
	rounding := 1e-7 * variances[0] // what float32 leaves of the products, on any factor
	for f, v := range p.ExplainedVariance {
		tolerance := 1e-5 + rounding/variances[f]
		if !near(v, variances[f], tolerance) || !near(p.ExplainedVarianceRatio[f], variances[f]/total, tolerance) {
			t.Errorf("factor %d: variance %.8g, ratio %.8g; want %.8g, %.8g",
				f+1, v, p.ExplainedVarianceRatio[f], variances[f], variances[f]/total)
		}
		var square float64
		for i, variance := range variances {
			r := dot(p.Components[f], axis(i, p.FeatureDims)) * (variance - v)
			square += r * r
		}
		if residual := math.Sqrt(square); residual > 1e-4*v+rounding {
			t.Errorf("factor %d is no eigenvector: residual %.2g of variance %.2g", f+1, residual, v)
		}
	}
	for a, row := range p.Components {
		for b, other := range p.Components[:a] {
			if share := dot(row, wide(other)); math.Abs(share) > 1e-6 {
				t.Errorf("components %d and %d are not orthogonal: %.2g", a+1, b+1, share)
			}
		}
	}
}

func TestFitReducesFactors(t *testing.T) {
	t.Parallel()
	lowRank := alongAxes([]float64{9, 4, 1}, 512, 0.25)
	twins := slices.Repeat(normal(5, 300, 1), 20)
	for name, c := range map[string]struct {
		dims     int
		features []float32
		asked    int
		factors  int
		note     string
	}{
		"as asked":                    {6, normal(9, 6, 1), 4, 4, ""},
		"more than dims":              {6, normal(40, 6, 1), 9, 6, "6 factors instead of 9: a feature has 6 dimensions"},
		"more than photos, dense":     {64, normal(5, 64, 1), 32, 4, "4 factors instead of 32: 5 features allow no more"},
		"more than photos, iterated":  {512, normal(20, 512, 1), 32, 19, "19 factors instead of 32: 20 features allow no more"},
		"low rank":                    {512, lowRank, 5, 3, "3 factors instead of 5: the features differ in no more than 3 directions"},
		"duplicates":                  {300, twins, 50, 4, "4 factors instead of 50: the features differ in no more than 4 directions"},
		"two features":                {3, []float32{1, 0, 0, 0, 1, 0}, 2, 1, "1 factors instead of 2: 2 features allow no more"},
		"rank just as many as wanted": {512, lowRank, 3, 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := fit(t, c.dims, c.features, projection.Options{Factors: c.asked})
			if p.Factors != c.factors || p.Note != c.note {
				t.Errorf("got %d factors, note %q; want %d, %q", p.Factors, p.Note, c.factors, c.note)
			}
		})
	}
}

// Variance that is small beside the mean must not drown in float32.
func TestFitFarFromZero(t *testing.T) {
	t.Parallel()
	p := fit(t, 512, alongAxes([]float64{4, 2, 1}, 512, 4096), projection.Options{Factors: 3})
	for f, want := range []float64{4, 2, 1} {
		if !near(p.ExplainedVariance[f], want, 2e-3) {
			t.Errorf("variance %d is %v: want %v", f+1, p.ExplainedVariance[f], want)
		}
	}
}

func TestFitDoesNotDependOnBlocks(t *testing.T) {
	t.Parallel()
	const dims, rows = 300, 9000 // more than one chunk
	features := normal(rows, dims, 3)
	var first *projection.Projection
	for _, size := range []int{1, 999, 4096, rows, 1} {
		p, err := projection.Fit(t.Context(), dims, blocks(features, size*dims), projection.Options{Factors: 8, Normalise: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = p
		}
		if diff := cmp.Diff(first, p); diff != "" {
			t.Errorf("blocks of %d rows give another projection (-blocks of 1 +these):\n%s", size, diff)
		}
	}
}

func TestFitSettlesSigns(t *testing.T) {
	t.Parallel()
	features := normal(400, 40, 5)
	negated := slices.Clone(features)
	for i := range negated {
		negated[i] = -negated[i]
	}
	p, q := fit(t, 40, features, projection.Options{Factors: 6}), fit(t, 40, negated, projection.Options{Factors: 6})
	if diff := cmp.Diff(p.Components, q.Components, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
		t.Errorf("components of negated features (-features +negated):\n%s", diff)
	}
	for i, row := range p.Components {
		if largest := slices.MaxFunc(row, func(a, b float32) int {
			return int(math.Copysign(1, math.Abs(float64(a))-math.Abs(float64(b))))
		}); largest < 0 {
			t.Errorf("component %d is led by %v", i+1, largest)
		}
	}
	// Two numbers of the same magnitude: the first decides.
	tie := fit(t, 2, []float32{-1, 1, 1, -1, 0, 0}, projection.Options{Factors: 1})
	if tie.Components[0][0] <= 0 {
		t.Errorf("tie: %v", tie.Components[0])
	}
}
