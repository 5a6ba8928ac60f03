package embeddedpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// State is whether a server is there, and runs.
type State string

// The states of a server.
const (
	Absent  State = "absent" // no data yet
	Stopped State = "stopped"
	Running State = "running"
)

// Status says how a server stands.
type Status struct {
	State State `json:"state"`
	// PID is the process id of a running server.
	PID int `json:"pid,omitempty"`
	// Version is that of the installation, such as 18.6.
	Version string `json:"version"`
	// Data is the data directory, Bytes what it takes.
	Data  string `json:"data"`
	Bytes int64  `json:"bytes"`
	URL   string `json:"url"`
	// Account is whom the server runs as, where that is not ourselves.
	Account string `json:"account,omitempty"`
	Log     string `json:"log"`
}

// Status says how the server stands. It starts nothing.
func (s *Server) Status(ctx context.Context) (Status, error) {
	status := Status{State: Absent, Data: s.data(), URL: s.URL(), Log: s.log()}
	if s.account != nil {
		status.Account = s.account.name
	}
	out, err := exec.CommandContext(ctx, filepath.Join(s.config.Postgres, "bin", "postgres"), "--version").Output()
	if err != nil {
		return status, fmt.Errorf("read the version of PostgreSQL: %w", err)
	}
	fields := strings.Fields(string(out))
	status.Version = fields[len(fields)-1]
	there, err := exists(s.data())
	if err != nil || !there {
		return status, err
	}
	status.State, status.Bytes = Stopped, sizeOf(s.data())
	if pid, ok := s.pid(); ok && s.isPostgres(pid) {
		status.State, status.PID = Running, pid
	}
	return status, nil
}

// sizeOf is how many bytes the files below a directory have. Files come and go meanwhile.
func sizeOf(dir string) int64 {
	var size int64
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what has gone has no size
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size
}

// Stop shuts the server down: what is under way there is rolled back. A server that does not run is no error.
func (s *Server) Stop(ctx context.Context) error {
	if there, err := exists(s.data()); err != nil || !there {
		return err
	}
	return s.locked(ctx, func() error { return s.stop(ctx) })
}

func (s *Server) stop(ctx context.Context) error {
	pid, ok := s.pid()
	if !ok || !s.isPostgres(pid) {
		return nil
	}
	installation, err := s.installation()
	if err != nil {
		return err
	}
	cmd := s.command(ctx, installation, "pg_ctl", "stop", "--pgdata="+s.data(), "--mode=fast", "--wait", "--timeout=60", "--silent")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w: %s", err, lastLines(string(out), 5))
	}
	return nil
}

// Destroy stops the server and deletes everything that it has.
func (s *Server) Destroy(ctx context.Context) error {
	if there, err := exists(s.config.Dir); err != nil || !there {
		return err
	}
	err := s.locked(ctx, func() error {
		if err := s.stop(ctx); err != nil {
			return err
		}
		return os.RemoveAll(s.data())
	})
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(s.config.Dir), os.RemoveAll(s.socket))
}

func (s *Server) pidFile() string { return filepath.Join(s.data(), "postmaster.pid") }

// pid reads the process id in the pid file, if there is one.
func (s *Server) pid() (int, bool) {
	content, err := os.ReadFile(s.pidFile())
	if err != nil {
		return 0, false
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	return pid, err == nil && pid > 1
}

// isPostgres tells whether a process is a PostgreSQL server on our data.
func (s *Server) isPostgres(pid int) bool {
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // its words are separated by NUL
	if errors.Is(err, fs.ErrNotExist) {
		command, err = exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	}
	return err == nil && bytes.Contains(command, []byte("postgres")) && bytes.Contains(command, []byte(s.data()))
}
