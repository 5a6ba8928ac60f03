package trunk

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// archive is a .pth file as torch.save has written it since PyTorch 1.6: a zip of one folder that holds data.pkl and, for
// every storage, data/KEY. Nothing in it is compressed.
type archive struct {
	size    int64
	folder  string // with its slash
	entries map[string]*zip.File
	checked map[string]int64 // offsets of the storages whose checksum has been seen to be right
}

func openZip(r io.ReaderAt, size int64) (*weights, error) {
	zr, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w (was the download cut short?)", ErrCorrupt, err)
	}
	a := &archive{size: size, entries: make(map[string]*zip.File, len(zr.File)), checked: map[string]int64{}}
	if err := a.index(zr.File); err != nil {
		return nil, err
	}
	if err := a.checkByteOrder(); err != nil {
		return nil, err
	}
	pickle, err := a.readSmall(a.folder+"data.pkl", maxHeader)
	if err != nil {
		return nil, err
	}
	m := newMachine(pickle)
	root, err := m.run()
	if err != nil {
		return nil, err
	}
	tensors, err := stateDict(root)
	if err != nil {
		return nil, err
	}
	return &weights{r: r, tensors: tensors, locate: a.locate}, nil
}

// index finds the folder and refuses entries that could be mistaken for one another or that unpack to more than they
// take in the file.
func (a *archive) index(files []*zip.File) error {
	for _, f := range files {
		if _, again := a.entries[f.Name]; again {
			return fmt.Errorf("%w: two entries are named %s", ErrCorrupt, shorten(f.Name))
		}
		a.entries[f.Name] = f
		if f.Method != zip.Store {
			return fmt.Errorf("%w: entry %s is compressed, which torch.save never does", ErrUnsupported, shorten(f.Name))
		}
		if f.CompressedSize64 != f.UncompressedSize64 || f.UncompressedSize64 > uint64(a.size) {
			return fmt.Errorf("%w: entry %s gives its size as %d", ErrCorrupt, shorten(f.Name), f.UncompressedSize64)
		}
		folder, name, _ := strings.Cut(f.Name, "/")
		if name == "data.pkl" {
			if a.folder != "" {
				return fmt.Errorf("%w: it has two pickles", ErrCorrupt)
			}
			a.folder = folder + "/"
		}
	}
	if a.folder == "" {
		return fmt.Errorf("%w: a zip file without a PyTorch pickle (data.pkl)", ErrUnsupported)
	}
	return nil
}

// checkByteOrder refuses files of big-endian machines. Old files, without the entry, are little-endian.
func (a *archive) checkByteOrder() error {
	name := a.folder + "byteorder"
	if a.entries[name] == nil {
		return nil
	}
	order, err := a.readSmall(name, 16)
	if err != nil {
		return err
	}
	if string(order) != "little" {
		return fmt.Errorf("%w: its byte order is %s", ErrUnsupported, shorten(string(order)))
	}
	return nil
}

// readSmall reads a whole entry of at most limit bytes.
func (a *archive) readSmall(name string, limit uint64) ([]byte, error) {
	f := a.entries[name]
	if f.UncompressedSize64 > limit {
		return nil, fmt.Errorf("%w: entry %s has %d bytes, more than %d", ErrUnsupported, shorten(name), f.UncompressedSize64, limit)
	}
	rc, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: entry %s: %w", ErrCorrupt, shorten(name), err)
	}
	data, err := io.ReadAll(io.LimitReader(rc, int64(limit)+1))
	if err := errors.Join(err, rc.Close()); err != nil {
		return nil, fmt.Errorf("%w: entry %s: %w", ErrCorrupt, shorten(name), err)
	}
	return data, nil
}

// locate finds the entry of a storage and, the first time, checks its size and checksum.
func (a *archive) locate(s *storage) (int64, error) {
	if offset, ok := a.checked[s.key]; ok {
		return offset, nil
	}
	name := a.folder + "data/" + s.key
	f := a.entries[name]
	if f == nil {
		return 0, fmt.Errorf("%w: entry %s is missing", ErrCorrupt, shorten(name))
	}
	if f.UncompressedSize64 != uint64(s.count*s.dtype.size()) {
		return 0, fmt.Errorf("%w: entry %s has %d bytes for %d elements of %s", ErrCorrupt, shorten(name), f.UncompressedSize64,
			s.count, s.dtype)
	}
	rc, err := f.Open()
	if err != nil {
		return 0, fmt.Errorf("%w: entry %s: %w", ErrCorrupt, shorten(name), err)
	}
	_, err = io.Copy(io.Discard, rc)
	if err := errors.Join(err, rc.Close()); err != nil {
		return 0, fmt.Errorf("%w: entry %s: %w", ErrCorrupt, shorten(name), err)
	}
	offset, err := f.DataOffset()
	if err != nil {
		return 0, fmt.Errorf("%w: entry %s: %w", ErrCorrupt, shorten(name), err)
	}
	a.checked[s.key] = offset
	return offset, nil
}
