package repo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"

	"lookalike/repo/internal/db"
)

// loadChunk is how many rows are loaded in one transaction: what an interruption can undo.
const loadChunk = 5000

// Load says which rows go into which product table.
type Load struct {
	// Catalog names the catalog whose tasks the rows become.
	Catalog Catalog
	// Columns are those of the rows. Columns that the table does not have are left out.
	Columns []Column
	// Rows yields values in the order of Columns and the place where they come from (a line, or a row's number). An
	// error ends the load.
	Rows iter.Seq2[LoadRow, error]
	// Rejected is called for each row that the table does not take, with the place and the reason.
	Rejected func(place int, reason string)
	// Progress is called after each transaction with the rows so far; it may be nil.
	Progress func(rows int64)
}

// LoadRow is one row of a source: its place and its values.
type LoadRow struct {
	Place  int
	Values []any
}

// Loaded counts what LoadProducts did.
type Loaded struct {
	// Rows is how many the table took, Changed how many of them were new or different, Rejected how many it did not take.
	Rows, Changed, Rejected int64
}

// EnsureProductTable creates the product table with its schema, unless it exists, and tells whether it did.
func (d *DB) EnsureProductTable(ctx context.Context, table TableName, columns []Column, key string) (created bool, err error) {
	existing, err := d.columns(ctx, table)
	if err != nil || len(existing) > 0 {
		return false, err
	}
	definitions := make([]string, len(columns))
	for i, c := range columns {
		definitions[i] = quote(c.Name) + " " + string(c.Type)
		if c.Name == key {
			definitions[i] += " PRIMARY KEY"
		}
	}
	_, err = d.pool.Exec(ctx, fmt.Sprintf(`CREATE SCHEMA IF NOT EXISTS %s; CREATE TABLE %s (%s)`,
		quote(table.Schema), table.quoted(), strings.Join(definitions, ", ")))
	if err != nil {
		return false, fmt.Errorf("create table %s: %w", table, serverMessage(err))
	}
	return true, nil
}

// columns lists the columns of a table with their SQL types; none when there is no such table.
func (d *DB) columns(ctx context.Context, table TableName) ([]db.ListColumnsRow, error) {
	columns, err := d.queries.ListColumns(ctx, db.ListColumnsParams{TableSchema: table.Schema, TableName: table.Name})
	if err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", table, err)
	}
	return columns, nil
}

// MissingColumns names the columns of a source that a table does not have or fills itself.
func (d *DB) MissingColumns(ctx context.Context, table TableName, columns []Column) ([]string, error) {
	existing, err := d.columns(ctx, table)
	if err != nil {
		return nil, err
	}
	_, missing := match(columns, existing)
	return missing, nil
}

// target is where a column of the source goes.
type target struct {
	index int // in the rows
	Column
	sqlType string // of the table's column
}

func match(columns []Column, existing []db.ListColumnsRow) (targets []target, missing []string) {
	byName := make(map[string]db.ListColumnsRow, len(existing))
	for _, e := range existing {
		byName[e.Name] = e
	}
	for i, c := range columns {
		if e, ok := byName[c.Name]; ok && !e.Generated {
			targets = append(targets, target{index: i, Column: c, sqlType: e.Type})
		} else {
			missing = append(missing, c.Name)
		}
	}
	return targets, missing
}

// LoadProducts inserts rows into the table of a catalog, or updates the rows of the same key where they differ, and
// makes a task for each, changed or not: whether a photo has changed is seen in its bytes only.
func (d *DB) LoadProducts(ctx context.Context, l Load) (Loaded, error) {
	existing, err := d.columns(ctx, l.Catalog.table())
	if err != nil {
		return Loaded{}, err
	}
	targets, _ := match(l.Columns, existing)
	if len(targets) == 0 {
		return Loaded{}, fmt.Errorf("table %s: %w", l.Catalog.table(), ErrNotFound)
	}
	loader := &loader{db: d, load: l, targets: targets}
	chunk := make([]LoadRow, 0, loadChunk)
	for row, err := range l.Rows {
		if err != nil {
			return loader.done, err
		}
		if chunk = append(chunk, row); len(chunk) == loadChunk {
			if err := loader.flush(ctx, chunk); err != nil {
				return loader.done, err
			}
			chunk = chunk[:0]
		}
	}
	return loader.done, loader.flush(ctx, chunk)
}

// loader loads the chunks of one source.
type loader struct {
	db      *DB
	load    Load
	targets []target
	done    Loaded
}

// flush loads a chunk. When the table does not take it, the halves are tried, down to the rows that are at fault.
func (l *loader) flush(ctx context.Context, chunk []LoadRow) error {
	if len(chunk) == 0 {
		return nil
	}
	changed, err := l.upsert(ctx, chunk)
	switch {
	case err == nil:
		l.done.Rows += int64(len(chunk))
		l.done.Changed += changed
		if l.load.Progress != nil {
			l.load.Progress(l.done.Rows + l.done.Rejected)
		}
		return nil
	case !isDataError(err):
		return fmt.Errorf("load products into %s: %w", l.load.Catalog.table(), err)
	case len(chunk) == 1:
		l.done.Rejected++
		l.load.Rejected(chunk[0].Place, serverMessage(err).Error())
		return nil
	}
	half := len(chunk) / 2
	return errors.Join(l.flush(ctx, chunk[:half]), l.flush(ctx, chunk[half:]))
}

// isDataError tells whether the server refused values (data exceptions, constraints), not the work as such.
func isDataError(err error) bool {
	state := sqlState(err)
	return strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23")
}

// upsert loads a chunk in one transaction, by way of a temporary table of the source's types.
func (l *loader) upsert(ctx context.Context, chunk []LoadRow) (changed int64, err error) {
	err = l.db.tx(ctx, func(tx pgx.Tx, _ *db.Queries) error {
		definitions, names := make([]string, len(l.targets)), make([]string, len(l.targets))
		for i, t := range l.targets {
			definitions[i] = quote(t.Name) + " " + string(t.Type)
			names[i] = t.Name
		}
		_, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TEMPORARY TABLE lookalike_load (%s) ON COMMIT DROP`, strings.Join(definitions, ", ")))
		if err != nil {
			return err
		}
		source := pgx.CopyFromSlice(len(chunk), func(i int) ([]any, error) {
			values := make([]any, len(l.targets))
			for j, t := range l.targets {
				values[j] = chunk[i].Values[t.index]
			}
			return values, nil
		})
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"pg_temp", "lookalike_load"}, names, source); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, l.upsertSQL())
		if err != nil {
			return err
		}
		changed = tag.RowsAffected()
		c := l.load.Catalog
		_, err = tx.Exec(ctx, fmt.Sprintf(`SELECT lookalike.enqueue($1, (SELECT array_agg(%[1]s::%[2]s::text) FROM pg_temp.lookalike_load))`,
			quote(c.KeyColumn), c.KeyType), c.ID)
		return err
	})
	return changed, err
}

// upsertSQL takes rows over only where they differ, so that no trigger of the user's runs for nothing.
func (l *loader) upsertSQL() string {
	key := quote(l.load.Catalog.KeyColumn)
	var names, values, set, before, after []string
	for _, t := range l.targets {
		name := quote(t.Name)
		names = append(names, name)
		values = append(values, name+"::"+t.sqlType)
		if t.Name != l.load.Catalog.KeyColumn {
			set = append(set, name+" = excluded."+name)
			before, after = append(before, "p."+name), append(after, "excluded."+name)
		}
	}
	conflict := "DO NOTHING"
	if len(set) > 0 {
		conflict = fmt.Sprintf("DO UPDATE SET %s WHERE (%s) IS DISTINCT FROM (%s)",
			strings.Join(set, ", "), strings.Join(before, ", "), strings.Join(after, ", "))
	}
	return fmt.Sprintf(`INSERT INTO %s AS p (%s) SELECT %s FROM pg_temp.lookalike_load ON CONFLICT (%s) %s`,
		l.load.Catalog.table().quoted(), strings.Join(names, ", "), strings.Join(values, ", "), key, conflict)
}
