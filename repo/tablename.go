package repo

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ErrTableName says that a table's name cannot be read.
var ErrTableName = errors.New("not a table name: write schema.table, with double quotes around what is not plain")

// TableName is the name of a product table, its parts as they are, unquoted.
type TableName struct{ Schema, Name string }

// ParseTableName reads a name as SQL does: schema.table or table (in public); plain parts are folded to lower case,
// parts in double quotes are taken as they are.
func ParseTableName(s string) (TableName, error) {
	var parts []string
	for rest := s; ; {
		part, after, err := readIdentifier(rest)
		if err != nil {
			return TableName{}, err
		}
		parts = append(parts, part)
		if after == "" {
			break
		}
		if after[0] != '.' {
			return TableName{}, ErrTableName
		}
		rest = after[1:]
	}
	switch len(parts) {
	case 1:
		return TableName{Schema: "public", Name: parts[0]}, nil
	case 2:
		return TableName{Schema: parts[0], Name: parts[1]}, nil
	default:
		return TableName{}, ErrTableName
	}
}

// maxIdentifier is NAMEDATALEN - 1: longer names would be cut by the server without a word.
const maxIdentifier = 63

func readIdentifier(s string) (name, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		name, rest, err = readQuoted(s[1:])
	} else {
		end := strings.IndexAny(s, `."`)
		if end < 0 {
			end = len(s)
		}
		name, rest = strings.ToLower(s[:end]), s[end:]
	}
	if err != nil || name == "" || len(name) > maxIdentifier || strings.ContainsRune(name, 0) {
		return "", "", ErrTableName
	}
	return name, rest, nil
}

func readQuoted(s string) (name, rest string, err error) {
	var b strings.Builder
	for {
		end := strings.IndexByte(s, '"')
		if end < 0 {
			return "", "", ErrTableName
		}
		b.WriteString(s[:end])
		s = s[end+1:]
		if !strings.HasPrefix(s, `"`) {
			return b.String(), s, nil
		}
		b.WriteByte('"')
		s = s[1:]
	}
}

// String is the name for people: quoted only where SQL needs it.
func (t TableName) String() string { return plainOrQuoted(t.Schema) + "." + plainOrQuoted(t.Name) }

func (t TableName) quoted() string { return pgx.Identifier{t.Schema, t.Name}.Sanitize() }

func plainOrQuoted(s string) string {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return quote(s)
		}
	}
	return s
}
