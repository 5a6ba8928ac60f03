// Package testdb gives each test a PostgreSQL database of its own, with pgvector, on one private server a test binary.
// LOOKALIKE_TEST_DATABASE_URL names another server instead (as a superuser), to test with other versions.
package testdb

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"lookalike/internal/embeddedpg"
	"lookalike/internal/testenv"
	"lookalike/migrations"
)

// settings make the server quick: what a crash of the machine would leave does not matter here.
var settings = map[string]string{
	"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200", "shared_buffers": "128MB",
}

// server is the one of this test binary. A template is migrated once, for the first test that wants a schema.
var (
	serverURL string
	databases atomic.Int64
	template  = sync.OnceValues(makeTemplate)
)

// Main runs the tests of a package with a server, from TestMain: os.Exit(testdb.Main(m)).
func Main(m *testing.M) int {
	if serverURL = os.Getenv("LOOKALIKE_TEST_DATABASE_URL"); serverURL != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "lookalike-pg-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	parts, err := testenv.FindParts()
	if err != nil {
		return fail(err)
	}
	postgres, err := parts.PostgresDir()
	if err != nil {
		return fail(err)
	}
	server, err := embeddedpg.New(embeddedpg.Config{Postgres: postgres, Dir: filepath.Join(dir, "postgres"), Settings: settings})
	if err != nil {
		return fail(err)
	}
	ctx := context.Background()
	defer func() {
		if err := server.Destroy(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "testdb:", err)
		}
	}()
	if serverURL, err = server.Start(ctx); err != nil {
		return fail(err)
	}
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "testdb:", err)
	return 1
}

// New makes a database with the schema, copied from a template, and returns its URL. It is dropped after the test.
func New(tb testing.TB) string {
	tb.Helper()
	name, err := template()
	if err != nil {
		tb.Fatal(err)
	}
	return create(tb, " TEMPLATE "+name)
}

// NewEmpty makes a database without the schema.
func NewEmpty(tb testing.TB) string {
	tb.Helper()
	return create(tb, "")
}

func create(tb testing.TB, options string) string {
	tb.Helper()
	name := newName()
	if err := onServer(context.Background(), "CREATE DATABASE "+name+options); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := onServer(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Error(err)
		}
	})
	address, err := urlOf(name)
	if err != nil {
		tb.Fatal(err)
	}
	return address
}

func makeTemplate() (string, error) {
	ctx, name := context.Background(), newName()
	if err := onServer(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	address, err := urlOf(name)
	if err != nil {
		return "", err
	}
	return name, migrations.Up(ctx, address)
}

// newName is unique among the test binaries that share a server.
func newName() string { return fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1)) }

func urlOf(name string) (string, error) {
	u, err := url.Parse(serverURL)
	if err != nil {
		return "", fmt.Errorf("LOOKALIKE_TEST_DATABASE_URL: %w", err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

func onServer(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, serverURL)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}
