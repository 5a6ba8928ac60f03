package embedder

import (
	"context"
	"errors"
	"fmt"

	ort "github.com/yalue/onnxruntime_go"

	"lookalike/embedder/internal/onnx"
)

// Gram multiplies matrices with themselves in ONNX Runtime, whose float32 products are several times as fast as those
// written in Go: fitting a projection is mostly this product. Several goroutines may use one Gram.
type Gram struct {
	session *ort.DynamicAdvancedSession
}

// NewGram loads the ONNX Runtime library and prepares the product on that many threads; 0 leaves the number to ONNX
// Runtime, which takes one a core. Close it after use.
func NewGram(library string, threads int) (*Gram, error) {
	if threads < 0 {
		return nil, fmt.Errorf("prepare product: %d threads: want 0 or more", threads)
	}
	if err := initialise(library); err != nil {
		return nil, err
	}
	model, err := gramGraph().Marshal()
	if err != nil {
		return nil, fmt.Errorf("prepare product: %w", err)
	}
	options, err := gramOptions(threads)
	if err != nil {
		return nil, fmt.Errorf("prepare product: %w", err)
	}
	defer func() { _ = options.Destroy() }()
	session, err := ort.NewDynamicAdvancedSessionWithONNXData(model, []string{"x"}, []string{"gram"}, options)
	if err != nil {
		return nil, fmt.Errorf("prepare product: %w", err)
	}
	return &Gram{session: session}, nil
}

// gramGraph is one node: the transpose of x times x.
func gramGraph() onnx.Graph {
	dim := func(symbol string) onnx.Dim { return onnx.Dim{Symbol: symbol} }
	return onnx.Graph{
		Name:    "gram",
		Inputs:  []onnx.Value{{Name: "x", Dims: []onnx.Dim{dim("rows"), dim("cols")}}},
		Outputs: []onnx.Value{{Name: "gram", Dims: []onnx.Dim{dim("cols"), dim("cols")}}},
		Nodes: []onnx.Node{{
			Op: "Gemm", Inputs: []string{"x", "x"}, Outputs: []string{"gram"},
			Attributes: []onnx.Attribute{onnx.Int("transA", 1)},
		}},
	}
}

// gramOptions lets idle threads sleep: between two products the processor belongs to whoever prepares the next one.
func gramOptions(threads int) (*ort.SessionOptions, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		options.SetIntraOpNumThreads(threads),
		options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
	)
	if err != nil {
		return nil, errors.Join(err, options.Destroy())
	}
	return options, nil
}

// Gram sets dst, which has cols x cols numbers, to the transpose of x times x; x has rows x cols. Both are row after row.
// ctx is looked at before the product, not during it.
func (g *Gram) Gram(ctx context.Context, x []float32, rows, cols int, dst []float32) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if rows < 1 || cols < 1 || len(x) != rows*cols || len(dst) != cols*cols {
		return fmt.Errorf("gram of %d x %d: got %d numbers and room for %d", rows, cols, len(x), len(dst))
	}
	in, err := ort.NewTensor(ort.NewShape(int64(rows), int64(cols)), x)
	if err != nil {
		return fmt.Errorf("gram of %d x %d: %w", rows, cols, err)
	}
	defer func() { _ = in.Destroy() }()
	out, err := ort.NewTensor(ort.NewShape(int64(cols), int64(cols)), dst)
	if err != nil {
		return fmt.Errorf("gram of %d x %d: %w", rows, cols, err)
	}
	defer func() { _ = out.Destroy() }()
	if err := g.session.Run([]ort.Value{in}, []ort.Value{out}); err != nil {
		return fmt.Errorf("gram of %d x %d: %w", rows, cols, err)
	}
	return nil
}

// Close frees what g holds. It must not be used afterwards.
func (g *Gram) Close() error {
	if err := g.session.Destroy(); err != nil {
		return fmt.Errorf("close product: %w", err)
	}
	return nil
}
