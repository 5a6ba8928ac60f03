package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestDemoWithPhotosOfOnesOwn(t *testing.T) {
	s := newShell(t)
	dir := write(t, photos(t, 14))
	page := filepath.Join(t.TempDir(), "page.html")
	r := s.ok(t, "demo", "--photos", dir, "--html", page)
	if n := strings.Count(r.out, "SELECT "); n < 3 {
		t.Errorf("%d questions are printed, want 3:\n%s", n, r.out)
	}
	if !strings.Contains(r.out, "among =>") || !strings.Contains(r.out, "category = '") {
		t.Errorf("no question is among the products of a category:\n%s", r.out)
	}
	if !strings.Contains(r.err, "Page written to "+page) {
		t.Errorf("the demo does not say where the page is:\n%s", r.err)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(html), "data:image/"); n < 3*5 {
		t.Errorf("%d pictures in the page, want those of three answers", n)
	}
}

func TestDemoWithABrokenPhoto(t *testing.T) {
	s := newShell(t)
	files := photos(t, 8)
	files["a/broken.jpg"] = []byte("no photo")
	r := s.run(t, "demo", "--photos", write(t, files), "--html", filepath.Join(t.TempDir(), "page.html"))
	if r.code != exitFailures || !strings.Contains(r.out, "distance") {
		t.Errorf("code %d, want %d with the answers all the same:\n%s%s", r.code, exitFailures, r.out, r.err)
	}
}

func TestCatalogNameOf(t *testing.T) {
	for path, want := range map[string]string{
		"/home/me/My Photos":    "demo_my_photos",
		"/srv/List-2026.csv":    "demo_list_2026",
		"/srv/été":              "demo__t_",
		"relative/../x":         "demo_x",
		strings.Repeat("x", 99): "demo_" + strings.Repeat("x", 35),
	} {
		got := catalogNameOf(path)
		if got != want || !regexp.MustCompile(`^[a-z0-9_]{1,40}$`).MatchString(got) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
