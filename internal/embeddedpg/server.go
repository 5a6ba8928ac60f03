// Package embeddedpg runs a private PostgreSQL for people who have none: on a Unix socket only, in a directory of its own,
// on demand, by any number of processes. The server outlives the process that has started it.
package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// What may keep a server from running. The wrapping error says what to do.
var (
	ErrOtherVersion = errors.New("data of another PostgreSQL version")
	ErrDiskFull     = errors.New("disk full")
	ErrNoStart      = errors.New("PostgreSQL does not start")
	ErrUnreachable  = errors.New("folder out of reach")
)

// Config says where a server is.
type Config struct {
	// Postgres is the installation: bin, lib and share are below it.
	Postgres string
	// Dir is where everything of this server lives: data, socket, log and lock.
	Dir string
	// Settings are settings of postgresql.conf beside our own.
	Settings map[string]string
}

// The one role, which owns everything, and the one database. The role must not be called as our schema is: the default
// search_path begins with the schema named as the role, and tables of the user's would be created there.
const (
	roleName     = "postgres"
	databaseName = "lookalike"
)

// Server is a private server, running or not.
type Server struct {
	config  Config
	account *account // whom the server runs as; nil for ourselves
	socket  string   // the directory
}

// New finds out as whom and where the server of a configuration runs. It starts nothing and creates nothing.
func New(config Config) (*Server, error) {
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	config.Dir = dir
	if _, err := os.Stat(filepath.Join(config.Postgres, "bin", "postgres")); err != nil {
		return nil, fmt.Errorf("private PostgreSQL: no installation in %s: run `make runtime`: %w", config.Postgres, err)
	}
	s := &Server{config: config}
	if os.Geteuid() == 0 {
		if s.account, err = findAccount(); err != nil {
			return nil, err
		}
		s.config.Dir = s.account.placeFor(dir)
	}
	s.socket = socketDir(s.config.Dir)
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.config.Dir, "data") }
func (s *Server) log() string  { return filepath.Join(s.config.Dir, "postgres.log") }

// URL is how pgx, psql and others connect, once the server runs.
func (s *Server) URL() string {
	u := url.URL{Scheme: "postgres", User: url.User(roleName), Path: "/" + databaseName}
	u.RawQuery = url.Values{"host": {s.socket}}.Encode()
	return u.String()
}

// PSQL is the path of the installation's psql.
func (s *Server) PSQL() string { return filepath.Join(s.config.Postgres, "bin", "psql") }

// lockEvery is how often a held lock is tried again.
const lockEvery = 50 * time.Millisecond

// locked runs f while no other process starts, stops or destroys this server. The directory exists by then.
func (s *Server) locked(ctx context.Context, f func() error) error {
	err := s.makeDir(s.config.Dir)
	if err == nil && s.account != nil {
		err = s.account.letIn(filepath.Dir(s.config.Dir))
	}
	if err != nil {
		return err
	}
	lock := flock.New(filepath.Join(s.config.Dir, "lock"), flock.SetPermissions(0o600))
	defer lock.Close()
	if ok, err := lock.TryLockContext(ctx, lockEvery); err != nil || !ok {
		return fmt.Errorf("wait for another process that starts or stops PostgreSQL in %s: %w", s.config.Dir, err)
	}
	return f()
}

// makeDir makes a directory that only we and the server's account may enter.
func (s *Server) makeDir(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("private PostgreSQL: %s is no directory", dir)
	}
	if s.account != nil {
		if err := os.Lchown(dir, s.account.uid, s.account.gid); err != nil {
			return fmt.Errorf("private PostgreSQL: %w", err)
		}
	} else if !ownedByUs(info) {
		return fmt.Errorf("private PostgreSQL: %s belongs to somebody else", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	return nil
}
