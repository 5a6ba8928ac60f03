package onnx_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	ort "github.com/yalue/onnxruntime_go"
	"google.golang.org/protobuf/encoding/protowire"

	"lookalike/embedder/internal/onnx"
)

// fields splits a protobuf message into the raw values of its fields, by number.
func fields(t *testing.T, message []byte) map[protowire.Number][][]byte {
	t.Helper()
	found := map[protowire.Number][][]byte{}
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		message = message[n:]
		size := protowire.ConsumeFieldValue(number, kind, message)
		if size < 0 {
			t.Fatal(protowire.ParseError(size))
		}
		value := message[:size]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		found[number] = append(found[number], value)
		message = message[size:]
	}
	return found
}

func varint(t *testing.T, value []byte) uint64 {
	t.Helper()
	v, n := protowire.ConsumeVarint(value)
	if n < 0 {
		t.Fatal(protowire.ParseError(n))
	}
	return v
}

// Readers other than ONNX Runtime choose how to read a model by its header: ir_version 1, producer_name 2, opset_import 8.
func TestModelHeader(t *testing.T) {
	t.Parallel()
	data, err := affine().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	model := fields(t, data)
	if got := varint(t, model[1][0]); got != onnx.IRVersion {
		t.Errorf("ir_version %d", got)
	}
	if got := string(model[2][0]); got != onnx.Producer {
		t.Errorf("producer_name %q", got)
	}
	if len(model[8]) != 1 || len(model[7]) != 1 {
		t.Fatalf("%d operator sets and %d graphs, want one each", len(model[8]), len(model[7]))
	}
	opset := fields(t, model[8][0])
	if got := varint(t, opset[2][0]); got != onnx.Opset || opset[1] != nil {
		t.Errorf("operator set %d of domain %q", got, opset[1])
	}
	graph := fields(t, model[7][0])
	counts := map[string]int{
		"nodes": len(graph[1]), "initializers": len(graph[5]), "inputs": len(graph[11]), "outputs": len(graph[12]),
	}
	want := map[string]int{"nodes": 3, "initializers": 3, "inputs": 1, "outputs": 1}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("graph (-want +got):\n%s", diff)
	}
}

// An empty name leaves an optional input out, and a tensor without dimensions is a scalar.
func TestOptionalInputAndScalar(t *testing.T) {
	t.Parallel()
	model, err := onnx.Graph{
		Name:         "ceiling",
		Inputs:       []onnx.Value{{Name: "x", Dims: fixed(4)}},
		Outputs:      []onnx.Value{{Name: "y", Dims: fixed(4)}},
		Nodes:        []onnx.Node{{Op: "Clip", Inputs: []string{"x", "", "max"}, Outputs: []string{"y"}}},
		Initializers: []onnx.Tensor{{Name: "max", Data: []float32{6}}},
	}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	session, err := ort.NewDynamicAdvancedSessionWithONNXData(model, []string{"x"}, []string{"y"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Destroy() }()
	in, err := ort.NewTensor(ort.NewShape(4), []float32{-9, 0.5, 6, 7})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Destroy() }()
	out, err := ort.NewEmptyTensor[float32](ort.NewShape(4))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Destroy() }()
	if err := session.Run([]ort.Value{in}, []ort.Value{out}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float32{-9, 0.5, 6, 6}, out.GetData()); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}
