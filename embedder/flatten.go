package embedder

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/png"

	"golang.org/x/image/bmp"
)

func decodePNG(photo []byte, ws *workspace) error {
	img, err := png.Decode(bytes.NewReader(photo))
	if err != nil {
		return err
	}
	return flatten(&ws.stored, img)
}

func decodeBMP(photo []byte, ws *workspace) error {
	img, err := bmp.Decode(bytes.NewReader(photo))
	if err != nil {
		return err
	}
	return flatten(&ws.stored, img)
}

// decodeGIF decodes the first frame only and lays it on the logical screen, which is white.
func decodeGIF(photo []byte, ws *workspace) error {
	img, err := gif.Decode(bytes.NewReader(photo))
	if err != nil {
		return err
	}
	screen, err := gif.DecodeConfig(bytes.NewReader(photo))
	if err != nil {
		return err
	}
	frame, ok := img.(*image.Paletted)
	if !ok {
		return fmt.Errorf("gif frame of type %T", img)
	}
	ws.stored.reset(screen.Width, screen.Height)
	if frame.Rect.Dx() != screen.Width || frame.Rect.Dy() != screen.Height {
		ws.stored.clear()
	}
	flattenPalette(&ws.stored, frame)
	return nil
}

// flatten lays img over white, and cuts 16-bit samples to their upper 8 bits.
func flatten(dst *Pixels, img image.Image) error {
	b := img.Bounds()
	dst.reset(b.Dx(), b.Dy())
	switch img := img.(type) {
	case *image.Gray:
		flattenRows(dst, img.Pix, img.Stride, 1, greyPixel)
	case *image.Gray16:
		flattenRows(dst, img.Pix, img.Stride, 2, greyPixel)
	case *image.RGBA: // Go's decoders return it for opaque images only
		flattenRows(dst, img.Pix, img.Stride, 4, opaquePixel)
	case *image.RGBA64: // likewise
		flattenRows(dst, img.Pix, img.Stride, 8, opaque16Pixel)
	case *image.NRGBA:
		flattenRows(dst, img.Pix, img.Stride, 4, alphaPixel)
	case *image.NRGBA64:
		flattenRows(dst, img.Pix, img.Stride, 8, alpha16Pixel)
	case *image.Paletted:
		flattenPalette(dst, img)
	default:
		return fmt.Errorf("%w: image of type %T", ErrUnsupported, img)
	}
	return nil
}

// flattenRows converts pixels of size bytes one by one.
func flattenRows(dst *Pixels, pix []uint8, stride, size int, convert func(dst, src []uint8)) {
	for y := range dst.Height {
		out, in := dst.row(y), pix[y*stride:]
		for x := range dst.Width {
			convert(out[3*x:3*x+3:3*x+3], in[size*x:size*x+size:size*x+size])
		}
	}
}

// flattenPalette draws a paletted image where its bounds say, on pixels of the size of the whole canvas.
func flattenPalette(dst *Pixels, img *image.Paletted) {
	var table [256][3]uint8
	for i, c := range img.Palette {
		n, _ := color.NRGBAModel.Convert(c).(color.NRGBA)
		table[i] = [3]uint8{overWhite(n.R, n.A), overWhite(n.G, n.A), overWhite(n.B, n.A)}
	}
	b := img.Rect
	for y := range b.Dy() {
		out := dst.row(b.Min.Y + y)[3*b.Min.X:]
		for x, index := range img.Pix[y*img.Stride : y*img.Stride+b.Dx()] {
			copy(out[3*x:3*x+3], table[index][:])
		}
	}
}

func greyPixel(dst, src []uint8) { dst[0], dst[1], dst[2] = src[0], src[0], src[0] }

func opaquePixel(dst, src []uint8) { dst[0], dst[1], dst[2] = src[0], src[1], src[2] }

func opaque16Pixel(dst, src []uint8) { dst[0], dst[1], dst[2] = src[0], src[2], src[4] }

func alphaPixel(dst, src []uint8) {
	a := src[3]
	dst[0], dst[1], dst[2] = overWhite(src[0], a), overWhite(src[1], a), overWhite(src[2], a)
}

func alpha16Pixel(dst, src []uint8) {
	a := src[6]
	dst[0], dst[1], dst[2] = overWhite(src[0], a), overWhite(src[2], a), overWhite(src[4], a)
}

// overWhite lays a sample with straight alpha over white, with the rounding of Pillow's alpha_composite: 7 further bits,
// and a division by 255 in two shifts.
func overWhite(v, alpha uint8) uint8 {
	a := uint32(alpha)
	t := (uint32(v)*a + 255*(255-a) + 0x80) << 7
	return uint8(((t>>8 + t) >> 8) >> 7)
}
