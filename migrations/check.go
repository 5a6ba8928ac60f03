package migrations

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Why a server cannot hold the schema. The wrapping error says what to do.
var (
	ErrPostgresTooOld  = errors.New("PostgreSQL is too old")
	ErrPgvectorMissing = errors.New("pgvector is missing")
	ErrPgvectorTooOld  = errors.New("pgvector is too old")
)

// The oldest versions that will do, and the oldest without known faults that matter here.
const (
	minPostgres      = 150000  // server_version_num; PostgreSQL 15
	minPgvector      = "0.8.0" // iterative index scans
	soundPgvector    = "0.8.4" // 0.8.2: overflow in parallel builds (CVE-2026-3172); 0.8.3: vacuum; 0.8.4: graph repair
	howToGetPgvector = "install pgvector " + soundPgvector + " or later on the server (packages postgresql-NN-pgvector or pgvector_NN, " +
		"Homebrew's pgvector, or the image pgvector/pgvector), or name no database to use the private PostgreSQL"
)

// Versions are those of a server.
type Versions struct {
	// Postgres is server_version, such as "18.6".
	Postgres string `json:"postgres"`
	// Pgvector is the installed version of the extension, else the one that would be installed.
	Pgvector string `json:"pgvector"`
	// Warning is what should be known of these versions; empty when there is nothing.
	Warning string `json:"warning,omitempty"`
}

// Check connects to a server and tells whether its versions fit.
func Check(ctx context.Context, url string) (Versions, error) {
	var v Versions
	err := withConn(ctx, url, func(conn *pgx.Conn) error {
		var number int
		var installed, available *string
		err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, split_part(current_setting('server_version'), ' ', 1),
			(SELECT extversion FROM pg_extension WHERE extname = 'vector'),
			(SELECT default_version FROM pg_available_extensions WHERE name = 'vector')`).
			Scan(&number, &v.Postgres, &installed, &available)
		if err != nil {
			return fmt.Errorf("read server versions: %w", err)
		}
		if number < minPostgres {
			return fmt.Errorf("%w: %s, but 15 or later is needed", ErrPostgresTooOld, v.Postgres)
		}
		for _, version := range []*string{available, installed} {
			if version != nil {
				v.Pgvector = *version
			}
		}
		v.Warning, err = CheckPgvector(installed, available)
		return err
	})
	return v, err
}

// CheckPgvector tells whether a version of the extension fits: the one installed in the database, else the one that
// would be installed; nil where there is none. A warning says what is known of a version that fits.
func CheckPgvector(installed, available *string) (warning string, err error) {
	version := installed
	if version == nil {
		version = available
	}
	switch {
	case version == nil:
		return "", fmt.Errorf("%w: %s", ErrPgvectorMissing, howToGetPgvector)
	case olderThan(*version, minPgvector) && available != nil && !olderThan(*available, minPgvector):
		return "", fmt.Errorf("%w: %s is installed in this database: run ALTER EXTENSION vector UPDATE (to %s)",
			ErrPgvectorTooOld, *version, *available)
	case olderThan(*version, minPgvector):
		return "", fmt.Errorf("%w: %s, but %s or later is needed: %s", ErrPgvectorTooOld, *version, minPgvector, howToGetPgvector)
	case olderThan(*version, soundPgvector):
		return fmt.Sprintf("pgvector %s has known faults in index builds and vacuum: %s or later is better", *version, soundPgvector), nil
	}
	return "", nil
}

// olderThan compares versions such as 0.8.0 number by number. What is no number counts as 0.
func olderThan(version, other string) bool {
	a, b := strings.Split(version, "."), strings.Split(other, ".")
	for i := range max(len(a), len(b)) {
		if x, y := part(a, i), part(b, i); x != y {
			return x < y
		}
	}
	return false
}

func part(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, err := strconv.Atoi(parts[i])
	if err != nil {
		return 0
	}
	return n
}
