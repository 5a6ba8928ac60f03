package ingest

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// open places a cursor before the first row of a group for each leaf of each field, in their order.
func (p *parquetFile) open(group parquet.RowGroup) []*cursor {
	chunks := group.ColumnChunks()
	var cursors []*cursor
	for _, field := range p.fields {
		for _, leaf := range field.leaves {
			cursors = append(cursors, &cursor{pages: chunks[leaf].Pages()})
		}
	}
	return cursors
}

func closeAll(cursors []*cursor) error {
	var errs []error
	for _, c := range cursors {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

// cursor goes through the values of one leaf column of a row group, of which each row has one.
type cursor struct {
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buffer [64]parquet.Value
	filled []parquet.Value // what of buffer is still to come
	value  parquet.Value   // good until next
}

// next goes to the next row.
func (c *cursor) next() error {
	for len(c.filled) == 0 {
		if c.values == nil {
			if err := c.turn(); err != nil {
				return err
			}
		}
		n, err := c.values.ReadValues(c.buffer[:])
		c.filled = c.buffer[:n]
		if errors.Is(err, io.EOF) && n == 0 {
			c.values = nil
		} else if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	c.value, c.filled = c.filled[0], c.filled[1:]
	return nil
}

// turn goes to the next page.
func (c *cursor) turn() error {
	if c.page != nil {
		parquet.Release(c.page)
		c.page = nil
	}
	page, err := c.pages.ReadPage()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("a column ends before its row group: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		return err
	}
	c.page, c.values = page, page.Values()
	return nil
}

func (c *cursor) close() error {
	if c.page != nil {
		parquet.Release(c.page)
	}
	return c.pages.Close()
}

// advance goes to the next row with all cursors.
func advance(cursors []*cursor) error {
	for _, c := range cursors {
		if err := c.next(); err != nil {
			return err
		}
	}
	return nil
}
