package ingest

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"unicode/utf8"

	"lookalike/repo"
)

// delimited is a CSV or TSV file.
type delimited struct {
	textFile
	dialect dialect
	header  []string
	columns []repo.Column
	key     int
}

// dialect is how a delimited file separates and quotes its fields.
type dialect struct {
	comma rune
	// lazy takes a quote inside an unquoted field for itself. It is the habit of TSV files, whose writers mostly do not
	// quote at all; in CSV such a quote is a fault.
	lazy bool
}

func openCSV(ctx context.Context, f *os.File, opts Options) (opened, error) {
	text, err := openText(f)
	if err != nil {
		return opened{}, err
	}
	comma, err := sniffComma(text, opts)
	if err != nil {
		return opened{}, err
	}
	return openDelimited(ctx, text, dialect{comma: comma}, opts)
}

func openTSV(ctx context.Context, f *os.File, opts Options) (opened, error) {
	text, err := openText(f)
	if err != nil {
		return opened{}, err
	}
	return openDelimited(ctx, text, dialect{comma: '\t', lazy: true}, opts)
}

func openDelimited(ctx context.Context, text textFile, d dialect, opts Options) (opened, error) {
	header, err := readHeader(text, d)
	if err != nil {
		return opened{}, err
	}
	plan, err := planColumns(header, opts)
	if err != nil {
		return opened{}, err
	}
	file := &delimited{textFile: text, dialect: d, header: header, key: plan.key}
	guesses := newGuesses(len(header))
	total := 0
	for rec, err := range file.records(ctx) {
		if err != nil && !errors.As(err, new(*RowError)) {
			return opened{}, err
		}
		total++
		for i, field := range rec.fields {
			guesses[i].text(field)
		}
	}
	if total == 0 {
		return opened{}, fmt.Errorf("%w: there is a header and no rows", ErrEmpty)
	}
	plan.decideTypes(guesses)
	file.columns = plan.columns
	return opened{plan: plan, total: total, reader: file}, nil
}

func readHeader(text textFile, d dialect) ([]string, error) {
	r, _ := newRecordReader(text.section(), d)
	header, err := r.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: the file holds blank lines only", ErrEmpty)
	case err != nil:
		return nil, fmt.Errorf("%w: the header cannot be read: %w", ErrColumn, err)
	}
	for i, name := range header {
		if !utf8.ValidString(name) {
			return nil, fmt.Errorf("%w: the name of column %d: %s", ErrEncoding, i+1, notUTF8)
		}
	}
	return header, nil
}

// record is one row as text.
type record struct {
	line   int
	fields []string // as many as the header has; none beside an error
}

// records gives every row after the header, with a *RowError for each that is malformed. The fields are only good until
// the next one.
func (d *delimited) records(ctx context.Context) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		r, limit := newRecordReader(d.section(), d.dialect)
		if _, err := r.Read(); err != nil {
			yield(record{}, err)
			return
		}
		for {
			if err := ctx.Err(); err != nil {
				yield(record{}, err)
				return
			}
			limit.reset()
			rec, err := d.next(r)
			if errors.Is(err, io.EOF) || !yield(rec, err) {
				return
			}
			if err != nil && !errors.As(err, new(*RowError)) {
				return
			}
		}
	}
}

// next reads a row. Its errors are io.EOF, a *RowError, or the end of reading.
func (d *delimited) next(r *csv.Reader) (record, error) {
	fields, err := r.Read()
	if err != nil {
		return d.fault(err)
	}
	line, _ := r.FieldPos(0)
	if len(fields) != len(d.header) {
		return lineFault(line, fmt.Errorf("%w: it has %d fields, and the header has %d", ErrBadRow, len(fields), len(d.header)))
	}
	for i, field := range fields {
		if err := checkText(field); err != nil {
			return lineFault(line, fmt.Errorf("column %s: %w", quote(d.header[i]), err))
		}
	}
	return record{line: line, fields: fields}, nil
}

func lineFault(line int, err error) (record, error) {
	return record{line: line}, unitLine.fail(line, err)
}

func (d *delimited) fault(err error) (record, error) {
	var malformed *csv.ParseError
	if !errors.As(err, &malformed) {
		return record{}, err
	}
	line, reason := malformed.StartLine, malformed.Err
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		reason = fmt.Errorf(`%w: a quote inside an unquoted field at column %d; write the field as "...""..."`, ErrBadRow,
			malformed.Column)
	case errors.Is(err, csv.ErrQuote) && malformed.Line > line:
		reason = fmt.Errorf("%w: a quote opens here, and on line %d it is not closed before a comma or the end of a line; "+
			"the lines between were taken for one field", ErrBadRow, malformed.Line)
	case errors.Is(err, csv.ErrQuote):
		reason = fmt.Errorf("%w: a quoted field that does not end before a comma or the end of the line, at column %d",
			ErrBadRow, malformed.Column)
	}
	return lineFault(line, reason)
}

// unitLine counts the rows of text files.
const unitLine rowUnit = "line"

func (d *delimited) rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		keys := newKeySet(unitLine)
		for rec, err := range d.records(ctx) {
			row := Row{Number: rec.line}
			if err == nil {
				row.Values, err = d.convert(rec, keys)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func (d *delimited) convert(rec record, keys *keySet) ([]any, error) {
	values := make([]any, len(rec.fields))
	for i, field := range rec.fields {
		value, err := parseText(d.columns[i].Type, field)
		if err != nil {
			return nil, unitLine.fail(rec.line, fmt.Errorf("column %s: %w", quote(d.columns[i].Name), err))
		}
		values[i] = value
	}
	if err := keys.admit(rec.line, values[d.key]); err != nil {
		return nil, unitLine.fail(rec.line, err)
	}
	return values, nil
}
