package ingest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lookalike/ingest"
	"lookalike/repo"
)

// TestColumnTypes gives a column these values in a CSV file.
func TestColumnTypes(t *testing.T) {
	t.Parallel()
	moment := time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)
	tests := map[string]struct {
		values []string
		typ    repo.ColumnType
		want   []any
	}{
		"whole numbers":            {[]string{"1", "-20", "", "0"}, repo.Bigint, []any{int64(1), int64(-20), nil, int64(0)}},
		"the largest":              {[]string{"9223372036854775807"}, repo.Bigint, []any{int64(9223372036854775807)}},
		"beyond int64":             {[]string{"9223372036854775808", "1"}, repo.Text, []any{"9223372036854775808", "1"}},
		"leading zeros":            {[]string{"00123", "5"}, repo.Text, []any{"00123", "5"}},
		"leading zeros, decimals":  {[]string{"00.5", "1.5"}, repo.Text, []any{"00.5", "1.5"}},
		"plus sign":                {[]string{"+5"}, repo.Text, []any{"+5"}},
		"decimals":                 {[]string{"12.10", "-0.5", ".5", "3"}, repo.Double, []any{12.1, -0.5, 0.5, 3.0}},
		"exponents":                {[]string{"1.5e3", "1e-05", "1E+20"}, repo.Double, []any{1500.0, 1e-05, 1e20}},
		"codes like exponents":     {[]string{"1E5", "2E7"}, repo.Text, []any{"1E5", "2E7"}},
		"too large for a double":   {[]string{"1.0e999"}, repo.Text, []any{"1.0e999"}},
		"large with decimals":      {[]string{"9007199254740993", "0.5"}, repo.Text, []any{"9007199254740993", "0.5"}},
		"half a number":            {[]string{"1.", "2.5"}, repo.Text, []any{"1.", "2.5"}},
		"two exponent signs":       {[]string{"1.0e+-5"}, repo.Text, []any{"1.0e+-5"}},
		"numbers and words":        {[]string{"1", "M"}, repo.Text, []any{"1", "M"}},
		"nan is no number":         {[]string{"NaN", "1.5"}, repo.Text, []any{"NaN", "1.5"}},
		"booleans":                 {[]string{"true", "False", "TRUE", ""}, repo.Boolean, []any{true, false, true, nil}},
		"one letter":               {[]string{"f", "t"}, repo.Text, []any{"f", "t"}},
		"dates":                    {[]string{"2024-02-29", ""}, repo.Date, []any{moment.Truncate(24 * time.Hour), nil}},
		"no such day":              {[]string{"2023-02-29"}, repo.Text, []any{"2023-02-29"}},
		"the zero date":            {[]string{"0000-00-00"}, repo.Text, []any{"0000-00-00"}},
		"times":                    {[]string{"2024-02-29T13:30:00+01:00", "2024-02-29 12:30:00"}, repo.Timestamp, []any{moment, moment}},
		"times as Postgres writes": {[]string{"2024-02-29 12:30:00.25+00"}, repo.Timestamp, []any{moment.Add(time.Second / 4)}},
		"times and dates":          {[]string{"2024-02-29", "2024-02-29 12:30"}, repo.Timestamp, []any{moment.Truncate(24 * time.Hour), moment}},
		"uuids": {
			[]string{"6BA7B810-9dad-11d1-80b4-00c04fd430c8", "f47ac10b-58cc-4372-a567-0e02b2c3d479"},
			repo.UUID,
			[]any{
				[16]byte{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0, 0xc0, 0x4f, 0xd4, 0x30, 0xc8},
				[16]byte{0xf4, 0x7a, 0xc1, 0x0b, 0x58, 0xcc, 0x43, 0x72, 0xa5, 0x67, 0x0e, 0x02, 0xb2, 0xc3, 0xd4, 0x79},
			},
		},
		"all empty":      {[]string{"", ""}, repo.Text, []any{nil, nil}},
		"kept as it was": {[]string{" a ", "1 "}, repo.Text, []any{" a ", "1 "}},
		"data addresses outside the image column": {[]string{"\"data:,x\""}, repo.Text, []any{"data:,x"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var csv strings.Builder
			csv.WriteString("id,image,x\n")
			for i, value := range test.values {
				fmt.Fprintf(&csv, "%d,a,%s\n", i, value)
			}
			source := open(t, writeFile(t, "a.csv", csv.String()), ingest.Options{})
			if got := source.Columns[2].Type; got != test.typ {
				t.Errorf("type %s, want %s", got, test.typ)
			}
			rows, faults := read(t, source)
			expectFaults(t, faults)
			var got []any
			for _, row := range rows {
				got = append(got, row[2])
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

// TestKeyAndImageTypes: what would be another type anywhere else.
func TestKeyAndImageTypes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		csv        string
		key, image repo.ColumnType
	}{
		"numbers":         {"1,10018\n2,10019\n", repo.Bigint, repo.Text},
		"decimals":        {"1.5,a\n2.5,b\n", repo.Text, repo.Text},
		"dates":           {"2024-01-01,2024-01-01\n", repo.Text, repo.Text},
		"booleans":        {"true,true\nfalse,false\n", repo.Text, repo.Text},
		"leading zeros":   {"001,a\n002,b\n", repo.Text, repo.Text},
		"uuids":           {"f47ac10b-58cc-4372-a567-0e02b2c3d479,a\n", repo.UUID, repo.Text},
		"no photos":       {"1,\n2,\n", repo.Bigint, repo.Text},
		"bytes":           {"1,data:image/png;base64;YQ\n2,\n", repo.Bigint, repo.Bytea},
		"bytes and paths": {"1,data:image/png;base64;YQ\n2,a.png\n", repo.Bigint, repo.Text},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := open(t, writeFile(t, "a.csv", "sku,photo\n"+test.csv), ingest.Options{Key: "sku", Image: "photo"})
			want := map[string]repo.ColumnType{"sku": test.key, "photo": test.image}
			if diff := cmp.Diff(want, typesOf(source)); diff != "" {
				t.Errorf("types (-want +got):\n%s", diff)
			}
			if source.Key != "sku" || source.Image != "photo" {
				t.Errorf("key %q and image %q", source.Key, source.Image)
			}
		})
	}
}
