package trunk_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"lookalike/embedder/trunk"
)

func convert(a trunk.Architecture, file []byte) ([]byte, error) {
	return a.Convert(context.Background(), bytes.NewReader(file), int64(len(file)))
}

func tinyModel(t *testing.T) []byte {
	t.Helper()
	model, err := convert(trunk.Tiny(), floatPth(someWeights(trunk.Tiny())).zip(t))
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// One set of weights gives one trunk, in whatever file it comes.
func TestEveryFormatGivesTheSameTrunk(t *testing.T) {
	t.Parallel()
	arrays := someWeights(trunk.Tiny())
	want := tinyModel(t)
	for name, file := range map[string][]byte{
		"zip, float64":         pthOf(arrays, "DoubleStorage", raw64).zip(t),
		"zip, float16":         pthOf(arrays, "HalfStorage", rawHalf).zip(t),
		"zip, bfloat16":        pthOf(arrays, "BFloat16Storage", rawBrain).zip(t),
		"legacy, float32":      floatPth(arrays).legacy(4),
		"legacy, float16":      pthOf(arrays, "HalfStorage", rawHalf).legacy(2),
		"safetensors":          safetensors(t, arrays),
		"with classifier":      safetensors(t, append(slices.Clone(arrays), array{"fc.weight", []int64{1, 4}, make([]float32, 4)})),
		"with counter":         withCounter(arrays).zip(t),
		"ordered dict":         ordered(arrays).zip(t),
		"inside a checkpoint":  checkpoint(arrays).zip(t),
		"parallel":             parallel(arrays).zip(t),
		"parameters":           parameters(arrays).zip(t),
		"one storage for all":  shared(arrays).zip(t),
		"kernel channels last": channelsLast(arrays).zip(t),
		"protocol 4":           protocol4(arrays).zip(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := convert(trunk.Tiny(), file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Error("the trunk is not that of the float32 zip")
			}
		})
	}
}

func withCounter(arrays []array) pth {
	p := floatPth(arrays)
	p.keys, p.storages["n"] = append(p.keys, "n"), make([]byte, 8)
	p.object = append(p.object.(pairs), [2]any{"bn.num_batches_tracked", tensorCall(storageID("LongStorage", "n", 1), 0, nil, nil)})
	return p
}

// ordered is what state_dict() returns: an OrderedDict with attributes.
func ordered(arrays []array) pth {
	p := floatPth(arrays)
	var b bytes.Buffer
	encode(&b, call{orderedDict, tup{}})
	b.WriteByte('(')
	for _, member := range p.object.(pairs) {
		encode(&b, member[0])
		encode(&b, member[1])
	}
	b.WriteByte('u')
	encode(&b, pairs{{"_metadata", pairs{{"", pairs{{"version", 1}}}}}})
	b.WriteByte('b')
	p.object = ops(b.String())
	return p
}

func checkpoint(arrays []array) pth {
	p := floatPth(arrays)
	p.object = pairs{
		{"epoch", 90},
		{"best", 0.76},
		{"arch", "tiny"},
		{tup{"odd", "key"}, nil},
		{"state_dict", p.object},
		{"optimizer", pairs{{"param_groups", seq{1, 2, pairs{}}}}},
	}
	return p
}

func parallel(arrays []array) pth {
	renamed := slices.Clone(arrays)
	for i := range renamed {
		renamed[i].name = "module." + renamed[i].name
	}
	return floatPth(renamed)
}

func parameters(arrays []array) pth {
	p := floatPth(arrays)
	for i, member := range p.object.(pairs) {
		p.object.(pairs)[i][1] = call{parameter, tup{member[1], true, call{orderedDict, tup{}}}}
	}
	return p
}

func shared(arrays []array) pth {
	p := pth{keys: []string{"all"}, storages: map[string][]byte{}}
	total := 0
	for _, a := range arrays {
		total += len(a.values)
	}
	var members pairs
	offset := int64(0)
	for _, a := range arrays {
		members = append(members, [2]any{a.name, tensorCall(storageID("FloatStorage", "all", total), offset, a.shape, rowMajor(a.shape))})
		p.storages["all"] = append(p.storages["all"], raw32(a.values)...)
		offset += int64(len(a.values))
	}
	p.object = members
	return p
}

// channelsLast stores the kernel [out, in, rows, columns] in the order out, rows, columns, in.
func channelsLast(arrays []array) pth {
	p := floatPth(arrays)
	at := slices.IndexFunc(arrays, func(a array) bool { return a.name == "conv.weight" })
	kernel := arrays[at]
	in, side := kernel.shape[1], kernel.shape[2]
	stored := make([]float32, len(kernel.values))
	strides := []int64{in * side * side, 1, side * in, in}
	for i, v := range kernel.values {
		x, rest := int64(i)%side, int64(i)/side
		y, rest := rest%side, rest/side
		stored[rest/in*strides[0]+rest%in*strides[1]+y*strides[2]+x*strides[3]] = v
	}
	key := p.keys[at]
	p.storages[key] = raw32(stored)
	p.object.(pairs)[at][1] = tensorCall(storageID("FloatStorage", key, len(stored)), 0, kernel.shape, strides)
	return p
}

// protocol4 names the globals as newer pickles do, from the stack, and repeats them from the memo.
func protocol4(arrays []array) pth {
	p := floatPth(arrays)
	global := ops("\x8c\x0ctorch._utils\x8c\x12_rebuild_tensor_v2\x93")
	for i, member := range p.object.(pairs) {
		c := member[1].(call)
		c.fn = global + "\x94" // MEMOIZE
		if i > 0 {
			c.fn = ops("h\x00") // BINGET
		}
		p.object.(pairs)[i][1] = c
	}
	return p
}
