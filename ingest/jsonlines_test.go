package ingest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lookalike/ingest"
	"lookalike/repo"
)

// typeOf is the column type of a Go value; a time is a timestamp.
func typeOf(value any) repo.ColumnType {
	switch value.(type) {
	case string:
		return repo.Text
	case int64:
		return repo.Bigint
	case float64:
		return repo.Double
	case bool:
		return repo.Boolean
	case time.Time:
		return repo.Timestamp
	case [16]byte:
		return repo.UUID
	case []byte:
		return repo.Bytea
	}
	return ""
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "a.jsonl", "\xef\xbb\xbf"+`
{"id": 7, "image": "a.jpg", "price": 12.50, "tags": ["a", "b"], "stock": true, "added": "2024-01-02"}
{"image": "b.jpg", "id": 8, "price": 3, "size": {"w": 1}, "stock": null, "note": ""}

{"id": 9, "image": "", "price": 1E2, "tags": 5, "code": "00123", "mixed": 1}`+"\r\n"+`
{"id": 10, "mixed": "x", "code": "5", "big": 12345678901234567890, "id2": "f47ac10b-58cc-4372-a567-0e02b2c3d479"}
`)
	source := open(t, path, ingest.Options{})
	wantTypes := []repo.Column{
		{Name: "id", Type: repo.Bigint},
		{Name: "image", Type: repo.Text},
		{Name: "price", Type: repo.Double},
		{Name: "tags", Type: repo.Text},
		{Name: "stock", Type: repo.Boolean},
		{Name: "added", Type: repo.Date},
		{Name: "size", Type: repo.Text},
		{Name: "note", Type: repo.Text},
		{Name: "code", Type: repo.Text},
		{Name: "mixed", Type: repo.Text},
		{Name: "big", Type: repo.Text},
		{Name: "id2", Type: repo.UUID},
	}
	if diff := cmp.Diff(wantTypes, source.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	rows, faults := read(t, source)
	expectFaults(t, faults)
	day := time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)
	id := [16]byte{0xf4, 0x7a, 0xc1, 0x0b, 0x58, 0xcc, 0x43, 0x72, 0xa5, 0x67, 0x0e, 0x02, 0xb2, 0xc3, 0xd4, 0x79}
	want := [][]any{
		{int64(7), "a.jpg", 12.5, `["a", "b"]`, true, day, nil, nil, nil, nil, nil, nil},
		{int64(8), "b.jpg", 3.0, nil, nil, nil, `{"w": 1}`, "", nil, nil, nil, nil},
		{int64(9), nil, 100.0, "5", nil, nil, nil, nil, "00123", "1", nil, nil},
		{int64(10), nil, nil, nil, nil, nil, nil, nil, "5", "x", "12345678901234567890", id},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestFaultyJSONLines(t *testing.T) {
	t.Parallel()
	lines := []string{
		`{"id": "1", "image": "a", "text": "x"}`,
		`{"id": "2", "image": `,
		`["id"]`,
		`"id"`,
		`{"id": "3"} {"id": "4"}`,
		`{"id": "5", "text": "a\u0000b"}`,
		"{\"id\": \"6\", \"text\": \"caf\xe9\"}",
		`{"id": null, "image": "a"}`,
		`{"image": "a"}`,
		`{"id": "1"}`,
		`{"id": "7", "text": {"a": "\u0000"}}`,
		`{"id": "8", "a\u0000": 1}`,
		`{"id": "9", "image": "b"}`,
	}
	source := open(t, writeFile(t, "a.ndjson", strings.Join(lines, "\n")), ingest.Options{})
	rows, faults := read(t, source)
	expectFaults(t, faults, "line 2: malformed row", "line 3: malformed row: an array", "line 4: malformed row",
		"line 5: malformed row: there is more", "line 6: column \"text\": unusable text", "line 7: unusable text: it is not UTF-8",
		"line 8: unusable key", "line 9: unusable key", `line 10: duplicate key: "1" is already on line 1`, "line 11: ",
		"line 12: the name of a column")
	if diff := cmp.Diff([][]any{{"1", "a", "x"}, {"9", "b", nil}}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestLongLinesOfJSON(t *testing.T) {
	t.Parallel()
	megabyte := strings.Repeat("x", 1<<20)
	long := `{"id": 2, "image": "` + strings.Repeat(megabyte, 65) + "\"}\n"
	path := writeFile(t, "a.jsonl", `{"id": 1, "image": "`+megabyte+"\"}\n"+long+"{\"id\": 3, \"image\": \"c\"}\n")
	rows, faults := read(t, open(t, path, ingest.Options{}))
	expectFaults(t, faults, "line 2: malformed row: the line is over 64 MB")
	if len(rows) != 2 || rows[0][1] != megabyte || rows[1][0] != int64(3) {
		t.Errorf("the lines around the long one have not arrived")
	}
}

func TestKeysOfJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		lines string
		typ   repo.ColumnType
		keys  []any
	}{
		"strings of digits":   {`{"id":"1","image":"a"}` + "\n" + `{"id":"2"}`, repo.Text, []any{"1", "2"}},
		"numbers and strings": {`{"id":1,"image":"a"}` + "\n" + `{"id":"x"}`, repo.Text, []any{"1", "x"}},
		"decimals":            {`{"id":1.50,"image":"a"}`, repo.Text, []any{"1.50"}},
		"booleans":            {`{"id":true,"image":"a"}`, repo.Text, []any{"true"}},
		"name twice":          {`{"id":1,"image":"a","id":2}`, repo.Bigint, []any{int64(2)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := open(t, writeFile(t, "a.jsonl", test.lines), ingest.Options{})
			rows, faults := read(t, source)
			expectFaults(t, faults)
			var keys []any
			for _, row := range rows {
				keys = append(keys, row[0])
			}
			if diff := cmp.Diff(test.keys, keys); diff != "" || source.Columns[0].Type != test.typ {
				t.Errorf("type %s, keys (-want +got):\n%s", source.Columns[0].Type, diff)
			}
		})
	}
}

func TestImageBytesInJSON(t *testing.T) {
	t.Parallel()
	lines := `{"id":1,"image":"data:image/jpeg;base64,aGk="}` + "\n" + `{"id":2,"image":""}` + "\n" + `{"id":3,"image":null}`
	source := open(t, writeFile(t, "a.jsonl", lines), ingest.Options{})
	rows, faults := read(t, source)
	expectFaults(t, faults)
	want := [][]any{{int64(1), []byte("hi")}, {int64(2), nil}, {int64(3), nil}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// FuzzJSONLines: as FuzzDelimited.
func FuzzJSONLines(f *testing.F) {
	f.Add(`{"id": 1, "image": "a", "x": {"y": [1]}}` + "\n" + `{"id": 1}`)
	f.Add("{\"id\": \"\\ud800\", \"image\": null}\n[]\nnull\n")
	f.Fuzz(func(t *testing.T, content string) {
		source, err := ingest.Open(t.Context(), writeFile(t, "a.jsonl", content), ingest.Options{})
		if err != nil {
			return
		}
		defer source.Close()
		checkRows(t, source)
	})
}
