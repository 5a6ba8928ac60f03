package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// textFile is a UTF-8 file as it was when it was opened: what is appended later is not seen, and every section reads
// from its beginning.
type textFile struct {
	f    *os.File
	skip int64 // the byte order mark
	size int64
}

// openText looks at the first bytes for the marks of an encoding.
func openText(f *os.File) (textFile, error) {
	info, err := f.Stat()
	if err != nil {
		return textFile{}, err
	}
	head := make([]byte, 4)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return textFile{}, err
	}
	head = head[:n]
	text := textFile{f: f, size: info.Size()}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		text.skip = 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return textFile{}, fmt.Errorf("%w: it is UTF-16; convert it: iconv -f UTF-16 -t UTF-8", ErrEncoding)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return textFile{}, fmt.Errorf("%w: it is a compressed file or a spreadsheet, whatever its name; unpack it or save it as text",
			ErrUnsupported)
	case bytes.Equal(head, []byte("PAR1")):
		return textFile{}, fmt.Errorf("%w: it is a Parquet file; name it .parquet", ErrUnsupported)
	}
	return text, nil
}

// section reads the text from its beginning, without the mark.
func (t textFile) section() *io.SectionReader {
	return io.NewSectionReader(t.f, t.skip, t.size-t.skip)
}

// Close closes the file.
func (t textFile) Close() error { return t.f.Close() }
