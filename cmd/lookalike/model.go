package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"lookalike/embedder"
	"lookalike/embedder/trunk"
	"lookalike/internal/datadir"
	"lookalike/internal/nativeparts"
)

// modelJSON is a model for programs.
type modelJSON struct {
	Name          string                 `json:"name"`
	Version       string                 `json:"version"`
	FeatureDims   int                    `json:"feature_dims"`
	Preprocessing embedder.Preprocessing `json:"preprocessing"`
	Trunk         string                 `json:"trunk"`
}

func (a *app) modelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model",
		Short: "Add, list and remove the networks that photos can be embedded with",
		Long: `A model is a trunk network together with how photos are prepared for it. The
default one, ` + embedder.DefaultModel + `, is always there; others are made from their
published weights, which are read without running anything in them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.modelAddCommand(), a.modelListCommand(), a.modelRemoveCommand())
	return cmd
}

func (a *app) modelAddCommand() *cobra.Command {
	var weights, architecture string
	cmd := &cobra.Command{
		Use:   "add NAME --weights FILE",
		Short: "Make a model from published weights (.pth or .safetensors)",
		Long:  "Make a model from published weights (.pth or .safetensors). Architectures:\n" + architectures(),
		Example: `  lookalike model add resnet50 --weights resnet50-11ad3fa6.pth
  lookalike model add ours --architecture resnet50 --weights finetuned.safetensors
  lookalike ingest photos/ --catalog products --model resnet50`,
		Args: exactlyOne("a NAME for the model"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if weights == "" {
				return usageError{errors.New("say where the weights are with --weights FILE")}
			}
			if architecture == "" {
				architecture = args[0]
			}
			registry, err := localModels()
			if err != nil {
				return err
			}
			m, err := registry.Add(cmd.Context(), args[0], architecture, weights)
			if err != nil {
				return addError(err)
			}
			return a.printAdded(m)
		},
	}
	cmd.Flags().StringVar(&weights, "weights", "", "weights file, told by its content (required)")
	cmd.Flags().StringVar(&architecture, "architecture", "", "network that the weights are of (default NAME)")
	return cmd
}

// addError marks the faults that are in how the verb was called.
func addError(err error) error {
	switch {
	case errors.Is(err, trunk.ErrArchitecture):
		return usageError{fmt.Errorf("%w, with --architecture", err)}
	case errors.Is(err, embedder.ErrModelName):
		return usageError{err}
	}
	return err
}

func (a *app) printAdded(m embedder.Model) error {
	if a.json {
		return a.printJSON(modelJSON(m))
	}
	_, err := fmt.Fprintf(a.out, "Model %s is ready: %d features a photo, version %.12s.\n"+
		"Use it with: lookalike ingest SOURCE --catalog NAME --model %s\n", m.Name, m.FeatureDims, m.Version, m.Name)
	return err
}

func (a *app) modelListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the models that are here",
		Example: `  lookalike model list --json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			registry, err := localModels()
			if err != nil {
				return err
			}
			models, err := registry.List(cmd.Context())
			if err != nil {
				return err
			}
			return a.printModels(models)
		},
	}
}

func (a *app) printModels(models []embedder.Model) error {
	if a.json {
		list := make([]modelJSON, len(models))
		for i, m := range models {
			list[i] = modelJSON(m)
		}
		return a.printJSON(list)
	}
	if len(models) == 0 {
		_, err := fmt.Fprintln(a.out, "There is no model here: `make runtime` brings the weights of the default one.")
		return err
	}
	t := a.table("name", "features", "version", "resize", "crop", "file")
	for _, m := range models {
		p := m.Preprocessing
		t.row(m.Name, fmt.Sprint(m.FeatureDims), fmt.Sprintf("%.12s", m.Version), fmt.Sprint(p.Resize), fmt.Sprint(p.Crop), m.Trunk)
	}
	return t.print()
}

func (a *app) modelRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Delete a model's files; embeddings made with it stay",
		Long: `Delete a model's files. Features and embeddings made with it stay in the database and
can still be searched by key; new photos need the model again.`,
		Example: `  lookalike model remove resnet50`,
		Args:    exactlyOne("the NAME of a model"),
		RunE: func(cmd *cobra.Command, args []string) error {
			registry, err := localModels()
			if err != nil {
				return err
			}
			if err := registry.Remove(cmd.Context(), args[0]); err != nil {
				return addError(err)
			}
			_, err = fmt.Fprintf(a.err, "removed model %s\n", args[0])
			return err
		},
	}
}

// localModels is the registry of this user's models. Unlike modelRegistry it asks for no native part: to convert or
// list models nothing has to be run.
func localModels() (embedder.Registry, error) {
	dir, err := datadir.Dir()
	if err != nil {
		return embedder.Registry{}, err
	}
	registry := embedder.Registry{Dir: filepath.Join(dir, modelsFolder)}
	parts, err := nativeparts.Find(dir)
	if err == nil {
		registry.Lite0Weights, err = parts.Lite0Weights()
	}
	if err != nil && !errors.Is(err, nativeparts.ErrMissing) {
		return embedder.Registry{}, err
	}
	return registry, nil
}

// modelsFolder is the folder of the models in the data directory; modelRegistry looks there too.
const modelsFolder = "models"

func architectures() string {
	text := ""
	for _, a := range trunk.Architectures() {
		text += fmt.Sprintf("\n  %-20s %s (published as %s)", a.Name, a.Description, a.Published)
	}
	return text
}
