package embedder_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"lookalike/embedder"
	"lookalike/internal/testenv"
)

// imageNet is the preprocessing of torchvision's ResNet50_Weights.DEFAULT.
var imageNet = embedder.Preprocessing{
	Resize: 232, Crop: 224, Interpolation: embedder.Bilinear,
	Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225},
}

func TestPrepareMatchesTorchvision(t *testing.T) {
	t.Parallel()
	want, shape := testenv.Npy[float32](t, testenv.Shared(t, "reference", "resnet50_input_first4.npy"))
	n := len(want) / shape[0]
	for i, photo := range fashion(t, shape[0]) {
		got, err := embedder.Prepare(photo, imageNet)
		if err != nil {
			t.Fatal(err)
		}
		sum, most := 0.0, 0.0
		for k, v := range got {
			d := math.Abs(float64(v) - float64(want[i*n+k]))
			sum += d
			most = max(most, d)
		}
		t.Logf("photo %d differs by %.5f on average, at most %.5f", i, sum/float64(n), most)
		if mean := sum / float64(n); mean > 0.005 || most > 0.08 {
			t.Errorf("photo %d differs by %.5f on average and at most %.5f: want 0.005 and 0.08 (4 levels)", i, mean, most)
		}
	}
}

// identity gives samples back: 0..1 times 255.
func identity(resize, crop int) embedder.Preprocessing {
	return embedder.Preprocessing{Resize: resize, Crop: crop, Interpolation: embedder.Bilinear, Std: [3]float32{1, 1, 1}}
}

// greyRow is a PNG of one row per repetition, each of the given samples.
func greyRows(t *testing.T, rows ...[]uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, len(rows[0]), len(rows)))
	for y, row := range rows {
		for x, v := range row {
			img.SetGray(x, y, color.Gray{Y: v})
		}
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// The wanted samples are worked out by hand from Pillow's algorithm: triangle weights, rounding to 8 bits after each
// pass.
func TestPrepareByHand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		rows         [][]uint8
		resize, crop int
		want         []uint8
	}{
		{"same size", [][]uint8{{1, 2}, {3, 4}}, 2, 2, []uint8{1, 2, 3, 4}},
		{"enlarged", [][]uint8{{0, 100}, {0, 100}}, 4, 4, []uint8{0, 25, 75, 100, 0, 25, 75, 100, 0, 25, 75, 100, 0, 25, 75, 100}},
		// Each output sees 4 pixels within the triangle: weights 1/8 3/8 3/8 1/8 inside; at the edge 3/7 3/7 1/7.
		{"halved", [][]uint8{{0, 0, 200, 200}, {0, 0, 200, 200}, {0, 0, 200, 200}, {0, 0, 200, 200}}, 2, 2, []uint8{29, 171, 29, 171}},
		{"cut from the middle", [][]uint8{{1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}}, 2, 2, []uint8{3, 4, 3, 4}},
		{"half a pixel is rounded to even", [][]uint8{{1, 2, 3}, {1, 2, 3}}, 2, 2, []uint8{1, 2, 1, 2}},
		{"one and a half is rounded to two", [][]uint8{{1, 2, 3, 4, 5}, {1, 2, 3, 4, 5}}, 2, 2, []uint8{3, 4, 3, 4}},
		{"upright", [][]uint8{{1}, {2}, {3}, {4}, {5}}, 1, 1, []uint8{3}},
		{"padded with black", [][]uint8{{9}}, 1, 3, []uint8{0, 0, 0, 0, 9, 0, 0, 0, 0}},
		{"odd padding goes right and below", [][]uint8{{9}}, 1, 2, []uint8{9, 0, 0, 0}},
		{"padded above, cut at the sides", [][]uint8{{1, 2, 3, 4, 5}}, 1, 3, []uint8{0, 0, 0, 2, 3, 4, 0, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := embedder.Prepare(greyRows(t, c.rows...), identity(c.resize, c.crop))
			if err != nil {
				t.Fatal(err)
			}
			for channel := range 3 {
				for i, want := range c.want {
					v := got[channel*len(c.want)+i] * 255
					if math.Abs(float64(v)-float64(want)) > 1e-3 {
						t.Fatalf("channel %d, value %d is %v, want %d (all: %v)", channel, i, v, want, got)
					}
				}
			}
		})
	}
}

func TestPrepareNormalises(t *testing.T) {
	t.Parallel()
	p := identity(1, 1)
	p.Mean, p.Std = [3]float32{0, 0.5, 1}, [3]float32{1, 0.5, 2}
	got, err := embedder.Prepare(greyRows(t, []uint8{255}), p)
	if err != nil {
		t.Fatal(err)
	}
	for c, want := range []float32{1, 1, 0} {
		if got[c] != want {
			t.Errorf("channel %d is %v, want %v", c, got[c], want)
		}
	}
}

// A photo as long and thin as the limits allow must not be resized as a whole: its long side would be millions.
func TestPrepareExtremeShapes(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{embedder.MaxPhotoSide, 1}, {1, embedder.MaxPhotoSide}, {3, 2}, {1, 1}} {
		img := image.NewGray(image.Rectangle{Max: size})
		for i := range img.Pix {
			img.Pix[i] = 255
		}
		var buf bytes.Buffer
		if err := png.Encode(&buf, img); err != nil {
			t.Fatal(err)
		}
		got, err := embedder.Prepare(buf.Bytes(), identity(256, 224))
		if err != nil {
			t.Fatalf("%v: %v", size, err)
		}
		for i, v := range got {
			if v != 1 {
				t.Fatalf("%v: value %d is %v, want 1: white must stay white", size, i, v)
			}
		}
	}
}

func BenchmarkPrepare(b *testing.B) {
	photos := fashion(b, 64)
	p := identity(256, 224)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := embedder.Prepare(photos[i%len(photos)], p); err != nil {
			b.Fatal(err)
		}
	}
}
