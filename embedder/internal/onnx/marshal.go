package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of onnx.proto, by message.
const (
	modelIRVersion protowire.Number = 1 // ModelProto
	modelProducer  protowire.Number = 2
	modelGraph     protowire.Number = 7
	modelOpset     protowire.Number = 8

	opsetVersion protowire.Number = 2 // OperatorSetIdProto; domain (1) stays empty: the standard operators

	graphNode        protowire.Number = 1 // GraphProto
	graphName        protowire.Number = 2
	graphInitializer protowire.Number = 5
	graphInput       protowire.Number = 11
	graphOutput      protowire.Number = 12

	nodeInput     protowire.Number = 1 // NodeProto
	nodeOutput    protowire.Number = 2
	nodeName      protowire.Number = 3
	nodeOp        protowire.Number = 4
	nodeAttribute protowire.Number = 5

	valueName protowire.Number = 1 // ValueInfoProto
	valueType protowire.Number = 2

	typeTensor      protowire.Number = 1 // TypeProto
	tensorElemType  protowire.Number = 1 // TypeProto.Tensor
	tensorTypeShape protowire.Number = 2
	shapeDim        protowire.Number = 1 // TensorShapeProto
	dimValue        protowire.Number = 1 // TensorShapeProto.Dimension
	dimParam        protowire.Number = 2

	tensorDims     protowire.Number = 1 // TensorProto
	tensorDataType protowire.Number = 2
	tensorName     protowire.Number = 8
	tensorRawData  protowire.Number = 9
)

// TensorProto.DataType values of onnx.proto.
const (
	dataFloat = 1
	dataInt64 = 7
)

// Marshal encodes the graph as an ONNX model (a ModelProto). The same graph always gives the same bytes, whose hash may
// therefore stand for the model. It is ErrInvalid when the graph contradicts itself or passes MaxSize; whether its
// operators fit together is for the runtime to say.
func (g Graph) Marshal() ([]byte, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	head := g.head()
	size := len(head)
	for _, t := range g.Initializers {
		size += protowire.SizeTag(graphInitializer) + protowire.SizeBytes(t.size())
	}
	if size > MaxSize-64 {
		return nil, fmt.Errorf("%w: %d bytes are more than a model can hold (%d)", ErrInvalid, size, MaxSize)
	}
	b := make([]byte, 0, size+64)
	b = appendVarint(b, modelIRVersion, IRVersion)
	b = appendString(b, modelProducer, Producer)
	b = appendBytes(b, modelOpset, appendVarint(nil, opsetVersion, Opset))
	b = protowire.AppendTag(b, modelGraph, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	b = append(b, head...)
	for _, t := range g.Initializers {
		b = t.append(b)
	}
	return b, nil
}

// head is all of the GraphProto but its initializers.
func (g Graph) head() []byte {
	var b []byte
	for _, n := range g.Nodes {
		b = appendBytes(b, graphNode, n.encode())
	}
	b = appendString(b, graphName, g.Name)
	for _, v := range g.Inputs {
		b = appendBytes(b, graphInput, v.encode())
	}
	for _, v := range g.Outputs {
		b = appendBytes(b, graphOutput, v.encode())
	}
	return b
}

func (n Node) encode() []byte {
	var b []byte
	for _, in := range n.Inputs {
		b = appendString(b, nodeInput, in)
	}
	for _, out := range n.Outputs {
		b = appendString(b, nodeOutput, out)
	}
	b = appendString(b, nodeName, n.Name)
	b = appendString(b, nodeOp, n.Op)
	for _, a := range n.Attributes {
		b = appendBytes(b, nodeAttribute, a.encoded)
	}
	return b
}

func (v Value) encode() []byte {
	var shape []byte
	for _, d := range v.Dims {
		var dim []byte
		if d.Symbol != "" {
			dim = appendString(nil, dimParam, d.Symbol)
		} else {
			dim = appendVarint(nil, dimValue, uint64(d.Size))
		}
		shape = appendBytes(shape, shapeDim, dim)
	}
	tensor := appendVarint(nil, tensorElemType, dataFloat)
	tensor = appendBytes(tensor, tensorTypeShape, shape)
	b := appendString(nil, valueName, v.Name)
	return appendBytes(b, valueType, appendBytes(nil, typeTensor, tensor))
}

// head is all of the TensorProto but its values.
func (t Tensor) head() []byte {
	var b []byte
	for _, d := range t.Dims {
		b = appendVarint(b, tensorDims, uint64(d))
	}
	kind := uint64(dataFloat)
	if t.Int64s != nil {
		kind = dataInt64
	}
	b = appendVarint(b, tensorDataType, kind)
	return appendString(b, tensorName, t.Name)
}

func (t Tensor) rawSize() int { return 4*len(t.Data) + 8*len(t.Int64s) }

func (t Tensor) size() int {
	return len(t.head()) + protowire.SizeTag(tensorRawData) + protowire.SizeBytes(t.rawSize())
}

// append writes the tensor as an initializer; raw_data is little-endian on every machine.
func (t Tensor) append(b []byte) []byte {
	b = protowire.AppendTag(b, graphInitializer, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(t.size()))
	b = append(b, t.head()...)
	b = protowire.AppendTag(b, tensorRawData, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(t.rawSize()))
	for _, v := range t.Data {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	for _, v := range t.Int64s {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}

func appendVarint(b []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func appendString(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendBytes(b []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}
