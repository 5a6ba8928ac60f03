package trunk_test

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"lookalike/embedder/trunk"
)

// The older format has no checksums and no index: all that it says of its storages is checked against the file.
func TestLegacyFilesThatLie(t *testing.T) {
	t.Parallel()
	arrays := someWeights(trunk.Tiny())
	file := func(change func(p *pth)) []byte {
		p := floatPth(arrays)
		change(&p)
		return p.legacy(4)
	}
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"storage listed twice": {file(func(p *pth) { p.keys = append(p.keys, "0") }), `storage "0" is listed twice`},
		"storage of nobody": {file(func(p *pth) {
			p.keys, p.storages["x"] = append(p.keys, "x"), make([]byte, 4)
		}), `storage "x" is listed twice or used by no tensor`},
		"other count":    {file(func(p *pth) { p.storages["1"] = make([]byte, 4*5) }), `storage "1" has 5 elements, not 4`},
		"no list":        {listless(arrays), "the list of storages is missing"},
		"last one short": {cut(floatPth(arrays).legacy(4), 4), "cut short?"},
		"shared memory": {file(func(p *pth) {
			view := pers{tup{"storage", glob{"torch", "FloatStorage"}, "0", "cpu", 4, tup{"1", 0, 4}}}
			p.object = append(p.object.(pairs), [2]any{"fc.weight", tensorCall(view, 0, []int64{4}, []int64{1})})
		}), "its storages share memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := convert(trunk.Tiny(), c.file)
			if !errors.Is(err, trunk.ErrCorrupt) && !errors.Is(err, trunk.ErrUnsupported) {
				t.Errorf("got %v, want ErrCorrupt or ErrUnsupported", err)
			}
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func cut(file []byte, n int) []byte { return file[:len(file)-n] }

// listless has a dict where the keys of the storages should be.
func listless(arrays []array) []byte {
	b := append([]byte(legacyMagic), pickle(1001)...)
	b = append(b, pickle(pairs{{"little_endian", true}})...)
	b = append(b, pickle(floatPth(arrays).object)...)
	return append(b, pickle(pairs{})...)
}

// Numbers of 16 bits are widened exactly, down to the smallest: the bias of a norm that does nothing else shows them.
func TestHalfPrecisionIsExact(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bits uint16
		want float64
	}{
		"smallest":          {0x0001, math.Ldexp(1, -24)},
		"largest subnormal": {0x03ff, math.Ldexp(1023, -24)},
		"smallest normal":   {0x0400, math.Ldexp(1, -14)},
		"negative":          {0xc248, -3.140625},
		"largest":           {0x7bff, 65504},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := biasOf(t, c.bits)
			if err != nil || float64(got) != c.want {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
	for name, bits := range map[string]uint16{"infinity": 0x7c00, "not a number": 0x7e01} {
		if _, err := biasOf(t, bits); !errors.Is(err, trunk.ErrCorrupt) {
			t.Errorf("%s: got %v, want ErrCorrupt", name, err)
		}
	}
}

// biasOf is what the tiny network makes of a binary16 bias, all else being zero.
func biasOf(t *testing.T, bits uint16) (float32, error) {
	t.Helper()
	arrays := someWeights(trunk.Tiny())
	for i := range arrays {
		clear(arrays[i].values)
	}
	p := pthOf(arrays, "HalfStorage", rawHalf)
	for i, a := range arrays {
		if a.name == "bn.bias" {
			binary.LittleEndian.PutUint16(p.storages[p.keys[i]], bits)
		}
	}
	model, err := convert(trunk.Tiny(), p.zip(t))
	if err != nil {
		return 0, err
	}
	return runModel(t, model, make([]float32, 3*6*6), 1, 6)[0], nil
}
