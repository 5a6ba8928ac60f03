package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"github.com/spf13/cobra"

	"lookalike/ingest"
	"lookalike/repo"
)

// ingestFlags are those of the verb ingest.
type ingestFlags struct {
	catalog, table, key, image string
	wish                       wishFlags
}

// sourceNews is what came of reading a source.
type sourceNews struct {
	Path     string `json:"path"`
	Rows     int64  `json:"rows"`
	Changed  int64  `json:"rows_changed"`
	Rejected int64  `json:"rows_rejected"`
}

func (s *sourceNews) rejected() int64 {
	if s == nil {
		return 0
	}
	return s.Rejected
}

func (a *app) ingestCommand() *cobra.Command {
	var f ingestFlags
	cmd := &cobra.Command{
		Use:   "ingest SOURCE",
		Short: "Bring products in: rows into their table, photos through the model, embeddings into the catalog",
		Long: `Ingest reads SOURCE, inserts or updates the rows of a product table, attaches the
table as a catalog, and embeds the photos that are new.

SOURCE is a folder of photos (the key of a product is its path without the
extension, a sub-folder its category), or a CSV, TSV, JSON lines or Parquet file
with a column of photos: paths relative to the file, or the bytes themselves.

Doing it again embeds nothing that is unchanged. Ctrl-C loses nothing. A photo
that cannot be embedded fails alone: the exit code is then 3, and
"lookalike failures" says why.`,
		Example: `  lookalike ingest photos/ --catalog products
  lookalike ingest products.csv --catalog products --table shop.products --key sku --image picture
  lookalike ingest products.parquet --catalog products --factors 64
  lookalike ingest photos/ --catalog products --model resnet50`,
		Args: exactlyOne("one SOURCE: a folder or a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.wish.validate(); err != nil {
				return err
			}
			return a.ingest(cmd.Context(), args[0], f, cmd.Flags().Changed)
		},
	}
	cmd.Flags().StringVar(&f.catalog, "catalog", "", "name of the catalog (needed)")
	cmd.Flags().StringVar(&f.table, "table", "", "product table, schema.table; created if it does not exist (default public.CATALOG)")
	cmd.Flags().StringVar(&f.key, "key", "id", "column that names a product")
	cmd.Flags().StringVar(&f.image, "image", "image", "column that holds the photo")
	f.wish.register(cmd)
	cobra.CheckErr(cmd.MarkFlagRequired("catalog"))
	return cmd
}

func (a *app) ingest(ctx context.Context, path string, f ingestFlags, given func(string) bool) error {
	db, err := a.migrated(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	existing, err := db.Catalog(ctx, f.catalog)
	if err == nil {
		err = f.follow(existing, given)
	} else if errors.Is(err, repo.ErrNotFound) {
		err = nil
	}
	if err != nil {
		return err
	}
	source, err := ingest.Open(ctx, path, ingest.Options{Key: f.key, Image: f.image})
	if err != nil {
		return err
	}
	defer source.Close()
	for _, note := range source.Notes {
		fmt.Fprintln(a.err, "lookalike:", printable(note))
	}
	s := a.newSummary(f.catalog)
	catalog, err := a.load(ctx, db, source, f, s)
	if err != nil {
		return err
	}
	return a.work(ctx, db, catalog, f.wish, s)
}

// follow takes table and columns from the catalog that exists; flags that say otherwise are an error.
func (f *ingestFlags) follow(c repo.Catalog, given func(string) bool) error {
	for _, flag := range []struct {
		name   string
		value  *string
		actual string
	}{{"table", &f.table, c.Table().String()}, {"key", &f.key, c.KeyColumn}, {"image", &f.image, c.ImageColumn}} {
		if given(flag.name) && *flag.value != flag.actual {
			return usageError{fmt.Errorf("--%s %s: catalog %s has %s; give another --catalog, or leave --%s out",
				flag.name, *flag.value, c.Name, flag.actual, flag.name)}
		}
		*flag.value = flag.actual
	}
	return nil
}

// load brings the rows of a source into their table, attached as a catalog.
func (a *app) load(ctx context.Context, db *repo.DB, source *ingest.Source, f ingestFlags, s *summary) (repo.Catalog, error) {
	table := repo.TableName{Schema: "public", Name: f.catalog}
	if f.table != "" {
		var err error
		if table, err = repo.ParseTableName(f.table); err != nil {
			return repo.Catalog{}, usageError{fmt.Errorf("--table %s: %w", f.table, err)}
		}
	}
	created, err := db.EnsureProductTable(ctx, table, source.Columns, source.Key)
	if err != nil {
		return repo.Catalog{}, err
	}
	if !created {
		missing, err := db.MissingColumns(ctx, table, source.Columns)
		if err != nil {
			return repo.Catalog{}, err
		}
		if len(missing) > 0 {
			fmt.Fprintf(a.err, "lookalike: table %s has no column for %s: left out\n", table, printable(fmt.Sprintf("%q", missing)))
		}
	}
	catalog, err := db.Attach(ctx, repo.Attachment{Table: table, Key: source.Key, Image: source.Image, Name: f.catalog, Root: source.Root})
	if err != nil {
		return repo.Catalog{}, err
	}
	s.Source = &sourceNews{Path: source.Path}
	return catalog, a.loadRows(ctx, db, catalog, source, s)
}

func (a *app) loadRows(ctx context.Context, db *repo.DB, c repo.Catalog, source *ingest.Source, s *summary) error {
	s.progress.Begin("load rows", int64(source.Total))
	defer s.progress.End()
	reject := func(place int, reason string) {
		fmt.Fprintf(a.err, "lookalike: %s: row %d: %s\n", printable(source.Path), place, printable(reason))
	}
	var unreadable int64
	rows := func(yield func(repo.LoadRow, error) bool) {
		for row, err := range a.referenced(ctx, c, source) {
			var rowErr *ingest.RowError
			if errors.As(err, &rowErr) {
				unreadable++
				fmt.Fprintf(a.err, "lookalike: %s: %s\n", printable(source.Path), printable(rowErr.Error()))
				continue
			}
			if !yield(row, err) {
				return
			}
		}
	}
	loaded, err := db.LoadProducts(ctx, repo.Load{
		Catalog: c, Columns: source.Columns, Rows: rows, Rejected: reject, Progress: s.progress.Set,
	})
	s.Source.Rows, s.Source.Changed, s.Source.Rejected = loaded.Rows, loaded.Changed, loaded.Rejected+unreadable
	return err
}

// referenced yields the rows of a source. References that are relative to another folder than the catalog's first are
// made absolute: only the first one's may stay relative.
func (a *app) referenced(ctx context.Context, c repo.Catalog, source *ingest.Source) iter.Seq2[repo.LoadRow, error] {
	image := -1
	if source.Root != "" && len(c.Roots) > 0 && c.Roots[0] != source.Root {
		for i, column := range source.Columns {
			if column.Name == source.Image && column.Type == repo.Text {
				image = i
			}
		}
	}
	return func(yield func(repo.LoadRow, error) bool) {
		for row, err := range source.Rows(ctx) {
			if image >= 0 && err == nil {
				if path, ok := row.Values[image].(string); ok && path != "" && !filepath.IsAbs(path) {
					row.Values[image] = filepath.Join(source.Root, path)
				}
			}
			if !yield(repo.LoadRow{Place: row.Number, Values: row.Values}, err) {
				return
			}
		}
	}
}
