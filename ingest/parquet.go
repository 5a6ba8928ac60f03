package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/parquet-go/parquet-go"

	"lookalike/repo"
)

// unitRow counts the rows of Parquet files.
const unitRow rowUnit = "row"

// parquetFile is a Parquet file. It is read column by column, so that what is left out is not even decoded; it holds one
// page of each column in memory.
type parquetFile struct {
	f       *os.File
	file    *parquet.File
	columns []repo.Column
	fields  []field
	key     int
	image   int
}

// field is a column of the file: how to find it, and how to read it as its type in the table.
type field struct {
	leaves  []int // indexes of the leaf columns it is made of
	kind    repo.ColumnType
	convert func(values []parquet.Value) (any, error)
}

func openParquet(_ context.Context, f *os.File, opts Options) (opened, error) {
	info, err := f.Stat()
	if err != nil {
		return opened{}, err
	}
	var file *parquet.File
	err = guard(func() (err error) {
		file, err = parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		return err
	})
	if err != nil {
		return opened{}, fmt.Errorf("%w: the Parquet file cannot be read: %w", ErrUnsupported, err)
	}
	if file.NumRows() <= 0 {
		return opened{}, fmt.Errorf("%w: the file has columns and no rows", ErrEmpty)
	}
	names, fields, notes := fieldsOf(file, opts.Image)
	plan, err := planColumns(names, opts)
	if err != nil {
		return opened{}, errors.Join(err, noteError(notes))
	}
	adapt(&fields[plan.key], repo.Bigint, repo.UUID, repo.Text)
	adapt(&fields[plan.image], repo.Bytea, repo.Text)
	for i, field := range fields {
		plan.columns[i].Type = field.kind
	}
	reader := &parquetFile{f: f, file: file, columns: plan.columns, fields: fields, key: plan.key, image: plan.image}
	return opened{plan: plan, total: int(file.NumRows()), notes: notes, reader: reader}, nil
}

// noteError is the notes as an error beside another: a missing column may be one that was left out.
func noteError(notes []string) error {
	var errs []error
	for _, note := range notes {
		errs = append(errs, errors.New(note))
	}
	return errors.Join(errs...)
}

// adapt makes the field text unless it is of one of the kinds that its job allows.
func adapt(f *field, allowed ...repo.ColumnType) {
	for _, kind := range allowed {
		if f.kind == kind {
			return
		}
	}
	convert := f.convert
	f.kind = repo.Text
	f.convert = func(values []parquet.Value) (any, error) {
		value, err := convert(values)
		if err != nil || value == nil {
			return nil, err
		}
		if bytes, ok := value.([]byte); ok {
			return string(bytes), checkText(string(bytes))
		}
		return keyText(value), nil
	}
}

// guard turns a panic of the library over a damaged file into an error.
func guard(read func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("damaged Parquet data: %v", fault)
		}
	}()
	return read()
}

func (p *parquetFile) rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		keys := newKeySet(unitRow)
		number := 0
		for _, group := range p.file.RowGroups() {
			cursors := p.open(group)
			goOn, err := p.groupRows(ctx, group.NumRows(), cursors, func(values []any, err error) bool {
				number++
				return yield(p.finish(number, values, err, keys))
			})
			err = errors.Join(err, closeAll(cursors))
			if err != nil && goOn {
				yield(Row{}, fmt.Errorf("after row %d: %w", number, err))
			}
			if err != nil || !goOn {
				return
			}
		}
	}
}

// groupRows gives the rows of one group. goOn is false when the consumer has had enough.
func (p *parquetFile) groupRows(ctx context.Context, rows int64, cursors []*cursor,
	yield func([]any, error) bool,
) (goOn bool, err error) {
	for range rows {
		if err := ctx.Err(); err != nil {
			return true, err
		}
		if err := guard(func() error { return advance(cursors) }); err != nil {
			return true, err
		}
		values, err := p.values(cursors)
		if !yield(values, err) {
			return false, nil
		}
	}
	return true, nil
}

func advance(cursors []*cursor) error {
	for _, c := range cursors {
		if err := c.next(); err != nil {
			return err
		}
	}
	return nil
}

// values reads the row on which the cursors are.
func (p *parquetFile) values(cursors []*cursor) ([]any, error) {
	values := make([]any, len(p.fields))
	var raw []parquet.Value
	for i, field := range p.fields {
		raw = raw[:0]
		for _, c := range cursors[:len(field.leaves)] {
			raw = append(raw, c.value)
		}
		cursors = cursors[len(field.leaves):]
		value, err := field.convert(raw)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", quote(p.columns[i].Name), err)
		}
		values[i] = value
	}
	return values, nil
}

func (p *parquetFile) finish(number int, values []any, err error, keys *keySet) (Row, error) {
	if err == nil {
		if values[p.image] == "" {
			values[p.image] = nil
		}
		err = keys.admit(number, values[p.key])
	}
	if err != nil {
		return Row{Number: number}, unitRow.fail(number, err)
	}
	return Row{Number: number, Values: values}, nil
}

// Close closes the file.
func (p *parquetFile) Close() error { return p.f.Close() }

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
