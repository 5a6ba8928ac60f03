package ingest_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/ingest"
	"lookalike/repo"
)

// writeFile writes a file of this name in a folder of its own.
func writeFile(tb testing.TB, name, content string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func open(tb testing.TB, path string, opts ingest.Options) *ingest.Source {
	tb.Helper()
	source, err := ingest.Open(tb.Context(), path, opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := source.Close(); err != nil {
			tb.Error(err)
		}
	})
	return source
}

// read is all the rows of a source and, as text, the errors of those that cannot be used.
func read(tb testing.TB, source *ingest.Source) (rows [][]any, faults []string) {
	tb.Helper()
	for row, err := range source.Rows(tb.Context()) {
		var fault *ingest.RowError
		switch {
		case errors.As(err, &fault):
			if fault.Number != row.Number {
				tb.Errorf("the error has number %d, its row %d", fault.Number, row.Number)
			}
			faults = append(faults, err.Error())
		case err != nil:
			tb.Fatal(err)
		default:
			rows = append(rows, row.Values)
		}
	}
	if len(rows)+len(faults) != source.Total {
		tb.Errorf("Total is %d, and there are %d rows and %d errors", source.Total, len(rows), len(faults))
	}
	return rows, faults
}

// expectFaults compares errors with what each of them must contain.
func expectFaults(tb testing.TB, got []string, want ...string) {
	tb.Helper()
	if len(got) != len(want) {
		tb.Fatalf("errors %q, want %d", got, len(want))
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			tb.Errorf("error %d is %q, want %q in it", i, got[i], want[i])
		}
	}
}

func typesOf(source *ingest.Source) map[string]repo.ColumnType {
	types := map[string]repo.ColumnType{}
	for _, column := range source.Columns {
		types[column.Name] = column.Type
	}
	return types
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	tests := map[string]struct {
		path  string
		opts  ingest.Options
		want  error
		words string
	}{
		"missing":               {path: filepath.Join(empty, "none.csv"), want: os.ErrNotExist, words: "no such file or folder"},
		"web address":           {path: "https://shop.example/products.csv", want: ingest.ErrUnsupported, words: "download it"},
		"object address":        {path: "s3://bucket/products.csv", want: ingest.ErrUnsupported, words: "download it"},
		"no extension":          {path: writeFile(t, "products", "id,image\n"), want: ingest.ErrUnsupported, words: ".parquet"},
		"spreadsheet":           {path: writeFile(t, "products.xlsx", "PK"), want: ingest.ErrUnsupported, words: "save the sheet as CSV"},
		"json":                  {path: writeFile(t, "products.json", "[]"), want: ingest.ErrUnsupported, words: "jq"},
		"gzip":                  {path: writeFile(t, "products.csv.gz", "\x1f\x8b"), want: ingest.ErrUnsupported, words: "unpack"},
		"one photo":             {path: writeFile(t, "a.jpg", "x"), want: ingest.ErrUnsupported, words: "give their folder"},
		"spreadsheet named csv": {path: writeFile(t, "a.csv", "PK\x03\x04..."), want: ingest.ErrUnsupported, words: "save it as text"},
		"parquet named csv":     {path: writeFile(t, "a.csv", "PAR1..."), want: ingest.ErrUnsupported, words: "name it .parquet"},
		"device":                {path: linkTo(t, "/dev/null", "a.csv"), want: ingest.ErrUnsupported, words: "not a regular file"},
		"empty folder":          {path: empty, want: ingest.ErrEmpty, words: ".jpg"},
		"empty file":            {path: writeFile(t, "a.csv", ""), want: ingest.ErrEmpty, words: "0 bytes"},
		"header only":           {path: writeFile(t, "a.csv", "id,image\n"), want: ingest.ErrEmpty, words: "no rows"},
		"blank lines":           {path: writeFile(t, "a.csv", "\n\n\n"), want: ingest.ErrEmpty, words: "blank lines"},
		"blank json lines":      {path: writeFile(t, "a.jsonl", "\n \n"), want: ingest.ErrEmpty, words: "blank lines"},
		"array of json":         {path: writeFile(t, "a.jsonl", "[{\"id\":1,\"image\":\"a\"},\n{\"id\":2}]\n"), want: ingest.ErrEmpty, words: "jq -c"},
		"utf-16":                {path: writeFile(t, "a.csv", "\xff\xfei\x00d\x00"), want: ingest.ErrEncoding, words: "iconv -f UTF-16"},
		"latin-1 header":        {path: writeFile(t, "a.csv", "id,image,gr\xf6\xdfe\n1,a,b\n"), want: ingest.ErrEncoding, words: "iconv -f LATIN1"},
		"not parquet":           {path: writeFile(t, "a.parquet", "id,image\n1,a\n"), want: ingest.ErrUnsupported, words: "Parquet"},
		"parquet that claims 2 GB of metadata": {
			path: writeFile(t, "a.parquet", "PAR1....\xff\xff\xff\x7fPAR1"), want: ingest.ErrUnsupported, words: "damaged",
		},
		"parquet cut off": {path: writeFile(t, "a.parquet", "PAR1"), want: ingest.ErrUnsupported, words: "too short"},
		"key and image missing": {
			path: writeFile(t, "a.csv", "ID,picture\n1,a\n"), want: ingest.ErrColumn,
			words: `no key column "id" (did you mean --key "ID"?)`,
		},
		"image missing lists columns": {
			path: writeFile(t, "a.csv", "id,image_path\n1,a\n"), want: ingest.ErrColumn,
			words: `did you mean --image "image_path"?); the columns here are "id", "image_path"`,
		},
		"nothing near":  {path: writeFile(t, "a.csv", "sku,photo\n1,a\n"), want: ingest.ErrColumn, words: "name the right one with --key"},
		"key twice":     {path: writeFile(t, "a.csv", "id,image,id\n1,a,2\n"), want: ingest.ErrColumn, words: `two columns are called "id"`},
		"NUL in a name": {path: writeFile(t, "a.csv", "id,image,a\x00b\n1,a,2\n"), want: ingest.ErrColumn, words: "NUL"},
		"too many columns": {
			path: writeFile(t, "a.csv", "id,image"+strings.Repeat(",c", 1600)+"\n"), want: ingest.ErrColumn, words: "at most 1600",
		},
		"quote in the header": {path: writeFile(t, "a.csv", "id,image,\"x\n1,a,b"), want: ingest.ErrColumn, words: "header"},
		"key is image": {
			path: empty, opts: ingest.Options{Key: "a", Image: "a"}, words: "--key and --image",
		},
		"category is key": {path: empty, opts: ingest.Options{Key: "category"}, want: ingest.ErrColumn, words: "other names"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ingest.Open(t.Context(), test.path, test.opts)
			if err == nil {
				t.Fatal("opened")
			}
			if test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("error %q is not %q", err, test.want)
			}
			if !strings.Contains(err.Error(), test.words) {
				t.Errorf("error %q, want %q in it", err, test.words)
			}
		})
	}
}

func linkTo(tb testing.TB, target, name string) string {
	tb.Helper()
	link := filepath.Join(tb.TempDir(), name)
	if err := os.Symlink(target, link); err != nil {
		tb.Fatal(err)
	}
	return link
}

func TestOptionsValidateReportsEveryFault(t *testing.T) {
	t.Parallel()
	if err := (ingest.Options{}).Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	err := ingest.Options{Key: "a\x00", Image: "\xff"}.Validate()
	if err == nil {
		t.Fatal("valid")
	}
	for _, words := range []string{"NUL", "not UTF-8"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("error %q, want %q in it", err, words)
		}
	}
}

func TestColumnNamesAreMadeUsable(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 40)
	path := writeFile(t, "a.csv", `id,image,,"a""; drop table x--",size,size,`+long+",xmin\n1,a,b,c,d,e,f,g\n")
	source := open(t, path, ingest.Options{})
	var names []string
	for _, column := range source.Columns {
		names = append(names, column.Name)
	}
	want := []string{
		"id", "image", "column_3", `a"; drop table x--`, "size", "size_2", strings.Repeat("ä", 31), "xmin_2",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if len(source.Notes) != 4 {
		t.Errorf("notes %q, want one for each of the 4 changed names", source.Notes)
	}
}

func TestRowsStopWhenCancelled(t *testing.T) {
	t.Parallel()
	photos := t.TempDir()
	for _, name := range []string{"1.jpg", "2.jpg", "3.jpg"} {
		writePhoto(t, photos, name)
	}
	paths := map[string]string{
		"folder":  photos,
		"csv":     writeFile(t, "a.csv", "id,image\n1,a\n2,b\n3,c\n"),
		"jsonl":   writeFile(t, "a.jsonl", "{\"id\":1,\"image\":\"a\"}\n{\"id\":2}\n{\"id\":3}\n"),
		"parquet": writeParquet(t, []plain{{ID: 1}, {ID: 2}, {ID: 3}}),
	}
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := open(t, path, ingest.Options{})
			cancelled, cancel := context.WithCancel(t.Context())
			cancel()
			var last error
			for _, err := range source.Rows(cancelled) {
				last = err
			}
			if !errors.Is(last, context.Canceled) {
				t.Errorf("error %v, want the context's", last)
			}
			if _, err := ingest.Open(cancelled, path, ingest.Options{}); name != "parquet" && !errors.Is(err, context.Canceled) {
				t.Errorf("open: error %v, want the context's", err)
			}
			for range source.Rows(t.Context()) {
				break
			}
			if rows, _ := read(t, source); len(rows) != 3 {
				t.Errorf("%d rows after an iteration that was left, want 3", len(rows))
			}
		})
	}
}
