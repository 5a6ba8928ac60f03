package embedder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"lookalike/embedder/trunk"
)

// DefaultModel is the model that is used when none is named. Its weights come with the native parts.
const DefaultModel = "efficientnet-lite0"

// The ways in which a model is not to be had.
var (
	// ErrNoModel says that there is no model of the name, or none that is whole.
	ErrNoModel = errors.New("no such model")
	// ErrModelName says that a name cannot be that of a model.
	ErrModelName = errors.New("invalid model name")
)

// modelName keeps names usable as a folder, in SQL and in a shell, without quoting.
var modelName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// Registry keeps converted models in a folder. Any number of processes may use one folder at once; a model is seen
// there when it is whole, and not before.
type Registry struct {
	// Dir is the folder of the models. It is made when it is first written to.
	Dir string
	// Lite0Weights is the path of the published weights of the default model; "" when they are not here.
	Lite0Weights string
}

// Get returns the model of that name after checking that its trunk is unchanged since it was written. The default model
// is converted from Lite0Weights when it is first asked for, and again when those weights or the converter are others.
// It is ErrNoModel when the model is not here or is damaged.
func (r Registry) Get(ctx context.Context, name string) (Model, error) {
	if err := checkName(name); err != nil {
		return Model{}, err
	}
	if err := ctx.Err(); err != nil {
		return Model{}, err
	}
	if name == DefaultModel {
		return r.defaultModel(ctx)
	}
	rec, err := r.load(name)
	if err != nil {
		return Model{}, err
	}
	return r.model(rec), nil
}

// Add converts a weights file of the named architecture and keeps it as the model name, in place of any of that name.
// Errors are those of trunk.Build, and ErrModelName.
func (r Registry) Add(ctx context.Context, name, architecture, weights string) (Model, error) {
	if err := checkName(name); err != nil {
		return Model{}, err
	}
	if _, err := trunk.Find(architecture); err != nil {
		return Model{}, err
	}
	unlock, err := r.lock(ctx)
	if err != nil {
		return Model{}, err
	}
	defer unlock()
	rec, err := r.convert(ctx, record{Name: name, Architecture: architecture, Added: true}, weights)
	if err != nil {
		return Model{}, err
	}
	return r.model(rec), nil
}

// List returns the models by name, the default one among them when its weights are here. A damaged one is left out.
func (r Registry) List(ctx context.Context) ([]Model, error) {
	entries, err := os.ReadDir(r.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list models: %w", err)
	}
	names := []string{DefaultModel}
	for _, e := range entries {
		if e.IsDir() && e.Name() != DefaultModel && modelName.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	var models []Model
	for _, name := range names {
		m, err := r.Get(ctx, name)
		if errors.Is(err, ErrNoModel) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list models: %w", err)
		}
		models = append(models, m)
	}
	return models, nil
}

// Remove deletes the files of a model; features that it made stay where they are. The default model comes back when it
// is next asked for. It is ErrNoModel when there is nothing to delete.
func (r Registry) Remove(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if _, err := os.Stat(r.path(name)); errors.Is(err, fs.ErrNotExist) {
		return r.missing(name)
	}
	unlock, err := r.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	// Without its description a folder is no model, whatever else of it is left should this be cut short.
	if err := os.Remove(filepath.Join(r.path(name), recordFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove model %s: %w", name, err)
	}
	if err := os.RemoveAll(r.path(name)); err != nil {
		return fmt.Errorf("remove model %s: %w", name, err)
	}
	return nil
}

// defaultModel reads the cached default model if it is that of the weights and the converter, and makes it otherwise.
func (r Registry) defaultModel(ctx context.Context) (Model, error) {
	sum := ""
	if r.Lite0Weights != "" {
		var err error
		if sum, err = fileSum(r.Lite0Weights); err != nil {
			return Model{}, fmt.Errorf("read the weights of %s: %w", DefaultModel, err)
		}
	}
	if rec, err := r.load(DefaultModel); err == nil && rec.serves(sum) {
		return r.model(rec), nil
	}
	if sum == "" {
		return Model{}, r.missing(DefaultModel)
	}
	unlock, err := r.lock(ctx)
	if err != nil {
		return Model{}, err
	}
	defer unlock()
	// Another process may have made it while this one waited.
	if rec, err := r.load(DefaultModel); err == nil && rec.serves(sum) {
		return r.model(rec), nil
	}
	rec, err := r.convert(ctx, record{Name: DefaultModel, Architecture: DefaultModel}, r.Lite0Weights)
	if err != nil {
		return Model{}, err
	}
	return r.model(rec), nil
}

// missing is ErrNoModel with what to do about it.
func (r Registry) missing(name string) error {
	if name == DefaultModel {
		return fmt.Errorf("%w: %s: its weights are not here; run `make runtime` in a checkout, or set LOOKALIKE_RUNTIME",
			ErrNoModel, name)
	}
	if a, err := trunk.Find(name); err == nil {
		return fmt.Errorf("%w: %s: add it with `lookalike model add %s --weights %s`", ErrNoModel, name, name, a.Published)
	}
	return fmt.Errorf("%w: %s: add it with `lookalike model add %s --architecture ARCHITECTURE --weights FILE`, or choose one of "+
		"`lookalike model list`", ErrNoModel, name, name)
}

func checkName(name string) error {
	if !modelName.MatchString(name) {
		return fmt.Errorf("%w %q: use up to 63 lower-case letters, digits, dots, dashes and underscores, a letter or digit first",
			ErrModelName, name)
	}
	return nil
}

// preprocessing is what the published weights of an architecture were trained with: for EfficientNet-Lite0
// (x - 127) / 128 after a resize to 256 (efficientnet/lite of the TPU repository), for ResNet50
// torchvision's ResNet50_Weights.DEFAULT.transforms().
func preprocessing(architecture string) Preprocessing {
	p := Preprocessing{Resize: 256, Crop: 224, Interpolation: Bilinear}
	switch architecture {
	case "resnet50":
		p.Resize = 232
		p.Mean = [3]float32{0.485, 0.456, 0.406}
		p.Std = [3]float32{0.229, 0.224, 0.225}
	default:
		for c := range p.Mean {
			p.Mean[c], p.Std[c] = 127.0/255, 128.0/255
		}
	}
	return p
}
