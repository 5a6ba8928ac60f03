package ingest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"lookalike/repo"
)

// timestampLayouts are RFC 3339 and its relatives as databases and data frames write them. Fractions of a second are
// accepted by all of them. Where there is no zone, it is UTC.
var timestampLayouts = []string{
	time.RFC3339,
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05Z07",
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
	"2006-01-02 15:04:05 UTC",
}

// parseText reads a text as a value of type t. An empty one is nil, whatever the type.
func parseText(t repo.ColumnType, s string) (any, error) {
	if s == "" {
		return nil, nil
	}
	value, err := parseFilled(t, s)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is not of type %s", ErrBadValue, quote(s), t)
	}
	return value, nil
}

func parseFilled(t repo.ColumnType, s string) (any, error) {
	switch t {
	case repo.Bigint:
		return strconv.ParseInt(s, 10, 64)
	case repo.Double:
		return strconv.ParseFloat(s, 64)
	case repo.Boolean:
		return strconv.ParseBool(strings.ToLower(s))
	case repo.Date:
		return parseDate(s)
	case repo.Timestamp:
		return parseTimestamp(s)
	case repo.UUID:
		id, err := uuid.Parse(s)
		return [16]byte(id), err
	case repo.Bytea:
		return parseDataAddress(s)
	default:
		return s, nil
	}
}

func parseDate(s string) (time.Time, error) { return time.Parse(time.DateOnly, s) }

// parseTimestamp also takes a plain date, as its first moment in UTC.
func parseTimestamp(s string) (time.Time, error) {
	if len(s) < len("2006-01-02") || s[4] != '-' {
		return time.Time{}, errors.New("not a time")
	}
	if t, err := parseDate(s); err == nil {
		return t, nil
	}
	for _, layout := range timestampLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("not a time")
}

// notUTF8 is the reason and the remedy, wherever text is not UTF-8.
const notUTF8 = "it is not UTF-8; if the file is Latin-1, convert it: iconv -f LATIN1 -t UTF-8"

// checkText refuses what a Postgres text cannot hold.
func checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return fmt.Errorf("%w: it holds a NUL byte", ErrBadText)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: %s", ErrBadText, notUTF8)
	}
	return nil
}

// isDataAddress tells whether a text is the bytes of a photo themselves (RFC 2397): data:image/png;base64,...
func isDataAddress(s string) bool { return len(s) > 5 && strings.EqualFold(s[:5], "data:") }

// parseDataAddress is the bytes in a data: address.
func parseDataAddress(s string) ([]byte, error) {
	if !isDataAddress(s) {
		return nil, errors.New("not a data: address")
	}
	head, body, found := strings.Cut(s[len("data:"):], ",")
	if !found {
		return nil, errors.New("a data: address without a comma")
	}
	if !strings.HasSuffix(strings.ToLower(head), ";base64") {
		plain, err := url.PathUnescape(body)
		return []byte(plain), err
	}
	if strings.Contains(body, "%") {
		plain, err := url.PathUnescape(body)
		if err != nil {
			return nil, err
		}
		body = plain
	}
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(body, "="))
}
