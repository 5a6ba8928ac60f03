package repo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
)

// Field is one column of a product. Value is JSON: a string, a number, a boolean or null.
type Field struct {
	Name  string
	Value json.RawMessage
}

// Neighbour is a product that looks like what was asked for.
type Neighbour struct {
	// Key is the product's key as text.
	Key string
	// Distance is the L2 distance of the embeddings; 0 for the product asked for.
	Distance float64
	// Fields are the columns of the product table in their order, without bytes. Empty when the product has meanwhile gone.
	Fields []Field
	// Reference is the photo's path, or empty. Stored tells that the photo is in the table: see DB.Photo.
	Reference string
	Stored    bool
}

// Similar returns the k products that look most like a product, the nearest first. It returns ErrNotFound for a key
// that the live generation does not have, and ErrNotLive for a catalog without one.
func (d *DB) Similar(ctx context.Context, c Catalog, key string, k int) ([]Neighbour, error) {
	if _, err := d.embeddingOf(ctx, c, key); err != nil {
		return nil, err
	}
	return d.neighbours(ctx, c, fmt.Sprintf(`%s($1::text::%s, $2)`, c.own("_similar"), c.KeyType), key, k)
}

// Nearest returns the k products nearest to an embedding of the live generation, the nearest first.
func (d *DB) Nearest(ctx context.Context, c Catalog, embedding []float32, k int) ([]Neighbour, error) {
	return d.neighbours(ctx, c, c.own("_nearest")+`($1, $2)`, pgvector.NewVector(embedding), k)
}

// ProductByKey returns a product as a Neighbour at distance 0, or ErrNotFound.
func (d *DB) ProductByKey(ctx context.Context, c Catalog, key string) (Neighbour, error) {
	found, err := d.neighbours(ctx, c, fmt.Sprintf(`(SELECT $1::text::%s AS %s, 0::float8 AS distance LIMIT $2)`,
		c.KeyType, quote(c.KeyColumn)), key, 1)
	if err != nil {
		return Neighbour{}, err
	}
	if len(found) == 0 || len(found[0].Fields) == 0 {
		return Neighbour{}, fmt.Errorf("product %s of catalog %s: %w", key, c.Name, ErrNotFound)
	}
	return found[0], nil
}

// embeddingOf returns the embedding of a product's first photo.
func (d *DB) embeddingOf(ctx context.Context, c Catalog, key string) ([]float32, error) {
	if live, err := d.isLive(ctx, c); err != nil || !live {
		if err == nil {
			err = fmt.Errorf("catalog %s: %w: `lookalike worker --once` makes them", c.Name, ErrNotLive)
		}
		return nil, err
	}
	var embedding pgvector.Vector
	err := d.pool.QueryRow(ctx, fmt.Sprintf(`SELECT embedding FROM %s WHERE %s = $1::text::%s ORDER BY position LIMIT 1`,
		c.own(""), quote(c.KeyColumn), c.KeyType), key).Scan(&embedding)
	switch {
	case isBadKey(err):
		return nil, fmt.Errorf("key %q: not a %s: %w", key, c.KeyType, ErrNotFound)
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fmt.Errorf("product %s of catalog %s: %w, or its photo is not embedded: see `lookalike failures --catalog %s`",
			key, c.Name, ErrNotFound, c.Name)
	case err != nil:
		return nil, fmt.Errorf("read embedding of %s: %w", key, err)
	}
	return embedding.Slice(), nil
}

func (d *DB) isLive(ctx context.Context, c Catalog) (bool, error) {
	found, err := d.Generations(ctx, c)
	return found.Live != nil, err
}

// neighbours joins what a function returns with the product table. from is SQL with $1 (what) and $2 (k).
func (d *DB) neighbours(ctx context.Context, c Catalog, from string, what any, k int) ([]Neighbour, error) {
	columns, err := d.columns(ctx, c.table())
	if err != nil {
		return nil, err
	}
	key, image := quote(c.KeyColumn), "p."+quote(c.ImageColumn)
	var names, values []string
	for _, column := range columns {
		if column.Type != "bytea" {
			names = append(names, column.Name)
			values = append(values, fmt.Sprintf("to_json(p.%s)::text", quote(column.Name)))
		}
	}
	rows, err := d.pool.Query(ctx, fmt.Sprintf(`SELECT n.%[1]s::text, n.distance, p.%[1]s IS NOT NULL,
			CASE WHEN pg_typeof(%[2]s) <> 'bytea'::regtype THEN coalesce(%[2]s::text, '') ELSE '' END,
			pg_typeof(%[2]s) = 'bytea'::regtype AND %[2]s IS NOT NULL,
			ARRAY[%[3]s]::text[]
		FROM %[4]s AS n LEFT JOIN %[5]s AS p USING (%[1]s)
		ORDER BY n.distance, n.%[1]s`, key, image, strings.Join(values, ", "), from, c.table().quoted()), what, k)
	if err != nil {
		return nil, fmt.Errorf("search %s: %w", c.Name, err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Neighbour, error) {
		var n Neighbour
		var exists bool
		var fields []*string
		err := row.Scan(&n.Key, &n.Distance, &exists, &n.Reference, &n.Stored, &fields)
		if exists {
			n.Fields = named(names, fields)
		}
		return n, err
	})
	if isBadKey(err) {
		return nil, fmt.Errorf("key %v: not a %s: %w", what, c.KeyType, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("search %s: %w", c.Name, serverMessage(err))
	}
	return found, nil
}

// isBadKey tells whether a key cannot be read as its type: invalid text, out of range, an invalid date.
func isBadKey(err error) bool {
	return slices.Contains([]string{"22P02", "22003", "22007", "22008"}, sqlState(err))
}

func named(names []string, values []*string) []Field {
	fields := make([]Field, len(names))
	for i, name := range names {
		fields[i] = Field{Name: name, Value: json.RawMessage("null")}
		if values[i] != nil {
			fields[i].Value = json.RawMessage(*values[i])
		}
	}
	return fields
}
