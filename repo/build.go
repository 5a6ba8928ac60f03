package repo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lookalike/repo/internal/db"
)

// Build is the right to build the next generation of a catalog. One process has it at a time; it ends with Close, or
// with the process.
type Build struct {
	db      *DB
	catalog Catalog
	conn    *pgxpool.Conn // holds the lock
}

// StartBuild takes the right to build, or returns ErrBusy when another process has it.
func (d *DB) StartBuild(ctx context.Context, c Catalog) (*Build, error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	ok, err := db.New(conn).TryLockBuild(ctx, c.ID)
	if err != nil || !ok {
		conn.Release()
		if err == nil {
			err = fmt.Errorf("build embeddings of %s: %w", c.Name, ErrBusy)
		}
		return nil, err
	}
	return &Build{db: d, catalog: c, conn: conn}, nil
}

// Close gives the right back.
func (b *Build) Close(ctx context.Context) error {
	defer b.conn.Release()
	if err := db.New(b.conn).UnlockBuild(context.WithoutCancel(ctx), b.catalog.ID); err != nil {
		// The lock goes with its connection.
		return errors.Join(err, b.conn.Conn().Close(ctx))
	}
	return nil
}

// CreateTable stores the projection of a generation and creates its empty table, in place of one that an interrupted
// build has left. From now on Record notes which products change.
func (b *Build) CreateTable(ctx context.Context, g Generation, p Projection) (Generation, error) {
	c := b.catalog
	g.Table = fmt.Sprintf("%s_g%d", c.Name, g.Number)
	table := pgx.Identifier{schema, g.Table}.Sanitize()
	err := b.db.tx(ctx, func(tx pgx.Tx, queries *db.Queries) error {
		if err := queries.LockCatalog(ctx, c.ID); err != nil {
			return err
		}
		var err error
		if g.ProjectionID, err = storeProjection(ctx, queries, p); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, fmt.Sprintf(`DROP TABLE IF EXISTS %[1]s;
			CREATE TABLE %[1]s (%[2]s %[3]s NOT NULL, position smallint NOT NULL, embedding vector(%[4]d) NOT NULL);
			ALTER TABLE %[1]s ALTER COLUMN embedding SET STORAGE %[5]s`,
			table, quote(c.KeyColumn), c.KeyType, len(p.Components), storage(len(p.Components))))
		if err != nil {
			return err
		}
		if err := queries.SetGenerationProjection(ctx, db.SetGenerationProjectionParams{GenerationID: g.ID, ProjectionID: &g.ProjectionID}); err != nil {
			return err
		}
		if _, err := queries.TakeGenerationChanges(ctx, g.ID); err != nil {
			return err
		}
		return queries.SetGenerationTable(ctx, db.SetGenerationTableParams{GenerationID: g.ID, Relation: &table})
	})
	if err != nil {
		return Generation{}, fmt.Errorf("create table %s: %w", table, err)
	}
	return g, nil
}

// maxPlainDims is how many dimensions a row may have and stay in one 8 kB page with any key.
const maxPlainDims = 1500

// storage keeps embeddings in the row: out of line they are read at an extra look-up each (past 2 kB, 480 dimensions).
func storage(dims int) string {
	if dims > maxPlainDims {
		return "EXTERNAL"
	}
	return "PLAIN"
}

// Publish copies what has changed since CreateTable again and makes the generation live, in one transaction.
func (b *Build) Publish(ctx context.Context, g Generation, project Project) error {
	c := b.catalog
	err := b.db.tx(ctx, func(tx pgx.Tx, queries *db.Queries) error {
		if err := queries.LockCatalog(ctx, c.ID); err != nil {
			return err
		}
		keys, err := queries.TakeGenerationChanges(ctx, g.ID)
		if err != nil {
			return err
		}
		if err := copyAgain(ctx, tx, queries, c, g, keys, project); err != nil {
			return err
		}
		return queries.PublishGeneration(ctx, g.ID)
	})
	if err != nil {
		return fmt.Errorf("make generation %d of %s live: %w", g.Number, c.Name, err)
	}
	return nil
}

func copyAgain(ctx context.Context, tx pgx.Tx, queries *db.Queries, c Catalog, g Generation, keys []string, project Project) error {
	if len(keys) == 0 {
		return nil
	}
	photos, err := queries.ListProductPhotos(ctx, db.ListProductPhotosParams{CatalogID: c.ID, Keys: keys})
	if err != nil {
		return err
	}
	var sums [][]byte
	shown := map[string]*Shown{}
	for _, p := range photos {
		if shown[p.Key] == nil {
			shown[p.Key] = &Shown{Key: p.Key}
		}
		shown[p.Key].Photos = append(shown[p.Key].Photos, SHA256(p.Sha256))
		sums = append(sums, p.Sha256)
	}
	features, err := queries.ListFeatures(ctx, db.ListFeaturesParams{ModelID: g.ModelID, Photos: sums})
	if err != nil {
		return err
	}
	embeddings := map[SHA256][]float32{}
	for _, f := range features {
		if embeddings[SHA256(f.Sha256)], err = project(f.Feature.Slice()); err != nil {
			return err
		}
	}
	changed := make([]Shown, 0, len(shown))
	for _, s := range shown {
		changed = append(changed, *s)
	}
	return replaceEmbeddings(ctx, tx, c, g, changed, keys, embeddings)
}

// dropBuilding throws away a generation that has not gone live.
func (d *DB) dropBuilding(ctx context.Context, c Catalog, g Generation) error {
	b, err := d.StartBuild(ctx, c)
	if err != nil {
		return err
	}
	defer b.Close(ctx)
	err = d.tx(ctx, func(tx pgx.Tx, queries *db.Queries) error {
		if g.Table != "" {
			if _, err := tx.Exec(ctx, `DROP TABLE IF EXISTS `+pgx.Identifier{schema, g.Table}.Sanitize()); err != nil {
				return err
			}
		}
		return queries.DeleteGeneration(ctx, g.ID)
	})
	if err != nil {
		return fmt.Errorf("drop unfinished generation %d of %s: %w", g.Number, c.Name, err)
	}
	return nil
}

// pollEvery is how often the progress of an index build is read.
const pollEvery = 250 * time.Millisecond
