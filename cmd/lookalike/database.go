package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"lookalike/internal/datadir"
	"lookalike/internal/embeddedpg"
	"lookalike/internal/nativeparts"
	"lookalike/migrations"
	"lookalike/repo"
)

// pgVariables are those of libpq that name a server or a database.
var pgVariables = []string{"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE", "PGUSER"}

// ownDatabase is the URL of the database that the user has named, by flag or environment. An empty url with named set
// means the PG* variables.
func (a *app) ownDatabase() (url string, named bool, err error) {
	if a.databaseURL != "" {
		return a.databaseURL, true, nil
	}
	if url := os.Getenv("DATABASE_URL"); url != "" {
		return url, true, nil
	}
	if file := os.Getenv("DATABASE_URL_FILE"); file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return "", false, fmt.Errorf("DATABASE_URL_FILE: %w", err)
		}
		return strings.TrimSpace(string(content)), true, nil
	}
	for _, name := range pgVariables {
		if os.Getenv(name) != "" {
			return "", true, nil
		}
	}
	return "", false, nil
}

// database returns the URL of the database to use. Without one of the user's own it starts the private server.
func (a *app) database(ctx context.Context) (string, error) {
	url, named, err := a.ownDatabase()
	if err != nil || named {
		return url, err
	}
	server, err := a.privateServer()
	if err != nil {
		return "", err
	}
	return server.Start(ctx)
}

// privateServer is the server in the data directory, running or not.
func (a *app) privateServer() (*embeddedpg.Server, error) {
	dir, err := datadir.Dir()
	if err != nil {
		return nil, err
	}
	parts, err := nativeparts.Find(dir)
	if err != nil {
		return nil, fmt.Errorf("%w; or name a database of your own: --database-url or DATABASE_URL", err)
	}
	postgres, err := parts.PostgresDir()
	if err != nil {
		return nil, err
	}
	return embeddedpg.New(embeddedpg.Config{Postgres: postgres, Dir: datadir.Postgres(dir)})
}

// migrated connects to the database after bringing its schema up to date.
func (a *app) migrated(ctx context.Context) (*repo.DB, error) {
	url, err := a.database(ctx)
	if err != nil {
		return nil, err
	}
	versions, err := migrations.Check(ctx, url)
	if err != nil {
		return nil, err
	}
	if versions.Warning != "" {
		fmt.Fprintln(a.err, "lookalike: warning:", versions.Warning)
	}
	current, err := migrations.UpToDate(ctx, url)
	if err != nil {
		return nil, err
	}
	if !current {
		if err := migrations.Up(ctx, url); err != nil {
			return nil, err
		}
	}
	return repo.Open(ctx, url)
}

// withCatalog runs f with a migrated database and the catalog of a flag: the only one, when the flag is empty.
func (a *app) withCatalog(ctx context.Context, name string, f func(*repo.DB, repo.Catalog) error) error {
	db, err := a.migrated(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if name == "" {
		if name, err = onlyCatalog(ctx, db); err != nil {
			return err
		}
	}
	catalog, err := db.Catalog(ctx, name)
	if err != nil {
		return err
	}
	return f(db, catalog)
}

func onlyCatalog(ctx context.Context, db *repo.DB) (string, error) {
	names, err := db.CatalogNames(ctx)
	switch {
	case err != nil:
		return "", err
	case len(names) == 0:
		return "", errors.New("there is no catalog yet: `lookalike ingest SOURCE --catalog NAME` makes one")
	case len(names) > 1:
		return "", usageError{fmt.Errorf("which catalog? --catalog NAME, one of: %s", strings.Join(names, ", "))}
	}
	return names[0], nil
}

// catalogFlag gives a verb the flag --catalog.
func catalogFlag(cmd *cobra.Command, catalog *string) {
	cmd.Flags().StringVar(catalog, "catalog", "", "catalog to use (default the only one)")
}
