package trunk

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Instructions that other files name.
const (
	opProto = 0x80
	opStop  = '.'
)

// unsafeOps are the instructions that make objects of arbitrary classes.
var unsafeOps = map[byte]string{
	'i': "INST", 'o': "OBJ", 0x81: "NEWOBJ", 0x92: "NEWOBJ_EX", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4",
}

// instructions are those of pickle protocols 2 to 4 that a state dict is made of, under their codes.
var instructions = map[byte]func(*machine) error{
	opProto: skip(1),
	0x95:    skip(8), // FRAME
	'(':     func(m *machine) error { m.marks = append(m.marks, len(m.stack)); return nil },
	'0':     func(m *machine) error { _, err := m.pop(); return err },
	'1':     func(m *machine) error { _, err := m.popMark(); return err },

	'N':  constant(nil),
	0x88: constant(true),
	0x89: constant(false),
	'K':  integer(1, func(n uint64) int64 { return int64(n) }),
	'M':  integer(2, func(n uint64) int64 { return int64(n) }),
	'J':  integer(4, func(n uint64) int64 { return int64(int32(n)) }),
	0x8a: (*machine).long,
	'G':  (*machine).float,
	'X':  text(4), // BINUNICODE
	0x8c: text(1), // SHORT_BINUNICODE
	0x8d: text(8), // BINUNICODE8
	'T':  text(4), // BINSTRING, Python 2's text
	'U':  text(1), // SHORT_BINSTRING

	')':  tupleOf(0),
	0x85: tupleOf(1),
	0x86: tupleOf(2),
	0x87: tupleOf(3),
	't':  marked(func(items []any) (any, error) { return tuple(items), nil }),
	']':  func(m *machine) error { m.push(&list{}); return nil },
	'l':  marked(func(items []any) (any, error) { return &list{items: items}, nil }),
	'a':  func(m *machine) error { items, err := m.popN(1); return m.extend(items, err) },
	'e':  func(m *machine) error { items, err := m.popMark(); return m.extend(items, err) },
	'}':  func(m *machine) error { m.push(&dict{}); return nil },
	'd':  marked(func(items []any) (any, error) { d := &dict{}; return d, d.set(items) }),
	's':  func(m *machine) error { items, err := m.popN(2); return m.update(items, err) },
	'u':  func(m *machine) error { items, err := m.popMark(); return m.update(items, err) },

	'q':  func(m *machine) error { n, err := m.number(1); return m.memoise(n, err) },
	'r':  func(m *machine) error { n, err := m.number(4); return m.memoise(n, err) },
	0x94: func(m *machine) error { return m.memoise(uint64(len(m.memo)), nil) },
	'h':  func(m *machine) error { n, err := m.number(1); return m.recall(n, err) },
	'j':  func(m *machine) error { n, err := m.number(4); return m.recall(n, err) },

	'c':  (*machine).global,
	0x93: (*machine).stackGlobal,
	'R':  (*machine).reduce,
	'b':  (*machine).build,
	'Q':  (*machine).persistent,
}

func skip(n int) func(*machine) error {
	return func(m *machine) error { _, err := m.take(n); return err }
}

func constant(v any) func(*machine) error {
	return func(m *machine) error { m.push(v); return nil }
}

func integer(n int, convert func(uint64) int64) func(*machine) error {
	return func(m *machine) error {
		v, err := m.number(n)
		m.push(convert(v))
		return err
	}
}

func text(n int) func(*machine) error {
	return func(m *machine) error {
		s, err := m.text(n)
		m.push(s)
		return err
	}
}

func tupleOf(n int) func(*machine) error {
	return func(m *machine) error {
		items, err := m.popN(n)
		m.push(tuple(items))
		return err
	}
}

func marked(make func(items []any) (any, error)) func(*machine) error {
	return func(m *machine) error {
		items, err := m.popMark()
		if err != nil {
			return err
		}
		v, err := make(items)
		m.push(v)
		return err
	}
}

// long is LONG1: a signed number of as many bytes as the first one says. Eight are enough for sizes.
func (m *machine) long() error {
	n, err := m.number(1)
	if err != nil {
		return err
	}
	if n > 8 {
		return fmt.Errorf("%w: a number of %d bytes", ErrUnsupported, n)
	}
	v, err := m.number(int(n))
	unused := 64 - 8*n
	m.push(int64(v<<unused) >> unused) // carries the sign
	return err
}

// float is BINFLOAT, the one big-endian instruction.
func (m *machine) float() error {
	b, err := m.take(8)
	if err != nil {
		return err
	}
	m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	return nil
}

func (m *machine) extend(items []any, err error) error {
	if err != nil {
		return err
	}
	l, err := top[*list](m)
	if err != nil {
		return err
	}
	l.items = append(l.items, items...)
	return nil
}

func (m *machine) update(items []any, err error) error {
	if err != nil {
		return err
	}
	d, err := top[*dict](m)
	if err != nil {
		return err
	}
	return d.set(items)
}

// set appends keys and values that alternate.
func (d *dict) set(items []any) error {
	if len(items)%2 != 0 {
		return fmt.Errorf("%w: its pickle has a key without a value", ErrCorrupt)
	}
	for i := 0; i < len(items); i += 2 {
		d.keys = append(d.keys, items[i])
		d.values = append(d.values, items[i+1])
	}
	return nil
}

func (m *machine) memoise(n uint64, err error) error {
	if err != nil {
		return err
	}
	v, err := top[any](m)
	m.memo[uint32(n)] = v
	return err
}

func (m *machine) recall(n uint64, err error) error {
	if err != nil {
		return err
	}
	v, ok := m.memo[uint32(n)]
	if !ok {
		return fmt.Errorf("%w: its pickle recalls %d, which it never stored", ErrCorrupt, n)
	}
	m.push(v)
	return nil
}
