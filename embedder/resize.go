package embedder

import "math"

// taps are the weights by which the pixels lo..hi of a resized row (or column) are made of the original ones, as
// Pillow's Resample.c computes them for 8-bit images: a triangle as wide as the scale, in fixed point.
type taps struct {
	in, out, lo, hi int // what they were made for
	first           []int
	weights         [][]uint32 // at least one each, trailing zeros left out
	widest          int        // the longest of weights
}

// weightBits are the fractional bits of a weight: Pillow's PRECISION_BITS, 32-8-2.
const weightBits = 32 - 8 - 2

// newTaps makes the weights for the outputs lo..hi (exclusive) of a row resized from in to out pixels.
func newTaps(in, out, lo, hi int) taps {
	t := taps{in: in, out: out, lo: lo, hi: hi}
	scale := float64(in) / float64(out)
	support := max(scale, 1) // the triangle's half width, in pixels of the original
	for x := lo; x < hi; x++ {
		centre := (float64(x) + 0.5) * scale
		first := max(int(centre-support+0.5), 0)
		end := min(int(centre+support+0.5), in)
		w := triangle(centre, support, first, end)
		t.first = append(t.first, first)
		t.weights = append(t.weights, w)
		t.widest = max(t.widest, len(w))
	}
	return t
}

// triangle weighs the pixels first..end by their distance from centre, in fixed point, with a sum of one.
func triangle(centre, support float64, first, end int) []uint32 {
	weights := make([]float64, end-first)
	sum := 0.0
	for i := range weights {
		w := math.Abs((float64(i+first) - centre + 0.5) * (1 / support))
		if w < 1 {
			weights[i] = 1 - w
			sum += weights[i]
		}
	}
	fixed := make([]uint32, len(weights))
	used := 1
	for i, w := range weights {
		if sum != 0 {
			w /= sum
		}
		fixed[i] = uint32(w*(1<<weightBits) + 0.5)
		if fixed[i] != 0 {
			used = i + 1
		}
	}
	return fixed[:used]
}

// span is the range of original pixels that the outputs need.
func (t *taps) span() (first, end int) {
	last := len(t.first) - 1
	return t.first[0], t.first[last] + len(t.weights[last])
}

// made reports whether t is for these figures.
func (t *taps) made(in, out, lo, hi int) bool {
	return t.first != nil && t.in == in && t.out == out && t.lo == lo && t.hi == hi
}

// resizer resizes in two passes of 8 bits, across and then down, as Pillow does. It keeps its weights, which are the
// same for all photos of a size, and its memory.
type resizer struct {
	across, down taps
	narrow       []uint8  // what the first pass gives: rows of 3*width samples
	sums         []uint32 // one row of the second pass
}

// shrink lets go of memory that only an unusually large photo needed.
func (r *resizer) shrink() {
	if cap(r.narrow) > keepBytes {
		r.narrow = nil
	}
}

// window is a rectangle of the resized image, and the size of that.
type window struct {
	width, height            int
	left, top, right, bottom int
}

// run resizes src to w.width x w.height and hands every row of the window to emit, from the top, as sums with
// weightBits fractional bits, rounded by adding a half: the sample is sum >> weightBits. Only what the window needs is
// computed. emit must not keep the sums.
func (r *resizer) run(src *Pixels, w window, emit func(y int, sums []uint32)) {
	if !r.across.made(src.Width, w.width, w.left, w.right) {
		r.across = newTaps(src.Width, w.width, w.left, w.right)
	}
	if !r.down.made(src.Height, w.height, w.top, w.bottom) {
		r.down = newTaps(src.Height, w.height, w.top, w.bottom)
	}
	first, end := r.down.span()
	n := 3 * (w.right - w.left)
	r.narrow = grow(r.narrow, n*(end-first))
	for y := first; y < end; y++ {
		r.across.row(r.narrow[(y-first)*n:(y-first+1)*n], src.row(y))
	}
	r.sums = grow(r.sums, n)
	for i, from := range r.down.first {
		weigh(r.sums, r.narrow[(from-first)*n:], r.down.weights[i])
		emit(i, r.sums)
	}
}

// row is the first pass for one row of 3 samples a pixel.
func (t *taps) row(dst, src []uint8) {
	if t.widest <= 2 {
		t.row2(dst, src)
		return
	}
	for x, first := range t.first {
		red, green, blue := uint32(rounding), uint32(rounding), uint32(rounding)
		weights := t.weights[x]
		in := src[3*first : 3*(first+len(weights))]
		for i, w := range weights {
			red += w * uint32(in[3*i])
			green += w * uint32(in[3*i+1])
			blue += w * uint32(in[3*i+2])
		}
		out := dst[3*x : 3*x+3 : 3*x+3]
		out[0], out[1], out[2] = sample(red), sample(green), sample(blue)
	}
}

// row2 is row where no output is made of more than two pixels, as when a photo grows.
func (t *taps) row2(dst, src []uint8) {
	for x, first := range t.first {
		in := src[3*first:]
		out := dst[3*x : 3*x+3 : 3*x+3]
		weights := t.weights[x]
		if len(weights) == 1 {
			w := weights[0]
			out[0], out[1], out[2] = sample(rounding+w*uint32(in[0])), sample(rounding+w*uint32(in[1])), sample(rounding+w*uint32(in[2]))
			continue
		}
		a, b, in := weights[0], weights[1], in[:6]
		out[0] = sample(rounding + a*uint32(in[0]) + b*uint32(in[3]))
		out[1] = sample(rounding + a*uint32(in[1]) + b*uint32(in[4]))
		out[2] = sample(rounding + a*uint32(in[2]) + b*uint32(in[5]))
	}
}

// rounding is a half in fixed point.
const rounding = 1 << (weightBits - 1)

// sample cuts the fraction off. Weights sum to one within len(weights)/2 units, which a half cannot carry past 255
// for any photo of MaxPhotoSide; min keeps that true of any other.
func sample(sum uint32) uint8 {
	return uint8(min(sum>>weightBits, 255))
}

// weigh is the second pass for one row: sums = a half + the weighted rows, which follow each other in rows.
func weigh(sums []uint32, rows []uint8, weights []uint32) {
	n := len(sums)
	if len(weights) == 2 {
		a, b := weights[0], weights[1]
		upper, lower := rows[:n], rows[n:2*n]
		for i, v := range upper {
			sums[i] = rounding + a*uint32(v) + b*uint32(lower[i])
		}
		return
	}
	for i := range sums {
		sums[i] = rounding
	}
	for k, w := range weights {
		for i, v := range rows[k*n : k*n+n] {
			sums[i] += w * uint32(v)
		}
	}
}

// grow returns a slice of n elements, in the memory of s where that is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
