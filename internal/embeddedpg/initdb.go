package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// initialise makes the data directory: whole, or not at all.
func (s *Server) initialise(ctx context.Context, installation string) error {
	if err := s.removeLeftovers(); err != nil {
		return err
	}
	partial := filepath.Join(s.config.Dir, "init")
	defer os.RemoveAll(partial)
	cmd := s.command(ctx, installation, "initdb", "--pgdata="+partial, "--username="+roleName, "--auth=peer", "--encoding=UTF8",
		"--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
	if s.config.Settings["fsync"] == "off" {
		cmd.Args = append(cmd.Args, "--no-sync")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return s.explain("initialise PostgreSQL", err, string(out))
	}
	single := s.command(ctx, installation, "postgres", "--single", "-D", partial, "postgres")
	single.Stdin = strings.NewReader("CREATE DATABASE " + databaseName + "\n")
	if out, err := single.CombinedOutput(); err != nil {
		return s.explain("create the database", err, string(out))
	}
	if err := s.writeAccess(partial); err != nil {
		return err
	}
	if err := os.Rename(partial, s.data()); err != nil {
		return fmt.Errorf("initialise PostgreSQL: %w", err)
	}
	return nil
}

// removeLeftovers removes what an interrupted initialisation or copy has left. The lock is held.
func (s *Server) removeLeftovers() error {
	for _, pattern := range []string{"init", "copy-*"} {
		left, err := filepath.Glob(filepath.Join(s.config.Dir, pattern))
		if err != nil {
			return err
		}
		for _, path := range left {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("private PostgreSQL: %w", err)
			}
		}
	}
	return nil
}

// writeAccess lets in who may have our socket directory: ourselves and the server's account, by what the system says of
// the other end of a socket (peer), and nobody else.
func (s *Server) writeAccess(data string) error {
	hba := "local all all peer map=lookalike\n"
	var ident strings.Builder
	for _, name := range s.mayConnect() {
		fmt.Fprintf(&ident, "lookalike \"%s\" %s\n", strings.ReplaceAll(name, `"`, `""`), roleName)
	}
	files := map[string]string{"pg_hba.conf": hba, "pg_ident.conf": ident.String()}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(data, name), []byte(content), 0o600); err != nil {
			return diskFull(err, s.config.Dir)
		}
	}
	conf, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = conf.WriteString("\ninclude 'lookalike.conf'\n")
	return errors.Join(diskFull(err, s.config.Dir), conf.Close())
}

// writeSettings writes what may be another at each start: the place of the socket, and settings.
func (s *Server) writeSettings() error {
	settings := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": s.socket,
		"unix_socket_permissions": "0700",
		"port":                    "5432",
		"shared_buffers":          "256MB",
		"maintenance_work_mem":    "256MB",
		"max_wal_size":            "4GB",
		"max_connections":         "100",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"log_line_prefix":         "%m [%p] ",
	}
	for name, value := range s.config.Settings {
		settings[name] = value
	}
	names := make([]string, 0, len(settings))
	for name := range settings {
		names = append(names, name)
	}
	slices.Sort(names)
	var conf strings.Builder
	for _, name := range names {
		fmt.Fprintf(&conf, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	path := filepath.Join(s.data(), "lookalike.conf")
	if err := os.WriteFile(path, []byte(conf.String()), 0o600); err != nil {
		return fmt.Errorf("write settings: %w", diskFull(err, s.config.Dir))
	}
	if s.account != nil {
		return os.Lchown(path, s.account.uid, s.account.gid)
	}
	return nil
}

// explain makes the error of a command that has failed: a full disk in its own words, anything else with the end of what
// was printed.
func (s *Server) explain(what string, err error, output string) error {
	if strings.Contains(output, "No space left on device") {
		err = syscall.ENOSPC
	}
	if full := diskFull(err, s.config.Dir); errors.Is(full, ErrDiskFull) {
		return fmt.Errorf("%s: %w", what, full)
	}
	return fmt.Errorf("%s: %w (%w):\n%s", what, ErrNoStart, err, lastLines(output, 15))
}

// diskFull turns "no space left" into an error that says where and how much is free.
func diskFull(err error, dir string) error {
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	var stat unix.Statfs_t
	if statErr := unix.Statfs(dir, &stat); statErr != nil {
		return fmt.Errorf("%w: %s", ErrDiskFull, dir)
	}
	free := stat.Bavail * uint64(stat.Bsize) >> 20
	return fmt.Errorf("%w: %d MB are free for %s: make room there, or set LOOKALIKE_DATA to another disk", ErrDiskFull, free, dir)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
