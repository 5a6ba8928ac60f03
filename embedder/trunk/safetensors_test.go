package trunk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"lookalike/embedder/trunk"
)

// member is an entry of a .safetensors header.
type member struct {
	DType   string  `json:"dtype"`
	Shape   []int64 `json:"shape"`
	Offsets [2]int  `json:"data_offsets"`
}

// typed writes arrays in one type, after a first tensor of 8 bytes that the trunk does not need: the counter of a batch
// norm, as torchvision's files have it.
func typed(t *testing.T, arrays []array, dtype string, raw func([]float32) []byte) []byte {
	t.Helper()
	header := map[string]any{
		"bn.num_batches_tracked": member{DType: "I64", Shape: []int64{}, Offsets: [2]int{0, 8}},
		"fc.weight":              member{DType: "BOOL", Shape: []int64{3, 0}, Offsets: [2]int{8, 8}},
	}
	data := make([]byte, 8)
	for _, a := range arrays {
		start := len(data)
		data = append(data, raw(a.values)...)
		header[a.name] = member{DType: dtype, Shape: a.shape, Offsets: [2]int{start, len(data)}}
	}
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	return safetensorsOf(string(text)+"   ", data) // writers pad the header with spaces
}

func TestSafetensorsTypes(t *testing.T) {
	t.Parallel()
	want := tinyModel(t)
	for dtype, raw := range map[string]func([]float32) []byte{"F64": raw64, "F32": raw32, "F16": rawHalf, "BF16": rawBrain} {
		got, err := convert(trunk.Tiny(), typed(t, someWeights(trunk.Tiny()), dtype, raw))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: another trunk, %v", dtype, err)
		}
	}
	if _, err := convert(trunk.Tiny(), typed(t, someWeights(trunk.Tiny()), "I32", raw32)); !errors.Is(err, trunk.ErrUnsupported) {
		t.Errorf("I32: got %v, want ErrUnsupported", err)
	}
}

// The length of the header is the first thing read, and nothing is allocated on its word.
func TestSafetensorsHeaderLength(t *testing.T) {
	t.Parallel()
	good := safetensors(t, someWeights(trunk.Tiny()))
	for name, c := range map[string]struct {
		length []byte
		want   error
	}{
		"beyond the file": {[]byte{0, 0, 0, 0x40, 0, 0, 0, 0}, trunk.ErrCorrupt},
		"2^63":            {[]byte{0, 0, 0, 0, 0, 0, 0, 0x80}, trunk.ErrUnsupported},
		"nothing":         {make([]byte, 8), trunk.ErrCorrupt},
		"one too short":   {[]byte{good[0] - 1, good[1], 0, 0, 0, 0, 0, 0}, trunk.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := append(bytes.Clone(c.length), good[8:]...)
			if _, err := convert(trunk.Tiny(), file); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	large := safetensorsOf("{"+string(bytes.Repeat([]byte(" "), 5<<20))+"}", nil)
	if _, err := convert(trunk.Tiny(), large); !errors.Is(err, trunk.ErrUnsupported) {
		t.Errorf("header of 5 MB: got %v, want ErrUnsupported", err)
	}
}
