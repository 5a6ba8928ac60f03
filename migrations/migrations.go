// Package migrations keeps the schema lookalike of a database up to date. The SQL files are embedded; goose applies
// them under a session lock, so that any number of processes may ask at once.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// versionTable is goose's own table. It lives in our schema, so that going down to nothing leaves nothing behind.
const versionTable = "lookalike.goose_db_version"

// Migration is one step of the schema.
type Migration struct {
	Version int64     `json:"version"`
	Name    string    `json:"name"`
	Applied bool      `json:"applied"`
	At      time.Time `json:"applied_at,omitzero"`
}

// Up applies what is missing. It returns ErrPostgresTooOld, ErrPgvectorMissing or ErrPgvectorTooOld when the server
// does not fit.
func Up(ctx context.Context, url string) error {
	if _, err := Check(ctx, url); err != nil {
		return err
	}
	return withProvider(ctx, url, func(p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
}

// Down undoes migrations, the newest first, until the schema is at version to; 0 leaves nothing behind, neither
// schema nor (if Lookalike created it and nobody else uses it) extension.
func Down(ctx context.Context, url string, to int64) error {
	err := withProvider(ctx, url, func(p *goose.Provider) error {
		_, err := p.DownTo(ctx, to)
		return err
	})
	if err != nil || to > 0 {
		return err
	}
	return withConn(ctx, url, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `DROP TABLE IF EXISTS `+versionTable+`; DROP SCHEMA IF EXISTS lookalike`)
		return err
	})
}

// Status lists all migrations and says which are applied. It changes nothing.
func Status(ctx context.Context, url string) ([]Migration, error) {
	applied, err := appliedVersions(ctx, url)
	if err != nil {
		return nil, err
	}
	sources, err := sources(ctx, url)
	if err != nil {
		return nil, err
	}
	list := make([]Migration, 0, len(sources))
	for _, s := range sources {
		at, ok := applied[s.Version]
		list = append(list, Migration{Version: s.Version, Name: s.Path, Applied: ok, At: at})
	}
	return list, nil
}

// UpToDate tells whether every migration of this binary is applied.
func UpToDate(ctx context.Context, url string) (bool, error) {
	list, err := Status(ctx, url)
	if err != nil {
		return false, err
	}
	for _, m := range list {
		if !m.Applied {
			return false, nil
		}
	}
	return true, nil
}

func sources(ctx context.Context, url string) ([]*goose.Source, error) {
	db, err := open(url, "public")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName(versionTable))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p.ListSources(), ctx.Err()
}

func appliedVersions(ctx context.Context, url string) (map[int64]time.Time, error) {
	applied := map[int64]time.Time{}
	err := withConn(ctx, url, func(conn *pgx.Conn) error {
		var exists bool
		if err := conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, versionTable).Scan(&exists); err != nil || !exists {
			return err
		}
		rows, err := conn.Query(ctx, `SELECT version_id, tstamp FROM `+versionTable+` WHERE is_applied`)
		if err != nil {
			return err
		}
		var version int64
		var at time.Time
		_, err = pgx.ForEachRow(rows, []any{&version, &at}, func() error { applied[version] = at; return nil })
		return err
	})
	return applied, err
}

// withProvider runs f with a goose provider, whose lock makes concurrent callers wait for each other.
func withProvider(ctx context.Context, url string, f func(*goose.Provider) error) error {
	schema, err := prepareSchema(ctx, url)
	if err != nil {
		return err
	}
	db, err := open(url, schema)
	if err != nil {
		return err
	}
	defer db.Close()
	// Tried once a second for ten minutes: building an index under the lock of another process may take that long.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600))
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(versionTable), goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if err := f(p); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// prepareSchema creates the schema lookalike and returns the schema in which pgvector is, or will be.
func prepareSchema(ctx context.Context, url string) (vectorSchema string, err error) {
	err = withConn(ctx, url, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			// CREATE SCHEMA IF NOT EXISTS fails when two do it at once.
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('lookalike.schema', 0))`); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS lookalike`); err != nil {
				return fmt.Errorf("create schema lookalike (the role needs CREATE on the database): %w", err)
			}
			err := tx.QueryRow(ctx, `SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
				WHERE e.extname = 'vector'`).Scan(&vectorSchema)
			if errors.Is(err, pgx.ErrNoRows) {
				vectorSchema = "public"
				return nil
			}
			return err
		})
	})
	return vectorSchema, err
}

func open(url, vectorSchema string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	config.RuntimeParams["search_path"] = "pg_catalog, " + pgx.Identifier{vectorSchema}.Sanitize() + ", pg_temp"
	config.RuntimeParams["client_min_messages"] = "warning"
	return stdlib.OpenDB(*config), nil
}

func withConn(ctx context.Context, url string, f func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return f(conn)
}
