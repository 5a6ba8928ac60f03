package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"lookalike/migrations"
)

func (a *app) migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the schema lookalike of a database up to date, or take it away",
		Example: `  lookalike migrate up
  lookalike migrate status
  lookalike migrate down            # the newest migration
  lookalike migrate down --to 0     # everything: embeddings and features are lost`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.migrateUpCommand(), a.migrateDownCommand(), a.migrateStatusCommand())
	return cmd
}

func (a *app) migrateUpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Apply the migrations that are missing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.migrate(cmd.Context(), migrations.Up)
		},
	}
}

func (a *app) migrateDownCommand() *cobra.Command {
	var to int64
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Undo the newest migration, or all down to a version (--to 0: everything)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.migrate(cmd.Context(), func(ctx context.Context, url string) error {
				if cmd.Flags().Changed("to") {
					return migrations.Down(ctx, url, to)
				}
				newest, err := newestApplied(ctx, url)
				if err != nil {
					return err
				}
				return migrations.Down(ctx, url, newest-1)
			})
		},
	}
	cmd.Flags().Int64Var(&to, "to", 0, "version to go down to; 0 leaves nothing behind")
	return cmd
}

func newestApplied(ctx context.Context, url string) (int64, error) {
	list, err := migrations.Status(ctx, url)
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, m := range list {
		if m.Applied {
			newest = max(newest, m.Version)
		}
	}
	if newest == 0 {
		return 0, errors.New("no migration is applied")
	}
	return newest, nil
}

func (a *app) migrateStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "List the migrations and which are applied",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.migrate(cmd.Context(), func(context.Context, string) error { return nil })
		},
	}
}

// migrate runs one step on the database and prints how the schema stands after it.
func (a *app) migrate(ctx context.Context, step func(context.Context, string) error) error {
	url, err := a.database(ctx)
	if err != nil {
		return err
	}
	if versions, err := migrations.Check(ctx, url); err == nil && versions.Warning != "" {
		fmt.Fprintln(a.err, "lookalike: warning:", versions.Warning)
	}
	if err := step(ctx, url); err != nil {
		return err
	}
	list, err := migrations.Status(ctx, url)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(list)
	}
	t := a.table("version", "migration", "applied")
	for _, m := range list {
		applied := "no"
		if m.Applied {
			applied = m.At.Format("2006-01-02 15:04:05")
		}
		t.row(fmt.Sprint(m.Version), m.Name, applied)
	}
	return t.print()
}
