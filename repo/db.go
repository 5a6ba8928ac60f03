package repo

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxvector "github.com/pgvector/pgvector-go/pgx"

	"lookalike/repo/internal/db"
)

// What may be wrong with a question or a statement, whatever the driver calls it.
var (
	// ErrNotFound says that a catalog, a product or a table does not exist.
	ErrNotFound = errors.New("not found")
	// ErrNotLive says that a catalog has no live generation yet.
	ErrNotLive = errors.New("no embeddings yet")
	// ErrGenerationChanged says that a generation went live or began to be filled since the work was prepared.
	ErrGenerationChanged = errors.New("the generation has changed")
	// ErrPhotoTooLarge says that a stored photo has too many bytes.
	ErrPhotoTooLarge = errors.New("photo too large")
	// ErrBusy says that somebody else does the same at this moment.
	ErrBusy = errors.New("in progress elsewhere")
)

// DB is a pool of connections to a migrated database.
type DB struct {
	pool    *pgxpool.Pool
	queries *db.Queries
}

// Open connects to a database whose schema is up to date; an empty url means the PG* variables.
func Open(ctx context.Context, url string) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	// Every lane of the worker holds one, a build three, and a few are for the progress of both.
	config.MaxConns = max(config.MaxConns, int32(min(runtime.NumCPU(), 64))+8)
	config.ConnConfig.RuntimeParams["application_name"] = "lookalike"
	config.AfterConnect = prepareConn
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &DB{pool: pool, queries: db.New(pool)}, nil
}

// Close waits for the connections in use and closes them all.
func (d *DB) Close() { d.pool.Close() }

// prepareConn makes the types and operators of pgvector known, whatever schema it is in. Keys are exchanged as text
// under the date style and time zone of the triggers.
func prepareConn(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SELECT set_config('search_path', lookalike.search_path_with_vector(), false),
		set_config('datestyle', 'ISO, YMD', false), set_config('timezone', 'UTC', false)`)
	if err != nil {
		return notMigrated(err)
	}
	if err := pgxvector.RegisterTypes(ctx, conn); err != nil {
		return fmt.Errorf("register pgvector's types: %w", err)
	}
	return nil
}

// notMigrated says what to do about a database without our schema.
func notMigrated(err error) error {
	const invalidSchema, undefinedFunction = "3F000", "42883"
	if code := sqlState(err); code == invalidSchema || code == undefinedFunction {
		return fmt.Errorf("the schema lookalike is not up to date: run `lookalike migrate up`: %w", err)
	}
	return err
}

// sqlState is the SQLSTATE of a server error, or "".
func sqlState(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

// tx runs f in a transaction, which commits when f returns nil.
func (d *DB) tx(ctx context.Context, f func(pgx.Tx, *db.Queries) error) error {
	return pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error { return f(tx, d.queries.WithTx(tx)) })
}

// serverMessage is what the server said, with its hint, without the driver's prefix.
func serverMessage(err error) error {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return err
	}
	if pgErr.Hint != "" {
		return fmt.Errorf("%s. %s", pgErr.Message, pgErr.Hint)
	}
	return errors.New(pgErr.Message)
}
