package trunk

import (
	"lookalike/embedder/internal/onnx"
)

// conv is a convolution without bias followed by a batch norm.
type conv struct {
	// name and norm are the modules of the state dict that hold the two.
	name, norm string
	// in and out are channels, kernel the side of the square kernel.
	in, out, kernel int
	// stride is the same in both directions.
	stride int
	// groups is 1, or in for a depthwise convolution.
	groups int
	// before and after are the zeros added above and left, and below and right.
	before, after int
}

// shape is that of the kernel: output channels, input channels of a group, rows, columns.
func (c conv) shape() []int64 {
	return []int64{int64(c.out), int64(c.in / c.groups), int64(c.kernel), int64(c.kernel)}
}

// builder collects a network's nodes and the convolutions whose weights it needs.
type builder struct {
	graph   onnx.Graph
	convs   []conv
	epsilon float64 // of every batch norm
}

// plan is the architecture's graph without any weights.
func (a Architecture) plan() *builder {
	side := onnx.Dim{Size: int64(a.InputSize)}
	b := &builder{graph: onnx.Graph{
		Name:    a.Name,
		Inputs:  []onnx.Value{{Name: InputName, Dims: []onnx.Dim{{Symbol: "N"}, {Size: 3}, side, side}}},
		Outputs: []onnx.Value{{Name: OutputName, Dims: []onnx.Dim{{Symbol: "N"}, {Size: int64(a.FeatureDims)}}}},
	}}
	last := a.layers(b, InputName)
	pooled := b.add("GlobalAveragePool", "pool", []string{last})
	b.graph.Nodes = append(b.graph.Nodes, onnx.Node{
		Op: "Flatten", Name: OutputName, Inputs: []string{pooled}, Outputs: []string{OutputName},
	})
	return b
}

// add appends a node with one output, which is named for the node.
func (b *builder) add(op, name string, inputs []string, attributes ...onnx.Attribute) string {
	b.graph.Nodes = append(b.graph.Nodes, onnx.Node{
		Op: op, Name: name, Inputs: inputs, Outputs: []string{name}, Attributes: attributes,
	})
	return name
}

func (b *builder) conv(in string, c conv) string {
	b.convs = append(b.convs, c)
	kernel, stride := int64(c.kernel), int64(c.stride)
	before, after := int64(c.before), int64(c.after)
	return b.add("Conv", c.name, []string{in, c.name + ".weight", c.name + ".bias"},
		onnx.Ints("kernel_shape", kernel, kernel),
		onnx.Ints("strides", stride, stride),
		onnx.Ints("pads", before, before, after, after),
		onnx.Int("group", int64(c.groups)),
	)
}

func (b *builder) relu(in string) string { return b.add("Relu", in+".relu", []string{in}) }

// constant adds a scalar that several nodes may read.
func (b *builder) constant(name string, value float32) {
	b.graph.Initializers = append(b.graph.Initializers, onnx.Tensor{Name: name, Dims: []int64{}, Data: []float32{value}})
}

// shapes are the tensors that the network needs, with their shapes.
func (b *builder) shapes() map[string][]int64 {
	want := make(map[string][]int64, len(b.convs)*5)
	for _, c := range b.convs {
		want[c.name+".weight"] = c.shape()
		for _, part := range normParts {
			want[c.norm+part] = []int64{int64(c.out)}
		}
	}
	return want
}
