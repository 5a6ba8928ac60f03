package trunk_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"lookalike/embedder/trunk"
)

// sentinel reports whether an error is one of those that Build promises for a bad file.
func sentinel(err error) bool {
	for _, want := range []error{trunk.ErrCorrupt, trunk.ErrUnsafe, trunk.ErrUnsupported, trunk.ErrMismatch} {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}

func goodFiles(tb testing.TB) map[string][]byte {
	arrays := someWeights(trunk.Tiny())
	return map[string][]byte{
		"zip": floatPth(arrays).zip(tb), "legacy": floatPth(arrays).legacy(4), "safetensors": safetensors(tb, arrays),
	}
}

func TestEveryTruncationIsRefused(t *testing.T) {
	t.Parallel()
	for name, file := range goodFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range file {
				if _, err := convert(trunk.Tiny(), file[:n]); !sentinel(err) {
					t.Fatalf("cut to %d of %d bytes: got %v", n, len(file), err)
				}
			}
		})
	}
}

// A flipped bit is refused, or does not matter, or changes a weight: in a zip its checksum rules out the last.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	want := tinyModel(t)
	for name, file := range goodFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused := 0
			for i := range file {
				flipped := bytes.Clone(file)
				flipped[i] ^= 1 << (i % 8)
				got, err := convert(trunk.Tiny(), flipped)
				switch {
				case err != nil && !sentinel(err):
					t.Fatalf("byte %d: %v", i, err)
				case err != nil:
					refused++
				case name == "zip" && !bytes.Equal(got, want):
					t.Fatalf("byte %d: other weights were read", i)
				}
			}
			if refused < len(file)/4 {
				t.Errorf("only %d of %d were refused", refused, len(file))
			}
		})
	}
}

func TestSafetensorsHeaders(t *testing.T) {
	t.Parallel()
	data := make([]byte, 32)
	for name, c := range map[string]struct {
		header string
		want   error
	}{
		"overlap":             {`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[5],"data_offsets":[12,32]}}`, trunk.ErrCorrupt},
		"gap":                 {`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"b":{"dtype":"F32","shape":[4],"data_offsets":[16,32]}}`, trunk.ErrCorrupt},
		"rest of the file":    {`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`, trunk.ErrCorrupt},
		"past the end":        {`{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}`, trunk.ErrCorrupt},
		"negative offset":     {`{"a":{"dtype":"F32","shape":[9],"data_offsets":[-4,32]}}`, trunk.ErrCorrupt},
		"backwards":           {`{"a":{"dtype":"F32","shape":[0],"data_offsets":[32,0]}}`, trunk.ErrCorrupt},
		"shape overflows":     {`{"a":{"dtype":"F32","shape":[4294967296,4294967296,8],"data_offsets":[0,32]}}`, trunk.ErrCorrupt},
		"negative shape":      {`{"a":{"dtype":"F32","shape":[-2,-4],"data_offsets":[0,32]}}`, trunk.ErrCorrupt},
		"shape of other size": {`{"a":{"dtype":"F32","shape":[7],"data_offsets":[0,32]}}`, trunk.ErrCorrupt},
		"fraction":            {`{"a":{"dtype":"F32","shape":[8.5],"data_offsets":[0,32]}}`, trunk.ErrCorrupt},
		"twice":               {`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[16,32]}}`, trunk.ErrCorrupt},
		"other type":          {`{"a":{"dtype":"F8_E4M3","shape":[32],"data_offsets":[0,32]}}`, trunk.ErrUnsupported},
		"nested":              {`{"a":[[[[`, trunk.ErrCorrupt},
		"no member":           {`{,}                  `, trunk.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := convert(trunk.Tiny(), safetensorsOf(c.header, data)); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// FuzzWeights looks for a file that makes the reader panic, hang or return an error that is not one of its own.
func FuzzWeights(f *testing.F) {
	for _, file := range goodFiles(f) {
		f.Add(file)
	}
	f.Add(pth{object: call{glob{"os", "system"}, tup{"true"}}}.zip(f))
	f.Add(ordered(someWeights(trunk.Tiny())).legacy(4))
	f.Fuzz(func(t *testing.T, file []byte) {
		_, err := trunk.Tiny().Convert(context.Background(), bytes.NewReader(file), int64(len(file)))
		if err != nil && !sentinel(err) {
			t.Errorf("%v", err)
		}
	})
}
