package ingest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// sniffed is how much of a file is looked at to find its delimiter.
const sniffed = 1 << 20

// sniffComma is the delimiter under which the header has the key and the image column, or else the most columns.
func sniffComma(text textFile, opts Options) (rune, error) {
	best, bestScore := ',', -1
	for _, comma := range []rune{',', ';', '\t', '|'} {
		r, _ := newRecordReader(io.LimitReader(text.section(), sniffed), dialect{comma: comma})
		header, err := r.Read()
		if err != nil && !errors.As(err, new(*csv.ParseError)) && !errors.Is(err, io.EOF) {
			return 0, err
		}
		score := min(len(header), maxColumns)
		for _, name := range header {
			if name == opts.Key || name == opts.Image {
				score += maxColumns
			}
		}
		if score > bestScore {
			best, bestScore = comma, score
		}
	}
	return best, nil
}

// maxRecordBytes is the longest row. It bounds what an unclosed quote can swallow.
const maxRecordBytes = 64 << 20

// recordLimit stops a row that has no end. It counts what is read ahead, too, which is little beside the limit.
type recordLimit struct {
	r    io.Reader
	left int
}

func (l *recordLimit) reset() { l.left = maxRecordBytes }

// Read reads on until the limit.
func (l *recordLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("%w: a row is over %d MB; is there a quote that is never closed?", ErrBadRow, maxRecordBytes>>20)
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

func newRecordReader(text io.Reader, d dialect) (*csv.Reader, *recordLimit) {
	limit := &recordLimit{r: text, left: maxRecordBytes}
	r := csv.NewReader(limit)
	r.Comma, r.LazyQuotes = d.comma, d.lazy
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	return r, limit
}
