package embedder

import (
	"fmt"
	"math"
)

// preprocessor turns pixels into the input of a trunk. It is read only once made, and so safe for concurrent use.
type preprocessor struct {
	resize, crop int
	levels       [3][256]float32 // the input value of each sample, by channel
}

func newPreprocessor(p Preprocessing) *preprocessor {
	pre := &preprocessor{resize: p.Resize, crop: p.Crop}
	for c := range pre.levels {
		for v := range pre.levels[c] {
			// ToTensor and then Normalize, each rounded to float32.
			unit := float32(v) / 255
			centred := unit - p.Mean[c]
			pre.levels[c][v] = centred / p.Std[c]
		}
	}
	return pre
}

// inputLen is the number of values of one photo's input.
func (pre *preprocessor) inputLen() int { return 3 * pre.crop * pre.crop }

// run resizes and crops src and writes its input, planes of red, green and blue, into dst of inputLen values. What the
// photo does not cover is black, as in torchvision's CenterCrop.
func (pre *preprocessor) run(dst []float32, src *Pixels, r *resizer) {
	width, height := shortSide(src.Width, src.Height, pre.resize)
	x := centre(width, pre.crop)
	y := centre(height, pre.crop)
	if x.n < pre.crop || y.n < pre.crop {
		pre.black(dst)
	}
	w := window{width: width, height: height, left: x.from, right: x.from + x.n, top: y.from, bottom: y.from + y.n}
	area := pre.crop * pre.crop
	r.run(src, w, func(row int, sums []uint32) {
		at := (y.pad+row)*pre.crop + x.pad
		red := dst[at : at+x.n]
		green := dst[area+at : area+at+x.n]
		blue := dst[2*area+at : 2*area+at+x.n]
		pre.planes(red, green, blue, sums)
	})
}

// planes splits a row of interleaved sums and looks their values up.
func (pre *preprocessor) planes(red, green, blue []float32, sums []uint32) {
	green, blue, sums = green[:len(red)], blue[:len(red)], sums[:3*len(red)]
	for i := range red {
		s := sums[3*i : 3*i+3 : 3*i+3]
		red[i] = pre.levels[0][sample(s[0])]
		green[i] = pre.levels[1][sample(s[1])]
		blue[i] = pre.levels[2][sample(s[2])]
	}
}

func (pre *preprocessor) black(dst []float32) {
	area := pre.crop * pre.crop
	for c := range 3 {
		for i := range dst[c*area : (c+1)*area] {
			dst[c*area+i] = pre.levels[c][0]
		}
	}
}

// shortSide is the size of a w x h image whose short side becomes size; the long side is truncated, as in torchvision's
// Resize.
func shortSide(w, h, size int) (width, height int) {
	if w <= h {
		return size, int(float64(size*h) / float64(w))
	}
	return int(float64(size*w) / float64(h)), size
}

// cut is what CenterCrop takes of one axis: n pixels from a place of the image, put behind pad black ones.
type cut struct{ from, n, pad int }

// centre takes crop pixels from the middle of size, a half rounded to even, or pads size to crop.
func centre(size, crop int) cut {
	if size < crop {
		return cut{n: size, pad: (crop - size) / 2}
	}
	return cut{from: int(math.RoundToEven(float64(size-crop) / 2)), n: crop}
}

// Prepare is the input that a trunk with that preprocessing gets for a photo: planes of red, green and blue, each Crop
// rows of Crop values. Embed computes the same; this is for comparing with other implementations. Its errors are those
// of Decode, and of p.Validate.
func Prepare(photo []byte, p Preprocessing) ([]float32, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("preprocessing: %w", err)
	}
	pixels, _, err := Decode(photo)
	if err != nil {
		return nil, err
	}
	pre := newPreprocessor(p)
	input := make([]float32, pre.inputLen())
	var r resizer
	pre.run(input, pixels, &r)
	return input, nil
}
