package embedder

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"io"

	"golang.org/x/image/vp8l"
	"golang.org/x/image/webp"
)

// webpPhoto is the first picture of a WebP file, found by walking its RIFF chunks.
type webpPhoto struct {
	width, height int // of the canvas
	x, y          int // where the picture lies on it
	alpha         []byte
	bitstream     []byte
	lossless      bool
	pictureWidth  int
	pictureHeight int
}

// Bytes of the headers of WebP's chunks (RFC 9649, section 2).
const (
	riffHeaderLen  = 12
	chunkHeaderLen = 8
	vp8xLen        = 10
	anmfLen        = 16
	vp8HeaderLen   = 10
	vp8lHeaderLen  = 5
)

func sizeWebP(photo []byte) (width, height int, err error) {
	p, err := parseWebP(photo)
	if err != nil {
		return 0, 0, err
	}
	return p.width, p.height, nil
}

// parseWebP finds the first picture: of a still one the only, of an animation the first frame. Canvas and picture each
// claim a size, and either may be a bomb: both are held against the limits.
func parseWebP(photo []byte) (webpPhoto, error) {
	var p webpPhoto
	extended, animated := false, false
	rest := photo[riffHeaderLen:]
	for p.bitstream == nil {
		id, data, after, err := nextChunk(rest)
		if err != nil {
			return p, err
		}
		rest = after
		switch {
		case id == "VP8X" && !extended && len(data) >= vp8xLen:
			extended = true
			p.width, p.height = uint24(data[4:])+1, uint24(data[7:])+1
			err = checkSize(p.width, p.height)
		case id == "ANMF" && extended && len(data) >= anmfLen:
			animated = true
			p.x, p.y = 2*uint24(data), 2*uint24(data[3:])
			rest = data[anmfLen:]
		case id == "ALPH":
			p.alpha = data
		case id == "VP8 ", id == "VP8L":
			err = p.picture(data, id == "VP8L")
		}
		if err != nil {
			return p, err
		}
	}
	if !extended {
		p.width, p.height = p.pictureWidth, p.pictureHeight
	}
	fits := p.x+p.pictureWidth <= p.width && p.y+p.pictureHeight <= p.height
	same := p.pictureWidth == p.width && p.pictureHeight == p.height
	if !fits || !animated && !same {
		return p, fmt.Errorf("%w: a picture of %d x %d pixels on a canvas of %d x %d", ErrCorrupt, p.pictureWidth, p.pictureHeight, p.width, p.height)
	}
	return p, nil
}

// nextChunk cuts the first RIFF chunk off rest.
func nextChunk(rest []byte) (id string, data, after []byte, err error) {
	if len(rest) < chunkHeaderLen {
		return "", nil, nil, fmt.Errorf("%w: it has no picture", ErrCorrupt)
	}
	size := int64(binary.LittleEndian.Uint32(rest[4:]))
	id, rest = string(rest[:4]), rest[chunkHeaderLen:]
	if size > int64(len(rest)) {
		return "", nil, nil, fmt.Errorf("%w: cut off", ErrCorrupt)
	}
	padded := min(size+size%2, int64(len(rest)))
	return id, rest[:size], rest[padded:], nil
}

// picture reads the size of a VP8 or VP8L bitstream.
func (p *webpPhoto) picture(data []byte, lossless bool) error {
	p.bitstream, p.lossless = data, lossless
	if lossless {
		config, err := vp8l.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			return err
		}
		p.pictureWidth, p.pictureHeight = config.Width, config.Height
		return checkSize(p.pictureWidth, p.pictureHeight)
	}
	if len(data) < vp8HeaderLen || string(data[3:6]) != "\x9d\x01\x2a" {
		return fmt.Errorf("%w: no VP8 key frame", ErrCorrupt)
	}
	p.pictureWidth = int(binary.LittleEndian.Uint16(data[6:]) & 0x3fff)
	p.pictureHeight = int(binary.LittleEndian.Uint16(data[8:]) & 0x3fff)
	return checkSize(p.pictureWidth, p.pictureHeight)
}

// hasAlpha is the hint in the header of a VP8L bitstream: without it, libwebp takes every pixel for opaque.
func (p *webpPhoto) hasAlpha() bool {
	return len(p.bitstream) >= vp8lHeaderLen && p.bitstream[4]>>4&1 == 1
}

func decodeWebP(photo []byte, ws *workspace) error {
	p, err := parseWebP(photo)
	if err != nil {
		return err
	}
	img, err := p.decode()
	if err != nil {
		return err
	}
	var alone Pixels
	dst := &ws.stored
	if p.pictureWidth != p.width || p.pictureHeight != p.height {
		dst = &alone
	}
	switch img := img.(type) {
	case *image.YCbCr:
		convertVP8(dst, img, &ws.rows)
	case *image.NYCbCrA:
		convertVP8(dst, &img.YCbCr, &ws.rows)
		layOverWhite(dst, img.A, img.AStride)
	case *image.NRGBA:
		convertVP8L(dst, img, p.hasAlpha())
	default:
		return fmt.Errorf("%w: image of type %T", ErrUnsupported, img)
	}
	if dst == &alone {
		ws.stored.reset(p.width, p.height)
		ws.stored.clear()
		paste(&ws.stored, &alone, p.x, p.y)
	}
	return nil
}

// decode has the picture decoded in a container of its own, which the decoder takes strictly: an alpha plane only
// where the header announces one, a canvas of exactly the picture's size.
func (p *webpPhoto) decode() (image.Image, error) {
	if p.lossless {
		return vp8l.Decode(bytes.NewReader(p.bitstream))
	}
	parts := []io.Reader{nil}
	size := len("WEBP")
	add := func(id string, data []byte) {
		head := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(data)))
		parts = append(parts, bytes.NewReader(head), bytes.NewReader(data), bytes.NewReader(make([]byte, len(data)%2)))
		size += len(head) + len(data) + len(data)%2
	}
	if p.alpha != nil {
		const alphaFlag = 1 << 4
		w, h := p.pictureWidth-1, p.pictureHeight-1
		add("VP8X", []byte{alphaFlag, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
		add("ALPH", p.alpha)
	}
	add("VP8 ", p.bitstream)
	head := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(size))
	parts[0] = bytes.NewReader(append(head, "WEBP"...))
	return webp.Decode(io.MultiReader(parts...))
}

func convertVP8L(dst *Pixels, img *image.NRGBA, alpha bool) {
	dst.reset(img.Rect.Dx(), img.Rect.Dy())
	convert := opaquePixel
	if alpha {
		convert = alphaPixel
	}
	flattenRows(dst, img.Pix, img.Stride, 4, convert)
}

// layOverWhite applies an alpha plane to opaque pixels.
func layOverWhite(dst *Pixels, alpha []uint8, stride int) {
	for y := range dst.Height {
		row := dst.row(y)
		for x, a := range alpha[y*stride : y*stride+dst.Width] {
			for c := 3 * x; c < 3*x+3; c++ {
				row[c] = overWhite(row[c], a)
			}
		}
	}
}

// paste copies src into dst with its upper left corner at (x, y). It must fit.
func paste(dst, src *Pixels, x, y int) {
	for i := range src.Height {
		copy(dst.row(y + i)[3*x:], src.row(i))
	}
}

func uint24(b []byte) int {
	return int(b[0]) | int(b[1])<<8 | int(b[2])<<16
}
