package repo

// ColumnType is the SQL type of a product table's column.
type ColumnType string

// The types that a source's columns may have.
const (
	Text      ColumnType = "text"
	Bigint    ColumnType = "bigint"
	Double    ColumnType = "double precision"
	Boolean   ColumnType = "boolean"
	Date      ColumnType = "date"
	Timestamp ColumnType = "timestamptz"
	UUID      ColumnType = "uuid"
	Bytea     ColumnType = "bytea"
)

// Column is one column of a product table.
type Column struct {
	// Name is the column's name as it is, unquoted; at most 63 bytes.
	Name string
	// Type is the column's SQL type.
	Type ColumnType
}
