package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Answer is what SQL answers, as text.
type Answer struct {
	Columns []string
	Rows    [][]string
}

// maxValue is how many bytes of a value are kept: a photo in a column is not for reading.
const maxValue = 200

// Ask runs a question as it is written. It is for SQL of ours that is shown to people, not for SQL of others.
func (d *DB) Ask(ctx context.Context, sql string) (Answer, error) {
	rows, err := d.pool.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return Answer{}, fmt.Errorf("ask: %w", err)
	}
	defer rows.Close()
	var answer Answer
	for _, f := range rows.FieldDescriptions() {
		answer.Columns = append(answer.Columns, f.Name)
	}
	for rows.Next() {
		row := make([]string, 0, len(answer.Columns))
		for _, value := range rows.RawValues() {
			row = append(row, string(value[:min(len(value), maxValue)]))
		}
		answer.Rows = append(answer.Rows, row)
	}
	if err := rows.Err(); err != nil {
		return Answer{}, fmt.Errorf("ask: %w", err)
	}
	return answer, nil
}

// SimilarQuestion asks for the k products most like one, joined with the product table.
func (d *DB) SimilarQuestion(c Catalog, key string, k int) string {
	return c.joined("s", fmt.Sprintf("%s(%s, k => %d)", c.sqlName("_similar"), c.literal(key), k))
}

// NearestQuestion asks for the k products nearest to an embedding, $1.
func (d *DB) NearestQuestion(c Catalog, k int) string {
	return c.joined("n", fmt.Sprintf("%s($1, k => %d)", c.sqlName("_nearest"), k))
}

// AmongQuestion asks for the k products most like one among those of its own sort, and tells by which column: the first
// one in which some products, but not most, are like it. There may be none: then both are empty.
func (d *DB) AmongQuestion(ctx context.Context, c Catalog, key string, k int) (column, sql string, err error) {
	columns, err := d.columns(ctx, c.table())
	if err != nil {
		return "", "", err
	}
	for _, candidate := range columns {
		if candidate.Type != string(Text) || candidate.Name == c.KeyColumn || candidate.Name == c.ImageColumn {
			continue
		}
		var value *string
		var like, all int64
		err := d.pool.QueryRow(ctx, fmt.Sprintf(`SELECT q.%[1]s, (SELECT count(*) FROM %[2]s p WHERE p.%[1]s = q.%[1]s), (SELECT count(*) FROM %[2]s)
			FROM %[2]s q WHERE q.%[3]s = $1::text::%[4]s`, quote(candidate.Name), c.table().quoted(), quote(c.KeyColumn), c.KeyType), key).
			Scan(&value, &like, &all)
		if err != nil {
			return "", "", fmt.Errorf("compare products: %w", err)
		}
		if value != nil && like > int64(k) && like <= all/2 {
			among := fmt.Sprintf("ARRAY(SELECT %s FROM %s WHERE %s = '%s')",
				c.keySQL, c.tableSQL, candidate.NameSql, strings.ReplaceAll(*value, "'", "''"))
			call := fmt.Sprintf("%s(%s, k => %d,\n       among => %s)", c.sqlName("_similar"), c.literal(key), k, among)
			return candidate.Name, c.joined("s", call), nil
		}
	}
	return "", "", nil
}

// isolatedAmong is how many products IsolatedQuestion looks at: it asks for the nearest neighbour of each.
const isolatedAmong = 2000

// IsolatedQuestion asks which k products are farthest from their nearest neighbour.
func (d *DB) IsolatedQuestion(c Catalog, k int) string {
	return fmt.Sprintf(`SELECT p.%[1]s, s.%[1]s AS nearest, s.distance
FROM (SELECT %[1]s FROM %[2]s ORDER BY %[1]s LIMIT %[3]d) p
CROSS JOIN LATERAL %[4]s(p.%[1]s, k => 1) s
ORDER BY s.distance DESC LIMIT %[5]d`, c.keySQL, c.tableSQL, isolatedAmong, c.sqlName("_similar"), k)
}

// SampleKeys returns n keys of embedded products, spread evenly over the catalog in the order of the keys.
func (d *DB) SampleKeys(ctx context.Context, c Catalog, n int) ([]string, error) {
	rows, err := d.pool.Query(ctx, fmt.Sprintf(`SELECT key FROM (
			SELECT %[1]s::text AS key, row_number() OVER (ORDER BY %[1]s) AS i, count(*) OVER () AS all_rows FROM %[2]s WHERE position = 1
		) AS numbered WHERE i %% greatest(all_rows / ($1 + 1), 1) = 0 ORDER BY i LIMIT $1`, quote(c.KeyColumn), c.own("")), n)
	if err != nil {
		return nil, fmt.Errorf("sample keys: %w", err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("sample keys: %w", err)
	}
	if len(keys) == 0 {
		return nil, errors.New("no product is embedded")
	}
	return keys, nil
}

// joined asks for the products that a call returns, the nearest first.
func (c Catalog) joined(alias, call string) string {
	return fmt.Sprintf("SELECT p.*, %[1]s.distance\nFROM %[2]s %[1]s\nJOIN %[3]s p USING (%[4]s)\nORDER BY %[1]s.distance",
		alias, call, c.tableSQL, c.keySQL)
}

func (c Catalog) sqlName(suffix string) string { return schema + "." + plainOrQuoted(c.Name+suffix) }

// literal is a key as SQL writes it: bare where it is an integer.
func (c Catalog) literal(key string) string {
	if slices.Contains([]string{"bigint", "integer", "smallint"}, c.KeyType) {
		return key
	}
	return "'" + strings.ReplaceAll(key, "'", "''") + "'"
}
