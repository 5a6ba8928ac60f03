package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"lookalike/repo"
)

// watchEvery is how often the worker looks for new tasks once it has nothing to do.
const watchEvery = 2 * time.Second

func (a *app) workerCommand() *cobra.Command {
	var catalog string
	var once bool
	var wish wishFlags
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Embed what product tables owe: all catalogs, for ever, or once",
		Long: `The worker does the tasks that triggers make when products change, and builds the
embeddings of catalogs that have none yet. It runs until it is stopped, or until
nothing is left to do with --once.`,
		Example: `  lookalike worker
  lookalike worker --once --catalog products`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := wish.validate(); err != nil {
				return err
			}
			db, err := a.migrated(cmd.Context())
			if err != nil {
				return err
			}
			defer db.Close()
			if once {
				return a.workOnce(cmd.Context(), db, catalog, wish)
			}
			return a.watch(cmd.Context(), db, catalog, wish)
		},
	}
	cmd.Flags().StringVar(&catalog, "catalog", "", "catalog to work for (default all)")
	cmd.Flags().BoolVar(&once, "once", false, "end when nothing is left to do")
	wish.register(cmd)
	return cmd
}

// workOnce does what the catalogs owe now. A catalog that fails does not keep the others from their turn.
func (a *app) workOnce(ctx context.Context, db *repo.DB, only string, wish wishFlags) error {
	names := []string{only}
	if only == "" {
		var err error
		if names, err = db.CatalogNames(ctx); err != nil {
			return err
		}
	}
	if len(names) == 0 {
		return errors.New("there is no catalog yet: `lookalike ingest`, or SELECT lookalike.attach(...) in SQL, makes one")
	}
	var errs []error
	for _, name := range names {
		c, err := db.Catalog(ctx, name)
		if err == nil {
			err = a.work(ctx, db, c, wish, nil)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// watch does what the catalogs owe, again and again, until ctx ends, which is no error. Faults are printed.
func (a *app) watch(ctx context.Context, db *repo.DB, only string, wish wishFlags) error {
	fmt.Fprintln(a.err, "lookalike: working; Ctrl-C ends it")
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		if err := a.watchStep(ctx, db, only, wish); err != nil && ctx.Err() == nil {
			fmt.Fprintln(a.err, "lookalike:", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// watchStep works for the catalogs that owe something.
func (a *app) watchStep(ctx context.Context, db *repo.DB, only string, wish wishFlags) error {
	status, err := db.Status(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range status {
		if (only != "" && s.Catalog != only) || (s.Pending == 0 && (s.LiveGeneration > 0 || s.Embedded < 2)) {
			continue
		}
		err := a.workOnce(ctx, db, s.Catalog, wish)
		var failures failuresError
		if !errors.As(err, &failures) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
