package repo

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lookalike/repo/internal/db"
)

// schema is where the tables of Lookalike are, and the views and functions of the catalogs.
const schema = "lookalike"

// Catalog is an attached product table. Names are as they are, unquoted.
type Catalog struct {
	ID          int32
	Name        string
	TableSchema string
	TableName   string
	KeyColumn   string
	// KeyType is the SQL type of the key as format_type prints it.
	KeyType     string
	ImageColumn string
	// Roots are the folders that photos may be read from; a relative reference is relative to the first.
	Roots []string
	// tableSQL and keySQL are for people to read: quoted only where SQL needs it.
	tableSQL, keySQL string
}

// Attachment says how a product table is to be attached.
type Attachment struct {
	// Table is the product table.
	Table TableName
	// Key and Image are columns of the table.
	Key, Image string
	// Name is the catalog's, at most 40 bytes.
	Name string
	// Root is a folder that photos may be read from; empty when there is none.
	Root string
}

// Attach makes a catalog of a product table, or finds the one that is there. The server checks everything; its
// complaint says what to do.
func (d *DB) Attach(ctx context.Context, a Attachment) (Catalog, error) {
	params := db.AttachCatalogParams{Relation: a.Table.quoted(), Key: a.Key, Image: a.Image, Name: a.Name}
	if a.Root != "" {
		params.Root = &a.Root
	}
	if _, err := d.queries.AttachCatalog(ctx, params); err != nil {
		return Catalog{}, fmt.Errorf("attach %s: %w", a.Table, serverMessage(err))
	}
	return d.Catalog(ctx, a.Name)
}

// Detach undoes Attach: the catalog, its triggers, tasks and generations go; features stay.
func (d *DB) Detach(ctx context.Context, name string) error {
	if err := d.queries.DetachCatalog(ctx, name); err != nil {
		return fmt.Errorf("detach %s: %w", name, serverMessage(err))
	}
	return nil
}

// Catalog finds a catalog by its name, or returns ErrNotFound.
func (d *DB) Catalog(ctx context.Context, name string) (Catalog, error) {
	row, err := d.queries.GetCatalog(ctx, name)
	if errors.Is(err, pgx.ErrNoRows) {
		return Catalog{}, d.noCatalog(ctx, name)
	}
	if err != nil {
		return Catalog{}, fmt.Errorf("get catalog %s: %w", name, err)
	}
	return Catalog{
		ID: row.CatalogID, Name: row.Name, TableSchema: row.TableSchema, TableName: row.TableName,
		KeyColumn: row.KeyColumn, KeyType: row.KeyType, ImageColumn: row.ImageColumn, Roots: row.Roots,
		tableSQL: row.TableSql, keySQL: row.KeySql,
	}, nil
}

func (d *DB) noCatalog(ctx context.Context, name string) error {
	names, err := d.CatalogNames(ctx)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("catalog %s: %w: there is none yet; `lookalike ingest SOURCE --catalog %s` makes one", name, ErrNotFound, name)
	}
	return fmt.Errorf("catalog %s: %w: there are %v", name, ErrNotFound, names)
}

// CatalogNames lists the catalogs by name.
func (d *DB) CatalogNames(ctx context.Context) ([]string, error) {
	names, err := d.queries.ListCatalogNames(ctx)
	if err != nil {
		return nil, fmt.Errorf("list catalogs: %w", err)
	}
	return names, nil
}

func (c Catalog) table() TableName { return TableName{Schema: c.TableSchema, Name: c.TableName} }

// Table is the attached product table.
func (c Catalog) Table() TableName { return c.table() }

// own is the quoted name of something that the catalog has in our schema, such as its view (suffix "").
func (c Catalog) own(suffix string) string { return pgx.Identifier{schema, c.Name + suffix}.Sanitize() }

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
