package repo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// IndexPlan is what an index build takes.
type IndexPlan struct {
	// Rows is how many embeddings will be indexed.
	Rows int64
	// Memory is the estimate of what the build needs, in bytes.
	Memory int64
}

// PlanIndex estimates the memory of an HNSW build: (4 x dims + 715) bytes a row with m = 16 (measured on 1,000,000
// rows of 128, 256 and 512 dimensions with pgvector 0.8.6), and a tenth more. Above it the build slows badly.
func PlanIndex(rows int64, dims int) IndexPlan {
	const minimum = 64 << 20
	need := rows * int64(4*dims+715)
	return IndexPlan{Rows: rows, Memory: max(minimum, need+need/10)}
}

// CreateIndexes makes the primary key and the HNSW index of a generation's table. progress is called now and then with
// how much of the index is done, 0 to 1; it may be nil.
func (b *Build) CreateIndexes(ctx context.Context, g Generation, plan IndexPlan, progress func(done float64)) error {
	if progress != nil {
		stop := b.watchIndex(ctx, g, progress)
		defer stop()
	}
	const diskFull = "53100"
	err := b.createIndexes(ctx, g, plan, true)
	if sqlState(err) == diskFull {
		// A parallel build shares its memory through /dev/shm, which is small in many containers.
		err = b.createIndexes(ctx, g, plan, false)
	}
	if err != nil {
		return fmt.Errorf("index generation %d of %s: %w", g.Number, b.catalog.Name, err)
	}
	return nil
}

func (b *Build) createIndexes(ctx context.Context, g Generation, plan IndexPlan, parallel bool) error {
	table := pgx.Identifier{schema, g.Table}.Sanitize()
	return pgx.BeginFunc(ctx, b.db.pool, func(tx pgx.Tx) error {
		// maintenance_work_mem in kB; it is raised, never lowered, and its type ends at 2 GiB on 32 bits, 2 TiB elsewhere.
		_, err := tx.Exec(ctx, `SELECT set_config('maintenance_work_mem', greatest($1::bigint,
			(SELECT setting::bigint FROM pg_settings WHERE name = 'maintenance_work_mem'))::text || 'kB', true)`, plan.Memory>>10)
		if err != nil {
			return err
		}
		if !parallel {
			if _, err := tx.Exec(ctx, `SET LOCAL max_parallel_maintenance_workers = 0`); err != nil {
				return err
			}
		}
		// m and ef_construction are pgvector's defaults: recall@6 0.998 on 44,441 real embeddings of 128 dimensions.
		_, err = tx.Exec(ctx, fmt.Sprintf(`ALTER TABLE %[1]s ADD PRIMARY KEY (%[2]s, position);
			CREATE INDEX ON %[1]s USING hnsw (embedding vector_l2_ops) WITH (m = 16, ef_construction = 64);
			ANALYZE %[1]s`, table, quote(b.catalog.KeyColumn)))
		return err
	})
}

// watchIndex reports the progress of the index build until the returned function is called.
func (b *Build) watchIndex(ctx context.Context, g Generation, progress func(float64)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(pollEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if part, err := b.indexProgress(ctx, g); err == nil {
					progress(part)
				}
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (b *Build) indexProgress(ctx context.Context, g Generation) (float64, error) {
	row, err := b.db.queries.GetIndexProgress(ctx, g.Table)
	if err != nil {
		return 0, err
	}
	if row.TuplesTotal > 0 {
		return float64(row.TuplesDone) / float64(row.TuplesTotal), nil
	}
	if row.BlocksTotal > 0 {
		return float64(row.BlocksDone) / float64(row.BlocksTotal), nil
	}
	return 0, errors.New("not started")
}
