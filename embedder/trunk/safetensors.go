package trunk

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// safetensor is a tensor's entry in the JSON header of a .safetensors file.
type safetensor struct {
	DType   dtype    `json:"dtype"`
	Shape   []int64  `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"` // first byte and the one after the last, counted from the end of the header
}

// span is the bytes of one tensor.
type span struct {
	name       string
	start, end int64
}

// openSafetensors reads the header: its length in 8 bytes, then one JSON object. The tensors follow without gaps.
func openSafetensors(r io.ReaderAt, size int64) (*weights, error) {
	var length [8]byte
	if _, err := r.ReadAt(length[:], 0); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > uint64(size)-8 {
		return nil, fmt.Errorf("%w: its header has %d bytes of %d (was the download cut short?)", ErrCorrupt, n, size)
	}
	if n > maxHeader {
		return nil, fmt.Errorf("%w: its header has %d bytes, more than %d", ErrUnsupported, n, maxHeader)
	}
	header := make([]byte, n)
	if _, err := r.ReadAt(header, 8); err != nil && err != io.EOF {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	entries, err := parseHeader(header)
	if err != nil {
		return nil, err
	}
	start := 8 + int64(n)
	w := &weights{r: r, tensors: make(map[string]*tensor, len(entries))}
	offsets, spans := make(map[string]int64, len(entries)), make([]span, 0, len(entries))
	for name, e := range entries {
		if w.tensors[name], err = e.tensor(name); err != nil {
			return nil, err
		}
		offsets[name] = start + e.Offsets[0]
		spans = append(spans, span{name, e.Offsets[0], e.Offsets[1]})
	}
	w.locate = func(s *storage) (int64, error) { return offsets[s.key], nil }
	return w, checkCover(spans, size-start)
}

// parseHeader reads the object member by member, because a name may stand in it only once.
func parseHeader(header []byte) (map[string]safetensor, error) {
	dec := json.NewDecoder(bytes.NewReader(header))
	if _, err := dec.Token(); err != nil { // the brace that openWeights has seen
		return nil, fmt.Errorf("%w: header: %w", ErrCorrupt, err)
	}
	entries := make(map[string]safetensor)
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: header: %w", ErrCorrupt, err)
		}
		name, _ := token.(string)
		if name == "__metadata__" {
			var ignored json.RawMessage
			if err := dec.Decode(&ignored); err != nil {
				return nil, fmt.Errorf("%w: header: %w", ErrCorrupt, err)
			}
			continue
		}
		if _, again := entries[name]; again {
			return nil, fmt.Errorf("%w: two tensors are named %s", ErrCorrupt, shorten(name))
		}
		var e safetensor
		if err := dec.Decode(&e); err != nil {
			return nil, fmt.Errorf("%w: header: tensor %s: %w", ErrCorrupt, shorten(name), err)
		}
		entries[name] = e
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrCorrupt, err)
	}
	return entries, nil
}

// tensor checks that the entry's bytes are as many as its shape and type ask for.
func (e safetensor) tensor(name string) (*tensor, error) {
	size := e.DType.size()
	if size == 0 {
		return nil, fmt.Errorf("%w: tensor %s has type %s", ErrUnsupported, shorten(name), shorten(string(e.DType)))
	}
	bytes := e.Offsets[1] - e.Offsets[0]
	if e.Offsets[0] < 0 || e.Offsets[1] > maxFile || bytes < 0 || bytes%size != 0 || len(e.Shape) > maxDims {
		return nil, fmt.Errorf("%w: tensor %s has offsets %v and %d dimensions", ErrCorrupt, shorten(name), e.Offsets, len(e.Shape))
	}
	strides, run := make([]int64, len(e.Shape)), int64(1)
	for i := len(e.Shape) - 1; i >= 0; i-- {
		strides[i] = run
		if n := e.Shape[i]; n < 0 || (n > 0 && run > maxElements/n) {
			return nil, fmt.Errorf("%w: tensor %s has shape %v", ErrCorrupt, shorten(name), e.Shape)
		}
		run *= e.Shape[i]
	}
	if run != bytes/size {
		return nil, fmt.Errorf("%w: tensor %s of shape %v has %d elements", ErrCorrupt, shorten(name), e.Shape, bytes/size)
	}
	return newTensor(&storage{key: name, dtype: e.DType, count: run}, 0, e.Shape, strides)
}

// checkCover refuses tensors that overlap, leave gaps, or do not fill the size bytes after the header.
func checkCover(spans []span, size int64) error {
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	var at int64
	for _, s := range spans {
		if s.start != at {
			return fmt.Errorf("%w: tensor %s starts at byte %d, not %d", ErrCorrupt, shorten(s.name), s.start, at)
		}
		at = s.end
	}
	if at != size {
		return fmt.Errorf("%w: its tensors take %d bytes of %d (was the download cut short?)", ErrCorrupt, at, size)
	}
	return nil
}
