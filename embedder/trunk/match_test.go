package trunk_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"lookalike/embedder/trunk"
)

func TestMismatchSaysWhatDiffers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func([]array) []array
		says   string
	}{
		"missing": {
			func(a []array) []array {
				return slices.DeleteFunc(a, func(x array) bool { return x.name == "bn.bias" })
			},
			"missing: bn.bias",
		},
		"extra": {
			func(a []array) []array { return append(a, array{"layer5.conv1.weight", []int64{1}, []float32{1}}) },
			`not expected: "layer5.conv1.weight"`,
		},
		"shape": {
			func(a []array) []array { return reshape(a, "conv.weight", 4, 3, 9) },
			"wrong shape: conv.weight is [4 3 9], not [4 3 3 3]",
		},
		"nothing": {
			func([]array) []array { return nil },
			"missing: bn.bias, bn.running_mean, bn.running_var and 2 more",
		},
		"partly parallel": {
			func(a []array) []array { a[0].name = "module." + a[0].name; return a },
			`missing: bn.bias; not expected: "module.bn.bias"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arrays := c.change(someWeights(trunk.Tiny()))
			for format, file := range map[string][]byte{"zip": floatPth(arrays).zip(t), "safetensors": safetensors(t, arrays)} {
				_, err := convert(trunk.Tiny(), file)
				if !errors.Is(err, trunk.ErrMismatch) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: got %v, want ErrMismatch with %q", format, err, c.says)
				}
			}
		})
	}
}

func reshape(arrays []array, name string, shape ...int64) []array {
	for i := range arrays {
		if arrays[i].name == name {
			arrays[i].shape = shape
		}
	}
	return arrays
}

// The other architecture's weights are refused before any of them is read.
func TestWeightsOfAnotherArchitecture(t *testing.T) {
	t.Parallel()
	_, err := trunk.Build(context.Background(), "resnet50", lite0Weights(t))
	if !errors.Is(err, trunk.ErrMismatch) || !strings.Contains(err.Error(), "bn1.bias") {
		t.Errorf("got %v, want ErrMismatch naming tensors", err)
	}
}

func TestBuildStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := trunk.Build(ctx, trunk.Architectures()[0].Name, lite0Weights(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// The features of the tiny network are those of a convolution and a batch norm done one after the other, by hand.
func TestFoldedNetworkComputesTheSame(t *testing.T) {
	t.Parallel()
	weights := map[string][]float32{}
	for _, a := range someWeights(trunk.Tiny()) {
		weights[a.name] = a.values
	}
	input := make([]float32, 3*6*6)
	for i := range input {
		input[i] = float32(i%7) - 2.5
	}
	got := runModel(t, tinyModel(t), input, 1, 6)
	for ch := range 4 {
		var sum float64
		for at := range 9 {
			sum += convolve(weights["conv.weight"][ch*27:], input, at/3*2, at%3*2)
		}
		mean := sum / 9 // the average pool and the linear batch norm may change places
		variance := float64(weights["bn.running_var"][ch]) + 1e-3
		want := (mean-float64(weights["bn.running_mean"][ch]))/math.Sqrt(variance)*float64(weights["bn.weight"][ch]) +
			float64(weights["bn.bias"][ch])
		if math.Abs(want-float64(got[ch])) > 1e-5*math.Max(1, math.Abs(want)) {
			t.Errorf("%s: got %v, want %v", fmt.Sprintf("channel %d", ch), got[ch], want)
		}
	}
}

// convolve is a 3x3 kernel of 3 channels on a 6x6 map from a corner on, zeros beyond the map's end.
func convolve(kernel, input []float32, top, left int) (sum float64) {
	for c := range 3 {
		for y := range 3 {
			for x := range 3 {
				if top+y < 6 && left+x < 6 {
					sum += float64(kernel[c*9+y*3+x]) * float64(input[c*36+(top+y)*6+left+x])
				}
			}
		}
	}
	return sum
}
