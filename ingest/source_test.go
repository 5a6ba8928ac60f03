package ingest_test

import (
	"encoding/csv"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"lookalike/ingest"
)

// TestRowNumbers: of text files the line on which a row begins, of others its ordinal.
func TestRowNumbers(t *testing.T) {
	t.Parallel()
	photos := t.TempDir()
	writePhoto(t, photos, "a.jpg")
	writePhoto(t, photos, "b.jpg")
	tests := map[string]struct {
		path string
		want []int
	}{
		"csv":     {writeFile(t, "a.csv", "\"id\",\"image\"\n1,\"a\nb\"\n\n2,c\n"), []int{2, 5}},
		"jsonl":   {writeFile(t, "a.jsonl", "\n{\"id\":1,\"image\":\"a\"}\n\n\n{\"id\":2}"), []int{2, 5}},
		"parquet": {writeParquet(t, []plain{{ID: 5}, {ID: 6}}), []int{1, 2}},
		"folder":  {photos, []int{1, 2}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []int
			for row, err := range open(t, test.path, ingest.Options{}).Rows(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, row.Number)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("numbers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRowError(t *testing.T) {
	t.Parallel()
	source := open(t, writeFile(t, "a.csv", "id,image\n1,a\n1,b\n"), ingest.Options{})
	var fault *ingest.RowError
	for _, err := range source.Rows(t.Context()) {
		if err != nil && !errors.As(err, &fault) {
			t.Fatal(err)
		}
	}
	want := &ingest.RowError{Number: 3, Place: "line 3"}
	if fault == nil || fault.Number != want.Number || fault.Place != want.Place || !errors.Is(fault, ingest.ErrDuplicateKey) {
		t.Errorf("error %#v, want %#v with %v", fault, want, ingest.ErrDuplicateKey)
	}
}

// TestSourceStaysAsItWasOpened: the file that was looked through is the one that is read.
func TestSourceStaysAsItWasOpened(t *testing.T) {
	t.Parallel()
	tests := map[string]func(path string) error{
		"appended": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("not a number,c\n")
			return errors.Join(err, f.Close())
		},
		"replaced": func(path string) error {
			return errors.Join(os.WriteFile(path+".new", []byte("x,y\n"), 0o600), os.Rename(path+".new", path))
		},
		"removed": os.Remove,
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, "a.csv", "id,image\n1,a\n2,b\n")
			source := open(t, path, ingest.Options{})
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			rows, faults := read(t, source)
			expectFaults(t, faults)
			if diff := cmp.Diff([][]any{{int64(1), "a"}, {int64(2), "b"}}, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFileOverwrittenInPlace: values that are no longer of the column's type are errors of their rows.
func TestFileOverwrittenInPlace(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "a.csv", "id,image\n1,a\n2,b\n")
	source := open(t, path, ingest.Options{})
	if err := os.WriteFile(path, []byte("id,image\nx,a\n2,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rows, faults := read(t, source)
	expectFaults(t, faults, `line 2: column "id": unusable value: "x" is not of type bigint`)
	if len(rows) != 1 {
		t.Errorf("%d rows, want 1", len(rows))
	}
}

func TestPhotoRemovedFromFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePhoto(t, dir, "a.jpg")
	gone := writePhoto(t, dir, "sub/b.jpg")
	source := open(t, dir, ingest.Options{})
	if err := os.RemoveAll(filepath.Dir(gone)); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, err := range source.Rows(t.Context()) {
		if err != nil {
			t.Errorf("error %v", err)
		}
		rows++
	}
	if rows != 1 {
		t.Errorf("%d rows, want the one that is left", rows)
	}
}

func TestIterationsSideBySide(t *testing.T) {
	t.Parallel()
	photos := t.TempDir()
	for i := range 50 {
		writePhoto(t, photos, strconv.Itoa(i)+"/a.jpg")
	}
	for name, path := range map[string]string{
		"folder":  photos,
		"csv":     writeFile(t, "a.csv", "id,image\n"+strings.Repeat("0,a\n", 50)),
		"jsonl":   writeFile(t, "a.jsonl", strings.Repeat(`{"id":"0","image":"a"}`+"\n", 50)),
		"parquet": writeParquet(t, make([]plain, 50)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := open(t, path, ingest.Options{})
			var readers sync.WaitGroup
			for range 4 {
				readers.Go(func() {
					n := 0
					for range source.Rows(t.Context()) {
						n++
					}
					if n != 50 {
						t.Errorf("%d rows and errors, want 50", n)
					}
				})
			}
			readers.Wait()
		})
	}
}

// TestWhatIsWrittenIsRead: text of any characters survives CSV, TSV, JSON and Parquet.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	const alphabet = "ab ,;\t|\"'\n\\%éß界🙂0-."
	letters := []rune(alphabet)
	random := rand.New(rand.NewPCG(1, 2))
	type row struct {
		ID    string `parquet:"id"`
		Image string `parquet:"image"`
		Text  string `parquet:"text"`
	}
	rows := []row{{"k", "a", "text, so that the column is"}}
	for i := range 300 {
		text := make([]rune, 1+random.IntN(12))
		for j := range text {
			text[j] = letters[random.IntN(len(letters))]
		}
		rows = append(rows, row{ID: strconv.Itoa(i), Image: "a", Text: string(text)})
	}
	var comma, tabs strings.Builder
	for out, delimiter := range map[*strings.Builder]rune{&comma: ',', &tabs: '\t'} {
		w := csv.NewWriter(out)
		w.Comma = delimiter
		for _, r := range append([]row{{"id", "image", "text"}}, rows...) {
			if err := w.Write([]string{r.ID, r.Image, r.Text}); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
	}
	for name, path := range map[string]string{
		"csv": writeFile(t, "a.csv", comma.String()), "tsv": writeFile(t, "a.tsv", tabs.String()), "parquet": writeParquet(t, rows),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, faults := read(t, open(t, path, ingest.Options{}))
			expectFaults(t, faults)
			for i, r := range rows {
				if diff := cmp.Diff([]any{r.ID, r.Image, r.Text}, got[i]); diff != "" {
					t.Fatalf("row %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// TestMemoryIsBounded reads sources of over 40 MB and looks how much is live meanwhile. It runs alone.
func TestMemoryIsBounded(t *testing.T) {
	const n, limit = 40, 24 << 20
	megabyte := make([]byte, 1<<20)
	for i := range megabyte {
		megabyte[i] = 'a' + byte(i%23)
	}
	type row struct {
		ID    int64  `parquet:"id"`
		Image []byte `parquet:"image"`
	}
	var (
		text    strings.Builder
		objects strings.Builder
		rows    []row
	)
	text.WriteString("id,image\n")
	for i := range n {
		text.WriteString(strconv.Itoa(i) + "," + string(megabyte) + "\n")
		objects.WriteString(`{"id":` + strconv.Itoa(i) + `,"image":"` + string(megabyte) + "\"}\n")
		rows = append(rows, row{int64(i), megabyte})
	}
	paths := map[string]string{
		"csv": writeFile(t, "a.csv", text.String()), "jsonl": writeFile(t, "a.jsonl", objects.String()),
		"parquet": writeParquet(t, rows, parquet.MaxRowsPerRowGroup(5)),
	}
	text, objects = strings.Builder{}, strings.Builder{}
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			before := live()
			source := open(t, path, ingest.Options{})
			most, seen := uint64(0), 0
			for row, err := range source.Rows(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if row.Number%5 == 0 {
					most = max(most, live())
				}
				seen++
			}
			if seen != n {
				t.Errorf("%d rows, want %d", seen, n)
			}
			if most > before+limit {
				t.Errorf("%d MB live while reading, want at most %d", (most-before)>>20, limit>>20)
			}
		})
	}
}

// live is how many bytes of the heap are in use.
func live() uint64 {
	runtime.GC()
	runtime.GC() // what a sync.Pool has goes with the second
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
