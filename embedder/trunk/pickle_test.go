package trunk_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// What the pickles of these tests are written from: nil, bool, int, float64, string and the following.
type (
	tup   []any    // a tuple
	seq   []any    // a list
	pairs [][2]any // a dict
	glob  struct{ module, name string }
	call  struct {
		fn   any
		args tup
	}
	pers struct{ id any } // a persistent id
	ops  string           // instructions as they are
)

var (
	orderedDict = glob{"collections", "OrderedDict"}
	rebuild     = glob{"torch._utils", "_rebuild_tensor_v2"}
	parameter   = glob{"torch._utils", "_rebuild_parameter"}
)

// pickle encodes one value as Python's protocol 2 does.
func pickle(v any) []byte {
	var b bytes.Buffer
	b.WriteString("\x80\x02")
	encode(&b, v)
	b.WriteByte('.')
	return b.Bytes()
}

func encode(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteByte('N')
	case bool:
		b.WriteByte(map[bool]byte{true: 0x88, false: 0x89}[v])
	case int:
		encodeInt(b, int64(v))
	case int64:
		encodeInt(b, v)
	case float64:
		b.WriteByte('G')
		b.Write(binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
	case string:
		b.WriteByte('X')
		b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(v))))
		b.WriteString(v)
	case ops:
		b.WriteString(string(v))
	case glob:
		fmt.Fprintf(b, "c%s\n%s\n", v.module, v.name)
	case call:
		encode(b, v.fn)
		encode(b, v.args)
		b.WriteByte('R')
	case pers:
		encode(b, v.id)
		b.WriteByte('Q')
	default:
		encodeContainer(b, v)
	}
}

func encodeContainer(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case tup:
		b.WriteByte('(')
		for _, item := range v {
			encode(b, item)
		}
		b.WriteByte('t')
	case seq:
		b.WriteString("](")
		for _, item := range v {
			encode(b, item)
		}
		b.WriteByte('e')
	case pairs:
		b.WriteString("}(")
		for _, p := range v {
			encode(b, p[0])
			encode(b, p[1])
		}
		b.WriteByte('u')
	default:
		panic(fmt.Sprintf("no pickle of a %T", v))
	}
}

// encodeInt uses LONG1 throughout: the shorter forms are tested on the published files.
func encodeInt(b *bytes.Buffer, v int64) {
	b.WriteString("\x8a\x08")
	b.Write(binary.LittleEndian.AppendUint64(nil, uint64(v)))
}
