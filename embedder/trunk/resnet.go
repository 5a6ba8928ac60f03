package trunk

import (
	"fmt"

	"lookalike/embedder/internal/onnx"
)

// resNet50 is torchvision's resnet50, "v1.5": the stride of a bottleneck is on its 3x3 convolution.
func resNet50() Architecture {
	return Architecture{
		Name:        "resnet50",
		Description: "ResNet50 as in torchvision: larger and slower",
		Published:   "resnet50-11ad3fa6.pth",
		FeatureDims: 2048,
		InputSize:   224,
		layers:      resNetLayers,
		classifier:  []string{"fc.weight", "fc.bias"},
	}
}

// resNet50Blocks is how many bottlenecks each of the four stages has (He et al. 2015, table 1, 50 layers).
var resNet50Blocks = [4]int{3, 4, 6, 3}

// bottleneckExpansion is how much wider a bottleneck's output is than its 3x3 convolution.
const bottleneckExpansion = 4

func resNetLayers(b *builder, input string) string {
	const stem = 64
	b.epsilon = 1e-5 // torch.nn.BatchNorm2d's default
	x := b.relu(b.conv(input, conv{
		name: "conv1", norm: "bn1", in: 3, out: stem, kernel: 7, stride: 2, groups: 1, before: 3, after: 3,
	}))
	x = b.add("MaxPool", "maxpool", []string{x},
		onnx.Ints("kernel_shape", 3, 3), onnx.Ints("strides", 2, 2), onnx.Ints("pads", 1, 1, 1, 1))
	channels := stem
	for stage, blocks := range resNet50Blocks {
		width, stride := stem<<stage, 2
		if stage == 0 {
			stride = 1
		}
		for i := range blocks {
			x = b.bottleneck(x, fmt.Sprintf("layer%d.%d", stage+1, i), channels, width, stride)
			channels, stride = width*bottleneckExpansion, 1
		}
	}
	return x
}

// bottleneck narrows, convolves and widens, and adds the input, itself convolved where its shape differs.
func (b *builder) bottleneck(input, name string, in, width, stride int) string {
	out := width * bottleneckExpansion
	shortcut := input
	if stride != 1 || in != out {
		shortcut = b.conv(input, conv{
			name: name + ".downsample.0", norm: name + ".downsample.1",
			in: in, out: out, kernel: 1, stride: stride, groups: 1,
		})
	}
	x := b.relu(b.conv(input, conv{
		name: name + ".conv1", norm: name + ".bn1", in: in, out: width, kernel: 1, stride: 1, groups: 1,
	}))
	x = b.relu(b.conv(x, conv{
		name: name + ".conv2", norm: name + ".bn2",
		in: width, out: width, kernel: 3, stride: stride, groups: 1, before: 1, after: 1,
	}))
	x = b.conv(x, conv{
		name: name + ".conv3", norm: name + ".bn3", in: width, out: out, kernel: 1, stride: 1, groups: 1,
	})
	return b.relu(b.add("Add", name+".add", []string{x, shortcut}))
}
