package onnx_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	ort "github.com/yalue/onnxruntime_go"

	"lookalike/embedder/internal/onnx"
	"lookalike/internal/testenv"
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if parts, err := testenv.FindParts(); err == nil {
		if lib, err := parts.ONNXRuntime(); err == nil {
			ort.SetSharedLibraryPath(lib)
		}
	}
	if err := ort.InitializeEnvironment(); err != nil {
		panic(err)
	}
	defer func() { _ = ort.DestroyEnvironment() }()
	return m.Run()
}

func fixed(sizes ...int64) []onnx.Dim {
	dims := make([]onnx.Dim, len(sizes))
	for i, s := range sizes {
		dims[i] = onnx.Dim{Size: s}
	}
	return dims
}

// affine is y = 0.5 * x w + b, reshaped to the shape held in an int64 constant: one graph with every part that the
// writer knows.
func affine() onnx.Graph {
	return onnx.Graph{
		Name:    "affine",
		Inputs:  []onnx.Value{{Name: "x", Dims: []onnx.Dim{{Symbol: "N"}, {Size: 2}}}},
		Outputs: []onnx.Value{{Name: "z", Dims: []onnx.Dim{{Symbol: "N"}, {Size: 1}, {Size: 3}}}},
		Nodes: []onnx.Node{
			{
				Op: "Gemm", Name: "gemm", Inputs: []string{"x", "w", "b"}, Outputs: []string{"y"},
				Attributes: []onnx.Attribute{onnx.Float("alpha", 0.5), onnx.Int("transB", 1)},
			},
			{Op: "Reshape", Inputs: []string{"y", "shape"}, Outputs: []string{"flat"}},
			{
				Op: "Transpose", Inputs: []string{"flat"}, Outputs: []string{"z"},
				Attributes: []onnx.Attribute{onnx.Ints("perm", 0, 2, 1)},
			},
		},
		Initializers: []onnx.Tensor{
			{Name: "w", Dims: []int64{3, 2}, Data: []float32{1, 2, 3, 4, -5, 6}},
			{Name: "b", Dims: []int64{3}, Data: []float32{0.25, -0.5, 100}},
			{Name: "shape", Dims: []int64{3}, Int64s: []int64{-1, 3, 1}},
		},
	}
}

func TestMarshalRunsInTheRuntime(t *testing.T) {
	t.Parallel()
	model, err := affine().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	in, err := ort.NewTensor(ort.NewShape(2, 2), []float32{2, 4, -1, 3})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Destroy()
	session, err := ort.NewDynamicAdvancedSessionWithONNXData(model, []string{"x"}, []string{"z"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Destroy()
	outs := []ort.Value{nil}
	if err := session.Run([]ort.Value{in}, outs); err != nil {
		t.Fatal(err)
	}
	defer outs[0].Destroy()
	got := outs[0].(*ort.Tensor[float32])
	if diff := cmp.Diff([]float32{5.25, 10.5, 107, 2.75, 4, 111.5}, got.GetData()); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{2, 1, 3}, []int64(got.GetShape())); diff != "" {
		t.Errorf("shape (-want +got):\n%s", diff)
	}
}

func TestMarshalNamesInputsAndOutputs(t *testing.T) {
	t.Parallel()
	model, err := affine().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	ins, outs, err := ort.GetInputOutputInfoWithONNXData(model)
	if err != nil {
		t.Fatal(err)
	}
	// The runtime shows a symbolic size as -1.
	if diff := cmp.Diff([]int64{-1, 2}, []int64(ins[0].Dimensions)); ins[0].Name != "x" || diff != "" {
		t.Errorf("input %q (-want +got):\n%s", ins[0].Name, diff)
	}
	if diff := cmp.Diff([]int64{-1, 1, 3}, []int64(outs[0].Dimensions)); outs[0].Name != "z" || diff != "" {
		t.Errorf("output %q (-want +got):\n%s", outs[0].Name, diff)
	}
	meta, err := ort.GetModelMetadataWithONNXData(model)
	if err != nil {
		t.Fatal(err)
	}
	defer meta.Destroy()
	if producer, err := meta.GetProducerName(); err != nil || producer != onnx.Producer {
		t.Errorf("producer %q, %v", producer, err)
	}
}

func TestMarshalIsDeterministic(t *testing.T) {
	t.Parallel()
	first, err := affine().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := affine().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, again) {
		t.Error("the same graph was written in two ways")
	}
}

func TestMarshalStringAttribute(t *testing.T) {
	t.Parallel()
	model, err := onnx.Graph{
		Name:    "pad",
		Inputs:  []onnx.Value{{Name: "x", Dims: fixed(1, 1, 3, 3)}},
		Outputs: []onnx.Value{{Name: "y", Dims: fixed(1, 1, 3, 3)}},
		Nodes: []onnx.Node{{
			Op: "Conv", Inputs: []string{"x", "w"}, Outputs: []string{"y"},
			Attributes: []onnx.Attribute{onnx.String("auto_pad", "SAME_UPPER")},
		}},
		Initializers: []onnx.Tensor{{Name: "w", Dims: []int64{1, 1, 3, 3}, Data: make([]float32, 9)}},
	}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	session, err := ort.NewDynamicAdvancedSessionWithONNXData(model, []string{"x"}, []string{"y"}, nil)
	if err != nil {
		t.Fatalf("the shapes fit only when auto_pad is read: %v", err)
	}
	_ = session.Destroy()
}

func TestMarshalRefuses(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*onnx.Graph){
		"no name":                 func(g *onnx.Graph) { g.Name = "" },
		"unnamed input":           func(g *onnx.Graph) { g.Inputs[0].Name = "" },
		"output of size 0":        func(g *onnx.Graph) { g.Outputs[0].Dims = fixed(0) },
		"node without operator":   func(g *onnx.Graph) { g.Nodes[0].Op = "" },
		"node without output":     func(g *onnx.Graph) { g.Nodes[1].Outputs = nil },
		"unnamed initializer":     func(g *onnx.Graph) { g.Initializers[0].Name = "" },
		"repeated initializer":    func(g *onnx.Graph) { g.Initializers[1].Name = "w" },
		"initializer of no type":  func(g *onnx.Graph) { g.Initializers[0].Data = nil },
		"initializer of 2 types":  func(g *onnx.Graph) { g.Initializers[2].Data = []float32{1, 2, 3} },
		"shape of another length": func(g *onnx.Graph) { g.Initializers[0].Dims = []int64{3, 3} },
		"negative shape":          func(g *onnx.Graph) { g.Initializers[0].Dims = []int64{-3, -2} },
		"overflowing shape":       func(g *onnx.Graph) { g.Initializers[0].Dims = []int64{math.MaxInt64, 2} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := affine()
			spoil(&g)
			if _, err := g.Marshal(); !errors.Is(err, onnx.ErrInvalid) {
				t.Errorf("got %v, want ErrInvalid", err)
			}
		})
	}
}
