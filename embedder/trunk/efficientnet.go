package trunk

import "fmt"

// efficientNetLite0 is the network of the TPU repository's efficientnet/lite (EfficientNet-B0 without squeeze and
// excitation, ReLU6 for swish), its tensors named as in the PyTorch port that publishes efficientnet-lite0-57934424.pth.
func efficientNetLite0() Architecture {
	return Architecture{
		Name:        "efficientnet-lite0",
		Description: "EfficientNet-Lite0: small and fast, the default",
		Published:   "efficientnet-lite0-57934424.pth",
		FeatureDims: 1280,
		InputSize:   224,
		layers:      efficientNetLayers,
		classifier:  []string{"_fc.weight", "_fc.bias"},
	}
}

// mobileStage is a run of inverted residual blocks; the first one has the stride, the others 1.
type mobileStage struct {
	blocks, expand, kernel, stride, out int
}

// lite0Stages is table 1 of the EfficientNet paper (Tan and Le 2019), which Lite0 keeps.
var lite0Stages = []mobileStage{
	{blocks: 1, expand: 1, kernel: 3, stride: 1, out: 16},
	{blocks: 2, expand: 6, kernel: 3, stride: 2, out: 24},
	{blocks: 2, expand: 6, kernel: 5, stride: 2, out: 40},
	{blocks: 3, expand: 6, kernel: 3, stride: 2, out: 80},
	{blocks: 3, expand: 6, kernel: 5, stride: 1, out: 112},
	{blocks: 4, expand: 6, kernel: 5, stride: 2, out: 192},
	{blocks: 1, expand: 6, kernel: 3, stride: 1, out: 320},
}

// The limits of ReLU6, as the initializers that Clip reads.
const (
	relu6Min = "relu6.min"
	relu6Max = "relu6.max"
)

func efficientNetLayers(b *builder, input string) string {
	const stem, head = 32, 1280
	b.epsilon = 1e-3 // batch_norm_epsilon of efficientnet_lite_builder.py
	b.constant(relu6Min, 0)
	b.constant(relu6Max, 6)
	x := b.relu6(b.conv(input, samePadded(conv{name: "_conv_stem", norm: "_bn0", in: 3, out: stem, kernel: 3, stride: 2})))
	channels, index := stem, 0
	for _, s := range lite0Stages {
		for i := range s.blocks {
			if i > 0 {
				s.stride = 1
			}
			x = b.invertedResidual(x, fmt.Sprintf("_blocks.%d", index), channels, s)
			channels = s.out
			index++
		}
	}
	return b.relu6(b.conv(x, conv{name: "_conv_head", norm: "_bn1", in: channels, out: head, kernel: 1, stride: 1, groups: 1}))
}

// invertedResidual widens, convolves each channel, and narrows again without an activation. The input is added where
// it has the shape of the output.
func (b *builder) invertedResidual(input, name string, in int, s mobileStage) string {
	x, wide := input, in*s.expand
	if s.expand != 1 {
		x = b.relu6(b.conv(x, conv{
			name: name + "._expand_conv", norm: name + "._bn0",
			in: in, out: wide, kernel: 1, stride: 1, groups: 1,
		}))
	}
	x = b.relu6(b.conv(x, samePadded(conv{
		name: name + "._depthwise_conv", norm: name + "._bn1",
		in: wide, out: wide, kernel: s.kernel, stride: s.stride, groups: wide,
	})))
	x = b.conv(x, conv{
		name: name + "._project_conv", norm: name + "._bn2",
		in: wide, out: s.out, kernel: 1, stride: 1, groups: 1,
	})
	if s.stride != 1 || in != s.out {
		return x
	}
	return b.add("Add", name+".add", []string{x, input})
}

// samePadded pads as TensorFlow's SAME does on maps of even size, which all those with a stride are here: kernel minus
// stride zeros in all, the odd one below and right.
func samePadded(c conv) conv {
	total := c.kernel - c.stride
	c.before = total / 2
	c.after = total - c.before
	c.groups = max(c.groups, 1)
	return c
}

func (b *builder) relu6(in string) string {
	return b.add("Clip", in+".relu6", []string{in, relu6Min, relu6Max})
}
