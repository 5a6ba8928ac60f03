package embedder

import (
	"errors"
	"fmt"
	"os"

	ort "github.com/yalue/onnxruntime_go"

	"lookalike/embedder/trunk"
)

// session runs one trunk. It is safe for concurrent use, each call with tensors of its own, and computes every call on
// the thread that calls. Two calls side by side are faster than one that shares its work between two threads: nobody
// waits for the slower half after every layer, least of all when decoding or another process holds a processor.
type session struct {
	run *ort.DynamicAdvancedSession
}

func openSession(path string) (*session, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer options.Destroy() //nolint:errcheck // it has no way to fail
	err = errors.Join(
		options.SetIntraOpNumThreads(1),
		options.SetInterOpNumThreads(1), // trunks are one chain of nodes
		options.SetExecutionMode(ort.ExecutionModeSequential),
	)
	if err != nil {
		return nil, err
	}
	run, err := ort.NewDynamicAdvancedSession(path, []string{trunk.InputName}, []string{trunk.OutputName}, options)
	if err != nil {
		return nil, err
	}
	return &session{run: run}, nil
}

// tensors are the input and output of the trunk for up to size photos, in one piece of memory each.
type tensors struct {
	inputLen, outputLen int // values a photo
	input, output       []float32
	crop                int
	views               []view // views[n-1] is for n photos; made when first needed
}

// view is the same memory as ONNX Runtime sees it for one number of photos.
type view struct {
	input, output *ort.Tensor[float32]
}

func newTensors(size, crop, featureDims int) *tensors {
	inputLen := 3 * crop * crop
	return &tensors{
		inputLen: inputLen, outputLen: featureDims, crop: crop,
		input:  make([]float32, size*inputLen),
		output: make([]float32, size*featureDims),
		views:  make([]view, size),
	}
}

// photo is the input of photo i.
func (t *tensors) photo(i int) []float32 {
	return t.input[i*t.inputLen : (i+1)*t.inputLen]
}

// feature is the output for photo i.
func (t *tensors) feature(i int) []float32 {
	return t.output[i*t.outputLen : (i+1)*t.outputLen]
}

// view is the memory of the first n photos.
func (t *tensors) view(n int) (view, error) {
	if v := t.views[n-1]; v.input != nil {
		return v, nil
	}
	input, err := ort.NewTensor(ort.NewShape(int64(n), 3, int64(t.crop), int64(t.crop)), t.input)
	if err != nil {
		return view{}, err
	}
	output, err := ort.NewTensor(ort.NewShape(int64(n), int64(t.outputLen)), t.output)
	if err != nil {
		return view{}, errors.Join(err, input.Destroy())
	}
	t.views[n-1] = view{input: input, output: output}
	return t.views[n-1], nil
}

// embed runs the trunk on the first n photos of t.
func (s *session) embed(t *tensors, n int) error {
	v, err := t.view(n)
	if err != nil {
		return fmt.Errorf("describe a batch of %d photos: %w", n, err)
	}
	if err := s.run.Run([]ort.Value{v.input}, []ort.Value{v.output}); err != nil {
		return fmt.Errorf("run the trunk on %d photos: %w", n, err)
	}
	return nil
}

func (t *tensors) close() error {
	var faults []error
	for i, v := range t.views {
		if v.input != nil {
			faults = append(faults, v.input.Destroy(), v.output.Destroy())
			t.views[i] = view{}
		}
	}
	return errors.Join(faults...)
}

func (s *session) close() error { return s.run.Destroy() }
