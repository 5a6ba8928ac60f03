package ingest_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/ingest"
	"lookalike/repo"
)

// writePhoto writes a file of a few bytes, and the folders above it; what is in a photo does not matter here.
func writePhoto(tb testing.TB, dir, name string) string {
	tb.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("photo "+name), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{
		"shoes/red/1.jpg", "shoes/2.JPEG", "top.png", "bags/b.c.webp", "bags/b.gif", "bags/ü ñ'\";--.bmp", "shoes.jpg",
		".hidden.jpg", ".cache/x.jpg", "notes.txt", "list.csv", "shoes/scan.TIFF", "README", "shoes/other.txt", "empty/no.txt",
	} {
		writePhoto(t, dir, name)
	}
	source := open(t, dir, ingest.Options{})
	wantColumns := []repo.Column{{Name: "id", Type: repo.Text}, {Name: "image", Type: repo.Text}, {Name: "category", Type: repo.Text}}
	if diff := cmp.Diff(wantColumns, source.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	rows, faults := read(t, source)
	expectFaults(t, faults)
	want := [][]any{
		{"bags/b", "bags/b.gif", "bags"},
		{"bags/b.c", "bags/b.c.webp", "bags"},
		{"bags/ü ñ'\";--", "bags/ü ñ'\";--.bmp", "bags"},
		{"shoes/2", "shoes/2.JPEG", "shoes"},
		{"shoes/red/1", "shoes/red/1.jpg", "shoes"},
		{"shoes", "shoes.jpg", nil},
		{"top", "top.png", nil},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	wantNotes := []string{"left out, because they are not photos by their names: 3 .txt, 1 .csv, 1 .tiff, 1 without an extension"}
	if diff := cmp.Diff(wantNotes, source.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	fetcher := newFetcher(t, 0, source.Root)
	for _, row := range rows {
		if _, err := fetcher.Fetch(t.Context(), row[1].(string)); err != nil {
			t.Errorf("the reference %v is not one: %v", row[1], err)
		}
	}
}

func TestFolderColumnNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePhoto(t, dir, "a.jpg")
	source := open(t, dir, ingest.Options{Key: "sku", Image: "photo"})
	if source.Key != "sku" || source.Image != "photo" || source.Columns[0].Name != "sku" || source.Columns[1].Name != "photo" {
		t.Errorf("key %q, image %q, columns %v", source.Key, source.Image, source.Columns)
	}
}

func TestPhotosOfOneName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.jpg", "a.b.jpg", "a.png", "x/a.jpg", "x/a.webp", "x/a.gif", "a/1.jpg"} {
		writePhoto(t, dir, name)
	}
	rows, faults := read(t, open(t, dir, ingest.Options{}))
	expectFaults(t, faults, `"a.png": duplicate key: "a" is already that of "a.jpg"`,
		`"x/a.jpg": duplicate key: "x/a" is already that of "a.gif"`, `"x/a.webp": duplicate key: "x/a" is already that of "a.gif"`)
	var keys []string
	for _, row := range rows {
		keys = append(keys, row[0].(string))
	}
	if diff := cmp.Diff([]string{"a/1", "a", "a.b", "x/a"}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// TestHostileFolder: every entry that is not an ordinary photo is one error, and the photos around it arrive.
func TestHostileFolder(t *testing.T) {
	t.Parallel()
	outside := writePhoto(t, t.TempDir(), "secret.jpg")
	tests := map[string]struct {
		make  func(dir string) error
		words string // empty when it is to be left out without an error
		extra int    // photos besides the two that are always there
	}{
		"link to a photo inside":   {func(dir string) error { return os.Symlink("a.jpg", dir+"/m.jpg") }, "", 1},
		"absolute link to inside":  {func(dir string) error { return os.Symlink(dir+"/a.jpg", dir+"/m.jpg") }, "", 1},
		"link out":                 {func(dir string) error { return os.Symlink(outside, dir+"/m.jpg") }, "leads out of the folder", 0},
		"link out through ..":      {func(dir string) error { return os.Symlink("../../../../etc/passwd", dir+"/m.jpg") }, "leads out", 0},
		"link to a folder outside": {func(dir string) error { return os.Symlink(filepath.Dir(outside), dir+"/m") }, "leads out", 0},
		"link to nothing":          {func(dir string) error { return os.Symlink("none.jpg", dir+"/m.jpg") }, "leads nowhere", 0},
		"link to itself":           {func(dir string) error { return os.Symlink("m.jpg", dir+"/m.jpg") }, "leads nowhere", 0},
		"link to its own folder":   {func(dir string) error { return os.Symlink(".", dir+"/m") }, "links to folders are not followed", 0},
		"link to the folder above": {func(dir string) error { return os.Symlink("../sub", dir+"/sub/m") }, "not followed", 0},
		"link to a device":         {func(dir string) error { return os.Symlink("/dev/zero", dir+"/m.jpg") }, "leads out", 0},
		"link of another kind":     {func(dir string) error { return os.Symlink("a.jpg", dir+"/m.txt") }, "", 0},
		"other link to nothing":    {func(dir string) error { return os.Symlink("none", dir+"/m") }, "", 0},
		"pipe":                     {func(dir string) error { return syscall.Mkfifo(dir+"/m.jpg", 0o600) }, "it is a pipe", 0},
		"pipe of no kind":          {func(dir string) error { return syscall.Mkfifo(dir+"/m", 0o600) }, "it is a pipe", 0},
		"link to a pipe": {func(dir string) error {
			return errors.Join(syscall.Mkfifo(dir+"/.m", 0o600), os.Symlink(".m", dir+"/m.jpg"))
		}, "leads to a pipe", 0},
		"socket":             {listenAt, "it is a socket", 0},
		"name not UTF-8":     {func(dir string) error { return os.WriteFile(dir+"/m\xff.jpg", nil, 0o600) }, "is not UTF-8", 0},
		"name of two lines":  {func(dir string) error { return os.WriteFile(dir+"/m\n.jpg", nil, 0o600) }, "line break", 0},
		"name with escapes":  {func(dir string) error { return os.WriteFile(dir+"/m\x1b[31m.jpg", nil, 0o600) }, "control character", 0},
		"folder not UTF-8":   {func(dir string) error { return os.Mkdir(dir+"/m\xff", 0o700) }, "is not UTF-8", 0},
		"folder named jpg":   {func(dir string) error { return os.MkdirAll(dir+"/m.jpg/inner.jpg", 0o700) }, "", 0},
		"unreadable folder":  {func(dir string) error { return os.Mkdir(dir+"/m", 0) }, "cannot be read", 0},
		"too long for a key": {func(dir string) error { return os.WriteFile(deep(dir)+"/m.jpg", nil, 0o600) }, "an index takes", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := mustEval(t, t.TempDir())
			writePhoto(t, dir, "a.jpg")
			writePhoto(t, dir, "sub/z.jpg")
			if err := test.make(dir); err != nil {
				skipOrFail(t, name, err)
			}
			if name == "unreadable folder" && os.Geteuid() == 0 {
				t.Skip("root can read every folder")
			}
			source := open(t, dir, ingest.Options{})
			rows, faults := read(t, source)
			if len(rows) != 2+test.extra {
				t.Errorf("%d photos, want %d", len(rows), 2+test.extra)
			}
			if test.words == "" {
				expectFaults(t, faults)
				return
			}
			expectFaults(t, faults, test.words)
			if strings.ContainsAny(faults[0], "\n\x1b") {
				t.Errorf("the error %q would command a terminal", faults[0])
			}
		})
	}
}

// skipOrFail: some file systems, macOS's among them, refuse names that are not UTF-8.
func skipOrFail(t *testing.T, name string, err error) {
	t.Helper()
	if strings.Contains(name, "UTF-8") && runtime.GOOS != "linux" {
		t.Skipf("this file system has no such names: %v", err)
	}
	t.Fatal(err)
}

// listenAt leaves a socket in the folder. Its path must be short, so it is made by a name relative to nothing long.
func listenAt(dir string) error {
	short, err := os.MkdirTemp("/tmp", "s")
	if err != nil {
		return err
	}
	defer os.RemoveAll(short)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: short + "/m.jpg", Net: "unix"})
	if err != nil {
		return err
	}
	listener.SetUnlinkOnClose(false)
	return errors.Join(os.Rename(short+"/m.jpg", dir+"/m.jpg"), listener.Close())
}

// deep makes a chain of folders whose path is over 2,000 bytes.
func deep(dir string) string {
	for range 9 {
		dir += "/" + strings.Repeat("d", 240)
	}
	_ = os.MkdirAll(dir, 0o700)
	return dir
}

func TestFolderOfFaultsOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "a.jpg"), 0o600); err != nil {
		t.Fatal(err)
	}
	rows, faults := read(t, open(t, dir, ingest.Options{}))
	if expectFaults(t, faults, "it is a pipe"); len(rows) != 0 {
		t.Errorf("rows %v, want none", rows)
	}
}

func TestFolderOfManyKinds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePhoto(t, dir, "a.jpg")
	for i := range 50 {
		writePhoto(t, dir, fmt.Sprintf("f.x%d", i))
	}
	notes := open(t, dir, ingest.Options{}).Notes
	if len(notes) != 1 || !strings.Contains(notes[0], "30 of other kinds, 1 .x") {
		t.Errorf("notes %q, want 20 kinds and the rest together", notes)
	}
}

func TestLargeFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const n = 3000 // more than are read at once
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.jpg", n-i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rows, faults := read(t, open(t, dir, ingest.Options{}))
	expectFaults(t, faults)
	for i, row := range rows {
		if want := fmt.Sprintf("%05d", i+1); row[0] != want {
			t.Fatalf("row %d is %v, want %s", i, row[0], want)
		}
	}
}

// TestFolderThatIsALink: the folder itself may be given by a link.
func TestFolderThatIsALink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePhoto(t, dir, "a.jpg")
	rows, _ := read(t, open(t, linkTo(t, dir, "photos"), ingest.Options{}))
	if len(rows) != 1 {
		t.Errorf("%d rows, want 1", len(rows))
	}
}
