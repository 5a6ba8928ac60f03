// Package trunk turns the published weights of a classifier into the network that Lookalike runs: an ONNX graph that
// ends where the classifier would begin, its batch norms folded into its convolutions. The weights are read in Go and
// nothing that a weights file says is executed.
package trunk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// ConverterVersion changes whenever Build would write other bytes for the same weights, so that what was cached under
// an older converter is made again.
const ConverterVersion = 1

// InputName and OutputName are what the tensors of every trunk are called.
const (
	InputName  = "input"   // float32 [N, 3, InputSize, InputSize], RGB planes, preprocessed
	OutputName = "feature" // float32 [N, FeatureDims]
)

// The ways in which weights are refused. Every error of Build is one of them, or comes from reading the file or from
// the context.
var (
	// ErrCorrupt says that the file is truncated or contradicts itself.
	ErrCorrupt = errors.New("corrupt weights file")
	// ErrUnsafe says that the file asks for code to be run. None was.
	ErrUnsafe = errors.New("unsafe weights file")
	// ErrUnsupported says that the file is of a kind that is not read here.
	ErrUnsupported = errors.New("unsupported weights file")
	// ErrMismatch says that the tensors are not those of the architecture.
	ErrMismatch = errors.New("weights do not fit the architecture")
	// ErrArchitecture says that no architecture has the name.
	ErrArchitecture = errors.New("unknown architecture")
)

// Architecture is a network whose published weights can be converted.
type Architecture struct {
	// Name is how it is asked for, such as "resnet50".
	Name string
	// Description is one line for a list.
	Description string
	// Published is the name of the file that its weights are published in.
	Published string
	// FeatureDims is the length of a feature.
	FeatureDims int
	// InputSize is the side of the square input in pixels.
	InputSize int

	// layers adds the network's nodes, from its input to its last feature map.
	layers func(b *builder, input string) string
	// classifier holds the names of tensors that may be present and are left out.
	classifier []string
}

// Architectures lists what Build knows, by name.
func Architectures() []Architecture {
	return []Architecture{efficientNetLite0(), resNet50()}
}

// Find is the architecture of that name, or ErrArchitecture naming those there are.
func Find(name string) (Architecture, error) {
	all := Architectures()
	var names []string
	for _, a := range all {
		if a.Name == name {
			return a, nil
		}
		names = append(names, a.Name)
	}
	return Architecture{}, fmt.Errorf("%w %q: choose one of %s", ErrArchitecture, name, strings.Join(names, ", "))
}

// Build reads the weights file at path and returns the trunk of the named architecture as an ONNX model. The format is
// told by the file's content: a PyTorch file (.pth, of either kind that torch.save has written) or .safetensors, with
// float32, float64, float16 or bfloat16 weights. The same weights always give the same bytes, in whatever format.
func Build(ctx context.Context, arch, path string) ([]byte, error) {
	a, err := Find(arch)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path) // before opening: a named pipe would block there
	if err != nil {
		return nil, fmt.Errorf("open weights: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a regular file", ErrUnsupported, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open weights: %w", err)
	}
	defer func() { _ = f.Close() }()
	w, err := openWeights(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	model, err := a.convert(ctx, w)
	if err != nil {
		return nil, fmt.Errorf("read %s as %s: %w", path, arch, err)
	}
	return model, nil
}

// convert checks the tensors against the architecture before it reads any of them.
func (a Architecture) convert(ctx context.Context, w *weights) ([]byte, error) {
	b := a.plan()
	if err := w.match(b.shapes(), a.ignored); err != nil {
		return nil, err
	}
	if err := b.fold(ctx, w); err != nil {
		return nil, err
	}
	return b.graph.Marshal()
}

// ignored tells the tensors that a trunk does without: the classifier, and the counters of batch norm's training.
func (a Architecture) ignored(name string) bool {
	return strings.HasSuffix(name, ".num_batches_tracked") || slices.Contains(a.classifier, name)
}
