package embeddedpg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is an unprivileged account of the machine.
type account struct {
	name     string
	uid, gid int
}

// accountNames are those tried when we are root, as which PostgreSQL refuses to run.
var accountNames = []string{"lookalike", "postgres", "nobody"}

func findAccount() (*account, error) {
	for _, name := range accountNames {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(found.Uid)
		gid, gidErr := strconv.Atoi(found.Gid)
		if uidErr == nil && gidErr == nil && uid > 0 {
			return &account{name: name, uid: uid, gid: gid}, nil
		}
	}
	return nil, fmt.Errorf("PostgreSQL refuses to run as root, and there is no account of %v: add one (useradd --system lookalike), "+
		"run as another user, or name a database of your own", accountNames)
}

// command makes a command of the installation that runs as the server's account, in a clean environment.
func (s *Server) command(ctx context.Context, installation, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(installation, "bin", name), args...)
	cmd.Dir = s.config.Dir
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + s.config.Dir, "LC_ALL=C", "TZ=UTC"}
	if s.account != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(s.account.uid), Gid: uint32(s.account.gid)}}
	}
	return cmd
}

// fallback is where a server of root lives whose own place its account cannot reach, such as the home of root.
const fallback = "/var/lib/lookalike"

// placeFor is dir, or a directory below the fallback where the account could never reach dir. The folder right above dir
// is Lookalike's own: letIn opens it.
func (a *account) placeFor(dir string) string {
	above := filepath.Dir(filepath.Dir(dir))
	for !isDir(above) {
		above = filepath.Dir(above)
	}
	if a.reaches(above, 0o1) {
		return dir
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(fallback, "postgres-"+hex.EncodeToString(sum[:6]))
}

// letIn lets the account through a folder of root's own, though not read it.
func (a *account) letIn(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || a.reaches(dir, 0o1) || !ownedByUs(info) {
		return err
	}
	return os.Chmod(dir, info.Mode().Perm()|0o011)
}

// reaches tells whether the account may enter all folders above path, and has some rights (rwx as 4, 2, 1) on path.
func (a *account) reaches(path string, rights fs.FileMode) bool {
	for dir, need := path, rights; ; dir, need = filepath.Dir(dir), 0o1 {
		info, err := os.Stat(dir)
		if err != nil || a.rights(info)&need != need {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (a *account) rights(info fs.FileInfo) fs.FileMode {
	mode := info.Mode().Perm()
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) == a.uid {
		mode >>= 6
	} else if ok && int(stat.Gid) == a.gid {
		mode >>= 3
	}
	return mode & 0o7
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// installation is the installation that the server runs from: ours, or a copy in the server's directory where its account
// cannot reach ours, as in the home of root.
func (s *Server) installation() (string, error) {
	ours := s.config.Postgres
	if s.account == nil || s.account.reaches(filepath.Join(ours, "bin"), 0o5) {
		return ours, nil
	}
	if !s.account.reaches(s.config.Dir, 0o7) {
		return "", fmt.Errorf("%w: PostgreSQL runs as %s, which cannot reach %s: set LOOKALIKE_DATA to a folder that it can",
			ErrUnreachable, s.account.name, s.config.Dir)
	}
	info, err := os.Stat(filepath.Join(ours, "bin", "postgres"))
	if err != nil {
		return "", err
	}
	whole := filepath.Join(s.config.Dir, fmt.Sprintf("server-%d-%d", info.Size(), info.ModTime().Unix()))
	copied := filepath.Join(whole, "package", "pginstall")
	if _, err := os.Stat(whole); err == nil {
		return copied, nil
	}
	if err := s.copyInstallation(ours, whole); err != nil {
		return "", fmt.Errorf("copy PostgreSQL for the account %s: %w", s.account.name, diskFull(err, s.config.Dir))
	}
	return copied, nil
}

// copyInstallation copies an installation and the libraries that a wheel keeps beside its package. The copy appears in
// one piece.
func (s *Server) copyInstallation(from, to string) error {
	partial, err := os.MkdirTemp(s.config.Dir, "copy-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(partial)
	for _, part := range []string{"bin", "lib", "share"} {
		if err := os.CopyFS(filepath.Join(partial, "package", "pginstall", part), os.DirFS(filepath.Join(from, part))); err != nil {
			return err
		}
	}
	libs := filepath.Dir(from) + ".libs"
	if _, err := os.Stat(libs); err == nil {
		if err := os.CopyFS(filepath.Join(partial, filepath.Base(libs)), os.DirFS(libs)); err != nil {
			return err
		}
	}
	if err := os.Chmod(partial, 0o755); err != nil {
		return err
	}
	if err := os.Rename(partial, to); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func ownedByUs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
