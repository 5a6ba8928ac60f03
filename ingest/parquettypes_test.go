package ingest_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"lookalike/ingest"
	"lookalike/repo"
)

// writeColumn writes a file whose column x is the node, with these values, beside a key and an image.
func writeColumn(tb testing.TB, node parquet.Node, values ...parquet.Value) string {
	tb.Helper()
	schema := parquet.NewSchema("products", parquet.Group{
		"id": parquet.Int(64), "image": parquet.String(), "x": parquet.Optional(node),
	})
	var file bytes.Buffer
	w := parquet.NewWriter(&file, schema)
	for i, value := range values {
		level := 1
		if value.IsNull() {
			level = 0
		}
		row := parquet.Row{
			parquet.Int64Value(int64(i)).Level(0, 0, 0), parquet.ByteArrayValue([]byte("a")).Level(0, 0, 1), value.Level(0, level, 2),
		}
		if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return writeFile(tb, "a.parquet", file.String())
}

// TestParquetLogicalTypes: the same logical type may be stored in several ways.
func TestParquetLogicalTypes(t *testing.T) {
	t.Parallel()
	clock := time.Duration(3_723_004_005) * time.Microsecond
	bytesOf := func(b ...byte) parquet.Value { return parquet.FixedLenByteArrayValue(b) }
	tests := map[string]struct {
		node  parquet.Node
		value parquet.Value
		typ   repo.ColumnType
		want  any
	}{
		"decimal in 32 bits":      {parquet.Decimal(2, 9, parquet.Int32Type), parquet.Int32Value(-5), repo.Double, -0.05},
		"decimal in 64 bits":      {parquet.Decimal(2, 15, parquet.Int64Type), parquet.Int64Value(1299), repo.Double, 12.99},
		"exact decimal":           {parquet.Decimal(2, 18, parquet.Int64Type), parquet.Int64Value(123456789012345678), repo.Text, "1234567890123456.78"},
		"decimal in bytes":        {parquet.Decimal(1, 4, parquet.FixedLenByteArrayType(2)), bytesOf(0x01, 0x00), repo.Double, 25.6},
		"negative, in bytes":      {parquet.Decimal(1, 4, parquet.FixedLenByteArrayType(2)), bytesOf(0xff, 0x00), repo.Double, -25.6},
		"decimal without a scale": {parquet.Decimal(0, 20, parquet.FixedLenByteArrayType(9)), bytesOf(1, 0, 0, 0, 0, 0, 0, 0, 0), repo.Text, "18446744073709551616"},
		"time in microseconds":    {parquet.Time(parquet.Microsecond), parquet.Int64Value(clock.Microseconds()), repo.Text, "01:02:03.004005"},
		"time in nanoseconds":     {parquet.Time(parquet.Nanosecond), parquet.Int64Value(clock.Nanoseconds()), repo.Text, "01:02:03.004005"},
		"enum":                    {parquet.Enum(), parquet.ByteArrayValue([]byte("RED")), repo.Text, "RED"},
		"bson":                    {parquet.BSON(), parquet.ByteArrayValue([]byte{5, 0}), repo.Bytea, []byte{5, 0}},
		"bytes of fixed length":   {parquet.Leaf(parquet.FixedLenByteArrayType(2)), bytesOf(1, 2), repo.Bytea, []byte{1, 2}},
		"8 bits":                  {parquet.Int(8), parquet.Int32Value(-7), repo.Bigint, int64(-7)},
		"8 bits without a sign":   {parquet.Uint(8), parquet.Int32Value(200), repo.Bigint, int64(200)},
		"date before 1970":        {parquet.Date(), parquet.Int32Value(-1), repo.Date, time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)},
		"time before 1970":        {parquet.Timestamp(parquet.Millisecond), parquet.Int64Value(-1), repo.Timestamp, time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := open(t, writeColumn(t, test.node, test.value, parquet.NullValue()), ingest.Options{})
			rows, faults := read(t, source)
			expectFaults(t, faults)
			if diff := cmp.Diff([]any{test.want, nil}, []any{rows[0][2], rows[1][2]}); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			if got := typesOf(source)["x"]; got != test.typ {
				t.Errorf("type %s, want %s", got, test.typ)
			}
		})
	}
}

func TestParquetYearsBeyondPostgres(t *testing.T) {
	t.Parallel()
	path := writeColumn(t, parquet.Date(), parquet.Int32Value(1<<30), parquet.Int32Value(-1<<30), parquet.Int32Value(0))
	rows, faults := read(t, open(t, path, ingest.Options{}))
	expectFaults(t, faults, "row 1: column \"x\": unusable value: the year 2941775", "row 2: ")
	if len(rows) != 1 {
		t.Errorf("%d rows, want 1", len(rows))
	}
}

// FuzzParquet: whatever the bytes, there is an error or there are rows, and neither a panic nor a hang.
func FuzzParquet(f *testing.F) {
	for _, path := range []string{
		writeParquet(f, []plain{{ID: 1}, {ID: 2}}),
		writeParquet(f, []dataset{{1, &picture{Bytes: []byte("photo")}}, {2, nil}}),
		writeColumn(f, parquet.Decimal(1, 4, parquet.FixedLenByteArrayType(2)), parquet.FixedLenByteArrayValue([]byte{1, 0})),
	} {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "a.parquet")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		source, err := ingest.Open(t.Context(), path, ingest.Options{})
		if err != nil {
			return
		}
		defer source.Close()
		rows := 0
		for row, err := range source.Rows(t.Context()) {
			if err == nil && len(row.Values) != len(source.Columns) {
				t.Fatalf("row %d has %d values for %d columns", row.Number, len(row.Values), len(source.Columns))
			}
			if err != nil && !errors.As(err, new(*ingest.RowError)) {
				return
			}
			if rows++; rows > 10_000 {
				return
			}
		}
	})
}
