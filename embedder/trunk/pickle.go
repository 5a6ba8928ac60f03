package trunk

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// maxOps bounds the instructions of a pickle, and with them the memory that its values take. ResNet50's has 9,000.
const maxOps = 1 << 20

// The values of a pickle are nil, bool, int64, float64, string, and these, plus the *storage, *tensor and class of
// globals.go. They refer to one another but are never walked recursively, so that cycles and sharing cost nothing.
type (
	tuple []any
	list  struct{ items []any }
	dict  struct{ keys, values []any } // in order of insertion; a key may stand in it twice
)

// get is the first value under a text key, nil when there is none.
func (d *dict) get(key string) any {
	if i := slices.Index(d.keys, any(key)); i >= 0 {
		return d.values[i]
	}
	return nil
}

// machine runs the part of the pickle language (CPython's Lib/pickletools.py describes it) that state dicts need. It
// imports nothing and calls nothing but the few constructors of globals.go.
type machine struct {
	data     []byte
	pos      int
	ops      int
	stack    []any
	marks    []int // heights of the stack at each MARK
	memo     map[uint32]any
	storages map[string]*storage // by key, those that have been mentioned
}

func newMachine(data []byte) *machine {
	return &machine{data: data, storages: make(map[string]*storage)}
}

// run executes one pickle from the current position and returns its value. The position is then just after it.
func (m *machine) run() (any, error) {
	m.stack, m.marks, m.memo = nil, nil, make(map[uint32]any)
	for {
		op, err := m.take(1)
		if err != nil {
			return nil, err
		}
		if m.ops++; m.ops > maxOps {
			return nil, fmt.Errorf("%w: its pickle has more than %d instructions", ErrUnsupported, maxOps)
		}
		if op[0] == opStop {
			return m.pop()
		}
		if err := m.step(op[0]); err != nil {
			return nil, fmt.Errorf("pickle, byte %d: %w", m.pos, err)
		}
	}
}

func (m *machine) step(op byte) error {
	if execute, ok := instructions[op]; ok {
		return execute(m)
	}
	if name, ok := unsafeOps[op]; ok {
		return fmt.Errorf("%w: it asks for %s, which could run code; use a file with tensors only", ErrUnsafe, name)
	}
	return fmt.Errorf("%w: its pickle has instruction %#02x, which no state dict needs", ErrUnsupported, op)
}

// take is the next n bytes of the pickle, not copied.
func (m *machine) take(n int) ([]byte, error) {
	if n < 0 || n > len(m.data)-m.pos {
		return nil, fmt.Errorf("%w: its pickle ends early (or passes %d bytes)", ErrCorrupt, maxHeader)
	}
	b := m.data[m.pos : m.pos+n]
	m.pos += n
	return b, nil
}

// number is the next little-endian unsigned number of n bytes.
func (m *machine) number(n int) (uint64, error) {
	b, err := m.take(n)
	if err != nil {
		return 0, err
	}
	var whole [8]byte
	copy(whole[:], b)
	return binary.LittleEndian.Uint64(whole[:]), nil
}

// text is a string after its length in n bytes.
func (m *machine) text(n int) (string, error) {
	length, err := m.number(n)
	if err != nil {
		return "", err
	}
	if length > math.MaxInt32 {
		return "", fmt.Errorf("%w: a string of %d bytes", ErrCorrupt, length)
	}
	b, err := m.take(int(length))
	return string(b), err
}

// line is the text up to the next newline.
func (m *machine) line() (string, error) {
	end := slices.Index(m.data[m.pos:], '\n')
	if end < 0 {
		return "", fmt.Errorf("%w: its pickle ends in a name", ErrCorrupt)
	}
	b, err := m.take(end + 1)
	if err != nil {
		return "", err
	}
	return string(b[:end]), nil
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// floor is the height below which nothing may be popped: that of the last mark.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() (any, error) {
	items, err := m.popN(1)
	if err != nil {
		return nil, err
	}
	return items[0], nil
}

// popN takes the last n values off the stack, as a copy.
func (m *machine) popN(n int) ([]any, error) {
	at := len(m.stack) - n
	if at < m.floor() {
		return nil, fmt.Errorf("%w: its pickle takes from an empty stack", ErrCorrupt)
	}
	items := slices.Clone(m.stack[at:])
	m.stack = m.stack[:at]
	return items, nil
}

// popMark takes off the stack all values down to the last mark, and the mark.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, fmt.Errorf("%w: its pickle has no mark", ErrCorrupt)
	}
	items, err := m.popN(len(m.stack) - m.floor())
	m.marks = m.marks[:len(m.marks)-1]
	return items, err
}

// top is the last value of the stack, left there, as the type that an instruction works on.
func top[T any](m *machine) (T, error) {
	var none T
	if len(m.stack) <= m.floor() {
		return none, fmt.Errorf("%w: its pickle reads from an empty stack", ErrCorrupt)
	}
	v, ok := m.stack[len(m.stack)-1].(T)
	if !ok {
		return none, fmt.Errorf("%w: its pickle changes a %T as if it were a %T", ErrCorrupt, m.stack[len(m.stack)-1], none)
	}
	return v, nil
}
