package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"lookalike/repo"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Say how far each catalog has come",
		Example: `  lookalike status --json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := a.migrated(cmd.Context())
			if err != nil {
				return err
			}
			defer db.Close()
			status, err := db.Status(cmd.Context())
			if err != nil {
				return err
			}
			return a.printStatus(status)
		},
	}
}

func (a *app) printStatus(status []repo.CatalogStatus) error {
	if a.json {
		return a.printJSON(status)
	}
	if len(status) == 0 {
		fmt.Fprintln(a.out, "There is no catalog yet: `lookalike ingest SOURCE --catalog NAME` makes one.")
		return nil
	}
	t := a.table("catalog", "table", "embedded", "pending", "failed", "oldest pending", "generation", "model", "factors")
	for _, s := range status {
		oldest, generation, factors := "", "not live", ""
		if !s.OldestPending.IsZero() {
			oldest = time.Since(s.OldestPending).Round(time.Second).String()
		}
		if s.LiveGeneration > 0 {
			generation, factors = fmt.Sprint(s.LiveGeneration), fmt.Sprint(s.Factors)
		}
		t.row(s.Catalog, s.Table, fmt.Sprint(s.Embedded), fmt.Sprint(s.Pending), fmt.Sprint(s.Failed), oldest, generation, s.Model, factors)
	}
	return t.print()
}
