package embedder

import "image"

// convertVP8 upsamples the chroma of a decoded lossy WebP and converts it to RGB as libwebp does by default (its fancy
// upsampling, and studio-range BT.601 in 14-bit arithmetic). The standard library would take it for full range.
func convertVP8(dst *Pixels, img *image.YCbCr, rows *chromaRows) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	dst.reset(w, h)
	rows.reset(w)
	cw, ch := (w+1)/2, (h+1)/2
	cb := plane{pix: img.Cb, stride: img.CStride, width: cw, height: ch}
	cr := plane{pix: img.Cr, stride: img.CStride, width: cw, height: ch}
	for y := range h {
		luma := img.Y[y*img.YStride : y*img.YStride+w]
		u := vp8ChromaRow(rows.cb, cb.row(y/2), cb.row(farRow(y)))
		v := vp8ChromaRow(rows.cr, cr.row(y/2), cr.row(farRow(y)))
		vp8RGBRow(dst.row(y), luma, u, v)
	}
}

// vp8ChromaRow is libwebp's 9-3-3-1 filter, which rounds in two steps, between the two nearest rows of a chroma plane.
func vp8ChromaRow(dst, near, far []uint8) []uint8 {
	n := len(near)
	far = far[:n]
	dst = dst[:2*n]
	dst[0] = uint8((3*uint32(near[0]) + uint32(far[0]) + 2) >> 2)
	for i := 1; i < n; i++ {
		a, b := uint32(near[i-1]), uint32(near[i])
		c, d := uint32(far[i-1]), uint32(far[i])
		sum := a + b + c + d + 8
		falling, rising := (sum+2*(b+c))>>3, (sum+2*(a+d))>>3
		dst[2*i-1] = uint8((falling + a) >> 1)
		dst[2*i] = uint8((rising + b) >> 1)
	}
	dst[2*n-1] = uint8((3*uint32(near[n-1]) + uint32(far[n-1]) + 2) >> 2)
	return dst
}

// vp8RGBRow converts a row with the factors of libwebp's src/dsp/yuv.h.
func vp8RGBRow(dst, luma, u, v []uint8) {
	n := len(luma)
	u, v, dst = u[:n], v[:n], dst[:3*n]
	for i, l := range luma {
		y, cb, cr := int32(l)*19077>>8, int32(u[i]), int32(v[i])
		out := dst[3*i : 3*i+3 : 3*i+3]
		out[0] = clip8((y + cr*26149>>8 - 14234) >> 6)
		out[1] = clip8((y - cb*6419>>8 - cr*13320>>8 + 8708) >> 6)
		out[2] = clip8((y + cb*33050>>8 - 17685) >> 6)
	}
}
