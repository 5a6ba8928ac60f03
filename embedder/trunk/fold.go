package trunk

import (
	"context"
	"fmt"
	"math"

	"lookalike/embedder/internal/onnx"
)

// normParts are the tensors of a batch norm, in the order in which foldNorm takes them.
var normParts = [4]string{".weight", ".bias", ".running_mean", ".running_var"}

// fold reads the weights of every convolution and its batch norm and adds to the graph the one convolution that does
// the work of both.
func (b *builder) fold(ctx context.Context, w *weights) error {
	for _, c := range b.convs {
		if err := ctx.Err(); err != nil {
			return err
		}
		kernel, err := w.read(c.name + ".weight")
		if err != nil {
			return err
		}
		var norm [len(normParts)][]float32
		for i, part := range normParts {
			if norm[i], err = w.read(c.norm + part); err != nil {
				return err
			}
		}
		bias, err := foldNorm(kernel, norm, b.epsilon)
		if err != nil {
			return fmt.Errorf("%s: %w", c.norm, err)
		}
		b.graph.Initializers = append(b.graph.Initializers,
			onnx.Tensor{Name: c.name + ".weight", Dims: c.shape(), Data: kernel},
			onnx.Tensor{Name: c.name + ".bias", Dims: []int64{int64(c.out)}, Data: bias})
	}
	return nil
}

// foldNorm scales the kernel in place and returns the bias, so that kernel*x + bias is what the batch norm
// (weight, bias, mean, variance: one value an output channel) makes of kernel*x. It works in float64.
func foldNorm(kernel []float32, norm [4][]float32, epsilon float64) (bias []float32, err error) {
	gamma, beta, mean, variance := norm[0], norm[1], norm[2], norm[3]
	bias = make([]float32, len(gamma))
	row := len(kernel) / len(gamma)
	for ch := range gamma {
		if variance[ch] < 0 {
			return nil, fmt.Errorf("%w: channel %d has variance %g", ErrCorrupt, ch, variance[ch])
		}
		scale := float64(gamma[ch]) / math.Sqrt(float64(variance[ch])+epsilon)
		bias[ch] = float32(float64(beta[ch]) - float64(mean[ch])*scale)
		channel := kernel[ch*row : (ch+1)*row]
		for i, v := range channel {
			channel[i] = float32(float64(v) * scale)
		}
		if !finite(bias[ch:ch+1]) || !finite(channel) {
			return nil, fmt.Errorf("%w: channel %d is not finite", ErrCorrupt, ch)
		}
	}
	return bias, nil
}

func finite(values []float32) bool {
	for _, v := range values {
		if v-v != 0 { // NaN for an infinity and for NaN itself
			return false
		}
	}
	return true
}
