package trunk

import (
	"encoding/binary"
	"math"
)

// dtype is a type of number, under its name in a .safetensors header.
type dtype string

const (
	float64Type  dtype = "F64"
	float32Type  dtype = "F32"
	float16Type  dtype = "F16"
	bfloat16Type dtype = "BF16"
)

// dtypeSizes are the bytes of an element, of all types that may stand in a file.
var dtypeSizes = map[dtype]int64{
	float64Type: 8, float32Type: 4, float16Type: 2, bfloat16Type: 2,
	"I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}

func (d dtype) size() int64 { return dtypeSizes[d] }

// decoders turn little-endian bytes into as many values as dst holds. There is none for integers: no weight is one.
var decoders = map[dtype]func(dst []float32, raw []byte){
	float64Type: func(dst []float32, raw []byte) {
		for i := range dst {
			dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])))
		}
	},
	float32Type: func(dst []float32, raw []byte) {
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	},
	float16Type: func(dst []float32, raw []byte) {
		for i := range dst {
			dst[i] = fromHalf(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	},
	bfloat16Type: func(dst []float32, raw []byte) {
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
		}
	},
}

// fromHalf widens an IEEE 754 binary16: 1 sign bit, 5 of exponent (bias 15), 10 of fraction.
func fromHalf(h uint16) float32 {
	exponent, fraction := int(h>>10&0x1f), float64(h&0x3ff)
	var v float64
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 0x1f:
		v = math.Inf(1)
		if fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(fraction+1024, exponent-25)
	}
	if h>>15 == 1 {
		v = -v
	}
	return float32(v)
}
