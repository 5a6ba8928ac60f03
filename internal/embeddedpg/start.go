package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// startSeconds is how long a server may take to answer: recovery after a crash is part of it.
const startSeconds = "300"

// maxLog is how large the log may be when the server starts; then it becomes the old log.
const maxLog = 10 << 20

// Start makes sure that the server answers, and returns its URL. On first use it makes the data directory. Several
// processes may call it at once: one starts the server, the others wait for it.
func (s *Server) Start(ctx context.Context) (string, error) {
	if s.ready() {
		return s.URL(), nil
	}
	err := s.locked(ctx, func() error {
		if s.ready() {
			return nil
		}
		return s.start(ctx)
	})
	if err != nil {
		return "", err
	}
	return s.URL(), nil
}

// ready tells whether our server answers; a socket in the right place of a server on other data does not count.
func (s *Server) ready() bool {
	pid, ok := s.pid()
	return ok && s.isPostgres(pid) && s.answers()
}

func (s *Server) start(ctx context.Context) error {
	if s.account != nil && !s.account.reaches(s.config.Dir, 0o7) {
		return fmt.Errorf("%w: PostgreSQL runs as %s, which cannot reach %s: set LOOKALIKE_DATA to a folder that it can",
			ErrUnreachable, s.account.name, s.config.Dir)
	}
	installation, err := s.installation()
	if err != nil {
		return err
	}
	if there, err := exists(s.data()); err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	} else if !there {
		if err := s.initialise(ctx, installation); err != nil {
			return err
		}
	}
	if err := s.checkVersion(ctx, installation); err != nil {
		return err
	}
	if err := s.makeDir(s.socket); err != nil {
		return err
	}
	if err := s.writeSettings(); err != nil {
		return err
	}
	if err := s.disownPid(); err != nil {
		return err
	}
	if err := s.turnLog(); err != nil {
		return err
	}
	return s.launch(ctx, installation)
}

// launch starts the server in a session of its own and waits until it answers.
func (s *Server) launch(ctx context.Context, installation string) error {
	cmd := s.command(ctx, installation, "pg_ctl", "start", "--pgdata="+s.data(), "--log="+s.log(), "--wait", "--timeout="+startSeconds, "--silent")
	before, _ := os.Stat(s.log())
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("start PostgreSQL: %w", ctx.Err())
	}
	log, readErr := os.ReadFile(s.log())
	if readErr != nil {
		return s.explain("start PostgreSQL", err, string(out))
	}
	if before != nil && int64(len(log)) >= before.Size() {
		log = log[before.Size():] // of this start only
	}
	return s.explain("start PostgreSQL", err, string(out)+string(log))
}

// checkVersion compares the major version of the data with that of the installation.
func (s *Server) checkVersion(ctx context.Context, installation string) error {
	content, err := os.ReadFile(filepath.Join(s.data(), "PG_VERSION"))
	if err != nil {
		return fmt.Errorf("%s is no PostgreSQL data directory: move it away, or `lookalike db destroy`: %w", s.data(), err)
	}
	data := strings.TrimSpace(string(content))
	version, err := s.installedVersion(ctx, installation)
	if err != nil {
		return err
	}
	if major, _, _ := strings.Cut(version, "."); major != data {
		return fmt.Errorf("%w: %s is of PostgreSQL %s, and %s is installed: dump it with the old one (pg_dump) and restore it, "+
			"or start anew with `lookalike db destroy`", ErrOtherVersion, s.data(), data, version)
	}
	return nil
}

// installedVersion is the version of the installation, such as 18.6.
func (s *Server) installedVersion(ctx context.Context, installation string) (string, error) {
	out, err := s.command(ctx, installation, "postgres", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("run %s: %w", filepath.Join(installation, "bin", "postgres"), err)
	}
	fields := strings.Fields(string(out)) // postgres (PostgreSQL) 18.6
	return fields[len(fields)-1], nil
}

// turnLog keeps the log bounded.
func (s *Server) turnLog() error {
	info, err := os.Stat(s.log())
	if err != nil || info.Size() < maxLog {
		return nil
	}
	return os.Rename(s.log(), s.log()+".old")
}

// mayConnect are the system accounts that may connect: ourselves, and the one that the server runs as.
func (s *Server) mayConnect() []string {
	var names []string
	if me, err := user.Current(); err == nil {
		names = append(names, me.Username)
	}
	if s.account != nil {
		names = append(names, s.account.name)
	}
	return names
}

// deadPid is a process id that no system gives out (Linux ends at 2^22, macOS at 99,999).
const deadPid = "1073741823"

// disownPid keeps the lock files of a server that is gone from being taken for those of a running one, when another
// program, or a zombie, has its process id by now. The rest of the pid file stays: by it PostgreSQL finds out whether
// processes of the dead server still use its memory.
func (s *Server) disownPid() error {
	pid, ok := s.pid()
	if !ok || s.isPostgres(pid) {
		return nil
	}
	content, err := os.ReadFile(s.pidFile())
	if err != nil {
		return fmt.Errorf("stale pid file: %w", err)
	}
	_, rest, _ := strings.Cut(string(content), "\n")
	if err := os.WriteFile(s.pidFile(), []byte(deadPid+"\n"+rest), 0o600); err != nil {
		return fmt.Errorf("stale pid file: %w", diskFull(err, s.config.Dir))
	}
	for _, name := range []string{socketName, socketName + ".lock"} {
		if err := os.Remove(filepath.Join(s.socket, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("stale socket: %w", err)
		}
	}
	return nil
}
