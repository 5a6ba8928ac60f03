package embedder

import (
	"bytes"

	"github.com/bep/imagemeta"
)

// upright is the EXIF orientation of a photo stored as it is shown. The other values, 2 to 8, are those of the tag
// Orientation (0x0112) in EXIF 2.32, 4.6.4.
const upright = 1

// orientation is the photo's EXIF orientation, 1 to 8. It is upright when the photo has no EXIF, or none that can be
// read: that never spoils a good photo.
func orientation(photo []byte, c codec) int {
	if c.exifMark == "" || !bytes.Contains(photo, []byte(c.exifMark)) {
		return upright
	}
	found := upright
	// An error leaves what was found before it, as Pillow does.
	_, _ = imagemeta.Decode(imagemeta.Options{
		R:           bytes.NewReader(photo),
		ImageFormat: c.exif,
		Sources:     imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool {
			return tag.Namespace == "IFD0" && tag.Tag == "Orientation"
		},
		HandleTag: func(tag imagemeta.TagInfo) error {
			if v, ok := tag.Value.(uint16); ok && v >= 1 && v <= 8 {
				found = int(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return found
}

// turn writes src, turned by an EXIF orientation from 2 to 8, into dst.
func turn(dst, src *Pixels, orientation int) {
	w, h := src.Width, src.Height
	if orientation >= 5 { // rows become columns
		dst.reset(h, w)
	} else {
		dst.reset(w, h)
	}
	// The pixel (x, y) of src goes to origin + x*stepX + y*stepY, in bytes of dst.
	px, line := 3, 3*dst.Width
	lastX, lastY := px*(dst.Width-1), line*(dst.Height-1)
	var origin, stepX, stepY int
	switch orientation {
	case 2: // mirrored
		origin, stepX, stepY = lastX, -px, line
	case 3: // by 180 degrees
		origin, stepX, stepY = lastX+lastY, -px, -line
	case 4: // upside down, mirrored
		origin, stepX, stepY = lastY, px, -line
	case 5: // along the main diagonal
		origin, stepX, stepY = 0, line, px
	case 6: // clockwise
		origin, stepX, stepY = lastX, line, -px
	case 7: // along the other diagonal
		origin, stepX, stepY = lastX+lastY, -line, -px
	case 8: // counter-clockwise
		origin, stepX, stepY = lastY, -line, px
	}
	for y := range h {
		row, at := src.row(y), origin+y*stepY
		for x := range w {
			copy(dst.Pix[at:at+3], row[3*x:3*x+3])
			at += stepX
		}
	}
}
