package ingest_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/ingest"
	"lookalike/internal/testenv"
	"lookalike/repo"
)

func TestDelimitedFiles(t *testing.T) {
	t.Parallel()
	want := [][]any{{int64(1), "Shirt, blue", "a.jpg"}, {int64(2), "Shoe \"5\"\r\nleft", "b.jpg"}}
	tests := map[string]struct{ name, content string }{
		"comma":          {"a.csv", "id,name,image\n1,\"Shirt, blue\",a.jpg\n2,\"Shoe \"\"5\"\"\r\r\nleft\",b.jpg\n"},
		"BOM and CRLF":   {"a.CSV", "\xef\xbb\xbfid,name,image\r\n1,\"Shirt, blue\",a.jpg\r\n2,\"Shoe \"\"5\"\"\r\r\nleft\",b.jpg\r\n"},
		"BOM and quotes": {"a.csv", "\xef\xbb\xbf\"id\",name,image\n1,\"Shirt, blue\",a.jpg\n2,\"Shoe \"\"5\"\"\r\r\nleft\",b.jpg"},
		"semicolon":      {"a.csv", "id;name;image\n1;Shirt, blue;a.jpg\n2;\"Shoe \"\"5\"\"\r\r\nleft\";b.jpg\n"},
		"tabs in a csv":  {"a.csv", "id\tname\timage\n1\tShirt, blue\ta.jpg\n2\t\"Shoe \"\"5\"\"\r\r\nleft\"\tb.jpg\n"},
		"bars":           {"a.csv", "id|name|image\n1|Shirt, blue|a.jpg\n2|\"Shoe \"\"5\"\"\r\r\nleft\"|b.jpg\n"},
		"tsv":            {"a.tsv", "id\tname\timage\n1\tShirt, blue\ta.jpg\n2\t\"Shoe \"\"5\"\"\r\r\nleft\"\tb.jpg\n"},
		"blank lines":    {"a.csv", "\nid,name,image\n\n1,\"Shirt, blue\",a.jpg\n\n\n2,\"Shoe \"\"5\"\"\r\r\nleft\",b.jpg\n\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// encoding/csv makes \r\n in a field \n; a \r before it stays.
			source := open(t, writeFile(t, test.name, test.content), ingest.Options{})
			rows, faults := read(t, source)
			expectFaults(t, faults)
			if diff := cmp.Diff(want, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCommasInNamesDoNotHideTheDelimiter(t *testing.T) {
	t.Parallel()
	source := open(t, writeFile(t, "a.csv", "id;\"a,b,c,d\";size, cm, wide, flat;image\n1;x;y;a.jpg\n"), ingest.Options{})
	if len(source.Columns) != 4 {
		t.Errorf("columns %v, want 4", source.Columns)
	}
}

func TestTSVKeepsBareQuotes(t *testing.T) {
	t.Parallel()
	source := open(t, writeFile(t, "a.tsv", "id\tname\timage\n1\tscreen 5\" wide\ta.jpg\n"), ingest.Options{})
	rows, faults := read(t, source)
	expectFaults(t, faults)
	if diff := cmp.Diff([][]any{{int64(1), `screen 5" wide`, "a.jpg"}}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestFaultyRowsOfCSV: each fault has its line, and the rows around it arrive.
func TestFaultyRowsOfCSV(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		row   string
		want  error
		words string
	}{
		"too few fields":    {"9", ingest.ErrBadRow, "line 4: malformed row: it has 1 fields, and the header has 3"},
		"too many fields":   {"9,a,b,c", ingest.ErrBadRow, "line 4: malformed row: it has 4 fields"},
		"NUL":               {"9,a\x00b,c", ingest.ErrBadText, `line 4: column "name": unusable text: it holds a NUL byte`},
		"latin-1":           {"9,caf\xe9,c", ingest.ErrBadText, "iconv -f LATIN1"},
		"bare quote":        {`9,5" wide,c`, ingest.ErrBadRow, "line 4: malformed row: a quote inside an unquoted field"},
		"text after quotes": {`9,"wide" 5,c`, ingest.ErrBadRow, "line 4: malformed row: a quoted field that does not end"},
		"duplicate key":     {"1,again,c", ingest.ErrDuplicateKey, `line 4: duplicate key: "1" is already on line 2`},
		"empty key":         {",nameless,c", ingest.ErrBadKey, "line 4: unusable key: it is empty"},
		"long key":          {strings.Repeat("k", 2001) + ",a,c", ingest.ErrBadKey, "an index takes 2000 at most"},
		"several lines":     {"1,\"a\nb\nc\",c", ingest.ErrDuplicateKey, "line 4: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, "a.csv", "id,name,image\n1,\"a\nb\",a.jpg\n"+test.row+"\n2,b,b.jpg\n")
			source := open(t, path, ingest.Options{})
			var keys []string
			for row, err := range source.Rows(t.Context()) {
				if err == nil {
					keys = append(keys, fmt.Sprint(row.Values[0]))
					continue
				}
				if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.words) {
					t.Errorf("error %q, want %q in it", err, test.words)
				}
			}
			if diff := cmp.Diff([]string{"1", "2"}, keys); diff != "" {
				t.Errorf("keys of good rows (-want +got):\n%s", diff)
			}
			if source.Total != 3 {
				t.Errorf("Total %d, want 3", source.Total)
			}
		})
	}
}

func TestUnclosedQuoteSaysWhereItOpens(t *testing.T) {
	t.Parallel()
	source := open(t, writeFile(t, "a.csv", "id,image\n1,a\n2,\"b\n3,c\n4,d\n"), ingest.Options{})
	rows, faults := read(t, source)
	expectFaults(t, faults, "line 3: malformed row: a quote opens here")
	if len(rows) != 1 {
		t.Errorf("%d rows, want the one before the quote", len(rows))
	}
}

func TestEndlessRowIsRefused(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "a.csv", "id,image\n1,\""+strings.Repeat(strings.Repeat("x", 1<<16)+"\n", 1025))
	_, err := ingest.Open(t.Context(), path, ingest.Options{})
	if !errors.Is(err, ingest.ErrBadRow) || !strings.Contains(err.Error(), "over 64 MB") {
		t.Errorf("error %v, want the limit of a row", err)
	}
}

func TestLargeFields(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x,\"\"\n", 1<<18) // 1.25 MB as written
	source := open(t, writeFile(t, "a.csv", "id,text,image\n1,\""+large+"\",a\n2,b,c\n"), ingest.Options{})
	rows, faults := read(t, source)
	expectFaults(t, faults)
	if rows[0][1] != strings.ReplaceAll(large, `""`, `"`) || len(rows) != 2 {
		t.Errorf("the field has not arrived whole, or the row after it not at all")
	}
}

func TestImageBytesInCSV(t *testing.T) {
	t.Parallel()
	csv := "id,image\n1,\"data:image/png;base64,aGk=\"\n2,\"data:image/png;base64,aGk\"\n3,\n4,\"data:image/png;base64,?\"\n5,\"data:;base64,aGk%3D\"\n"
	source := open(t, writeFile(t, "a.csv", csv), ingest.Options{})
	rows, faults := read(t, source)
	expectFaults(t, faults, `line 5: column "image": unusable value`)
	want := [][]any{{int64(1), []byte("hi")}, {int64(2), []byte("hi")}, {int64(3), nil}, {int64(5), []byte("hi")}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestFashionCatalogue(t *testing.T) {
	t.Parallel()
	path := testenv.Shared(t, "fashion", "products.csv")
	source := open(t, path, ingest.Options{})
	want := []repo.Column{
		{Name: "id", Type: repo.Bigint},
		{Name: "productDisplayName", Type: repo.Text},
		{Name: "gender", Type: repo.Text},
		{Name: "masterCategory", Type: repo.Text},
		{Name: "subCategory", Type: repo.Text},
		{Name: "articleType", Type: repo.Text},
		{Name: "baseColour", Type: repo.Text},
		{Name: "season", Type: repo.Text},
		{Name: "year", Type: repo.Bigint},
		{Name: "usage", Type: repo.Text},
		{Name: "image", Type: repo.Text},
	}
	if diff := cmp.Diff(want, source.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	rows, faults := read(t, source)
	expectFaults(t, faults)
	if source.Total != 2000 || len(source.Notes) != 0 {
		t.Errorf("Total %d and notes %q, want 2000 and none", source.Total, source.Notes)
	}
	if root, err := filepath.EvalSymlinks(filepath.Dir(path)); err != nil || !filepath.IsAbs(source.Root) || root != mustEval(t, source.Root) {
		t.Errorf("Root %s, want the file's folder", source.Root)
	}
	fetcher := newFetcher(t, 0, source.Root)
	for _, row := range rows[:50] {
		if photo, err := fetcher.Fetch(t.Context(), row[10].(string)); err != nil || len(photo) == 0 {
			t.Errorf("product %v: %d bytes, error %v", row[0], len(photo), err)
		}
	}
}

func mustEval(tb testing.TB, path string) string {
	tb.Helper()
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		tb.Fatal(err)
	}
	return real
}

func TestManyKeys(t *testing.T) {
	t.Parallel()
	var csv strings.Builder
	csv.WriteString("id,image\n")
	const n = 20000
	for i := range n {
		csv.WriteString(strconv.Itoa(i) + ",a\n")
	}
	csv.WriteString("19999,a\n")
	rows, faults := read(t, open(t, writeFile(t, "a.csv", csv.String()), ingest.Options{}))
	expectFaults(t, faults, `"19999" is already on line 20001`)
	if len(rows) != n {
		t.Errorf("%d rows, want %d", len(rows), n)
	}
}

// FuzzDelimited: whatever the bytes, there is an error or there are Total rows of the declared shape, and no panic.
func FuzzDelimited(f *testing.F) {
	f.Add("id,image\n1,a\n", false)
	f.Add("\xef\xbb\xbfid;image\r\n\"1\";a\r\n", false)
	f.Add("id\timage\t\n1\t\"a\n", true)
	f.Add("id,image,x\n1,a,2024-01-01\n1,\x00,-\n,,\n", false)
	f.Fuzz(func(t *testing.T, content string, tabs bool) {
		name := "a.csv"
		if tabs {
			name = "a.tsv"
		}
		source, err := ingest.Open(t.Context(), writeFile(t, name, content), ingest.Options{})
		if err != nil {
			return
		}
		defer source.Close()
		checkRows(t, source)
	})
}

// checkRows holds a source to its own word.
func checkRows(t *testing.T, source *ingest.Source) {
	t.Helper()
	n := 0
	for row, err := range source.Rows(t.Context()) {
		n++
		if err != nil {
			if !errors.As(err, new(*ingest.RowError)) {
				t.Fatalf("row %d: %v", n, err)
			}
			continue
		}
		if len(row.Values) != len(source.Columns) {
			t.Fatalf("line %d has %d values for %d columns", row.Number, len(row.Values), len(source.Columns))
		}
		for i, value := range row.Values {
			if got := typeOf(value); value != nil && got != source.Columns[i].Type && (got != repo.Timestamp || source.Columns[i].Type != repo.Date) {
				t.Fatalf("line %d: a %T in a column of type %s", row.Number, value, source.Columns[i].Type)
			}
		}
	}
	if n != source.Total {
		t.Fatalf("%d rows and errors, Total %d", n, source.Total)
	}
}
