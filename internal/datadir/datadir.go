// Package datadir says where Lookalike keeps what belongs to a user: models, the private PostgreSQL, the demo.
package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Dir is the data directory of this user: LOOKALIKE_DATA, else lookalike below XDG_DATA_HOME or ~/.local/share (Linux) or
// ~/Library/Application Support (macOS), and /var/lib/lookalike for root. It may not exist yet.
func Dir() (string, error) {
	if dir := os.Getenv("LOOKALIKE_DATA"); dir != "" {
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return "", fmt.Errorf("LOOKALIKE_DATA: %w", err)
		}
		return absolute, nil
	}
	if os.Geteuid() == 0 {
		return "/var/lib/lookalike", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "lookalike"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil || home == "" {
		return "", errors.New("no home directory: set LOOKALIKE_DATA to a folder for Lookalike's data")
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "lookalike"), nil
	}
	return filepath.Join(home, ".local", "share", "lookalike"), nil
}

// Postgres is the folder of the private PostgreSQL in a data directory.
func Postgres(dir string) string { return filepath.Join(dir, "postgres") }
