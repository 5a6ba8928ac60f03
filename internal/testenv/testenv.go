// Package testenv finds what tests need from outside the module: the native parts and the reference figures.
package testenv

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/sbinet/npyio"

	"lookalike/internal/nativeparts"
)

// Root is the module's root folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Parts are the native parts of this checkout (or of LOOKALIKE_RUNTIME).
func Parts(tb testing.TB) nativeparts.Parts {
	tb.Helper()
	parts, err := FindParts()
	if err != nil {
		tb.Fatal(err)
	}
	return parts
}

// FindParts is Parts for where there is no test to fail, as in TestMain.
func FindParts() (nativeparts.Parts, error) {
	if os.Getenv("LOOKALIKE_RUNTIME") == "" {
		return nativeparts.Parts{Dir: filepath.Join(Root(), nativeparts.DirName)}, nil
	}
	return nativeparts.Find("")
}

// Shared is the path of a reference file beside the project (../shared). Without it the test fails in CI (CI=true) and
// is skipped, saying so, elsewhere: the figures are not part of the project.
func Shared(tb testing.TB, elem ...string) string {
	tb.Helper()
	dir := filepath.Join(Root(), "..", "shared")
	path := filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("reference file missing in CI: %v", err)
		}
		tb.Skipf("reference file not here: %v", err)
	}
	return path
}

// Npy reads a .npy file of element type T in row-major order and returns its values and shape.
func Npy[T any](tb testing.TB, path string) (values []T, shape []int) {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	r, err := npyio.NewReader(f)
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	if err := r.Read(&values); err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return values, r.Header.Descr.Shape
}
