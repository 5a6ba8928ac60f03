package ingest

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"lookalike/repo"
)

// fieldsOf are the columns of a file that a table can hold, and sentences about the others. The image column may be a
// struct of bytes and path, as the datasets library of Hugging Face writes it.
func fieldsOf(file *parquet.File, image string) (names []string, fields []field, notes []string) {
	for _, column := range file.Root().Columns() {
		f, reason := fieldOf(file, column, image)
		if reason != "" {
			notes = append(notes, fmt.Sprintf("column %s is left out: %s", quote(column.Name()), reason))
			continue
		}
		names, fields = append(names, column.Name()), append(fields, f)
	}
	return names, fields, notes
}

func fieldOf(file *parquet.File, column *parquet.Column, image string) (f field, reason string) {
	switch {
	case column.Repeated():
		return field{}, "it is a list"
	case column.Leaf():
		kind, convert := conversionOf(column)
		if convert == nil {
			return field{}, "its type " + column.Type().String() + " has no counterpart"
		}
		return field{
			leaves: []int{column.Index()}, kind: kind,
			convert: func(values []parquet.Value) (any, error) { return unlessNull(values[0], convert) },
		}, ""
	case column.Name() == image:
		if f, found := imageStruct(file, column); found {
			return f, ""
		}
		return field{}, "a photo is text, bytes, or a struct of bytes and path"
	}
	return field{}, "it is nested"
}

// conversion reads one value that is not null.
type conversion func(v parquet.Value) (any, error)

func unlessNull(v parquet.Value, convert conversion) (any, error) {
	if v.IsNull() {
		return nil, nil
	}
	return convert(v)
}

// imageStruct reads a struct of bytes and path as the bytes, or as the path when no row has bytes.
func imageStruct(file *parquet.File, column *parquet.Column) (field, bool) {
	content, path := binaryLeaf(column, "bytes"), binaryLeaf(column, "path")
	pathField := func() field {
		return field{leaves: []int{path.Index()}, kind: repo.Text, convert: func(values []parquet.Value) (any, error) {
			return unlessNull(values[0], readString)
		}}
	}
	switch {
	case content == nil && path == nil:
		return field{}, false
	case content == nil:
		return pathField(), true
	case path == nil:
		path = content
	case allNull(file, content.Index()):
		return pathField(), true
	}
	convert := func(values []parquet.Value) (any, error) {
		if values[0].IsNull() && !values[1].IsNull() {
			return nil, fmt.Errorf("%w: the photo is a path, and in other rows it is bytes", ErrBadValue)
		}
		return unlessNull(values[0], readBytes)
	}
	return field{leaves: []int{content.Index(), path.Index()}, kind: repo.Bytea, convert: convert}, true
}

func binaryLeaf(column *parquet.Column, name string) *parquet.Column {
	leaf := column.Column(name)
	if leaf == nil || !leaf.Leaf() || leaf.Repeated() || leaf.Type().Kind() != parquet.ByteArray {
		return nil
	}
	return leaf
}

// allNull tells from the statistics of the file whether a leaf holds nothing.
func allNull(file *parquet.File, leaf int) bool {
	for _, group := range file.Metadata().RowGroups {
		meta := group.Columns[leaf].MetaData
		if meta.Statistics.NullCount != meta.NumValues {
			return false
		}
	}
	return true
}

// conversionOf is the type of a leaf in the table and how to read it, or nil when it has no counterpart.
func conversionOf(column *parquet.Column) (repo.ColumnType, conversion) {
	typ := column.Type()
	if logical := typ.LogicalType(); logical != nil {
		switch t := logical.Value.(type) {
		case *format.StringType, *format.EnumType, *format.JsonType:
			return repo.Text, readString
		case *format.DateType:
			return repo.Date, readDate
		case *format.TimestampType:
			return repo.Timestamp, timestampReader(t.Unit)
		case *format.TimeType:
			return repo.Text, timeReader(typ.Kind(), t.Unit)
		case *format.DecimalType:
			return decimalReader(typ.Kind(), t)
		case *format.UUIDType:
			return repo.UUID, readUUID
		case *format.NullType:
			return repo.Text, func(parquet.Value) (any, error) { return nil, nil }
		case *format.IntType:
			if !t.IsSigned {
				return repo.Bigint, unsignedReader(typ.Kind())
			}
		case *format.BsonType:
		default:
			return "", nil
		}
	}
	return physical(typ.Kind())
}

func physical(kind parquet.Kind) (repo.ColumnType, conversion) {
	switch kind {
	case parquet.Boolean:
		return repo.Boolean, func(v parquet.Value) (any, error) { return v.Boolean(), nil }
	case parquet.Int32:
		return repo.Bigint, func(v parquet.Value) (any, error) { return int64(v.Int32()), nil }
	case parquet.Int64:
		return repo.Bigint, func(v parquet.Value) (any, error) { return v.Int64(), nil }
	case parquet.Int96:
		return repo.Timestamp, readInt96
	case parquet.Float:
		return repo.Double, func(v parquet.Value) (any, error) { return float64(v.Float()), nil }
	case parquet.Double:
		return repo.Double, func(v parquet.Value) (any, error) { return v.Double(), nil }
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return repo.Bytea, readBytes
	}
	return "", nil
}

func readString(v parquet.Value) (any, error) {
	s := string(v.ByteArray())
	if err := checkText(s); err != nil {
		return nil, err
	}
	return s, nil
}

func readBytes(v parquet.Value) (any, error) { return bytes.Clone(v.ByteArray()), nil }

func readUUID(v parquet.Value) (any, error) {
	raw := v.ByteArray()
	if len(raw) != 16 {
		return nil, fmt.Errorf("%w: a uuid of %d bytes", ErrBadValue, len(raw))
	}
	return [16]byte(raw), nil
}

const secondsPerDay = 24 * 60 * 60

func readDate(v parquet.Value) (any, error) {
	return inRange(time.Unix(int64(v.Int32())*secondsPerDay, 0))
}

func timestampReader(unit format.TimeUnit) conversion {
	if unit.Value == nil {
		return nil
	}
	switch unit.Value.Duration() {
	case time.Millisecond:
		return func(v parquet.Value) (any, error) { return inRange(time.UnixMilli(v.Int64())) }
	case time.Microsecond:
		return func(v parquet.Value) (any, error) { return inRange(time.UnixMicro(v.Int64())) }
	}
	return func(v parquet.Value) (any, error) { return inRange(time.Unix(0, v.Int64())) }
}

// julianUnix is the Julian day of 1 January 1970.
const julianUnix = 2440588

// readInt96 reads the time of day in nanoseconds and the Julian day, as Impala and older Spark write a timestamp.
func readInt96(v parquet.Value) (any, error) {
	raw := v.Int96()
	nanos := int64(raw[1])<<32 | int64(raw[0])
	return inRange(time.Unix((int64(raw[2])-julianUnix)*secondsPerDay, nanos))
}

// inRange refuses what a Postgres timestamptz cannot hold.
func inRange(t time.Time) (any, error) {
	t = t.UTC()
	if year := t.Year(); year < -4712 || year > 294275 {
		return nil, fmt.Errorf("%w: the year %d", ErrBadValue, year)
	}
	return t, nil
}

func timeReader(kind parquet.Kind, unit format.TimeUnit) conversion {
	if unit.Value == nil {
		return nil
	}
	return func(v parquet.Value) (any, error) {
		ticks := v.Int64()
		if kind == parquet.Int32 {
			ticks = int64(v.Int32())
		}
		return time.Unix(0, ticks*int64(unit.Value.Duration())).UTC().Format("15:04:05.999999999"), nil
	}
}

func unsignedReader(kind parquet.Kind) conversion {
	if kind == parquet.Int32 {
		return func(v parquet.Value) (any, error) { return int64(v.Uint32()), nil }
	}
	return func(v parquet.Value) (any, error) {
		n := v.Uint64()
		if n > math.MaxInt64 {
			return nil, fmt.Errorf("%w: %d is too large for a bigint", ErrBadValue, n)
		}
		return int64(n), nil
	}
}

const (
	// doubleDigits is how many decimal digits a float64 always keeps.
	doubleDigits = 15
	// maxScale is the largest scale a decimal is read with; what is written in practice ends at 76.
	maxScale = 100
)

// decimalReader reads decimals as numbers where that is exact to the last digit, and else as text.
func decimalReader(kind parquet.Kind, t *format.DecimalType) (repo.ColumnType, conversion) {
	if t.Scale < 0 || t.Scale > maxScale {
		return "", nil
	}
	denominator := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil)
	text := func(v parquet.Value) string {
		return new(big.Rat).SetFrac(unscaled(kind, v), denominator).FloatString(int(t.Scale))
	}
	if t.Precision > doubleDigits {
		return repo.Text, func(v parquet.Value) (any, error) { return text(v), nil }
	}
	return repo.Double, func(v parquet.Value) (any, error) { return strconv.ParseFloat(text(v), 64) }
}

// unscaled is the whole number of a decimal: an int, or big-endian two's complement.
func unscaled(kind parquet.Kind, v parquet.Value) *big.Int {
	switch kind {
	case parquet.Int32:
		return big.NewInt(int64(v.Int32()))
	case parquet.Int64:
		return big.NewInt(v.Int64())
	}
	raw := v.ByteArray()
	n := new(big.Int).SetBytes(raw)
	if len(raw) > 0 && raw[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
	}
	return n
}
