package embedder

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/bep/imagemeta"
	"golang.org/x/image/bmp"
)

// codec is one image format.
type codec struct {
	name string
	// size reads width and height, as stored, from the header alone.
	size func(photo []byte) (width, height int, err error)
	// decode fills ws.stored with the pixels as stored. The size has passed the limits.
	decode func(photo []byte, ws *workspace) error
	// exif is how imagemeta calls the format, and exifMark bytes that a photo with EXIF is bound to hold; "" when the
	// format has no EXIF.
	exif     imagemeta.ImageFormat
	exifMark string
}

// header is what is known of a photo before it is decoded.
type header struct {
	codec         codec
	width, height int // as stored
}

// inspect tells the format of a photo from its content and checks its size against the limits, in little memory.
func inspect(photo []byte) (header, error) {
	if len(photo) == 0 {
		return header{}, ErrEmpty
	}
	if len(photo) > MaxPhotoBytes {
		return header{}, fmt.Errorf("%w: %d bytes, at most %d are read", ErrTooLarge, len(photo), MaxPhotoBytes)
	}
	c, err := codecOf(photo)
	if err != nil {
		return header{}, err
	}
	w, h, err := safeSize(c, photo)
	if err != nil {
		return header{}, fmt.Errorf("read %s header: %w", c.name, typed(err))
	}
	if err := checkSize(w, h); err != nil {
		return header{}, fmt.Errorf("read %s header: %w", c.name, err)
	}
	return header{codec: c, width: w, height: h}, nil
}

// safeSize is c.size with a panic turned into ErrCorrupt.
func safeSize(c codec, photo []byte) (width, height int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: decoder panicked: %v", ErrCorrupt, r)
		}
	}()
	return c.size(photo)
}

// checkSize holds a canvas against the limits. The product is taken in 64 bits.
func checkSize(width, height int) error {
	if width < 1 || height < 1 {
		return fmt.Errorf("%w: it is %d x %d pixels", ErrCorrupt, width, height)
	}
	if width > MaxPhotoSide || height > MaxPhotoSide {
		return fmt.Errorf("%w: %d x %d pixels, at most %d a side are read", ErrTooLarge, width, height, MaxPhotoSide)
	}
	if int64(width)*int64(height) > MaxPhotoPixels {
		return fmt.Errorf("%w: %d x %d pixels, at most %d in all are read", ErrTooLarge, width, height, MaxPhotoPixels)
	}
	return nil
}

// codecOf tells the format from the first bytes.
func codecOf(photo []byte) (codec, error) {
	switch {
	case begins(photo, "\xff\xd8\xff"):
		return codec{name: "jpeg", size: sizeBy(jpeg.DecodeConfig), decode: decodeJPEG, exif: imagemeta.JPEG, exifMark: "Exif\x00"}, nil
	case begins(photo, "\x89PNG\r\n\x1a\n"):
		return codec{name: "png", size: sizeBy(png.DecodeConfig), decode: decodePNG, exif: imagemeta.PNG, exifMark: "eXIf"}, nil
	case begins(photo, "GIF87a"), begins(photo, "GIF89a"):
		return codec{name: "gif", size: sizeBy(gif.DecodeConfig), decode: decodeGIF}, nil
	case begins(photo, "RIFF") && len(photo) >= 12 && string(photo[8:12]) == "WEBP":
		return codec{name: "webp", size: sizeWebP, decode: decodeWebP, exif: imagemeta.WebP, exifMark: "EXIF"}, nil
	case begins(photo, "BM"):
		return codec{name: "bmp", size: sizeBMP, decode: decodeBMP}, nil
	}
	return codec{}, unknownFormat(photo)
}

// unknownFormat says, as far as the bytes tell, what was sent instead of a photo.
func unknownFormat(photo []byte) error {
	kind := ""
	switch {
	case begins(photo, "II*\x00"), begins(photo, "MM\x00*"):
		kind = "a TIFF file"
	case len(photo) >= 12 && string(photo[4:8]) == "ftyp":
		kind = "a HEIC, AVIF or video file"
	case begins(photo, "%PDF"):
		kind = "a PDF file"
	case begins(bytes.TrimSpace(photo[:min(len(photo), 64)]), "<"):
		kind = "a web page, SVG or XML"
	default:
		return fmt.Errorf("%w: want JPEG, PNG, GIF, WebP or BMP", ErrUnsupported)
	}
	return fmt.Errorf("%w: this is %s, want JPEG, PNG, GIF, WebP or BMP", ErrUnsupported, kind)
}

func begins(photo []byte, magic string) bool {
	return len(photo) >= len(magic) && string(photo[:len(magic)]) == magic
}

// sizeBy adapts the DecodeConfig of a format's package.
func sizeBy(config func(io.Reader) (image.Config, error)) func([]byte) (int, int, error) {
	return func(photo []byte) (int, int, error) {
		c, err := config(bytes.NewReader(photo))
		return c.Width, c.Height, err
	}
}

// sizeBMP also refuses a file too short for its pixels, which are stored uncompressed, before they are allocated.
func sizeBMP(photo []byte) (width, height int, err error) {
	c, err := bmp.DecodeConfig(bytes.NewReader(photo))
	if err != nil {
		return 0, 0, err
	}
	const bitsOffset = 28 // of the bits a pixel, in the file
	bits := int64(photo[bitsOffset]) | int64(photo[bitsOffset+1])<<8
	rowBytes := (int64(c.Width)*bits + 31) / 32 * 4
	if c.Width <= MaxPhotoSide && c.Height <= MaxPhotoSide && rowBytes*int64(c.Height) > int64(len(photo)) {
		return 0, 0, fmt.Errorf("%w: %d bytes are too few for %d x %d pixels", ErrCorrupt, len(photo), c.Width, c.Height)
	}
	return c.Width, c.Height, nil
}
