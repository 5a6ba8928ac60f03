package ingest_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"lookalike/ingest"
	"lookalike/repo"
)

// plain is the least that a source needs.
type plain struct {
	ID    int64   `parquet:"id"`
	Image *string `parquet:"image,optional"`
}

func writeParquet[T any](tb testing.TB, rows []T, options ...parquet.WriterOption) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "a.parquet")
	if err := parquet.WriteFile(path, rows, options...); err != nil {
		tb.Fatal(err)
	}
	return path
}

// typed has a column of each type that has a counterpart, and some that have none.
type typed struct {
	SKU      uuid.UUID        `parquet:"sku,uuid"`
	Photo    string           `parquet:"photo"`
	I32      int32            `parquet:"i32"`
	U32      uint32           `parquet:"u32"`
	U64      uint64           `parquet:"u64"`
	F32      float32          `parquet:"f32"`
	F64      *float64         `parquet:"f64,optional"`
	Flag     bool             `parquet:"flag"`
	Name     *string          `parquet:"name,optional,dict"`
	Day      int32            `parquet:"day,date"`
	Millis   int64            `parquet:"millis,timestamp(millisecond)"`
	Micros   int64            `parquet:"micros,timestamp(microsecond)"`
	Nanos    int64            `parquet:"nanos,timestamp(nanosecond)"`
	Old      deprecated.Int96 `parquet:"old"`
	Clock    int32            `parquet:"clock,time(millisecond)"`
	Price    int64            `parquet:"price,decimal(2:12)"`
	Exact    [16]byte         `parquet:"exact,decimal(3:38)"`
	Raw      []byte           `parquet:"raw"`
	Document string           `parquet:"document,json"`
	Tags     []string         `parquet:"tags,list"`
	Sizes    []int32          `parquet:"sizes"`
	Nested   struct {
		A int64 `parquet:"a"`
	} `parquet:"nested"`
}

func TestParquetTypes(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse("f47ac10b-58cc-4372-a567-0e02b2c3d479")
	moment := time.Date(2024, 2, 29, 12, 30, 0, 250e6, time.UTC)
	half, name := 0.5, "Schuh"
	row := typed{
		SKU: id, Photo: "a.jpg", I32: -5, U32: math.MaxUint32, U64: math.MaxInt64, F32: 0.25, F64: &half, Flag: true, Name: &name,
		Day: int32(moment.Unix() / 86400), Millis: moment.UnixMilli(), Micros: moment.UnixMicro(), Nanos: moment.UnixNano(),
		Old: int96(moment), Clock: 3_723_004, Price: -1210, Raw: []byte{0, 255}, Document: `{"a":1}`, Tags: []string{"x"},
		Exact: [16]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 254},
	}
	second := row
	second.SKU, second.F64, second.Name = uuid.MustParse("f47ac10b-58cc-4372-a567-0e02b2c3d470"), nil, nil
	source := open(t, writeParquet(t, []typed{row, second}), ingest.Options{Key: "sku", Image: "photo"})
	rows, faults := read(t, source)
	expectFaults(t, faults)
	day := moment.Truncate(24 * time.Hour)
	want := map[string]any{
		"sku": [16]byte(id), "photo": "a.jpg", "i32": int64(-5), "u32": int64(math.MaxUint32), "u64": int64(math.MaxInt64),
		"f32": 0.25, "f64": 0.5, "flag": true, "name": "Schuh", "day": day, "millis": moment, "micros": moment, "nanos": moment,
		"old": moment, "clock": "01:02:03.004", "price": -12.1, "exact": "-0.002", "raw": []byte{0, 255}, "document": `{"a":1}`,
	}
	got := map[string]any{}
	for i, column := range source.Columns {
		got[column.Name] = rows[0][i]
		if (column.Name == "f64" || column.Name == "name") && rows[1][i] != nil {
			t.Errorf("%s of the second row is %v, want NULL", column.Name, rows[1][i])
		}
		if wantType := typeOf(rows[0][i]); wantType != column.Type && column.Name != "day" {
			t.Errorf("column %s has type %s and a value of type %s", column.Name, column.Type, wantType)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if typesOf(source)["day"] != repo.Date {
		t.Errorf("day is of type %s", typesOf(source)["day"])
	}
	expectFaults(t, source.Notes, `column "tags" is left out`, `column "sizes" is left out`, `column "nested" is left out`)
}

// int96 writes a time as the Julian day and the nanoseconds of the day.
func int96(t time.Time) deprecated.Int96 {
	nanos := t.Sub(t.Truncate(24 * time.Hour)).Nanoseconds()
	return deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(2440588 + t.Unix()/86400)}
}

func TestFaultyParquetRows(t *testing.T) {
	t.Parallel()
	type row struct {
		ID    string `parquet:"id"`
		Image string `parquet:"image"`
		N     uint64 `parquet:"n"`
		At    int64  `parquet:"at,timestamp(millisecond)"`
	}
	path := writeParquet(t, []row{
		{ID: "a", Image: "1.jpg"},
		{ID: "a"},
		{ID: ""},
		{ID: "b", N: math.MaxUint64},
		{ID: "c", Image: "x\x00"},
		{ID: "d", Image: "\xff"},
		{ID: "e", At: math.MaxInt64},
		{ID: "f"},
	})
	rows, faults := read(t, open(t, path, ingest.Options{}))
	expectFaults(t, faults, `row 2: duplicate key: "a" is already on row 1`, "row 3: unusable key", `row 4: column "n": unusable value`,
		"row 5: column \"image\": unusable text: it holds a NUL", "row 6: column \"image\": unusable text: it is not UTF-8", "row 7: ")
	epoch := time.Unix(0, 0).UTC()
	want := [][]any{{"a", "1.jpg", int64(0), epoch}, {"f", nil, int64(0), epoch}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestKeysOfParquet(t *testing.T) {
	t.Parallel()
	type bytesKey struct {
		ID    []byte `parquet:"id"`
		Image []byte `parquet:"image"`
	}
	type floatKey struct {
		ID    float64 `parquet:"id"`
		Image int64   `parquet:"image"`
	}
	tests := map[string]struct {
		path      string
		want      []any
		imageType repo.ColumnType
	}{
		"bytes":    {writeParquet(t, []bytesKey{{[]byte("a"), []byte{255}}}), []any{"a", []byte{255}}, repo.Bytea},
		"decimals": {writeParquet(t, []floatKey{{10018, 5}}), []any{"10018", "5"}, repo.Text},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := open(t, test.path, ingest.Options{})
			rows, faults := read(t, source)
			expectFaults(t, faults)
			if diff := cmp.Diff([][]any{test.want}, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			wantTypes := map[string]repo.ColumnType{"id": repo.Text, "image": test.imageType}
			if diff := cmp.Diff(wantTypes, typesOf(source)); diff != "" {
				t.Errorf("types (-want +got):\n%s", diff)
			}
		})
	}
}

// picture is the image struct of the datasets library.
type picture struct {
	Bytes []byte  `parquet:"bytes,optional"`
	Path  *string `parquet:"path,optional"`
}

type dataset struct {
	ID    int64    `parquet:"id"`
	Image *picture `parquet:"image,optional"`
}

func TestDatasetsImages(t *testing.T) {
	t.Parallel()
	path := "a.jpg"
	tests := map[string]struct {
		rows   []dataset
		typ    repo.ColumnType
		want   []any
		faults []string
	}{
		"bytes": {
			[]dataset{{1, &picture{[]byte("one"), &path}}, {2, &picture{[]byte("two"), nil}}, {3, nil}, {4, &picture{}}},
			repo.Bytea,
			[]any{[]byte("one"), []byte("two"), nil, nil},
			nil,
		},
		"paths": {[]dataset{{1, &picture{nil, &path}}, {2, nil}}, repo.Text, []any{"a.jpg", nil}, nil},
		"now and then": {
			[]dataset{{1, &picture{[]byte("one"), nil}}, {2, &picture{nil, &path}}},
			repo.Bytea,
			[]any{[]byte("one")},
			[]string{"row 2: column \"image\": unusable value: the photo is a path"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := open(t, writeParquet(t, test.rows), ingest.Options{})
			rows, faults := read(t, source)
			expectFaults(t, faults, test.faults...)
			var photos []any
			for _, row := range rows {
				photos = append(photos, row[1])
			}
			if diff := cmp.Diff(test.want, photos); diff != "" || typesOf(source)["image"] != test.typ {
				t.Errorf("type %s, photos (-want +got):\n%s", typesOf(source)["image"], diff)
			}
		})
	}
}

// TestParquetRowGroups reads many pages of several row groups, compressed, with values that outlive their page.
func TestParquetRowGroups(t *testing.T) {
	t.Parallel()
	const n = 5000
	rows := make([]plain, n)
	for i := range rows {
		rows[i].ID = int64(i)
		if i%7 != 0 {
			name := strconv.Itoa(i) + ".jpg"
			rows[i].Image = &name
		}
	}
	path := writeParquet(t, rows, parquet.MaxRowsPerRowGroup(900), parquet.PageBufferSize(1024), parquet.Compression(&parquet.Zstd))
	got, faults := read(t, open(t, path, ingest.Options{}))
	expectFaults(t, faults)
	for i, row := range got {
		var want any
		if i%7 != 0 {
			want = strconv.Itoa(i) + ".jpg"
		}
		if row[0] != int64(i) || row[1] != want {
			t.Fatalf("row %d is %v", i, row)
		}
	}
	if len(got) != n {
		t.Errorf("%d rows, want %d", len(got), n)
	}
}

func TestParquetWithoutTheColumns(t *testing.T) {
	t.Parallel()
	type row struct {
		ID    int64    `parquet:"id"`
		Image []string `parquet:"image,list"`
	}
	_, err := ingest.Open(t.Context(), writeParquet(t, []row{{ID: 1}}), ingest.Options{})
	if !errors.Is(err, ingest.ErrColumn) || !strings.Contains(err.Error(), `column "image" is left out`) {
		t.Errorf("error %v, want that the image column was left out", err)
	}
	if _, err := ingest.Open(t.Context(), writeParquet(t, []plain{}), ingest.Options{}); !errors.Is(err, ingest.ErrEmpty) {
		t.Errorf("no rows: error %v, want %v", err, ingest.ErrEmpty)
	}
}

// TestDamagedParquet: a file with any byte overwritten gives rows or an error, and neither a panic nor a hang.
func TestDamagedParquet(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("photo", 20)
	good, err := os.ReadFile(writeParquet(t, []plain{{1, &text}, {2, nil}, {3, &text}}))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.parquet")
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x55
		if i%3 == 0 {
			bad = bad[:i]
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		source, err := ingest.Open(t.Context(), path, ingest.Options{})
		if err != nil {
			continue
		}
		rows := 0
		for range source.Rows(t.Context()) {
			if rows++; rows > 1000 {
				t.Logf("byte %d: the file claims %d rows", i, source.Total)
				break
			}
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}
}
