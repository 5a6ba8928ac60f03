package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// rootSet is a set of folders beyond which no file is looked at, whatever its path or links say.
type rootSet []rootDir

// rootDir is one folder, under the name it was given and the one without links.
type rootDir struct {
	declared, real string
	root           *os.Root
}

func openRoots(paths ...string) (rootSet, error) {
	var set rootSet
	for _, path := range paths {
		dir, err := openRoot(path)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open photo folder %s: %w", path, err), set.Close())
		}
		set = append(set, dir)
	}
	return set, nil
}

func openRoot(path string) (rootDir, error) {
	declared, err := filepath.Abs(path)
	if err != nil {
		return rootDir{}, err
	}
	real, err := filepath.EvalSymlinks(declared)
	if err != nil {
		return rootDir{}, err
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return rootDir{}, err
	}
	return rootDir{declared: declared, real: real, root: root}, nil
}

// Close releases the folders.
func (s rootSet) Close() error {
	var errs []error
	for _, dir := range s {
		errs = append(errs, dir.root.Close())
	}
	return errors.Join(errs...)
}

// confined runs op on the file at an absolute path, through the folder of the set that holds it. A link that leaves its
// folder is followed when it ends in a folder of the set, by opening its end through that folder; so nothing outside is
// ever reached, even if the link changes meanwhile. The error is ErrOutsideRoot or op's.
func (s rootSet) confined(path string, op func(root *os.Root, rel string) error) error {
	inside := false
	for _, dir := range s {
		rel, found := dir.relative(path)
		if !found {
			continue
		}
		inside = true
		if err := op(dir.root, rel); !escapes(err) {
			return err
		}
	}
	if !inside {
		return ErrOutsideRoot
	}
	end, err := filepath.EvalSymlinks(path)
	if err != nil { // whether there is such a file outside is not for the asker to know
		return ErrOutsideRoot
	}
	for _, dir := range s {
		rel, found := relativeTo(dir.real, end)
		if !found {
			continue
		}
		if err := op(dir.root, rel); !escapes(err) {
			return err
		}
	}
	return ErrOutsideRoot
}

func (d rootDir) relative(path string) (string, bool) {
	if rel, found := relativeTo(d.declared, path); found {
		return rel, true
	}
	return relativeTo(d.real, path)
}

// relativeTo is a clean absolute path as seen from the folder dir, if it is in it.
func relativeTo(dir, path string) (string, bool) {
	if path == dir {
		return ".", true
	}
	if !strings.HasSuffix(dir, "/") {
		dir += "/"
	}
	return strings.CutPrefix(path, dir)
}

// escapes tells whether os.Root refused a path for leaving it. That error has no name; it is the one that does not come
// from the system.
func escapes(err error) bool {
	var at *fs.PathError
	return errors.As(err, &at) && !errors.As(err, new(syscall.Errno)) && !errors.Is(err, fs.ErrClosed)
}
