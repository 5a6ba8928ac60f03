package trunk

import (
	"fmt"
	"strings"
)

// wrappers are the keys under which training scripts keep the state dict beside other things.
var wrappers = []string{"state_dict", "model"}

// parallelPrefix is what torch.nn.DataParallel puts before every name.
const parallelPrefix = "module."

// stateDict takes the named tensors out of what a pickle held: a dict of tensors, or one below a key of wrappers.
func stateDict(root any) (map[string]*tensor, error) {
	d, ok := root.(*dict)
	if !ok {
		return nil, fmt.Errorf("%w: it holds no state dict but a %T; save model.state_dict()", ErrUnsupported, root)
	}
	for _, key := range wrappers {
		if inner, ok := d.get(key).(*dict); ok {
			d = inner
			break
		}
	}
	tensors := make(map[string]*tensor, len(d.keys))
	parallel := 0
	for i, key := range d.keys {
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("%w: its state dict has a key that is no name", ErrUnsupported)
		}
		t, ok := d.values[i].(*tensor)
		if !ok {
			return nil, fmt.Errorf("%w: %s of its state dict is no tensor; save model.state_dict()", ErrUnsupported, shorten(name))
		}
		if _, again := tensors[name]; again {
			return nil, fmt.Errorf("%w: two tensors are named %s", ErrCorrupt, shorten(name))
		}
		tensors[name] = t
		if strings.HasPrefix(name, parallelPrefix) {
			parallel++
		}
	}
	if parallel == 0 || parallel < len(tensors) {
		return tensors, nil
	}
	return withoutPrefix(tensors), nil
}

func withoutPrefix(tensors map[string]*tensor) map[string]*tensor {
	short := make(map[string]*tensor, len(tensors))
	for name, t := range tensors {
		short[strings.TrimPrefix(name, parallelPrefix)] = t
	}
	return short
}
