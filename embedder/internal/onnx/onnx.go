// Package onnx writes ONNX models: the few parts of the format that Lookalike's own graphs need, so that a network can
// be built in Go and run by ONNX Runtime.
package onnx

import (
	"errors"
	"fmt"
	"math"
)

// What every model is written as. Opset 17 with IR version 8 is the pairing of ONNX 1.12: old enough for every ONNX
// Runtime in use, and it has every operator used here.
const (
	// IRVersion is the version of the file format (ModelProto.ir_version).
	IRVersion = 8
	// Opset is the version of the standard operators (OperatorSetIdProto.version).
	Opset = 17
	// Producer is what a model says made it (ModelProto.producer_name).
	Producer = "lookalike"
)

// MaxSize is the largest model in bytes that can be written: a protobuf message stays below 2 GiB.
const MaxSize = math.MaxInt32

// ErrInvalid says that a graph cannot be written because it contradicts itself.
var ErrInvalid = errors.New("invalid graph")

// Graph is a network: its nodes in an order in which each comes after those it reads.
type Graph struct {
	// Name is free text; ONNX asks for one.
	Name string
	// Inputs and Outputs are the float32 tensors that go in and come out.
	Inputs, Outputs []Value
	// Nodes are the operations, topologically sorted.
	Nodes []Node
	// Initializers are the constants, named as the nodes read them.
	Initializers []Tensor
}

// Value is a float32 tensor at the edge of a graph.
type Value struct {
	// Name is how nodes refer to the tensor.
	Name string
	// Dims are its sizes, outermost first; none makes a scalar.
	Dims []Dim
}

// Dim is one size of a tensor: fixed, or symbolic when Symbol is set.
type Dim struct {
	// Size is the fixed size, at least 1. It is not read when Symbol is set.
	Size int64
	// Symbol names a size known only when the model runs, such as "N" for the batch.
	Symbol string
}

// Node is one operation of the standard operator set.
type Node struct {
	// Op is the operator, such as "Conv".
	Op string
	// Name is for messages and may be empty.
	Name string
	// Inputs and Outputs are tensor names; an empty input leaves an optional one out.
	Inputs, Outputs []string
	// Attributes are the constants of the operator.
	Attributes []Attribute
}

// Tensor is a constant. Exactly one of Data and Int64s is set.
type Tensor struct {
	// Name is how nodes refer to it.
	Name string
	// Dims are its sizes, outermost first. Their product is the number of values; none makes a scalar.
	Dims []int64
	// Data are float32 values in row-major order.
	Data []float32
	// Int64s are int64 values in row-major order.
	Int64s []int64
}

func (g Graph) check() error {
	if g.Name == "" {
		return fmt.Errorf("%w: the graph has no name", ErrInvalid)
	}
	for _, v := range append(append([]Value(nil), g.Inputs...), g.Outputs...) {
		if err := v.check(); err != nil {
			return err
		}
	}
	for _, n := range g.Nodes {
		if n.Op == "" || len(n.Outputs) == 0 {
			return fmt.Errorf("%w: node %q (%q) needs an operator and an output", ErrInvalid, n.Name, n.Op)
		}
	}
	seen := make(map[string]bool, len(g.Initializers))
	for _, t := range g.Initializers {
		if err := t.check(); err != nil {
			return err
		}
		if seen[t.Name] {
			return fmt.Errorf("%w: two initializers are named %q", ErrInvalid, t.Name)
		}
		seen[t.Name] = true
	}
	return nil
}

func (v Value) check() error {
	if v.Name == "" {
		return fmt.Errorf("%w: an input or output has no name", ErrInvalid)
	}
	for i, d := range v.Dims {
		if d.Symbol == "" && d.Size < 1 {
			return fmt.Errorf("%w: dimension %d of %q is %d", ErrInvalid, i, v.Name, d.Size)
		}
	}
	return nil
}

func (t Tensor) check() error {
	if t.Name == "" {
		return fmt.Errorf("%w: an initializer has no name", ErrInvalid)
	}
	if (t.Data == nil) == (t.Int64s == nil) {
		return fmt.Errorf("%w: initializer %q needs float32 or int64 values, one of the two", ErrInvalid, t.Name)
	}
	want := int64(1)
	for _, d := range t.Dims {
		if d < 0 || (d > 0 && want > MaxSize/d) {
			return fmt.Errorf("%w: initializer %q has shape %v", ErrInvalid, t.Name, t.Dims)
		}
		want *= d
	}
	if have := int64(len(t.Data) + len(t.Int64s)); have != want {
		return fmt.Errorf("%w: initializer %q has %d values for shape %v", ErrInvalid, t.Name, have, t.Dims)
	}
	return nil
}
