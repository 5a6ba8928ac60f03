package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"lookalike/internal/embeddedpg"
)

// errNotOurs is said where a verb is about the private server, but another database is named.
var errNotOurs = errors.New("another database is named (--database-url, DATABASE_URL or PG*): " +
	"this verb is about the private PostgreSQL only; unset the name to use it")

func (a *app) dbCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "Start, stop and look at the private PostgreSQL",
		Long: `Without --database-url, DATABASE_URL or PG* variables Lookalike runs a private
PostgreSQL with pgvector: on a Unix socket only, in the data directory, started
on demand and running until it is stopped.`,
		Example: `  lookalike db status
  lookalike db psql -- -c 'SELECT * FROM lookalike.status'
  lookalike db url`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		a.dbVerb("start", "Start it, unless it runs", a.dbStart),
		a.dbVerb("stop", "Stop it", a.dbStop),
		a.dbVerb("status", "Say whether it runs, where, and how large it is", a.dbStatus),
		a.dbVerb("url", "Print the URL of the database in use, for other clients; starts it", a.dbURL),
		a.dbPSQLCommand(), a.dbDestroyCommand())
	return cmd
}

func (a *app) dbVerb(use, short string, f func(context.Context) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return f(cmd.Context())
	}}
}

// ours is the private server, for verbs that are about it alone.
func (a *app) ours() (*embeddedpg.Server, error) {
	_, named, err := a.ownDatabase()
	if err != nil {
		return nil, err
	}
	if named {
		return nil, usageError{errNotOurs}
	}
	return a.privateServer()
}

func (a *app) dbStart(ctx context.Context) error {
	server, err := a.ours()
	if err != nil {
		return err
	}
	if _, err := server.Start(ctx); err != nil {
		return err
	}
	return a.dbStatus(ctx)
}

func (a *app) dbStop(ctx context.Context) error {
	server, err := a.ours()
	if err != nil {
		return err
	}
	if err := server.Stop(ctx); err != nil {
		return err
	}
	return a.dbStatus(ctx)
}

func (a *app) dbStatus(ctx context.Context) error {
	server, err := a.ours()
	if err != nil {
		return err
	}
	s, err := server.Status(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(s)
	}
	state := string(s.State)
	if s.PID > 0 {
		state = fmt.Sprintf("%s (process %d)", state, s.PID)
	}
	if s.Account != "" {
		state += ", as " + s.Account
	}
	_, err = fmt.Fprintf(a.out, "state       %s\nPostgreSQL  %s\ndata        %s (%s)\nlog         %s\nurl         %s\n",
		state, s.Version, s.Data, humanize.IBytes(uint64(s.Bytes)), s.Log, s.URL)
	return err
}

func (a *app) dbURL(ctx context.Context) error {
	url, err := a.database(ctx)
	if err != nil {
		return err
	}
	if url == "" {
		return errors.New("the database is named by the PG* variables: any client finds it by them")
	}
	if a.json {
		return a.printJSON(map[string]string{"url": url})
	}
	_, err = fmt.Fprintln(a.out, url)
	return err
}

func (a *app) dbPSQLCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "psql [-- ARGUMENTS OF PSQL]",
		Short: "Open a session of psql on the database in use",
		Example: `  lookalike db psql
  lookalike db psql -- -c 'SELECT * FROM lookalike.status'`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.dbPSQL(cmd.Context(), args) },
	}
}

func (a *app) dbPSQL(ctx context.Context, args []string) error {
	url, err := a.database(ctx)
	if err != nil {
		return err
	}
	program := "psql"
	if server, err := a.privateServer(); err == nil {
		program = server.PSQL()
	}
	if url != "" {
		args = append([]string{"--dbname=" + url}, args...)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
	err = cmd.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return fmt.Errorf("psql ended with exit code %d", failed.ExitCode())
	}
	if err != nil {
		return fmt.Errorf("run psql: %w", err)
	}
	return nil
}

func (a *app) dbDestroyCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Stop it and delete everything in it; asks first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := a.ours()
			if err != nil {
				return err
			}
			s, err := server.Status(cmd.Context())
			if err != nil {
				return err
			}
			if !yes && !a.confirmed(fmt.Sprintf("Delete all tables and embeddings in %s (%s)?", s.Data, humanize.IBytes(uint64(s.Bytes)))) {
				return errors.New("nothing is deleted: answer yes, or give --yes")
			}
			if err := server.Destroy(cmd.Context()); err != nil {
				return err
			}
			fmt.Fprintln(a.err, "The private PostgreSQL is gone.")
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// confirmed asks on standard input; only y or yes is consent.
func (a *app) confirmed(question string) bool {
	fmt.Fprint(a.err, question, " [y/N] ")
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && line == "" {
		fmt.Fprintln(a.err)
		return false
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}
