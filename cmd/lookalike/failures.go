package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"lookalike/repo"
)

func (a *app) failuresCommand() *cobra.Command {
	var catalog string
	cmd := &cobra.Command{
		Use:   "failures",
		Short: "List the products whose photo could not be embedded, and why",
		Example: `  lookalike failures --catalog products
  lookalike failures --json | jq -r '.[].key'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withCatalog(cmd.Context(), catalog, func(db *repo.DB, c repo.Catalog) error {
				failures, err := db.Failures(cmd.Context(), c)
				if err != nil {
					return err
				}
				return a.printFailures(c, failures)
			})
		},
	}
	catalogFlag(cmd, &catalog)
	return cmd
}

func (a *app) printFailures(c repo.Catalog, failures []repo.FailedProduct) error {
	if a.json {
		return a.printJSON(failures)
	}
	if len(failures) == 0 {
		fmt.Fprintf(a.out, "No product of catalog %s has failed.\n", printable(c.Name))
		return nil
	}
	t := a.table("key", "stage", "error", "attempts", "tried at")
	for _, f := range failures {
		t.row(f.Key, f.Stage, f.Error, fmt.Sprint(f.Attempts), f.TriedAt.Local().Format("2006-01-02 15:04:05"))
	}
	if err := t.print(); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\nOnce the photos are mended: lookalike retry --catalog %s\n", printable(c.Name))
	return nil
}

func (a *app) retryCommand() *cobra.Command {
	var catalog string
	cmd := &cobra.Command{
		Use:   "retry [KEY...]",
		Short: "Make failed products pending again, and do the work",
		Example: `  lookalike retry --catalog products
  lookalike retry 1001 1002 --catalog products`,
		RunE: func(cmd *cobra.Command, keys []string) error {
			return a.withCatalog(cmd.Context(), catalog, func(db *repo.DB, c repo.Catalog) error {
				n, err := db.RetryTasks(cmd.Context(), c, keys)
				if err != nil {
					return err
				}
				fmt.Fprintf(a.err, "%d %s to try again\n", n, plural(n, "product", "products"))
				return a.work(cmd.Context(), db, c, wishFlags{}, nil)
			})
		},
	}
	catalogFlag(cmd, &catalog)
	return cmd
}
