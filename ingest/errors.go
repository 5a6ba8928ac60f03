package ingest

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// What Open can find wrong with a whole source.
var (
	// ErrUnsupported is a source of a kind that is not read.
	ErrUnsupported = errors.New("not a supported source")
	// ErrEmpty is a source without a single product.
	ErrEmpty = errors.New("no products")
	// ErrColumn is a key or image column that is missing or ambiguous, or columns that Postgres cannot hold.
	ErrColumn = errors.New("unusable columns")
	// ErrEncoding is text that is not UTF-8.
	ErrEncoding = errors.New("not UTF-8 text")
)

// What a RowError can hold, besides what concerns a single value.
var (
	// ErrDuplicateKey is a key that an earlier row has already.
	ErrDuplicateKey = errors.New("duplicate key")
	// ErrBadKey is a key that is empty or too long to be indexed.
	ErrBadKey = errors.New("unusable key")
	// ErrBadText is text with NUL bytes, or that is not UTF-8.
	ErrBadText = errors.New("unusable text")
	// ErrBadRow is a row that cannot be taken apart.
	ErrBadRow = errors.New("malformed row")
	// ErrBadValue is a value that does not fit its column.
	ErrBadValue = errors.New("unusable value")
	// ErrBadFile is an entry of a folder that is not an ordinary photo inside it.
	ErrBadFile = errors.New("not a photo of this folder")
)

// RowError is what is wrong with one row. The rows after it are not concerned.
type RowError struct {
	// Number is the line or ordinal, as in Row.
	Number int
	// Place names the row for a person: `line 12`, `row 7`, or the quoted name of a file in a folder.
	Place string
	// Err is the reason.
	Err error
}

// Error gives the place and the reason.
func (e *RowError) Error() string { return e.Place + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *RowError) Unwrap() error { return e.Err }

// rowUnit is how the rows of a kind of source are counted: by "line" or by "row".
type rowUnit string

func (u rowUnit) place(number int) string { return string(u) + " " + strconv.Itoa(number) }

func (u rowUnit) fail(number int, err error) *RowError {
	return &RowError{Number: number, Place: u.place(number), Err: err}
}

// quotedLimit is how many bytes of a value an error message repeats.
const quotedLimit = 80

// quote shows text from a source in a message: escaped, so that it cannot command a terminal, and short.
func quote(s string) string {
	if len(s) <= quotedLimit {
		return strconv.Quote(s)
	}
	return strconv.Quote(strings.ToValidUTF8(s[:quotedLimit], "")) + "..."
}

const supportedKinds = "a folder of photos, .csv, .tsv, .jsonl, .ndjson or .parquet"

func refuseURL(path string) error {
	scheme, _, found := strings.Cut(path, "://")
	if !found || strings.ContainsAny(scheme, "/\\") {
		return nil
	}
	return fmt.Errorf("%w: %s is an address; download it, then give the file (%s)", ErrUnsupported, quote(path),
		supportedKinds)
}

func unsupported(path string) error {
	ext := strings.ToLower(filepath.Ext(path))
	hint := ""
	switch ext {
	case ".json":
		hint = "; turn an array into JSON lines with: jq -c '.[]' FILE.json > FILE.jsonl"
	case ".xls", ".xlsx", ".ods", ".numbers":
		hint = "; save the sheet as CSV (UTF-8) first"
	case ".gz", ".zip", ".bz2", ".xz", ".zst", ".tar", ".tgz", ".7z":
		hint = "; unpack it first"
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp":
		hint = "; to bring in photos give their folder"
	}
	if ext == "" {
		return fmt.Errorf("%w: its name has no extension; supported are %s", ErrUnsupported, supportedKinds)
	}
	return fmt.Errorf("%w: %s files are not read; supported are %s%s", ErrUnsupported, quote(ext), supportedKinds, hint)
}
