package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"lookalike/embedder"
	"lookalike/migrations"
)

// version is set by the linker (-X main.version); otherwise it is read from the build information.
var version string

// versions are those of everything that answers depend on. What is not to be had says why.
type versions struct {
	Lookalike   string `json:"lookalike"`
	Go          string `json:"go"`
	Platform    string `json:"platform"`
	ONNXRuntime string `json:"onnxruntime"`
	Postgres    string `json:"postgres"`
	Pgvector    string `json:"pgvector"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the versions of Lookalike, Go, ONNX Runtime, PostgreSQL and pgvector",
		Example: `  lookalike version --json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := a.versions(cmd.Context())
			if a.json {
				return a.printJSON(v)
			}
			_, err := fmt.Fprintf(a.out, "lookalike     %s\nGo            %s (%s)\nONNX Runtime  %s\nPostgreSQL    %s\npgvector      %s\n",
				v.Lookalike, v.Go, v.Platform, v.ONNXRuntime, v.Postgres, v.Pgvector)
			return err
		},
	}
}

func (a *app) versions(ctx context.Context) versions {
	v := versions{
		Lookalike: ownVersion(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		ONNXRuntime: orWhy(onnxRuntimeVersion()),
	}
	url, err := a.database(ctx)
	if err != nil {
		v.Postgres, v.Pgvector = orWhy("", err), "-"
		return v
	}
	server, err := migrations.Check(ctx, url)
	v.Postgres, v.Pgvector = server.Postgres, server.Pgvector
	switch {
	case err != nil && v.Postgres == "":
		v.Postgres, v.Pgvector = orWhy("", err), "-"
	case err != nil:
		v.Pgvector = orWhy("", err)
	}
	return v
}

func onnxRuntimeVersion() (string, error) {
	_, library, err := modelRegistry()
	if err != nil {
		return "", err
	}
	return embedder.RuntimeVersion(library)
}

func orWhy(version string, err error) string {
	if err != nil {
		return "not available: " + err.Error()
	}
	return version
}

func ownVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
