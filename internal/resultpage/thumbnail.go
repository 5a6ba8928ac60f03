package resultpage

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// ThumbnailPixels is the longest side of a picture on the page: twice the width at which it is shown on a phone.
const ThumbnailPixels = 360

// thumbnailQuality is the JPEG quality of a picture: about 15 KB each at the longest side.
const thumbnailQuality = 85

// maxPixels bounds what the decoder of this package accepts: 64 million, as the larger cameras make them.
const maxPixels = 64_000_000

// decodeFunc is the type of Page.Decode.
type decodeFunc func(photo []byte) (image.Image, error)

// errUnknownFormat is for bytes that are not a photo of a known format: SVG, which may hold script, is one of them.
var errUnknownFormat = errors.New("not a JPEG, PNG, GIF or WebP image")

// thumbnail is a photo as a small JPEG. It is false for a photo that is missing or that cannot be decoded.
func thumbnail(photo []byte, decode decodeFunc) ([]byte, bool) {
	if len(photo) == 0 {
		return nil, false
	}
	img, err := decode(photo)
	if err != nil || img == nil || img.Bounds().Empty() {
		return nil, false
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, shrink(img), &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return nil, false
	}
	return out.Bytes(), true
}

// shrink scales an image down until its longest side fits, and puts what is transparent over white. A smaller image
// keeps its size.
func shrink(img image.Image) *image.RGBA {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if longest := max(w, h); longest > ThumbnailPixels {
		w = max(1, (w*ThumbnailPixels+longest/2)/longest)
		h = max(1, (h*ThumbnailPixels+longest/2)/longest)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(out, out.Bounds(), img, img.Bounds(), draw.Over, nil)
	return out
}

// decodePlain decodes the usual formats, told by their first bytes and never by a name.
func decodePlain(photo []byte) (image.Image, error) {
	type format struct {
		config func([]byte) (image.Config, error)
		decode func([]byte) (image.Image, error)
	}
	var f format
	switch http.DetectContentType(photo) {
	case "image/jpeg":
		f = format{reading(jpeg.DecodeConfig), reading(jpeg.Decode)}
	case "image/png":
		f = format{reading(png.DecodeConfig), reading(png.Decode)}
	case "image/gif":
		f = format{reading(gif.DecodeConfig), reading(gif.Decode)}
	case "image/webp":
		f = format{reading(webp.DecodeConfig), reading(webp.Decode)}
	default:
		return nil, errUnknownFormat
	}
	size, err := f.config(photo)
	if err != nil {
		return nil, fmt.Errorf("read image size: %w", err)
	}
	if int64(size.Width)*int64(size.Height) > maxPixels {
		return nil, fmt.Errorf("image of %d x %d pixels is larger than %d pixels", size.Width, size.Height, maxPixels)
	}
	return f.decode(photo)
}

// reading makes a decoder of bytes out of one that reads.
func reading[T any](decode func(io.Reader) (T, error)) func([]byte) (T, error) {
	return func(b []byte) (T, error) { return decode(bytes.NewReader(b)) }
}
