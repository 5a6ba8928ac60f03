// Package demo draws the catalogue of a shop, for people who want to see Lookalike at work before they have photos of
// their own: clothes, shoes, crockery and furniture in colours and patterns, each design in several sizes and views. It
// is the same catalogue on every machine.
package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Version names what is drawn. It grows with each change to the photos or the rows, so that folders with an older
// catalogue are drawn anew.
const Version = "1"

// Names of what Draw writes, below its folder.
const (
	csvName    = "products.csv"
	markerName = ".complete"
)

// Draw writes the catalogue into dir: images/1001.jpg and so on, and products.csv, whose path it returns. What is
// complete already is left as it is. The calls of progress follow one another, done growing to total; nil calls nothing.
// When ctx ends it stops with the error of ctx, and the next call begins again.
func Draw(ctx context.Context, dir string, progress func(done, total int)) (csvPath string, err error) {
	return DrawProducts(ctx, dir, Catalogue(), progress)
}

// DrawProducts is Draw for some products.
func DrawProducts(ctx context.Context, dir string, products []Product, progress func(done, total int)) (csvPath string, err error) {
	csvPath = filepath.Join(dir, csvName)
	table, err := rows(products)
	if err != nil {
		return "", err
	}
	if complete(dir, products, table) {
		return csvPath, nil
	}
	if err := os.Remove(filepath.Join(dir, markerName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("draw catalogue: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "images"), 0o755); err != nil {
		return "", fmt.Errorf("draw catalogue: %w", err)
	}
	if err := drawAll(ctx, dir, products, progress); err != nil {
		return "", fmt.Errorf("draw catalogue: %w", err)
	}
	if err := replace(csvPath, table); err != nil {
		return "", fmt.Errorf("write catalogue: %w", err)
	}
	if err := replace(filepath.Join(dir, markerName), []byte(Version+"\n")); err != nil {
		return "", fmt.Errorf("write catalogue: %w", err)
	}
	return csvPath, nil
}

// drawAll writes the photos, as many at a time as there are processors.
func drawAll(ctx context.Context, dir string, products []Product, progress func(done, total int)) error {
	group, drawing := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	var mu sync.Mutex
	done := 0
	for _, p := range products {
		group.Go(func() error {
			if err := drawing.Err(); err != nil {
				return err
			}
			if err := drawOne(dir, p); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			if progress != nil {
				progress(done, len(products))
			}
			return nil
		})
	}
	return group.Wait()
}

// drawOne writes the photo of a product.
func drawOne(dir string, p Product) error {
	photo, err := p.Photo()
	if err != nil {
		return err
	}
	return replace(filepath.Join(dir, filepath.FromSlash(p.Image())), photo)
}

// complete says whether the folder holds these very rows, drawn by this version, and all of their photos.
func complete(dir string, products []Product, table []byte) bool {
	marker, err := os.ReadFile(filepath.Join(dir, markerName))
	if err != nil || string(marker) != Version+"\n" {
		return false
	}
	written, err := os.ReadFile(filepath.Join(dir, csvName))
	if err != nil || !bytes.Equal(written, table) {
		return false
	}
	for _, p := range products {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(p.Image())))
		if err != nil || info.Size() == 0 {
			return false
		}
	}
	return true
}

// replace writes a file in one step: a reader finds the old bytes or the new ones.
func replace(file string, content []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// columns are the header of products.csv.
var columns = []string{
	"id", "name", "category", "kind", "colour", "pattern", "size", "gender", "season", "year", "price", "in_stock", "image",
}

// rows is the content of products.csv. An empty gender stands for none.
func rows(products []Product) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	records := [][]string{columns}
	for _, p := range products {
		records = append(records, []string{
			strconv.Itoa(p.ID), p.Name, p.Category, p.Kind, p.Colour, p.Pattern, p.Size, p.Gender, p.Season,
			strconv.Itoa(p.Year), fmt.Sprintf("%d.%02d", p.Cents/100, p.Cents%100), strconv.FormatBool(p.InStock), p.Image(),
		})
	}
	if err := w.WriteAll(records); err != nil {
		return nil, fmt.Errorf("write rows: %w", err)
	}
	return out.Bytes(), nil
}
