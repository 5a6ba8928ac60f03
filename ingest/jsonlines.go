package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"lookalike/repo"
)

// jsonLines is a file with one JSON object a line.
type jsonLines struct {
	textFile
	columns []repo.Column
	index   map[string]int // of a column by its name in the file
	key     int
	image   int
}

func openJSONLines(ctx context.Context, f *os.File, opts Options) (opened, error) {
	text, err := openText(f)
	if err != nil {
		return opened{}, err
	}
	file := &jsonLines{textFile: text, index: map[string]int{}}
	names, guesses, total, err := file.survey(ctx)
	if err != nil {
		return opened{}, err
	}
	plan, err := planColumns(names, opts)
	if err != nil {
		return opened{}, err
	}
	plan.decideTypes(guesses)
	file.columns, file.key, file.image = plan.columns, plan.key, plan.image
	return opened{plan: plan, total: total, reader: file}, nil
}

// survey finds the columns, in the order in which they first occur, and what their types may be.
func (j *jsonLines) survey(ctx context.Context) (names []string, guesses []guess, total int, err error) {
	var first error
	for obj, err := range j.objects(ctx) {
		if err != nil && !errors.As(err, new(*RowError)) {
			return nil, nil, 0, err
		}
		if first == nil {
			first = err
		}
		total++
		for _, m := range obj.members {
			i, found := j.index[m.name]
			if !found {
				if len(names) > maxColumns {
					break
				}
				i = len(names)
				j.index[m.name] = i
				names, guesses = append(names, m.name), append(guesses, newGuesses(1)...)
			}
			guesses[i].json(m.value)
		}
	}
	if total == 0 {
		return nil, nil, 0, fmt.Errorf("%w: the file holds blank lines only", ErrEmpty)
	}
	if len(names) == 0 && first != nil {
		return nil, nil, 0, fmt.Errorf("%w: no line holds a JSON object with columns: %w", ErrEmpty, first)
	}
	return names, guesses, total, nil
}

// object is one line.
type object struct {
	line    int
	members []member // none beside an error
}

// objects gives every line that is not blank, with a *RowError for each that is not an object.
func (j *jsonLines) objects(ctx context.Context) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		lines := lineReader{r: bufio.NewReaderSize(j.section(), 1<<18)}
		for {
			if err := ctx.Err(); err != nil {
				yield(object{}, err)
				return
			}
			text, tooLong, err := lines.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(object{}, err)
				return
			}
			if !tooLong && len(bytes.TrimSpace(text)) == 0 {
				continue
			}
			if !yield(parseLine(lines.number, text, tooLong)) {
				return
			}
		}
	}
}

// parseLine takes one line apart; its only error is a *RowError.
func parseLine(number int, text []byte, tooLong bool) (object, error) {
	obj := object{line: number}
	if tooLong {
		return obj, unitLine.fail(number, badRowf("the line is over %d MB", maxRecordBytes>>20))
	}
	members, err := parseObject(text)
	if err != nil {
		return obj, unitLine.fail(number, err)
	}
	obj.members = members
	return obj, nil
}

func (j *jsonLines) rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		keys := newKeySet(unitLine)
		for obj, err := range j.objects(ctx) {
			row := Row{Number: obj.line}
			if err == nil {
				row.Values, err = j.convert(obj, keys)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func (j *jsonLines) convert(obj object, keys *keySet) ([]any, error) {
	values := make([]any, len(j.columns))
	for _, m := range obj.members {
		i, found := j.index[m.name]
		if !found {
			return nil, unitLine.fail(obj.line, fmt.Errorf("%w: column %s was not there when the file was opened", ErrBadRow,
				quote(m.name)))
		}
		value, err := parseJSON(j.columns[i].Type, m.value)
		if err != nil {
			return nil, unitLine.fail(obj.line, fmt.Errorf("column %s: %w", quote(m.name), err))
		}
		values[i] = value
	}
	if values[j.image] == "" { // in an object "" is a value of its own, but no photo
		values[j.image] = nil
	}
	if err := keys.admit(obj.line, values[j.key]); err != nil {
		return nil, unitLine.fail(obj.line, err)
	}
	return values, nil
}

// lineReader reads lines of at most maxRecordBytes.
type lineReader struct {
	r      *bufio.Reader
	number int // of the last line, from 1
	buf    []byte
}

// next is the next line, good until the call after, or io.EOF. Of a line that is too long nothing is kept.
func (l *lineReader) next() (text []byte, tooLong bool, err error) {
	l.buf = l.buf[:0]
	l.number++
	length := 0
	for {
		part, err := l.r.ReadSlice('\n')
		length += len(part)
		if length <= maxRecordBytes {
			l.buf = append(l.buf, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || length == 0):
			return nil, false, err
		case length > maxRecordBytes:
			l.buf = nil
			return nil, true, nil
		}
		return l.buf, false, nil
	}
}
