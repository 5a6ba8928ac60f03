package embedder

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
)

// maxScanPixels bounds the work that the scans of a progressive JPEG can ask for: each passes over all pixels, and a
// short file can hold many. It allows 20 scans at MaxPhotoPixels (an ordinary file has about 10) and more of smaller
// photos.
const maxScanPixels = 20 * MaxPhotoPixels

// decodeJPEG decodes a baseline or progressive JPEG of 1, 3 or 4 components as libjpeg and Pillow do.
func decodeJPEG(photo []byte, ws *workspace) error {
	config, err := jpeg.DecodeConfig(bytes.NewReader(photo))
	if err != nil {
		return err
	}
	scans := bytes.Count(photo, []byte{0xff, 0xda}) // a start of scan; entropy-coded data never holds it
	if int64(config.Width)*int64(config.Height)*int64(scans) > maxScanPixels {
		return fmt.Errorf("%w: %d scans over %d x %d pixels", ErrTooLarge, scans, config.Width, config.Height)
	}
	if config.ColorModel == color.CMYKModel {
		return decodeCMYK(photo, &ws.stored)
	}
	img, err := jpeg.Decode(bytes.NewReader(photo))
	if err != nil {
		return err
	}
	if img, ok := img.(*image.YCbCr); ok {
		convertYCbCr(&ws.stored, img, &ws.rows)
		return nil
	}
	return flatten(&ws.stored, img)
}

// convertYCbCr upsamples the chroma of a decoded JPEG and converts it to RGB, both in libjpeg's arithmetic.
func convertYCbCr(dst *Pixels, img *image.YCbCr, rows *chromaRows) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	dst.reset(w, h)
	rows.reset(w)
	cw, ch := chromaSize(img.SubsampleRatio, w, h)
	cb := plane{pix: img.Cb, stride: img.CStride, width: cw, height: ch}
	cr := plane{pix: img.Cr, stride: img.CStride, width: cw, height: ch}
	for y := range h {
		luma := img.Y[y*img.YStride : y*img.YStride+w]
		rgbRow(dst.row(y), luma, cb.upsampleRow(rows.cb, img.SubsampleRatio, y), cr.upsampleRow(rows.cr, img.SubsampleRatio, y))
	}
}

// chromaSize is the size of the chroma planes of a w x h image, rounded up.
func chromaSize(ratio image.YCbCrSubsampleRatio, w, h int) (cw, ch int) {
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		return (w + 1) / 2, h
	case image.YCbCrSubsampleRatio440:
		return w, (h + 1) / 2
	case image.YCbCrSubsampleRatio420:
		return (w + 1) / 2, (h + 1) / 2
	case image.YCbCrSubsampleRatio411:
		return (w + 3) / 4, h
	case image.YCbCrSubsampleRatio410:
		return (w + 3) / 4, (h + 1) / 2
	default:
		return w, h
	}
}

// The factors of ITU-R BT.601 in 16 fractional bits, as libjpeg's jdcolor.c has them.
const (
	crToRed   = 91881  // 1.40200
	cbToGreen = 22554  // 0.34414
	crToGreen = 46802  // 0.71414
	cbToBlue  = 116130 // 1.77200
	half      = 1 << 15
)

// rgbRow converts a row of full-range YCbCr to RGB. cb and cr may be longer than the row.
func rgbRow(dst, luma, cb, cr []uint8) {
	n := len(luma)
	cb, cr, dst = cb[:n], cr[:n], dst[:3*n]
	for i, v := range luma {
		y, b, r := int32(v), int32(cb[i])-128, int32(cr[i])-128
		out := dst[3*i : 3*i+3 : 3*i+3]
		out[0] = clip8(y + (crToRed*r+half)>>16)
		out[1] = clip8(y + (half-cbToGreen*b-crToGreen*r)>>16)
		out[2] = clip8(y + (cbToBlue*b+half)>>16)
	}
}

// clip8 limits v to 0..255.
func clip8(v int32) uint8 {
	if uint32(v) > 255 {
		return uint8(^(v >> 31))
	}
	return uint8(v)
}

// adobeCMYK is an Adobe APP14 segment that says: four components, neither transformed nor known to be anything else.
const adobeCMYK = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"

// decodeCMYK decodes four components: inverted CMYK or YCCK when Adobe's marker says so, plain CMYK without one. The
// standard library refuses the latter, so it is shown the marker and its inversion undone.
func decodeCMYK(photo []byte, dst *Pixels) error {
	img, err := jpeg.Decode(bytes.NewReader(photo))
	invert := uint8(0)
	var unsupported jpeg.UnsupportedError
	if errors.As(err, &unsupported) {
		const soi = 2 // bytes of the start-of-image marker
		img, err = jpeg.Decode(io.MultiReader(bytes.NewReader(photo[:soi]), bytes.NewReader([]byte(adobeCMYK)), bytes.NewReader(photo[soi:])))
		invert = 0xff
	}
	if err != nil {
		return err
	}
	cmyk, ok := img.(*image.CMYK)
	if !ok {
		return fmt.Errorf("%w: image of type %T", ErrUnsupported, img)
	}
	dst.reset(cmyk.Rect.Dx(), cmyk.Rect.Dy())
	flattenRows(dst, cmyk.Pix, cmyk.Stride, 4, func(dst, src []uint8) {
		white := 255 - uint32(src[3]^invert)
		for i := range dst {
			dst[i] = uint8(white - mulDiv255(uint32(src[i]^invert), white))
		}
	})
	return nil
}

// mulDiv255 is a*b/255, rounded, for a and b of 0..255: Pillow's MULDIV255.
func mulDiv255(a, b uint32) uint32 {
	t := a*b + 128
	return (t>>8 + t) >> 8
}
