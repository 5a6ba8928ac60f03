package onnx

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// AttributeProto: the field numbers and AttributeType values of onnx.proto.
const (
	attrName   protowire.Number = 1
	attrFloat  protowire.Number = 2
	attrInt    protowire.Number = 3
	attrString protowire.Number = 4
	attrInts   protowire.Number = 8
	attrType   protowire.Number = 20

	typeFloat  = 1
	typeInt    = 2
	typeString = 3
	typeInts   = 7
)

// Attribute is a named constant of a node, made by Int, Ints, Float or String.
type Attribute struct {
	encoded []byte
}

// Int is an integer attribute.
func Int(name string, value int64) Attribute {
	b := startAttribute(name, typeInt)
	b = protowire.AppendTag(b, attrInt, protowire.VarintType)
	return Attribute{protowire.AppendVarint(b, uint64(value))}
}

// Ints is an attribute that lists integers.
func Ints(name string, values ...int64) Attribute {
	b := startAttribute(name, typeInts)
	for _, v := range values {
		b = protowire.AppendTag(b, attrInts, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(v))
	}
	return Attribute{b}
}

// Float is a float32 attribute.
func Float(name string, value float32) Attribute {
	b := startAttribute(name, typeFloat)
	b = protowire.AppendTag(b, attrFloat, protowire.Fixed32Type)
	return Attribute{protowire.AppendFixed32(b, math.Float32bits(value))}
}

// String is a text attribute.
func String(name, value string) Attribute {
	b := startAttribute(name, typeString)
	return Attribute{appendString(b, attrString, value)}
}

func startAttribute(name string, kind uint64) []byte {
	b := appendString(nil, attrName, name)
	b = protowire.AppendTag(b, attrType, protowire.VarintType)
	return protowire.AppendVarint(b, kind)
}
