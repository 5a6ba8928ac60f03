// Command pca fits the same made-up features with Lookalike and with scikit-learn, side by side, and fails when
// Lookalike takes too much longer or finds other variances.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"iter"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/sbinet/npyio"

	"lookalike/embedder"
	"lookalike/internal/nativeparts"
	"lookalike/projection"
)

// settings are the flags.
type settings struct {
	rows, dims, factors, repeats int
	most                         float64
	python, script, parts        string
}

// maxDifference is how far, relatively, a variance may be from the exact solver's.
const maxDifference = 1e-3

func main() {
	var s settings
	flag.IntVar(&s.rows, "rows", 20000, "features to fit on")
	flag.IntVar(&s.dims, "dims", 2048, "length of a feature")
	flag.IntVar(&s.factors, "factors", projection.DefaultFactors, "factors to keep")
	flag.IntVar(&s.repeats, "repeats", 3, "fits of each kind; the median counts")
	flag.Float64Var(&s.most, "most", 3, "fail above this many times scikit-learn's time")
	flag.StringVar(&s.python, "python", "python3", "a Python that can import scikit-learn (PYTHONPATH is passed on)")
	flag.StringVar(&s.script, "script", "bench/pca/sklearn_pca.py", "the scikit-learn half")
	flag.StringVar(&s.parts, "runtime", nativeparts.DirName, "folder of the native parts")
	flag.Parse()
	if err := s.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench/pca:", err)
		os.Exit(1)
	}
}

func (s settings) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "lookalike-pca-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "features.npy")
	fmt.Printf("%d x %d -> %d factors, median of %d\n", s.rows, s.dims, s.factors, s.repeats)
	if _, err := s.call(ctx, "make", file, strconv.Itoa(s.rows), strconv.Itoa(s.dims)); err != nil {
		return err
	}
	ours, seconds, err := s.fit(ctx, file)
	if err != nil {
		return err
	}
	theirs, err := s.sklearn(ctx, file)
	if err != nil {
		return err
	}
	return s.compare(ours, seconds, theirs)
}

// solver is what scikit-learn did with one solver.
type solver struct {
	Seconds           []float64 `json:"seconds"`
	ExplainedVariance []float64 `json:"explained_variance"`
}

func (s settings) call(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, s.python, append([]string{s.script}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s %s: %w", s.python, s.script, args[0], err)
	}
	return out, nil
}

func (s settings) sklearn(ctx context.Context, file string) (map[string]solver, error) {
	out, err := s.call(ctx, "fit", file, strconv.Itoa(s.factors), strconv.Itoa(s.repeats))
	if err != nil {
		return nil, err
	}
	var solvers map[string]solver
	if err := json.Unmarshal(out, &solvers); err != nil {
		return nil, fmt.Errorf("read what scikit-learn found: %w", err)
	}
	return solvers, nil
}

// fit returns the last of the fits and the median of their times.
func (s settings) fit(ctx context.Context, file string) (*projection.Projection, float64, error) {
	features, err := readFeatures(file)
	if err != nil {
		return nil, 0, err
	}
	library, err := nativeparts.Parts{Dir: s.parts}.ONNXRuntime()
	if err != nil {
		return nil, 0, err
	}
	gram, err := embedder.NewGram(library, 0)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = gram.Close() }()
	var p *projection.Projection
	seconds := make([]float64, s.repeats)
	for i := range seconds {
		start := time.Now()
		p, err = projection.Fit(ctx, s.dims, blocks(features, 1000*s.dims), projection.Options{Factors: s.factors}, gram)
		if err != nil {
			return nil, 0, err
		}
		seconds[i] = time.Since(start).Seconds()
	}
	return p, median(seconds), nil
}

func readFeatures(file string) ([]float32, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var features []float32
	if err := npyio.Read(f, &features); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return features, nil
}

func blocks(features []float32, size int) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		for block := range slices.Chunk(features, size) {
			if !yield(block, nil) {
				return
			}
		}
	}
}

// compare prints the figures and says whether they pass.
func (s settings) compare(ours *projection.Projection, seconds float64, theirs map[string]solver) error {
	fmt.Printf("%-32s %7.2f s\n", "lookalike", seconds)
	for _, name := range []string{"auto", "covariance_eigh"} {
		their := theirs[name]
		fmt.Printf("%-32s %7.2f s   lookalike / scikit-learn %.2f   explained variance differs by %.1e\n",
			"scikit-learn, "+name, median(their.Seconds), seconds/median(their.Seconds),
			difference(ours.ExplainedVariance, their.ExplainedVariance))
	}
	var faults []error
	if ratio := seconds / median(theirs["auto"].Seconds); ratio > s.most {
		faults = append(faults, fmt.Errorf("took %.2f times as long as scikit-learn: at most %.2f is allowed", ratio, s.most))
	}
	if d := difference(ours.ExplainedVariance, theirs["covariance_eigh"].ExplainedVariance); d > maxDifference {
		faults = append(faults, fmt.Errorf("explained variance differs by %.1e: at most %.1e is allowed", d, maxDifference))
	}
	return errors.Join(faults...)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// difference is the largest relative one.
func difference(ours, theirs []float64) float64 {
	if len(ours) != len(theirs) {
		return math.Inf(1)
	}
	var most float64
	for i, v := range theirs {
		most = max(most, math.Abs(ours[i]/v-1))
	}
	return most
}
