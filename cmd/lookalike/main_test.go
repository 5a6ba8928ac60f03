package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lookalike/internal/testdb"
	"lookalike/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

// testMain gives all tests one data directory, so that the default model is converted once.
func testMain(m *testing.M) int {
	parts, err := testenv.FindParts()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "lookalike-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for name, value := range map[string]string{"LOOKALIKE_RUNTIME": parts.Dir, "LOOKALIKE_DATA": dir, "DATABASE_URL": ""} {
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return testdb.Main(m)
}

// shell runs command lines on one database.
type shell struct{ url string }

func newShell(t *testing.T) shell {
	t.Helper()
	return shell{url: testdb.NewEmpty(t)}
}

// result is what a command line has left.
type result struct {
	code     int
	out, err string
}

func (s shell) run(t testing.TB, args ...string) result {
	t.Helper()
	return s.runWith(t, nil, args...)
}

func (s shell) runWith(t testing.TB, in []byte, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	if s.url != "" {
		args = append(args, "--database-url", s.url)
	}
	code := run(t.Context(), args, streams{in: bytes.NewReader(in), out: &out, err: &err})
	return result{code: code, out: out.String(), err: err.String()}
}

// ok runs a command line that must succeed.
func (s shell) ok(t testing.TB, args ...string) result {
	t.Helper()
	r := s.run(t, args...)
	if r.code != exitOK {
		t.Fatalf("lookalike %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r
}

// parse reads the JSON that a command line has printed.
func parse[T any](t testing.TB, r result) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.out), &v); err != nil {
		t.Fatalf("%v in:\n%s", err, r.out)
	}
	return v
}

// photo is a picture of n: a disc of its own size and colour on light ground.
func photo(t *testing.T, n int) []byte {
	t.Helper()
	const size = 96
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	ink := color.RGBA{R: uint8(n * 53), G: uint8(n * 97), B: uint8(n * 29), A: 255}
	radius := 12 + n%30
	for y := range size {
		for x := range size {
			dx, dy := x-size/2, y-size/2
			if dx*dx+dy*dy < radius*radius {
				img.Set(x, y, ink)
			} else {
				img.Set(x, y, color.RGBA{R: 240, G: 240, B: 235, A: 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// write writes files below a new folder and returns it.
func write(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// photos are n pictures as files a/1.png, b/2.png, a/3.png...
func photos(t *testing.T, n int) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for i := 1; i <= n; i++ {
		files[fmt.Sprintf("%c/%d.png", "ab"[(i-1)%2], i)] = photo(t, i)
	}
	return files
}
