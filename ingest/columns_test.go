package ingest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/ingest"
)

// TestMissingColumnSuggestsTheNearest: the header is what is there, the suggestion what the message offers for the image.
func TestMissingColumnSuggestsTheNearest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ header, suggestion string }{
		"case":               {"id,Image", `--image "Image"`},
		"space":              {"id, image", `--image " image"`},
		"plural":             {"id,images", `--image "images"`},
		"typing error":       {"id,imgae", ""},
		"one letter missing": {"id,imge", `--image "imge"`},
		"suffix":             {"id,image_url", `--image "image_url"`},
		"prefix":             {"id,main_image", `--image "main_image"`},
		"nearest of two":     {"id,imags,Image", `--image "Image"`},
		"part of a word":     {"id,imagery", ""},
		"nothing alike":      {"id,photo", ""},
		"hostile":            {"id,image_\x1b[31m", `--image "image_\x1b[31m"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ingest.Open(t.Context(), writeFile(t, "a.csv", test.header+"\n1,a,b\n"), ingest.Options{})
			if !errors.Is(err, ingest.ErrColumn) {
				t.Fatalf("error %v, want %v", err, ingest.ErrColumn)
			}
			want := "did you mean " + test.suggestion + "?"
			if test.suggestion == "" {
				want = "name the right one with --image"
			}
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("error %q, want %q in it", err, want)
			}
		})
	}
}

func TestMissingColumnListsTheFirst(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("c%d", i))
	}
	_, err := ingest.Open(t.Context(), writeFile(t, "a.csv", strings.Join(names, ",")+"\n"), ingest.Options{})
	if err == nil || !strings.Contains(err.Error(), `"c29" and 10 more`) || strings.Contains(err.Error(), "c30") {
		t.Errorf("error %v, want the first 30 names", err)
	}
}

func TestColumnNamesAreKept(t *testing.T) {
	t.Parallel()
	names := []string{
		"id", "image", "select", "User", "a b", "ümlaut", "価格", "locked", "d", "embedding", "%s", `\`, "'", strings.Repeat("n", 63), "🙂",
	}
	source := open(t, writeFile(t, "a.tsv", strings.Join(names, "\t")+"\n"+strings.Repeat("\t", len(names)-1)+"\n"), ingest.Options{})
	var got []string
	for _, column := range source.Columns {
		got = append(got, column.Name)
	}
	if diff := cmp.Diff(names, got); diff != "" || len(source.Notes) != 0 {
		t.Errorf("notes %q, names (-want +got):\n%s", source.Notes, diff)
	}
}

func TestLongNamesStayApart(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 70)
	source := open(t, writeFile(t, "a.csv", "id,image,"+long+"1,"+long+"2,"+long+"3\n1,a,b,c,d\n"), ingest.Options{})
	var got []string
	for _, column := range source.Columns[2:] {
		got = append(got, column.Name)
	}
	want := []string{strings.Repeat("n", 63), strings.Repeat("n", 61) + "_2", strings.Repeat("n", 61) + "_3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// TestLongKeyNameIsFound: a column whose name is cut is still found by the name in the file.
func TestLongKeyNameIsFound(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 70)
	source := open(t, writeFile(t, "a.csv", long+",image\n1,a\n"), ingest.Options{Key: long})
	if source.Key != long[:63] {
		t.Errorf("key %q, want its first 63 bytes", source.Key)
	}
}

func TestNamesOfJSONAndParquetAreMadeUsable(t *testing.T) {
	t.Parallel()
	type row struct {
		ID    int64  `parquet:"id"`
		Image string `parquet:"image"`
		Xmin  int64  `parquet:"xmin"`
	}
	paths := map[string]string{
		"jsonl":   writeFile(t, "a.jsonl", `{"id":1,"image":"a","xmin":5}`),
		"parquet": writeParquet(t, []row{{1, "a", 5}}),
	}
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := open(t, path, ingest.Options{})
			rows, faults := read(t, source)
			expectFaults(t, faults)
			if diff := cmp.Diff([][]any{{int64(1), "a", int64(5)}}, rows); diff != "" || source.Columns[2].Name != "xmin_2" {
				t.Errorf("columns %v, rows (-want +got):\n%s", source.Columns, diff)
			}
			expectFaults(t, source.Notes, `column 3, "xmin", is called "xmin_2"`)
		})
	}
}

func TestTooManyNamesInJSON(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&lines, `{"id":%d,"image":"a","c%d":1}`+"\n", i, i)
	}
	_, err := ingest.Open(t.Context(), writeFile(t, "a.jsonl", lines.String()), ingest.Options{})
	if !errors.Is(err, ingest.ErrColumn) || !strings.Contains(err.Error(), "at most 1600") {
		t.Errorf("error %v, want that there are too many columns", err)
	}
}
