package ingest_test

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"lookalike/ingest"
)

func newFetcher(tb testing.TB, maxBytes int64, roots ...string) *ingest.Fetcher {
	tb.Helper()
	fetcher, err := ingest.NewFetcher(roots, maxBytes)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := fetcher.Close(); err != nil {
			tb.Error(err)
		}
	})
	return fetcher
}

// fetchTree is two declared folders, first and second, side by side in a folder with a secret beside them.
func fetchTree(t *testing.T) (base string) {
	t.Helper()
	base = mustEval(t, t.TempDir())
	for _, name := range []string{
		"first/a.jpg", "first/sub/b.jpg", "first/odd: name %41.jpg", "first/large.jpg", "second/c.jpg", "secret.jpg", "firstborn/d.jpg",
	} {
		writePhoto(t, base, name)
	}
	links := map[string]string{
		"first/in.jpg": "sub/b.jpg", "first/absolute.jpg": base + "/first/a.jpg", "first/out.jpg": base + "/secret.jpg",
		"first/up.jpg": "../secret.jpg", "first/across.jpg": "../second/c.jpg", "first/loop.jpg": "loop.jpg",
		"first/outdir": base, "first/none.jpg": base + "/nothing.jpg", "first/null.jpg": "/dev/null", "alias": "first",
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(base, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(syscall.Mkfifo(base+"/first/pipe.jpg", 0o600), os.Truncate(base+"/first/large.jpg", 101)); err != nil {
		t.Fatal(err)
	}
	return base
}

func TestFetch(t *testing.T) {
	t.Parallel()
	base := fetchTree(t)
	fetcher := newFetcher(t, 100, base+"/first", base+"/second")
	tests := map[string]struct {
		reference string
		want      string // content
		err       error
	}{
		"relative":             {"a.jpg", "photo first/a.jpg", nil},
		"below":                {"sub/b.jpg", "photo first/sub/b.jpg", nil},
		"dots inside":          {"./sub/../a.jpg", "photo first/a.jpg", nil},
		"absolute":             {base + "/first/a.jpg", "photo first/a.jpg", nil},
		"absolute in another":  {base + "/second/c.jpg", "photo second/c.jpg", nil},
		"relative in another":  {"../second/c.jpg", "photo second/c.jpg", nil},
		"link inside":          {"in.jpg", "photo first/sub/b.jpg", nil},
		"absolute link inside": {"absolute.jpg", "photo first/a.jpg", nil},
		"link to another":      {"across.jpg", "photo second/c.jpg", nil},
		"odd name":             {"odd: name %41.jpg", "photo first/odd: name %41.jpg", nil},
		"file address":         {"file://" + base + "/first/sub/b.jpg", "photo first/sub/b.jpg", nil},
		"escaped file address": {"file://" + base + "/first/odd:%20name%20%2541.jpg", "photo first/odd: name %41.jpg", nil},
		"data address":         {"data:image/png;base64,aGk=", "hi", nil},
		"plain data address":   {"data:,a%20b", "a b", nil},

		"missing":                  {"none", "", ingest.ErrNotFound},
		"missing folder":           {"none/a.jpg", "", ingest.ErrNotFound},
		"file as folder":           {"a.jpg/b.jpg", "", ingest.ErrNotFound},
		"missing in another":       {base + "/second/none.jpg", "", ingest.ErrNotFound},
		"parent":                   {"../secret.jpg", "", ingest.ErrOutsideRoot},
		"parent from below":        {"sub/../../secret.jpg", "", ingest.ErrOutsideRoot},
		"far parent":               {strings.Repeat("../", 40) + "etc/passwd", "", ingest.ErrOutsideRoot},
		"absolute outside":         {"/etc/passwd", "", ingest.ErrOutsideRoot},
		"missing outside":          {"/nothing/at/all", "", ingest.ErrOutsideRoot},
		"folder with a like name":  {"../firstborn/d.jpg", "", ingest.ErrOutsideRoot},
		"undeclared name of first": {base + "/alias/a.jpg", "", ingest.ErrOutsideRoot},
		"link out":                 {"out.jpg", "", ingest.ErrOutsideRoot},
		"link up":                  {"up.jpg", "", ingest.ErrOutsideRoot},
		"link to nothing outside":  {"none.jpg", "", ingest.ErrOutsideRoot},
		"through a linked folder":  {"outdir/secret.jpg", "", ingest.ErrOutsideRoot},
		"link to a device":         {"null.jpg", "", ingest.ErrOutsideRoot},
		"file address outside":     {"file:///etc/passwd", "", ingest.ErrOutsideRoot},
		"pipe":                     {"pipe.jpg", "", ingest.ErrNotRegular},
		"folder":                   {"sub", "", ingest.ErrNotRegular},
		"the folder itself":        {".", "", ingest.ErrNotRegular},
		"too large":                {"large.jpg", "", ingest.ErrTooLarge},
		"too large data":           {"data:image/png;base64," + strings.Repeat("aaaa", 34), "", ingest.ErrTooLarge},
		"far too large data":       {"data:image/png;base64," + strings.Repeat("aaaa", 3400), "", ingest.ErrTooLarge},
		"loop":                     {"loop.jpg", "", syscall.ELOOP},
		"empty":                    {"", "", ingest.ErrBadReference},
		"blank":                    {" \t", "", ingest.ErrBadReference},
		"NUL":                      {"a.jpg\x00.png", "", ingest.ErrBadReference},
		"NUL in an address":        {"file://" + base + "/first/a.jpg%00", "", ingest.ErrBadReference},
		"long name":                {strings.Repeat("x", 5000), "", ingest.ErrBadReference},
		"http":                     {"http://127.0.0.1/a.jpg", "", ingest.ErrBadReference},
		"https":                    {"HTTPS://shop.example/a.jpg", "", ingest.ErrBadReference},
		"s3":                       {"s3://bucket/a.jpg", "", ingest.ErrBadReference},
		"file on a host":           {"file://server/a.jpg", "", ingest.ErrBadReference},
		"bad data":                 {"data:image/png;base64,???", "", ingest.ErrBadReference},
		"data without a comma":     {"data:image/png", "", ingest.ErrBadReference},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			photo, err := fetcher.Fetch(t.Context(), test.reference)
			if !errors.Is(err, test.err) || string(photo) != test.want {
				t.Errorf("%q and error %v, want %q and %v", photo, err, test.want, test.err)
			}
			if err != nil && strings.Contains(strings.ReplaceAll(err.Error(), test.reference, ""), base) && !strings.Contains(test.reference, base) {
				t.Errorf("the error %q tells where the folders are", err)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// TestFetchFromALinkedRoot: the folder may be declared by a link, and files named by either name.
func TestFetchFromALinkedRoot(t *testing.T) {
	t.Parallel()
	base := fetchTree(t)
	fetcher := newFetcher(t, 0, base+"/alias")
	for _, reference := range []string{"a.jpg", base + "/alias/a.jpg", base + "/first/a.jpg"} {
		if photo, err := fetcher.Fetch(t.Context(), reference); err != nil || string(photo) != "photo first/a.jpg" {
			t.Errorf("%s: %q, error %v", reference, photo, err)
		}
	}
}

func TestFetchUnreadable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root can read every file")
	}
	base := fetchTree(t)
	if err := os.Chmod(base+"/first/a.jpg", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := newFetcher(t, 0, base+"/first").Fetch(t.Context(), "a.jpg"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v, want permission", err)
	}
}

func TestFetchWithoutRoots(t *testing.T) {
	t.Parallel()
	fetcher := newFetcher(t, 0)
	if _, err := fetcher.Fetch(t.Context(), "/etc/passwd"); !errors.Is(err, ingest.ErrOutsideRoot) {
		t.Errorf("error %v, want %v", err, ingest.ErrOutsideRoot)
	}
	if photo, err := fetcher.Fetch(t.Context(), "data:,"+url.PathEscape("hi")); err != nil || string(photo) != "hi" {
		t.Errorf("%q, error %v", photo, err)
	}
}

func TestFetcherNeedsItsRoots(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := writePhoto(t, dir, "a.jpg")
	for _, root := range []string{filepath.Join(dir, "none"), file} {
		if _, err := ingest.NewFetcher([]string{dir, root}, 0); err == nil || !strings.Contains(err.Error(), root) {
			t.Errorf("root %s: error %v, want one that names it", root, err)
		}
	}
}

func TestFetchDefaultLimit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := writePhoto(t, dir, "a.jpg")
	fetcher := newFetcher(t, 0, dir)
	if err := os.Truncate(path, ingest.DefaultMaxBytes+1); err != nil {
		t.Fatal(err)
	}
	_, err := fetcher.Fetch(t.Context(), "a.jpg")
	if !errors.Is(err, ingest.ErrTooLarge) || !strings.Contains(err.Error(), "over 25 MB") {
		t.Errorf("error %v, want the limit of 25 MB", err)
	}
	if err := os.Truncate(path, ingest.DefaultMaxBytes); err != nil {
		t.Fatal(err)
	}
	if photo, err := fetcher.Fetch(t.Context(), "a.jpg"); err != nil || len(photo) != ingest.DefaultMaxBytes {
		t.Errorf("%d bytes, error %v, want the whole of it", len(photo), err)
	}
}

func TestFetchCancelled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePhoto(t, dir, "a.jpg")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newFetcher(t, 0, dir).Fetch(ctx, "a.jpg"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// TestFetchWhileLinksChange: a name that turns from a photo into a link to the secret and back gives the photo or an
// error, never the secret.
func TestFetchWhileLinksChange(t *testing.T) {
	t.Parallel()
	base := fetchTree(t)
	fetcher := newFetcher(t, 0, base+"/first")
	done := make(chan struct{})
	var swapping sync.WaitGroup
	swapping.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			target := "../secret.jpg"
			if i%2 == 0 {
				target = "a.jpg"
			}
			_ = os.Symlink(target, base+"/first/.next")
			_ = os.Rename(base+"/first/.next", base+"/first/turn.jpg")
		}
	})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 300 {
				photo, err := fetcher.Fetch(t.Context(), "turn.jpg")
				if err == nil && string(photo) != "photo first/a.jpg" {
					t.Errorf("read %q", photo)
				}
			}
		})
	}
	readers.Wait()
	close(done)
	swapping.Wait()
}

// FuzzFetch: whatever the reference, nothing but the photos in the declared folders is ever read.
func FuzzFetch(f *testing.F) {
	base := f.TempDir()
	root := filepath.Join(base, "root")
	writePhoto(f, base, "root/a.jpg")
	writePhoto(f, base, "root/sub/b.jpg")
	writePhoto(f, base, "secret.jpg")
	for name, target := range map[string]string{"root/up": "..", "root/sub/abs": base, "root/s.jpg": "../secret.jpg"} {
		if err := os.Symlink(target, filepath.Join(base, name)); err != nil {
			f.Fatal(err)
		}
	}
	fetcher := newFetcher(f, 0, root)
	for _, reference := range []string{"a.jpg", "sub/../a.jpg", "../secret.jpg", "up/secret.jpg", "sub/abs/secret.jpg", "file:///a", "data:,x", "s.jpg"} {
		f.Add(reference)
	}
	f.Fuzz(func(t *testing.T, reference string) {
		for _, r := range []string{reference, root + "/" + reference, "file://" + root + "/" + reference} {
			photo, err := fetcher.Fetch(t.Context(), r)
			if err != nil || strings.HasPrefix(strings.ToLower(r), "data:") {
				continue
			}
			if !strings.HasPrefix(string(photo), "photo root/") {
				t.Fatalf("%q reads %q", r, photo)
			}
		}
	})
}
