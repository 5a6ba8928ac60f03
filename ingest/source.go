package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"lookalike/repo"
)

// Options says which columns of a source name the product and its photo.
type Options struct {
	// Key is the column that names a product, "id" when empty. For a folder it is the name to give that column.
	Key string
	// Image is the column that holds the photo or a reference to it, "image" when empty. For a folder it is the name
	// to give that column.
	Image string
}

func (o Options) withDefaults() Options {
	if o.Key == "" {
		o.Key = "id"
	}
	if o.Image == "" {
		o.Image = "image"
	}
	return o
}

// Validate reports every fault of the options at once.
func (o Options) Validate() error {
	o = o.withDefaults()
	var faults []error
	if o.Key == o.Image {
		faults = append(faults, fmt.Errorf("the key and the image column are both %s: name two columns with --key and --image",
			quote(o.Key)))
	}
	for _, name := range []string{o.Key, o.Image} {
		if fault := nameFault(name); fault != "" {
			faults = append(faults, fmt.Errorf("column name %s %s", quote(name), fault))
		}
	}
	return errors.Join(faults...)
}

// Source is an opened folder or file of products. Its fields do not change after Open.
type Source struct {
	// Path is the folder or file as it was given.
	Path string
	// Root is the absolute folder that relative photo references are relative to: the folder itself, or the one that
	// holds the file.
	Root string
	// Columns are the columns of the rows, in the order of the source.
	Columns []repo.Column
	// Key and Image are the names, in Columns, of the key (bigint, uuid or text) and of the photo (text or bytea).
	Key, Image string
	// Total is how many rows and RowErrors Rows gives together, or -1 when that is not known.
	Total int
	// Notes are sentences about what was renamed or left out, for the person who gave the source.
	Notes []string

	reader rowReader
}

// Row is one product.
type Row struct {
	// Number is the line of the file on which the row begins, counted from 1; for Parquet and folders, the row's
	// ordinal.
	Number int
	// Values are the values of Source.Columns in their order: nil, string, int64, float64, bool, time.Time, [16]byte
	// (uuid) or []byte. The slice is the caller's to keep.
	Values []any
}

// rowReader is one kind of source. rows may be called again and starts over.
type rowReader interface {
	rows(ctx context.Context) iter.Seq2[Row, error]
	Close() error
}

// opened is what a kind of source finds out when it is opened.
type opened struct {
	plan   columnPlan
	total  int
	notes  []string
	reader rowReader
}

// opener opens one kind of source. It closes what it is given when it fails.
type opener func(ctx context.Context, f *os.File, opts Options) (opened, error)

// Open looks through the folder or file at path and decides its columns and their types. The kind is told by the name:
// .csv, .tsv, .tab, .jsonl, .ndjson, .parquet, .pq, or a folder. The errors are ErrUnsupported, ErrEmpty, ErrColumn,
// ErrEncoding, those of the file system, and ctx's. The caller closes the source.
func Open(ctx context.Context, path string, opts Options) (*Source, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if err := refuseURL(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("open %s: there is no such file or folder: %w", path, fs.ErrNotExist)
		}
		return nil, fmt.Errorf("open source: %w", err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open source: %w", err)
	}
	var found opened
	root := abs
	if info.IsDir() {
		found, err = openFolder(ctx, abs, opts.withDefaults())
	} else {
		root = filepath.Dir(abs)
		found, err = openFile(ctx, abs, info, opts.withDefaults())
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return newSource(path, root, found), nil
}

func newSource(path, root string, found opened) *Source {
	plan := found.plan
	return &Source{
		Path: path, Root: root, Columns: plan.columns, Key: plan.columns[plan.key].Name,
		Image: plan.columns[plan.image].Name, Total: found.total, Notes: append(plan.notes, found.notes...),
		reader: found.reader,
	}
}

func openFile(ctx context.Context, path string, info fs.FileInfo, opts Options) (opened, error) {
	open := openerOf(path)
	if open == nil {
		return opened{}, unsupported(path)
	}
	if !info.Mode().IsRegular() {
		return opened{}, fmt.Errorf("%w: it is not a regular file; it is read twice, so save it as one first", ErrUnsupported)
	}
	if info.Size() == 0 {
		return opened{}, fmt.Errorf("%w: the file has 0 bytes", ErrEmpty)
	}
	f, err := os.Open(path)
	if err != nil {
		return opened{}, err
	}
	found, err := open(ctx, f, opts)
	if err != nil {
		return opened{}, errors.Join(err, f.Close())
	}
	return found, nil
}

func openerOf(path string) opener {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		return openCSV
	case ".tsv", ".tab":
		return openTSV
	case ".jsonl", ".ndjson":
		return openJSONLines
	case ".parquet", ".pq":
		return openParquet
	}
	return nil
}

// Rows streams the rows in the source's order. An error that is a *RowError concerns one row only and the iteration
// goes on; any other error is the last thing it gives. Rows may be called again, also at the same time, and starts over.
func (s *Source) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for row, err := range s.reader.rows(ctx) {
			if err != nil && !errors.As(err, new(*RowError)) {
				yield(Row{}, fmt.Errorf("read %s: %w", s.Path, err))
				return
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// Close releases the file or folder. No iteration may be under way.
func (s *Source) Close() error { return s.reader.Close() }
