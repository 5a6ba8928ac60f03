package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// DefaultMaxBytes is the largest photo that is read unless another limit is set: 25 MB.
const DefaultMaxBytes = 25 << 20

// Why a photo cannot be read.
var (
	// ErrNotFound is a reference to a file that does not exist.
	ErrNotFound = errors.New("photo not found")
	// ErrOutsideRoot is a reference that leads out of the declared folders.
	ErrOutsideRoot = errors.New("photo outside the declared folders")
	// ErrTooLarge is a photo of more bytes than the limit.
	ErrTooLarge = errors.New("photo too large")
	// ErrNotRegular is a folder, pipe, socket or device where a photo should be.
	ErrNotRegular = errors.New("not a regular file")
	// ErrBadReference is a reference of a kind that is not read, such as a web address.
	ErrBadReference = errors.New("unusable photo reference")
)

// Fetcher reads photos by their references, from declared folders only. It is safe for concurrent use.
type Fetcher struct {
	roots    rootSet
	maxBytes int64
}

// NewFetcher opens the declared folders. Relative references are relative to the first; without any folder only data:
// addresses are read. maxBytes is the largest photo, DefaultMaxBytes when 0 or less. The caller closes the fetcher.
func NewFetcher(roots []string, maxBytes int64) (*Fetcher, error) {
	if maxBytes <= 0 {
		maxBytes = DefaultMaxBytes
	}
	set, err := openRoots(roots...)
	if err != nil {
		return nil, err
	}
	return &Fetcher{roots: set, maxBytes: maxBytes}, nil
}

// Close releases the folders. No Fetch may be under way.
func (f *Fetcher) Close() error { return f.roots.Close() }

// Fetch is the bytes of the photo that a reference names: a path relative to the first folder, an absolute one inside any
// of them, a file: address, or a data: address, which holds the bytes itself. It never reads more than the limit, never
// opens what is not a regular file, and never leaves the folders, through `..` or links. The errors are the sentinels of
// this file, those of the file system such as fs.ErrPermission, and ctx's.
func (f *Fetcher) Fetch(ctx context.Context, reference string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	photo, err := f.fetch(ctx, reference)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", quote(reference), err)
	}
	return photo, nil
}

func (f *Fetcher) fetch(ctx context.Context, reference string) ([]byte, error) {
	if isDataAddress(reference) {
		return f.decode(reference)
	}
	path, err := referencePath(reference)
	if err != nil {
		return nil, err
	}
	if len(f.roots) == 0 {
		return nil, fmt.Errorf("%w: none is declared", ErrOutsideRoot)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(f.roots[0].declared, path)
	}
	var photo []byte
	err = f.roots.confined(filepath.Clean(path), func(root *os.Root, rel string) error {
		photo, err = readRegular(ctx, root, rel, f.maxBytes)
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, ErrNotFound
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EINVAL):
		return nil, fmt.Errorf("%w: no file can have such a name", ErrBadReference)
	}
	return photo, hidePath(err)
}

// hidePath leaves the folders of this machine out of an error that users of the database may read.
func hidePath(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("%s: %w", at.Op, at.Err)
	}
	return err
}

func (f *Fetcher) decode(reference string) ([]byte, error) {
	if int64(len(reference))/4*3 > f.maxBytes+quotedLimit { // base64 takes 4 bytes for 3
		return nil, tooLarge(f.maxBytes)
	}
	photo, err := parseDataAddress(reference)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadReference, err)
	}
	if int64(len(photo)) > f.maxBytes {
		return nil, tooLarge(f.maxBytes)
	}
	return photo, nil
}

// referencePath is the path in a reference.
func referencePath(reference string) (string, error) {
	switch {
	case strings.TrimSpace(reference) == "":
		return "", fmt.Errorf("%w: it is empty", ErrBadReference)
	case strings.IndexByte(reference, 0) >= 0:
		return "", fmt.Errorf("%w: it holds a NUL byte", ErrBadReference)
	}
	scheme, _, found := strings.Cut(reference, ":/")
	switch scheme = strings.ToLower(scheme); {
	case !found || !isScheme(scheme):
		return reference, nil
	case scheme != "file":
		return "", fmt.Errorf("%w: %s addresses are not fetched; download the photos and refer to the files, or store their bytes",
			ErrBadReference, scheme)
	}
	address, err := url.Parse(reference)
	if err != nil || address.Host != "" && address.Host != "localhost" || strings.IndexByte(address.Path, 0) >= 0 {
		return "", fmt.Errorf("%w: write it as file:///folder/photo.jpg", ErrBadReference)
	}
	return address.Path, nil
}

// isScheme tells the scheme of an address (RFC 3986) from the beginning of a path.
func isScheme(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	return s != "" && strings.Trim(s, letters+"0123456789+-.") == "" && strings.IndexByte(letters, s[0]) >= 0
}

// readRegular reads a file of at most limit bytes. It looks before it opens, because to open some devices is to act on
// them, and again after, because the file may have been exchanged; it does not wait for the other end of a pipe.
func readRegular(ctx context.Context, root *os.Root, rel string, limit int64) ([]byte, error) {
	info, err := root.Stat(rel)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrNotRegular
	}
	f, err := root.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	photo, err := readAtMost(ctx, f, limit)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return photo, nil
}

func readAtMost(ctx context.Context, f *os.File, limit int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrNotRegular
	}
	if info.Size() > limit {
		return nil, tooLarge(limit)
	}
	photo := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	if _, err := photo.ReadFrom(contextReader{ctx, io.LimitReader(f, limit+1)}); err != nil {
		return nil, err
	}
	if int64(photo.Len()) > limit { // it grew
		return nil, tooLarge(limit)
	}
	return photo.Bytes(), nil
}

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: over %.4g MB", ErrTooLarge, float64(limit)/(1<<20))
}

// contextReader stops between two reads when ctx is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// Read reads unless ctx is done.
func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
