package trunk

import (
	"encoding/binary"
	"fmt"
	"io"
)

// legacyMagic is what a file written by torch.save before PyTorch 1.6 starts with, after the pickle protocol: the number
// 0x1950a86a20f9469cfc6c (MAGIC_NUMBER of torch/serialization.py) pickled as LONG1, and STOP.
var legacyMagic = []byte("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")

// legacyProtocol is PROTOCOL_VERSION of torch/serialization.py.
const legacyProtocol = 1001

// openLegacy reads the older .pth: four pickles (magic number, protocol version, system, object), a fifth with the keys of the
// storages, and the storages in the order of those keys, each after its number of elements.
func openLegacy(r io.ReaderAt, size int64) (*weights, error) {
	data := make([]byte, min(size, maxHeader))
	if _, err := r.ReadAt(data, 0); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	m := newMachine(data)
	m.pos = 2 + len(legacyMagic)
	if version, err := m.run(); err != nil || version != int64(legacyProtocol) {
		return nil, fmt.Errorf("%w: not written with protocol %d: %w", ErrCorrupt, legacyProtocol, orCorrupt(err))
	}
	system, err := m.run()
	if err != nil {
		return nil, err
	}
	if d, ok := system.(*dict); !ok || d.get("little_endian") != true {
		return nil, fmt.Errorf("%w: it was not written on a little-endian machine", ErrUnsupported)
	}
	root, err := m.run()
	if err != nil {
		return nil, err
	}
	tensors, err := stateDict(root)
	if err != nil {
		return nil, err
	}
	keys, err := m.run()
	if err != nil {
		return nil, err
	}
	offsets, err := m.legacyOffsets(r, size, keys)
	if err != nil {
		return nil, err
	}
	return &weights{r: r, tensors: tensors, locate: offsets.locate}, nil
}

func orCorrupt(err error) error {
	if err == nil {
		return ErrCorrupt
	}
	return err
}

// legacyOffsets are where storages start in the file, by key.
type legacyOffsets map[string]int64

// legacyOffsets walks over the storages that follow the last pickle, without reading them.
func (m *machine) legacyOffsets(r io.ReaderAt, size int64, keys any) (legacyOffsets, error) {
	list, ok := keys.(*list)
	if !ok {
		return nil, fmt.Errorf("%w: the list of storages is missing", ErrCorrupt)
	}
	offsets, at := make(legacyOffsets, len(list.items)), int64(m.pos)
	for _, item := range list.items {
		key, _ := item.(string)
		s := m.storages[key]
		if _, again := offsets[key]; again || s == nil {
			return nil, fmt.Errorf("%w: storage %s is listed twice or used by no tensor", ErrCorrupt, shorten(key))
		}
		var count [8]byte
		if _, err := r.ReadAt(count[:], at); err != nil {
			return nil, fmt.Errorf("%w: storage %s: %w", ErrCorrupt, shorten(key), err)
		}
		if n := binary.LittleEndian.Uint64(count[:]); n != uint64(s.count) {
			return nil, fmt.Errorf("%w: storage %s has %d elements, not %d", ErrCorrupt, shorten(key), n, s.count)
		}
		offsets[key] = at + 8
		at += 8 + s.count*s.dtype.size()
		if at > size {
			return nil, fmt.Errorf("%w: storage %s ends at byte %d of %d (was the download cut short?)", ErrCorrupt, shorten(key), at, size)
		}
	}
	return offsets, nil
}

func (o legacyOffsets) locate(s *storage) (int64, error) {
	at, ok := o[s.key]
	if !ok {
		return 0, fmt.Errorf("%w: storage %s is missing", ErrCorrupt, shorten(s.key))
	}
	return at, nil
}
