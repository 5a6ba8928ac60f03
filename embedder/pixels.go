package embedder

import "errors"

// What a photo may measure. They bound the memory and the time that one photo can take; the stored figures of a
// catalog never come near them.
const (
	// MaxPhotoBytes is the size of the largest file.
	MaxPhotoBytes = 25 << 20
	// MaxPhotoPixels is the product of width and height, of the whole canvas where a format has one.
	MaxPhotoPixels = 50_000_000
	// MaxPhotoSide is the longest width or height in pixels.
	MaxPhotoSide = 16_384
)

// The ways in which a photo is refused. Every error of Decode, and of a Result, is one of them (errors.Is) or, for a
// Result, ErrNotFinite.
var (
	// ErrEmpty says that the photo has no bytes.
	ErrEmpty = errors.New("photo is empty")
	// ErrUnsupported says that the bytes are of a format, or use a feature of one, that is not read here.
	ErrUnsupported = errors.New("photo format is not supported")
	// ErrTooLarge says that the photo is beyond MaxPhotoBytes, MaxPhotoPixels or MaxPhotoSide.
	ErrTooLarge = errors.New("photo is too large")
	// ErrCorrupt says that the photo is damaged or cut off.
	ErrCorrupt = errors.New("photo is corrupt")
	// ErrNotFinite says that the trunk's answer for the photo holds a NaN or an infinity.
	ErrNotFinite = errors.New("feature is not finite")
)

// Pixels is an image of 8-bit red, green and blue, rows from the top, without padding: len(Pix) is 3*Width*Height.
type Pixels struct {
	Width, Height int
	Pix           []uint8
}

// PhotoInfo describes a photo.
type PhotoInfo struct {
	// Format is "jpeg", "png", "gif", "webp" or "bmp", told from the content.
	Format string
	// Width and Height are in pixels, as displayed: after the EXIF orientation.
	Width, Height int
}

// reset gives p that size, keeping its memory where it is large enough. What the pixels hold is not defined.
func (p *Pixels) reset(width, height int) {
	p.Width, p.Height = width, height
	n := 3 * width * height
	if cap(p.Pix) < n {
		p.Pix = make([]uint8, n)
	}
	p.Pix = p.Pix[:n]
}

// row is the row y of p.
func (p *Pixels) row(y int) []uint8 {
	n := 3 * p.Width
	return p.Pix[y*n : y*n+n : y*n+n]
}

// clear makes every pixel white.
func (p *Pixels) clear() {
	for i := range p.Pix {
		p.Pix[i] = 0xff
	}
}
