package embedder

import "image"

// plane is one plane of an image, its real samples without a coder's padding.
type plane struct {
	pix           []uint8
	stride        int
	width, height int
}

// row is the row y, or the nearest that there is.
func (p plane) row(y int) []uint8 {
	y = max(0, min(y, p.height-1))
	return p.pix[y*p.stride : y*p.stride+p.width]
}

// chromaRows is the memory for one row of each chroma plane at full width.
type chromaRows struct {
	cb, cr []uint8
}

// reset gives room for width samples, rounded up to whole groups of subsampled ones.
func (r *chromaRows) reset(width int) {
	n := width + 3
	if cap(r.cb) < n {
		r.cb, r.cr = make([]uint8, n), make([]uint8, n)
	}
	r.cb, r.cr = r.cb[:n], r.cr[:n]
}

// upsampleRow returns row y of a chroma plane at full resolution, at least as wide as the image. dst is memory that it
// may use. It does what libjpeg does when do_fancy_upsampling is set (jdsample.c): a triangle filter where a ratio is
// 2, in integers; samples repeated for other ratios, and for planes of one or two columns.
func (p plane) upsampleRow(dst []uint8, ratio image.YCbCrSubsampleRatio, y int) []uint8 {
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		if p.width <= 2 {
			return repeat(dst, p.row(y), 2)
		}
		return triangleH(dst, p.row(y))
	case image.YCbCrSubsampleRatio440:
		return triangleV(dst, p.row(y/2), p.row(farRow(y)), y%2)
	case image.YCbCrSubsampleRatio420:
		if p.width <= 2 {
			return repeat(dst, p.row(y/2), 2)
		}
		return triangleHV(dst, p.row(y/2), p.row(farRow(y)))
	case image.YCbCrSubsampleRatio411:
		return repeat(dst, p.row(y), 4)
	case image.YCbCrSubsampleRatio410:
		return repeat(dst, p.row(y/2), 4)
	default:
		return p.row(y)
	}
}

// farRow is the second nearest row of a plane of half height, for the row y of the image. It may be out of the plane.
func farRow(y int) int {
	if y%2 == 0 {
		return y/2 - 1
	}
	return y/2 + 1
}

// repeat writes every sample n times.
func repeat(dst, src []uint8, n int) []uint8 {
	dst = dst[:0]
	for _, v := range src {
		for range n {
			dst = append(dst, v)
		}
	}
	return dst
}

// triangleH doubles a row: 3/4 of the nearer sample and 1/4 of the further one, rounded down and up in turn.
func triangleH(dst, src []uint8) []uint8 {
	n := len(src)
	dst = dst[:2*n]
	dst[0] = src[0]
	for i := 1; i < n; i++ {
		a, b := int32(src[i-1]), int32(src[i])
		dst[2*i-1] = uint8((3*a + b + 2) >> 2)
		dst[2*i] = uint8((3*b + a + 1) >> 2)
	}
	dst[2*n-1] = src[n-1]
	return dst
}

// triangleV is a row between two: 3/4 of the nearer one and 1/4 of the further one. The upper of a pair (odd is 0) is
// rounded down, the lower up.
func triangleV(dst, near, far []uint8, odd int) []uint8 {
	dst = dst[:len(near)]
	bias := int32(1 + odd)
	for i, v := range near {
		dst[i] = uint8((3*int32(v) + int32(far[i]) + bias) >> 2)
	}
	return dst
}

// triangleHV doubles a row in width and lies between two: weights of 9, 3, 3 and 1 sixteenths.
func triangleHV(dst, near, far []uint8) []uint8 {
	n := len(near)
	far = far[:n]
	dst = dst[:2*n]
	last := 3*int32(near[0]) + int32(far[0])
	dst[0] = uint8((last*4 + 8) >> 4)
	for i := 1; i < n; i++ {
		this := 3*int32(near[i]) + int32(far[i])
		dst[2*i-1] = uint8((3*last + this + 7) >> 4)
		dst[2*i] = uint8((3*this + last + 8) >> 4)
		last = this
	}
	dst[2*n-1] = uint8((last*4 + 7) >> 4)
	return dst
}
