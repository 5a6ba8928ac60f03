package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
)

// photoQuality is the JPEG quality of the photos: about 15 KB each.
const photoQuality = 88

// Picture draws the photo of a product: PhotoPixels on each side. On one machine it is the same each time; between
// processors a pixel may differ by a few levels, for some fuse multiplications with additions.
func (p Product) Picture() *image.RGBA {
	d := p.drawing
	c := newCanvas(d.pose)
	kinds()[d.kind].draw(c, look{
		base: d.base, accent: d.accent, trim: d.trim, style: d.style, seed: d.seed,
		cover: patterns[d.pattern](d.base, d.accent),
	})
	return c.photo(studio{wall: d.wall, floor: d.floor, horizon: d.horizon, seed: d.seed})
}

// Photo is the picture of a product as JPEG.
func (p Product) Photo() ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, p.Picture(), &jpeg.Options{Quality: photoQuality}); err != nil {
		return nil, fmt.Errorf("encode photo of product %d: %w", p.ID, err)
	}
	return out.Bytes(), nil
}

// SamePhoto says whether two products show one photo, byte for byte.
func (p Product) SamePhoto(other Product) bool { return p.drawing == other.drawing }
