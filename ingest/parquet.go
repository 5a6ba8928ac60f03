package ingest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"os"

	"github.com/parquet-go/parquet-go"

	"lookalike/repo"
)

// unitRow counts the rows of Parquet files.
const unitRow rowUnit = "row"

// parquetMagic begins and ends every Parquet file.
const parquetMagic = "PAR1"

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
	if err := checkFooter(f, info.Size()); err != nil {
		return opened{}, err
	}
	var found opened
	err = guard(func() (err error) {
		found, err = inspectParquet(f, info.Size(), opts)
		return err
	})
	return found, err
}

func inspectParquet(f *os.File, size int64, opts Options) (opened, error) {
	file, err := parquet.OpenFile(f, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
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

// footerBytes is the end of a Parquet file: the length of its metadata in 32 bits and the magic number.
const footerBytes = 8

// checkFooter looks whether the file can hold the metadata that it claims, for which the library would take the memory.
func checkFooter(f *os.File, size int64) error {
	end := make([]byte, footerBytes)
	if size < footerBytes+int64(len(parquetMagic)) {
		return fmt.Errorf("%w: it is too short for a Parquet file", ErrUnsupported)
	}
	if _, err := f.ReadAt(end, size-footerBytes); err != nil {
		return err
	}
	metadata := int64(binary.LittleEndian.Uint32(end))
	if string(end[4:]) != parquetMagic || metadata > size-footerBytes-int64(len(parquetMagic)) {
		return fmt.Errorf("%w: it is not a Parquet file, or a damaged or unfinished one; copy or write it again", ErrUnsupported)
	}
	return nil
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
			err = fmt.Errorf("%w: damaged Parquet data: %v", ErrUnsupported, fault)
		}
	}()
	return read()
}

func (p *parquetFile) rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		keys := newKeySet(unitRow)
		number := 0
		for _, group := range p.file.RowGroups() {
			goOn, err := p.groupRows(ctx, group, func(values []any, err error) bool {
				number++
				return yield(p.finish(number, values, err, keys))
			})
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
func (p *parquetFile) groupRows(ctx context.Context, group parquet.RowGroup, yield func([]any, error) bool) (goOn bool, err error) {
	var cursors []*cursor
	defer func() {
		err = errors.Join(err, guard(func() error { return closeAll(cursors) }))
	}()
	err = guard(func() error {
		cursors = p.open(group)
		return nil
	})
	if err != nil {
		return true, err
	}
	for range group.NumRows() {
		if err := ctx.Err(); err != nil {
			return true, err
		}
		values, fault, err := p.next(cursors)
		if err != nil {
			return true, err
		}
		if !yield(values, fault) {
			return false, nil
		}
	}
	return true, nil
}

// next reads the next row of a group. fault is what is wrong with that row alone.
func (p *parquetFile) next(cursors []*cursor) (values []any, fault, err error) {
	err = guard(func() error {
		if err := advance(cursors); err != nil {
			return err
		}
		values, fault = p.values(cursors)
		return nil
	})
	return values, fault, err
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
