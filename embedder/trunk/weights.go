package trunk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

const (
	// maxFile bounds the weights file: the trunk made from it must itself stay below 2 GiB.
	maxFile = 2 << 30
	// maxHeader bounds the part of a file that describes its tensors and is held in memory. ResNet50's takes 39 kB.
	maxHeader = 4 << 20
	// maxDims bounds the dimensions of a tensor; a kernel has 4.
	maxDims = 8
	// maxElements bounds a tensor of a file, of which no more than maxFile bytes can be stored.
	maxElements = maxFile
)

// weights are the named tensors of a file. Only their descriptions are in memory.
type weights struct {
	r       io.ReaderAt
	tensors map[string]*tensor
	// locate is the offset in bytes of a storage's first element. All of the storage lies in the file.
	locate func(s *storage) (int64, error)
}

// storage is a run of numbers in the file, which one or more tensors are views of.
type storage struct {
	key   string
	dtype dtype
	count int64 // elements
}

// tensor is a view of a storage.
type tensor struct {
	storage *storage
	offset  int64   // elements
	shape   []int64 // outermost first
	strides []int64 // elements, as many as shape has
}

// openWeights reads the description of the tensors in a file of any known format, told by its content.
func openWeights(r io.ReaderAt, size int64) (*weights, error) {
	if size > maxFile {
		return nil, fmt.Errorf("%w: %d bytes are more than %d", ErrUnsupported, size, int64(maxFile))
	}
	head := make([]byte, min(size, 16))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case len(head) < 16:
		return nil, fmt.Errorf("%w: only %d bytes", ErrCorrupt, size)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return openZip(r, size)
	case head[0] == opProto && bytes.HasPrefix(head[2:], legacyMagic):
		return openLegacy(r, size)
	case head[8] == '{' && binary.LittleEndian.Uint64(head) < maxFile:
		return openSafetensors(r, size)
	}
	return nil, fmt.Errorf("%w: neither a PyTorch file (.pth) nor .safetensors; save the state dict with torch.save or "+
		"safetensors.torch.save_file", ErrUnsupported)
}

// newTensor checks a view before anything relies on it: it has to lie in its storage.
func newTensor(s *storage, offset int64, shape, strides []int64) (*tensor, error) {
	if len(shape) > maxDims || len(shape) != len(strides) || offset < 0 {
		return nil, fmt.Errorf("%w: a tensor of shape %v has strides %v and offset %d", ErrCorrupt, head(shape), head(strides), offset)
	}
	elements, last := int64(1), offset
	for i, n := range shape {
		if n < 0 || strides[i] < 0 || (n > 0 && elements > maxElements/n) ||
			(n > 1 && strides[i] > (maxElements-1)/(n-1)) || last > maxElements {
			return nil, fmt.Errorf("%w: a tensor has shape %v and strides %v", ErrCorrupt, shape, strides)
		}
		elements *= n
		last += max(n-1, 0) * strides[i]
	}
	if elements > 0 && last >= s.count {
		return nil, fmt.Errorf("%w: a tensor of shape %v reaches element %d of %d", ErrCorrupt, shape, last, s.count)
	}
	return &tensor{storage: s, offset: offset, shape: shape, strides: strides}, nil
}

func head(values []int64) []int64 { return values[:min(len(values), maxDims)] }

// elements is the number of values, which newTensor has bounded.
func (t *tensor) elements() int64 {
	n := int64(1)
	for _, d := range t.shape {
		n *= d
	}
	return n
}

// dense reports whether the tensor's values are a run without holes or repeats, in whatever order of the dimensions.
// Then reading it costs no more than its own size.
func (t *tensor) dense() bool {
	var order []int
	for i, n := range t.shape {
		if n != 1 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return int(t.strides[a] - t.strides[b]) })
	run := int64(1)
	for _, i := range order {
		if t.strides[i] != run {
			return false
		}
		run *= t.shape[i]
	}
	return true
}

// rowMajor reports whether a dense tensor's values are already in the order of its dimensions.
func (t *tensor) rowMajor() bool {
	run := int64(1)
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.strides[i] != run {
			return false
		}
		run *= t.shape[i]
	}
	return true
}

// read returns the values of a tensor in row-major order. Its size is bounded by match, which comes first.
func (w *weights) read(name string) ([]float32, error) {
	t, ok := w.tensors[name]
	if !ok {
		return nil, fmt.Errorf("%w: tensor %s is missing", ErrMismatch, name)
	}
	if !t.dense() {
		return nil, fmt.Errorf("%w: tensor %s is a view with strides %v; save a contiguous copy", ErrUnsupported, name, t.strides)
	}
	decode, ok := decoders[t.storage.dtype]
	if !ok {
		return nil, fmt.Errorf("%w: tensor %s holds %s, not floating point numbers", ErrUnsupported, name, t.storage.dtype)
	}
	start, err := w.locate(t.storage)
	if err != nil {
		return nil, fmt.Errorf("tensor %s: %w", name, err)
	}
	size := t.storage.dtype.size()
	raw := make([]byte, t.elements()*size)
	if _, err := w.r.ReadAt(raw, start+t.offset*size); err != nil {
		return nil, fmt.Errorf("tensor %s: %w: %w", name, ErrCorrupt, err)
	}
	values := make([]float32, t.elements())
	decode(values, raw)
	if t.rowMajor() {
		return values, nil
	}
	return t.reorder(values), nil
}

// reorder brings the values of a dense tensor, as stored, into row-major order.
func (t *tensor) reorder(stored []float32) []float32 {
	values := make([]float32, 0, len(stored))
	index := make([]int64, len(t.shape))
	for range stored {
		var at int64
		for i, x := range index {
			at += x * t.strides[i]
		}
		values = append(values, stored[at])
		for i := len(index) - 1; i >= 0; i-- {
			if index[i]++; index[i] < t.shape[i] {
				break
			}
			index[i] = 0
		}
	}
	return values
}
