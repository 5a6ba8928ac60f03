package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"lookalike/repo"
)

// badRowf is an ErrBadRow with its reason.
func badRowf(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrBadRow}, args...)...)
}

// member is one name and value of an object.
type member struct {
	name  string
	value json.RawMessage // valid JSON
}

// parseObject takes a line of JSON apart, in its order. Where a name occurs twice, both are there.
func parseObject(line []byte) ([]member, error) {
	if !utf8.Valid(line) { // the decoder would replace what is not, without a word
		return nil, fmt.Errorf("%w: %s", ErrBadText, notUTF8)
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	start, err := dec.Token()
	if err != nil {
		return nil, badRowf("not JSON: %w", err)
	}
	if start == json.Delim('[') {
		return nil, badRowf("an array, and each line must hold one object; turn an array into lines with: jq -c '.[]'")
	}
	if start != json.Delim('{') {
		return nil, badRowf("%s is not a JSON object", quote(fmt.Sprint(start)))
	}
	var members []member
	for dec.More() {
		m, err := parseMember(dec)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	if _, err := dec.Token(); err != nil {
		return nil, badRowf("not JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, badRowf("there is more after the object's end")
	}
	return members, nil
}

func parseMember(dec *json.Decoder) (member, error) {
	name, err := dec.Token()
	if err != nil {
		return member{}, badRowf("not JSON: %w", err)
	}
	var m member
	m.name, _ = name.(string)
	if err := checkText(m.name); err != nil {
		return member{}, fmt.Errorf("the name of a column: %w", err)
	}
	if err := dec.Decode(&m.value); err != nil {
		return member{}, badRowf("column %s is not JSON: %w", quote(m.name), err)
	}
	return m, nil
}

// json takes a value of which JSON says the kind. A string is only ever a time, a uuid, a photo or text.
func (g *guess) json(value json.RawMessage) {
	switch value[0] {
	case 'n': // null
	case 't', 'f':
		g.only(maybeBoolean)
	case '{', '[':
		g.only(0)
	case '"':
		s, err := jsonString(value)
		if err != nil || s == "" { // "" is text and nothing else, but among photos it is none
			g.only(maybeBytes)
			return
		}
		g.text(s)
		g.only(maybeTime | maybeUUID | maybeBytes)
	default:
		g.only(jsonNumberKinds(string(value)))
	}
}

// jsonNumberKinds is numberKinds, except that 1E5 is a number: JSON says so.
func jsonNumberKinds(s string) kinds {
	fits := numberKinds(s)
	if fits != 0 {
		return fits
	}
	_, _, exponent, ok := splitNumber(s)
	if !ok || exponent == "" {
		return 0
	}
	if _, err := parseFilled(repo.Double, s); err != nil {
		return 0
	}
	return maybeDouble
}

// parseJSON reads a JSON value as a value of type t. In a text column, objects, arrays, numbers and booleans stay as they
// were written.
func parseJSON(t repo.ColumnType, value json.RawMessage) (any, error) {
	switch value[0] {
	case 'n':
		return nil, nil
	case '"':
		s, err := jsonString(value)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadValue, err)
		}
		if err := checkText(s); err != nil {
			return nil, err
		}
		if t == repo.Text {
			return s, nil
		}
		return parseText(t, s)
	}
	if bytes.Contains(value, []byte(`\u0000`)) {
		return nil, fmt.Errorf("%w: it holds a NUL character", ErrBadText)
	}
	return parseText(t, string(value))
}

func jsonString(value json.RawMessage) (string, error) {
	var s string
	err := json.Unmarshal(value, &s)
	return s, err
}
