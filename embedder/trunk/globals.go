package trunk

import "fmt"

// class is a global that a pickle may name: a constructor, or the type of a storage.
type class struct {
	name      string
	construct func(args tuple) (any, error) // nil for the type of a storage
	dtype     dtype
}

// classes are all globals that may stand in a file, by module and name.
var classes = map[string]class{
	"collections OrderedDict":         {construct: newOrderedDict},
	"torch._utils _rebuild_tensor_v2": {construct: rebuildTensor},
	"torch._utils _rebuild_parameter": {construct: rebuildParameter},
	"torch DoubleStorage":             {dtype: float64Type},
	"torch FloatStorage":              {dtype: float32Type},
	"torch HalfStorage":               {dtype: float16Type},
	"torch BFloat16Storage":           {dtype: bfloat16Type},
	"torch LongStorage":               {dtype: "I64"},
	"torch IntStorage":                {dtype: "I32"},
	"torch ShortStorage":              {dtype: "I16"},
	"torch CharStorage":               {dtype: "I8"},
	"torch ByteStorage":               {dtype: "U8"},
	"torch BoolStorage":               {dtype: "BOOL"},
}

// resolve finds a class or refuses, already here, whatever is not on the list.
func (m *machine) resolve(module, name string) error {
	full := module + " " + name
	c, ok := classes[full]
	if !ok {
		return fmt.Errorf("%w: it asks for %s, which is no part of a state dict; nothing was run. Use a file with tensors only, "+
			"such as .safetensors", ErrUnsafe, shorten(module+"."+name))
	}
	c.name = full
	m.push(c)
	return nil
}

// global is GLOBAL: module and name in a line each.
func (m *machine) global() error {
	module, err := m.line()
	if err != nil {
		return err
	}
	name, err := m.line()
	if err != nil {
		return err
	}
	return m.resolve(module, name)
}

// stackGlobal is STACK_GLOBAL: module and name from the stack.
func (m *machine) stackGlobal() error {
	items, err := m.popN(2)
	if err != nil {
		return err
	}
	module, ok1 := items[0].(string)
	name, ok2 := items[1].(string)
	if !ok1 || !ok2 {
		return fmt.Errorf("%w: its pickle names a global without text", ErrCorrupt)
	}
	return m.resolve(module, name)
}

// reduce is REDUCE: it replaces a constructor and its arguments by what they make.
func (m *machine) reduce() error {
	items, err := m.popN(2)
	if err != nil {
		return err
	}
	c, ok1 := items[0].(class)
	args, ok2 := items[1].(tuple)
	if !ok1 || !ok2 || c.construct == nil {
		return fmt.Errorf("%w: it calls something that is no constructor of tensors; nothing was run", ErrUnsafe)
	}
	v, err := c.construct(args)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	m.push(v)
	return nil
}

// build is BUILD: attributes for an object. A state dict has one, its _metadata, which nothing here needs.
func (m *machine) build() error {
	if _, err := m.pop(); err != nil {
		return err
	}
	_, err := top[*dict](m)
	return err
}

// persistent is BINPERSID: it replaces a description by the storage it stands for, ("storage", type, key, device,
// elements), with a sixth item in older files that is nil unless storages share memory.
func (m *machine) persistent() error {
	id, err := m.pop()
	if err != nil {
		return err
	}
	parts, ok := id.(tuple)
	if !ok || len(parts) < 5 || len(parts) > 6 || parts[0] != "storage" {
		return fmt.Errorf("%w: its pickle refers to something that is no storage", ErrUnsupported)
	}
	if len(parts) == 6 && parts[5] != nil {
		return fmt.Errorf("%w: its storages share memory; load it with torch and save the state dict again", ErrUnsupported)
	}
	kind, ok1 := parts[1].(class)
	key, ok2 := parts[2].(string)
	count, ok3 := parts[4].(int64)
	if !ok1 || !ok2 || !ok3 || kind.dtype == "" || count < 0 || count > maxElements {
		// The parts are not printed: they may be anything, such as tuples within tuples without end.
		return fmt.Errorf("%w: a storage of %d elements", ErrCorrupt, count)
	}
	s := &storage{key: key, dtype: kind.dtype, count: count}
	if known, again := m.storages[key]; again {
		if *known != *s {
			return fmt.Errorf("%w: storage %s is described in two ways", ErrCorrupt, shorten(key))
		}
		s = known
	}
	m.storages[key] = s
	m.push(s)
	return nil
}

func newOrderedDict(args tuple) (any, error) {
	if len(args) != 0 {
		return nil, fmt.Errorf("%w: it has arguments", ErrUnsupported)
	}
	return &dict{}, nil
}

// rebuildTensor takes (storage, offset, shape, strides, requires gradient, hooks) and an optional metadata.
func rebuildTensor(args tuple) (any, error) {
	if len(args) < 6 || len(args) > 7 {
		return nil, fmt.Errorf("%w: it has %d arguments", ErrCorrupt, len(args))
	}
	s, ok1 := args[0].(*storage)
	offset, ok2 := args[1].(int64)
	shape, ok3 := integers(args[2])
	strides, ok4 := integers(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return nil, fmt.Errorf("%w: its arguments are not those of a tensor", ErrCorrupt)
	}
	return newTensor(s, offset, shape, strides)
}

// rebuildParameter takes (tensor, requires gradient, hooks).
func rebuildParameter(args tuple) (any, error) {
	if len(args) != 3 {
		return nil, fmt.Errorf("%w: it has %d arguments", ErrCorrupt, len(args))
	}
	t, ok := args[0].(*tensor)
	if !ok {
		return nil, fmt.Errorf("%w: its first argument is no tensor", ErrCorrupt)
	}
	return t, nil
}

func integers(v any) ([]int64, bool) {
	items, ok := v.(tuple)
	if !ok || len(items) > maxDims {
		return nil, false
	}
	out := make([]int64, len(items))
	for i, item := range items {
		if out[i], ok = item.(int64); !ok {
			return nil, false
		}
	}
	return out, true
}
