package trunk

import (
	"context"
	"io"
)

// Tiny is a network of one convolution, small enough to be converted hundreds of times.
func Tiny() Architecture {
	return Architecture{
		Name: "tiny", FeatureDims: 4, InputSize: 6, classifier: []string{"fc.weight"},
		layers: func(b *builder, input string) string {
			b.epsilon = 1e-3
			return b.conv(input, conv{
				name: "conv", norm: "bn", in: 3, out: 4, kernel: 3, stride: 2, groups: 1, before: 0, after: 1,
			})
		},
	}
}

// Convert is Build for weights in memory.
func (a Architecture) Convert(ctx context.Context, r io.ReaderAt, size int64) ([]byte, error) {
	w, err := openWeights(r, size)
	if err != nil {
		return nil, err
	}
	return a.convert(ctx, w)
}

// Shapes are the tensors that the architecture needs.
func (a Architecture) Shapes() map[string][]int64 { return a.plan().shapes() }
