package embedder_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"lookalike/embedder"
	"lookalike/internal/testenv"
)

// refusals are the errors that Decode may return for bad bytes.
var refusals = []error{embedder.ErrEmpty, embedder.ErrUnsupported, embedder.ErrTooLarge, embedder.ErrCorrupt}

func isRefusal(err error) bool {
	for _, known := range refusals {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// pngHeader is a PNG that ends after its header.
func pngHeader(width, height uint32) []byte {
	ihdr := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	ihdr = binary.BigEndian.AppendUint32(ihdr, height)
	ihdr = append(ihdr, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, ihdr...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(ihdr))
	return append(out, "\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e"...)
}

// riff is a WebP file of these chunks.
func riff(chunks ...string) []byte {
	body := "WEBP" + strings.Join(chunks, "")
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// chunk is a RIFF chunk, padded.
func chunk(id string, data ...byte) string {
	head := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(data)))
	return string(append(append(head, data...), make([]byte, len(data)%2)...))
}

func vp8x(flags byte, width, height int) string {
	w, h := width-1, height-1
	return chunk("VP8X", flags, 0, 0, 0, byte(w), byte(w>>8), byte(w>>16), byte(h), byte(h>>8), byte(h>>16))
}

// vp8lHead is the header of a lossless bitstream, and some of what follows.
func vp8lHead(width, height int) string {
	bits := binary.LittleEndian.AppendUint32(nil, uint32(width-1)|uint32(height-1)<<14)
	return chunk("VP8L", append([]byte{0x2f}, append(bits, 0, 0)...)...)
}

func vp8Head(width, height int) string {
	return chunk("VP8 ", 0x10, 0, 0, 0x9d, 0x01, 0x2a, byte(width), byte(width>>8), byte(height), byte(height>>8))
}

// gifHead is a GIF of one frame that has hardly any data.
func gifHead(screenW, screenH, frameW, frameH uint16) []byte {
	le := binary.LittleEndian.AppendUint16
	out := le(le([]byte("GIF89a"), screenW), screenH)
	out = append(out, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff) // two colours
	out = append(out, 0x2c, 0, 0, 0, 0)
	out = le(le(out, frameW), frameH)
	return append(out, 0, 2, 1, 4, 0) // code size, and a block of one code: clear
}

func bmpHead(width, height uint32) []byte {
	out := make([]byte, 54)
	copy(out, "BM")
	for at, v := range map[int]uint32{10: 54, 14: 40, 18: width, 22: height} {
		binary.LittleEndian.PutUint32(out[at:], v)
	}
	out[26], out[28] = 1, 24 // planes, bits a pixel
	return out
}

// jpegHead is a baseline JPEG up to its frame header.
func jpegHead(width, height uint16) []byte {
	be := binary.BigEndian.AppendUint16
	out := append([]byte{0xff, 0xd8, 0xff, 0xe0, 0, 16}, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"...)
	out = be(be(append(out, 0xff, 0xc0, 0, 11, 8), height), width)
	return append(out, 1, 1, 0x11, 0)
}

func TestDecodeRefusesBombs(t *testing.T) { // not parallel: it counts allocations
	cases := []struct {
		name  string
		photo []byte
		want  error
	}{
		{"GIF of 34 bytes asking for 4 GiB", gifHead(65535, 65535, 65535, 65535), embedder.ErrTooLarge},
		{"GIF frame beyond its screen", gifHead(10, 10, 65535, 65535), embedder.ErrCorrupt},
		{"VP8L of 28 bytes asking for 1 GiB", riff(vp8lHead(16384, 16384))[:28], embedder.ErrTooLarge},
		{"PNG header of 65535 x 65535", pngHeader(65535, 65535), embedder.ErrTooLarge},
		{"PNG whose product overflows 32 bits", pngHeader(65536, 65536), embedder.ErrTooLarge},
		{"PNG whose product overflows 64 bits", pngHeader(1<<31-1, 1<<31-1), embedder.ErrUnsupported},
		{"PNG of no width", pngHeader(0, 7), embedder.ErrCorrupt},
		{"PNG one column too wide", pngHeader(embedder.MaxPhotoSide+1, 1), embedder.ErrTooLarge},
		{"small canvas, large VP8L picture", riff(vp8x(0, 4, 4), vp8lHead(16384, 16384)), embedder.ErrTooLarge},
		{"small canvas, large VP8 picture", riff(vp8x(0, 4, 4), vp8Head(16383, 16383)), embedder.ErrTooLarge},
		{"large canvas, small picture", riff(vp8x(0, 1<<24, 1<<24), vp8lHead(4, 4)), embedder.ErrTooLarge},
		{"canvas and picture do not agree", riff(vp8x(0, 5, 5), vp8lHead(4, 4)), embedder.ErrCorrupt},
		{"large frame of an animation", riff(vp8x(2, 4, 4), chunk("ANMF", append(make([]byte, 16), vp8lHead(16384, 16384)...)...)), embedder.ErrTooLarge},
		{"BMP of 54 bytes within the limits", bmpHead(7000, 7000), embedder.ErrCorrupt},
		{"BMP of 12 GiB", bmpHead(1<<16, 1<<16), embedder.ErrTooLarge},
		{"JPEG of 65535 x 65535", jpegHead(65535, 65535), embedder.ErrTooLarge},
		{"file of 25 MB and a byte", make([]byte, embedder.MaxPhotoBytes+1), embedder.ErrTooLarge},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, _, err := embedder.Decode(c.photo)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 16<<20 {
				t.Errorf("allocated %d bytes, want less than 16 MB", allocated)
			}
			if took > 50*time.Millisecond {
				t.Errorf("took %v, want less than 50 ms", took)
			}
		})
	}
}

// A progressive file can repeat scans over all its pixels: a few megabytes of them would take minutes.
func TestDecodeRefusesEndlessScans(t *testing.T) {
	t.Parallel()
	photo := append(jpegHead(7000, 7000), bytes.Repeat([]byte{0xff, 0xda, 0, 8, 1, 1, 0, 1, 1, 0}, 1000)...)
	if _, _, err := embedder.Decode(photo); !errors.Is(err, embedder.ErrTooLarge) {
		t.Errorf("error is %v, want %v", err, embedder.ErrTooLarge)
	}
}

func TestDecodeRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, photo string
		want        error
		says        string
	}{
		{"nothing", "", embedder.ErrEmpty, "empty"},
		{"text", "id,image\n1,a.jpg\n", embedder.ErrUnsupported, "want JPEG, PNG, GIF, WebP or BMP"},
		{"web page", "\n <!DOCTYPE html><html>", embedder.ErrUnsupported, "web page"},
		{"SVG", `<svg xmlns="http://www.w3.org/2000/svg"/>`, embedder.ErrUnsupported, "SVG"},
		{"TIFF", "II*\x00\x08\x00\x00\x00", embedder.ErrUnsupported, "TIFF"},
		{"HEIC", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", embedder.ErrUnsupported, "HEIC"},
		{"PDF", "%PDF-1.7", embedder.ErrUnsupported, "PDF"},
		{"sound in a RIFF file", "RIFF\x04\x00\x00\x00WAVEfmt ", embedder.ErrUnsupported, "want JPEG"},
		{"WebP without a picture", string(riff()), embedder.ErrCorrupt, "no picture"},
		{"12-bit JPEG", "\xff\xd8\xff\xc1\x00\x0b\x0c\x00\x08\x00\x08\x01\x01\x11\x00", embedder.ErrUnsupported, "precision"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := embedder.Decode([]byte(c.photo))
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want %v saying %q", err, c.want, c.says)
			}
		})
	}
}

// samples are one small photo in each format and variety, by file name.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	dir := testenv.Shared(t, "reference", "images")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".npz" {
			out[e.Name()] = readShared(t, "reference", "images", e.Name())
		}
	}
	return out
}

// decodeGuarded decodes and checks what must hold of any bytes: no panic, no hang, a typed error or whole pixels.
func decodeGuarded(t *testing.T, what string, photo []byte) error {
	t.Helper()
	start := time.Now()
	pixels, info, err := embedder.Decode(photo)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("%s: took %v", what, took)
	}
	if err != nil {
		if !isRefusal(err) {
			t.Errorf("%s: error without a type: %v", what, err)
		}
		return err
	}
	if len(pixels.Pix) != 3*pixels.Width*pixels.Height || info.Width != pixels.Width || info.Height != pixels.Height {
		t.Errorf("%s: %d bytes for %d x %d pixels, %+v", what, len(pixels.Pix), pixels.Width, pixels.Height, info)
	}
	return nil
}

func TestDecodeTruncated(t *testing.T) {
	t.Parallel()
	for name, photo := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for k := range 16 {
				cut := photo[:len(photo)*k/16]
				err := decodeGuarded(t, name, cut)
				if err == nil {
					t.Errorf("cut to %d of 16: no error", k)
				}
				if filepath.Ext(name) == ".jpg" && k > 0 && !errors.Is(err, embedder.ErrCorrupt) {
					t.Errorf("cut to %d of 16: error is %v, want %v", k, err, embedder.ErrCorrupt)
				}
			}
		})
	}
}

func TestDecodeFlippedBits(t *testing.T) {
	t.Parallel()
	const flips = 150 // a file, spread over its bits, the first 64 bytes more densely
	for name, photo := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := bytes.Clone(photo)
			for i := range flips {
				bit := i * 7
				if i >= 70 {
					bit = i * (8 * len(photo)) / flips
				}
				bad[bit/8] ^= 1 << (bit % 8)
				_ = decodeGuarded(t, name, bad)
				bad[bit/8] ^= 1 << (bit % 8)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	small := image.NewNRGBA(image.Rect(0, 0, 5, 3))
	var buf bytes.Buffer
	if err := errors.Join(png.Encode(&buf, small), jpeg.Encode(&buf, small, nil)); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Add(gifHead(4, 4, 2, 2))
	f.Add(riff(vp8x(2, 4, 4), chunk("ANMF", make([]byte, 16)...), vp8lHead(4, 4)))
	f.Add(bmpHead(2, 1))
	if _, err := os.Stat(filepath.Join(testenv.Root(), "..", "shared", "reference", "images")); err == nil {
		for _, photo := range samples(f) {
			f.Add(photo)
		}
	}
	f.Fuzz(func(t *testing.T, photo []byte) {
		_ = decodeGuarded(t, "fuzzed", photo)
	})
}
