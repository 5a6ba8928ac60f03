package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// photoExtensions are the names of the formats that can be embedded. What a file really is shows when it is decoded.
var photoExtensions = []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp"}

func isPhotoName(name string) bool {
	return slices.Contains(photoExtensions, strings.ToLower(path.Ext(name)))
}

const (
	// maxPathBytes is how deep a walk goes; a longer path could not be a key.
	maxPathBytes = 4096
	// maxIgnored is how many extensions of left-out files are told apart.
	maxIgnored = 20
	// readBatch is how many entries of a folder are read at once.
	readBatch = 1024
)

// errStopped ends a walk whose consumer has had enough.
var errStopped = errors.New("stopped")

// walker goes through a folder in the order of the keys, folder by folder. It holds the names of the folders on the way
// to where it is, and nothing else of the tree.
type walker struct {
	dir     rootDir
	ctx     context.Context
	yield   func(Row, error) bool
	number  int
	ignored map[string]int
}

func newWalker(dir rootDir) *walker {
	return &walker{dir: dir, ignored: map[string]int{}}
}

// photos gives a row for each photo, and a *RowError for each entry that looks like one and cannot be used. It is
// called once on a walker.
func (w *walker) photos(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		w.ctx, w.yield = ctx, yield
		if err := w.walk("."); err != nil && !errors.Is(err, errStopped) {
			yield(Row{}, err)
		}
	}
}

// entry is what a folder holds under one name.
type entry struct {
	name string
	mode fs.FileMode
}

// stem is the part of the name that becomes part of a key.
func (e entry) stem() string {
	if e.mode.IsDir() {
		return e.name
	}
	return stem(e.name)
}

// walk goes through the folder rel. Its errors end the walk.
func (w *walker) walk(rel string) error {
	entries, err := w.list(rel)
	switch {
	case err != nil && (rel == "." || w.ctx.Err() != nil):
		return err
	case err != nil:
		return w.fault(rel, fmt.Errorf("%w: the folder cannot be read: %w", ErrBadFile, hidePath(err)))
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(strings.Compare(a.stem(), b.stem()), strings.Compare(a.name, b.name))
	})
	previous := "" // the last photo of this folder
	for _, e := range entries {
		photo, err := w.visit(path.Join(rel, e.name), e, previous)
		if err != nil {
			return err
		}
		if photo {
			previous = e.name
		}
	}
	return nil
}

// list is what of a folder matters: folders, photos, and what is neither and yet not an ordinary file.
func (w *walker) list(rel string) ([]entry, error) {
	f, err := w.dir.root.Open(rel)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var entries []entry
	for {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		batch, err := f.ReadDir(readBatch)
		for _, d := range batch {
			switch {
			case strings.HasPrefix(d.Name(), "."):
			case d.Type().IsRegular() && !isPhotoName(d.Name()):
				w.ignore(d.Name())
			default:
				entries = append(entries, entry{name: d.Name(), mode: d.Type()})
			}
		}
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (w *walker) ignore(name string) {
	ext := strings.ToLower(path.Ext(name))
	if ext == "" {
		ext = "without an extension"
	}
	if fault := pathFault(ext); fault != "" || w.ignored[ext] == 0 && len(w.ignored) >= maxIgnored {
		ext = "of other kinds"
	}
	w.ignored[ext]++
}

// visit deals with one entry and tells whether it is a photo. previous is the photo before it in the same folder.
func (w *walker) visit(rel string, e entry, previous string) (photo bool, err error) {
	if e.mode&fs.ModeSymlink != 0 {
		ordinary, err := w.follow(rel)
		if err != nil {
			return false, w.fault(rel, err)
		}
		if !ordinary {
			w.ignore(e.name)
			return false, nil
		}
	} else if !e.mode.IsDir() && !e.mode.IsRegular() {
		return false, w.fault(rel, fmt.Errorf("%w: it is %s", ErrBadFile, describe(e.mode)))
	}
	if fault := pathFault(e.name); fault != "" {
		return false, w.fault(rel, fmt.Errorf("%w: its name %s; rename it", ErrBadFile, fault))
	}
	if e.mode.IsDir() {
		if len(rel) > maxPathBytes {
			return false, w.fault(rel, fmt.Errorf("%w: its path is over %d bytes", ErrBadFile, maxPathBytes))
		}
		return false, w.walk(rel)
	}
	if previous != "" && stem(previous) == e.stem() {
		return false, w.fault(rel, fmt.Errorf("%w: %s is already that of %s; rename one", ErrDuplicateKey, quote(stem(rel)),
			quote(previous)))
	}
	if err := checkKey(stem(rel)); err != nil {
		return false, w.fault(rel, err)
	}
	w.number++
	if !w.yield(photoRow(w.number, rel), nil) {
		return false, errStopped
	}
	return true, nil
}

// follow looks where a link leads. A link to an ordinary file inside the folder is as good as the file if it is named
// like a photo, and is left out as any other file if it is not; every other link is a fault.
func (w *walker) follow(rel string) (photo bool, err error) {
	var info fs.FileInfo
	err = rootSet{w.dir}.confined(filepath.Join(w.dir.real, rel), func(root *os.Root, rel string) (err error) {
		info, err = root.Stat(rel)
		return err
	})
	switch {
	case errors.Is(err, ErrOutsideRoot):
		return false, fmt.Errorf("%w: the link leads out of the folder, or nowhere", ErrBadFile)
	case errors.Is(err, fs.ErrNotExist) && !isPhotoName(rel):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%w: the link leads nowhere: %w", ErrBadFile, hidePath(err))
	case info.IsDir():
		return false, fmt.Errorf("%w: links to folders are not followed", ErrBadFile)
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%w: the link leads to %s", ErrBadFile, describe(info.Mode()))
	}
	return isPhotoName(rel), nil
}

// fault reports an entry that cannot be used; its error ends the walk.
func (w *walker) fault(rel string, reason error) error {
	w.number++
	fault := &RowError{Number: w.number, Place: strconv.Quote(rel), Err: reason}
	if !w.yield(Row{Number: w.number}, fault) {
		return errStopped
	}
	return nil
}

// pathFault says why a name cannot be part of a key that people and programs handle, or "".
func pathFault(name string) string {
	switch {
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "holds a line break or another control character"
	}
	return ""
}

func describe(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "not an ordinary file"
}
