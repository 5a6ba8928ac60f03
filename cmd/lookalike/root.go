package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Exit codes. Anything else that goes wrong is exitError.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitFailures    = 3   // the verb did its work, but some photos failed
	exitInterrupted = 130 // 128 + SIGINT, as shells report it
)

// streams are what a verb reads and writes. terminal tells whether err is one: then progress is drawn as bars.
type streams struct {
	in       io.Reader
	out, err io.Writer
	terminal bool
}

// app is what the verbs share: the streams and the flags that every verb has.
type app struct {
	streams
	databaseURL string
	json        bool
}

// failuresError ends a verb that did its work although some photos failed, or some rows of the source were rejected.
type failuresError struct {
	catalog          string
	failed, rejected int64
}

func (e failuresError) Error() string {
	var parts []string
	if e.failed > 0 {
		parts = append(parts, fmt.Sprintf("%d %s failed: `lookalike failures --catalog %s` says why",
			e.failed, plural(e.failed, "product", "products"), e.catalog))
	}
	if e.rejected > 0 {
		parts = append(parts, fmt.Sprintf("%d %s of the source could not be taken: see above", e.rejected, plural(e.rejected, "row", "rows")))
	}
	return strings.Join(parts, "; ")
}

// usageError is a fault in how a verb was called.
type usageError struct{ error }

// run executes one command line and returns the exit code. Tests start every verb through it.
func run(ctx context.Context, args []string, s streams) int {
	root := newRoot(&app{streams: s})
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	var failures failuresError
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &failures):
		fmt.Fprintln(s.err, "lookalike:", err)
		return exitFailures
	case ctx.Err() != nil:
		fmt.Fprintln(s.err, "lookalike: interrupted; nothing is lost, the same command goes on from here")
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintln(s.err, "lookalike:", err)
		return exitUsage
	default:
		fmt.Fprintln(s.err, "lookalike:", err)
		return exitError
	}
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "lookalike",
		Short: "Visual similarity for Postgres",
		Long: `Lookalike embeds product photos and keeps their embeddings in Postgres, so that
"what looks like this?" is an ordinary SQL question.

Without --database-url, DATABASE_URL or PG* variables it starts a private
PostgreSQL with pgvector on demand.`,
		Example: `  lookalike ingest photos/ --catalog products
  lookalike similar 1001 --catalog products
  lookalike search photo.jpg --catalog products --html result.html
  lookalike db psql`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVar(&a.databaseURL, "database-url", "", "database to use (default $DATABASE_URL, PG*, else a private PostgreSQL)")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON for programs")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see `%s --help`)", err, cmd.CommandPath())}
	})
	root.AddCommand(a.verbs()...)
	return root
}

// exactlyOne wants one argument and says which when there is none, or more.
func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError{fmt.Errorf("%s wants %s (see `%s --help`)", cmd.CommandPath(), what, cmd.CommandPath())}
		}
		return nil
	}
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func isFailures(err error) bool {
	var failures failuresError
	return errors.As(err, &failures)
}
