package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// categoryColumn is the column of a folder's rows that holds the first sub-folder.
const categoryColumn = "category"

// folder is a folder of photos, each one a product.
type folder struct {
	dir rootDir
}

func openFolder(ctx context.Context, abs string, opts Options) (opened, error) {
	if opts.Key == categoryColumn || opts.Image == categoryColumn {
		return opened{}, fmt.Errorf("%w: a folder has a column %s of its own; give key and image other names", ErrColumn,
			categoryColumn)
	}
	names := []string{opts.Key, opts.Image, categoryColumn}
	plan, err := planColumns(names, opts)
	if err != nil {
		return opened{}, err
	}
	dir, err := openRoot(abs)
	if err != nil {
		return opened{}, err
	}
	found, err := (&folder{dir: dir}).survey(ctx)
	if err != nil {
		return opened{}, errors.Join(err, dir.root.Close())
	}
	found.plan = plan
	return found, nil
}

// survey counts the photos.
func (f *folder) survey(ctx context.Context) (opened, error) {
	w := newWalker(f.dir)
	photos, total := 0, 0
	for _, err := range w.photos(ctx) {
		if err != nil && !errors.As(err, new(*RowError)) {
			return opened{}, err
		}
		if err == nil {
			photos++
		}
		total++
	}
	if photos == 0 && total == 0 {
		return opened{}, fmt.Errorf("%w: no %s file in the folder or below it%s", ErrEmpty, strings.Join(photoExtensions, ", "),
			prefixed("; there are ", w.leftOut()))
	}
	found := opened{total: total, reader: f}
	if left := w.leftOut(); left != "" {
		found.notes = []string{"left out, because they are not photos by their names: " + left}
	}
	return found, nil
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func (f *folder) rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for row, err := range newWalker(f.dir).photos(ctx) {
			if !yield(row, err) {
				return
			}
		}
	}
}

// Close releases the folder.
func (f *folder) Close() error { return f.dir.root.Close() }

// photoRow are the values of a photo: key, image, category, as openFolder plans them.
func photoRow(number int, rel string) Row {
	var category any
	if first, _, found := strings.Cut(rel, "/"); found {
		category = first
	}
	return Row{Number: number, Values: []any{stem(rel), rel, category}}
}

// stem is a path without its extension.
func stem(rel string) string { return strings.TrimSuffix(rel, path.Ext(rel)) }

// leftOut says how many files of which extension were left out, the most first.
func (w *walker) leftOut() string {
	extensions := slices.SortedFunc(maps.Keys(w.ignored), func(a, b string) int {
		if n := w.ignored[b] - w.ignored[a]; n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, ext := range extensions {
		parts = append(parts, strconv.Itoa(w.ignored[ext])+" "+ext)
	}
	return strings.Join(parts, ", ")
}
