package embedder

import (
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/bmp"
)

// Decode reads a photo into the pixels that Pillow would show: the first frame, turned by its EXIF orientation, alpha
// laid over white, 16-bit samples cut to their upper 8 bits. Nothing is allocated for the pixels of a photo beyond the
// limits. Its errors are ErrEmpty, ErrUnsupported, ErrTooLarge and ErrCorrupt.
func Decode(photo []byte) (*Pixels, PhotoInfo, error) {
	h, err := inspect(photo)
	if err != nil {
		return nil, PhotoInfo{}, err
	}
	var ws workspace
	pixels, info, err := ws.decode(photo, h)
	if err != nil {
		return nil, PhotoInfo{}, err
	}
	return pixels, info, nil
}

// workspace is the memory that one decoder goroutine uses again for each photo.
type workspace struct {
	stored Pixels // as stored in the file
	turned Pixels // after the EXIF orientation
	rows   chromaRows
	resize resizer
}

// keepBytes is how much pixel memory a workspace keeps from one photo to the next: a 2-megapixel photo.
const keepBytes = 6 << 20

// shrink lets go of memory that only an unusually large photo needed.
func (ws *workspace) shrink() {
	for _, p := range []*Pixels{&ws.stored, &ws.turned} {
		if cap(p.Pix) > keepBytes {
			p.Pix = nil
		}
	}
	ws.resize.shrink()
}

// decode decodes a photo that inspect has passed. The pixels belong to ws. A panic in a decoder becomes ErrCorrupt.
func (ws *workspace) decode(photo []byte, h header) (pixels *Pixels, info PhotoInfo, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("decode %s: %w: decoder panicked: %v", h.codec.name, ErrCorrupt, r)
		}
	}()
	ws.stored.reset(0, 0)
	if err := h.codec.decode(photo, ws); err != nil {
		return nil, PhotoInfo{}, fmt.Errorf("decode %s: %w", h.codec.name, typed(err))
	}
	pixels = &ws.stored
	if o := orientation(photo, h.codec); o != upright {
		turn(&ws.turned, &ws.stored, o)
		pixels = &ws.turned
	}
	return pixels, PhotoInfo{Format: h.codec.name, Width: pixels.Width, Height: pixels.Height}, nil
}

// typed turns a decoder's error into one of this package's, which it keeps if it is one already.
func typed(err error) error {
	for _, known := range []error{ErrEmpty, ErrUnsupported, ErrTooLarge, ErrCorrupt} {
		if errors.Is(err, known) {
			return err
		}
	}
	var jpegFeature jpeg.UnsupportedError
	var pngFeature png.UnsupportedError
	if errors.As(err, &jpegFeature) || errors.As(err, &pngFeature) || errors.Is(err, bmp.ErrUnsupported) {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}
