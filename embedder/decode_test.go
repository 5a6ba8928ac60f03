package embedder_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/embedder"
)

func encodePNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func decode(t *testing.T, photo []byte) *embedder.Pixels {
	t.Helper()
	pixels, _, err := embedder.Decode(photo)
	if err != nil {
		t.Fatal(err)
	}
	return pixels
}

// at is the pixel (x, y).
func at(p *embedder.Pixels, x, y int) [3]uint8 {
	i := 3 * (y*p.Width + x)
	return [3]uint8(p.Pix[i : i+3])
}

// one is a picture of one pixel.
func one[T any](newImage func(image.Rectangle) T, set func(T)) T {
	img := newImage(image.Rect(0, 0, 1, 1))
	set(img)
	return img
}

func TestDecodePNGDepths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		img  image.Image
		want [3]uint8
	}{
		{"16-bit colour keeps the upper 8 bits", one(image.NewNRGBA64, func(i *image.NRGBA64) {
			i.SetNRGBA64(0, 0, color.NRGBA64{R: 0x12ff, G: 0x3400, B: 0x56ff, A: 0xffff})
		}), [3]uint8{0x12, 0x34, 0x56}},
		{"16-bit grey is divided by 256", one(image.NewGray16, func(i *image.Gray16) {
			i.SetGray16(0, 0, color.Gray16{Y: 0x7fff})
		}), [3]uint8{0x7f, 0x7f, 0x7f}},
		{"half transparent black is grey", one(image.NewNRGBA, func(i *image.NRGBA) {
			i.SetNRGBA(0, 0, color.NRGBA{A: 128})
		}), [3]uint8{127, 127, 127}},
		{"transparent is white whatever its colour", one(image.NewNRGBA, func(i *image.NRGBA) {
			i.SetNRGBA(0, 0, color.NRGBA{R: 9, G: 9, B: 9})
		}), [3]uint8{255, 255, 255}},
		{"16-bit alpha", one(image.NewNRGBA64, func(i *image.NRGBA64) {
			i.SetNRGBA64(0, 0, color.NRGBA64{R: 0xffff, A: 0x8000})
		}), [3]uint8{255, 127, 127}},
		{"palette with alpha", one(func(r image.Rectangle) *image.Paletted {
			return image.NewPaletted(r, color.Palette{color.NRGBA{R: 255, A: 128}, color.Black})
		}, func(*image.Paletted) {}), [3]uint8{255, 127, 127}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := at(decode(t, encodePNG(t, c.img)), 0, 0); got != c.want {
				t.Errorf("pixel is %v, want %v", got, c.want)
			}
		})
	}
}

// A first frame smaller than the screen lies where it says; around it, and where it is transparent, there is white.
// Later frames are not looked at: the second here is cut off.
func TestDecodeGIFFirstFrame(t *testing.T) {
	t.Parallel()
	palette := color.Palette{color.RGBA{}, color.RGBA{R: 200, A: 255}}
	first := image.NewPaletted(image.Rect(1, 1, 3, 2), palette)
	first.Pix = []uint8{0, 1}
	second := image.NewPaletted(image.Rect(0, 0, 4, 3), palette)
	var buf bytes.Buffer
	err := gif.EncodeAll(&buf, &gif.GIF{
		Image: []*image.Paletted{first, second}, Delay: []int{1, 1},
		Config: image.Config{ColorModel: palette, Width: 4, Height: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := decode(t, buf.Bytes()[:buf.Len()-8])
	if got.Width != 4 || got.Height != 3 {
		t.Fatalf("size is %d x %d, want the screen's 4 x 3", got.Width, got.Height)
	}
	for y := range 3 {
		for x := range 4 {
			want := [3]uint8{255, 255, 255}
			if x == 2 && y == 1 {
				want = [3]uint8{200, 0, 0}
			}
			if at(got, x, y) != want {
				t.Errorf("pixel (%d, %d) is %v, want %v", x, y, at(got, x, y), want)
			}
		}
	}
}

// webpPicture is the picture chunk of a plain WebP file.
func webpPicture(t *testing.T, name string) string {
	t.Helper()
	return string(readShared(t, "reference", "images", name)[12:])
}

func TestDecodeWebPAnimation(t *testing.T) {
	t.Parallel()
	still := decode(t, readShared(t, "reference", "images", "lossy.webp"))
	frame := make([]byte, 16)
	frame[0], frame[3] = 2, 1 // at (4, 2): offsets are halved
	frame = append(frame, webpPicture(t, "lossy.webp")...)
	got := decode(t, riff(vp8x(2, 104, 70), chunk("ANIM", 0, 0, 0, 0, 0, 0), chunk("ANMF", frame...), "cut off"))
	if got.Width != 104 || got.Height != 70 {
		t.Fatalf("size is %d x %d, want the canvas's 104 x 70", got.Width, got.Height)
	}
	for _, p := range []image.Point{{0, 0}, {3, 2}, {4, 1}, {100, 66}} {
		if at(got, p.X, p.Y) != [3]uint8{255, 255, 255} {
			t.Errorf("pixel %v outside of the frame is %v, want white", p, at(got, p.X, p.Y))
		}
	}
	for _, p := range []image.Point{{0, 0}, {95, 63}, {40, 30}} {
		if got, want := at(got, p.X+4, p.Y+2), at(still, p.X, p.Y); got != want {
			t.Errorf("pixel %v of the frame is %v, want %v", p, got, want)
		}
	}
}

// An alpha plane of a lossy picture, uncompressed: the upper half transparent.
func TestDecodeWebPAlphaPlane(t *testing.T) {
	t.Parallel()
	still := decode(t, readShared(t, "reference", "images", "lossy.webp"))
	alpha := append([]byte{0}, bytes.Repeat([]byte{0}, 96*32)...)
	alpha = append(alpha, bytes.Repeat([]byte{255}, 96*32)...)
	got := decode(t, riff(vp8x(1<<4, 96, 64), chunk("ALPH", alpha...), webpPicture(t, "lossy.webp")))
	if above := at(got, 10, 31); above != [3]uint8{255, 255, 255} {
		t.Errorf("transparent pixel is %v, want white", above)
	}
	if got, want := at(got, 10, 32), at(still, 10, 32); got != want {
		t.Errorf("opaque pixel is %v, want %v", got, want)
	}
	// libwebp reads a file whose header promises alpha that is not there.
	if diff := cmp.Diff(still, decode(t, riff(vp8x(1<<4, 96, 64), webpPicture(t, "lossy.webp")))); diff != "" {
		t.Errorf("promised alpha changes the picture (-want +got):\n%s", diff)
	}
}

// exif is a TIFF structure with the orientation and nothing else.
func exif(orientation byte) []byte {
	return []byte{'M', 'M', 0, '*', 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0}
}

// pngWith is a PNG with a chunk put behind its header.
func pngWith(photo []byte, id string, data []byte) []byte {
	const headerEnd = 8 + 4 + 4 + 13 + 4
	out := bytes.Clone(photo[:headerEnd])
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	body := append([]byte(id), data...)
	out = binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
	return append(out, photo[headerEnd:]...)
}

func TestDecodeOrientationElsewhere(t *testing.T) {
	t.Parallel()
	plainPNG := readShared(t, "reference", "images", "plain.png")
	for _, c := range []struct {
		name         string
		plain, photo []byte
		turned       bool
	}{
		{"PNG", plainPNG, pngWith(plainPNG, "eXIf", exif(6)), true},
		{
			"WebP", readShared(t, "reference", "images", "lossless.webp"),
			riff(vp8x(1<<3, 96, 64), webpPicture(t, "lossless.webp"), chunk("EXIF", exif(6)...)), true,
		},
		{"orientation out of range", plainPNG, pngWith(plainPNG, "eXIf", exif(9)), false},
		{"EXIF cut off", plainPNG, pngWith(plainPNG, "eXIf", exif(6)[:15]), false},
		{"EXIF of nonsense", plainPNG, pngWith(plainPNG, "eXIf", bytes.Repeat([]byte("exif"), 100)), false},
		{"EXIF pointing at itself", plainPNG, pngWith(plainPNG, "eXIf", append([]byte("MM\x00*\x00\x00\x00\x08"), make([]byte, 40)...)), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			plain, got := decode(t, c.plain), decode(t, c.photo)
			if !c.turned {
				if diff := cmp.Diff(plain, got); diff != "" {
					t.Fatal("a useless EXIF changes the pixels")
				}
				return
			}
			if got.Width != plain.Height || got.Height != plain.Width {
				t.Fatalf("size is %d x %d, want %d x %d", got.Width, got.Height, plain.Height, plain.Width)
			}
			for y := range got.Height {
				for x := range got.Width {
					if at(got, x, y) != at(plain, y, plain.Height-1-x) {
						t.Fatalf("pixel (%d, %d) is not turned clockwise", x, y)
					}
				}
			}
		})
	}
}

// Without Adobe's marker the four components are plain CMYK, which here means: the negative of the inks.
func TestDecodeCMYKWithoutMarker(t *testing.T) {
	t.Parallel()
	photo := readShared(t, "reference", "images", "cmyk.jpg")
	const soi, app14 = 2, 2 + 14
	plain := append(bytes.Clone(photo[:soi]), photo[soi+app14:]...)
	inverted, got := decode(t, photo), decode(t, plain)
	if got.Width != inverted.Width || got.Height != inverted.Height {
		t.Fatalf("size is %d x %d", got.Width, got.Height)
	}
	if most, _ := difference(got.Pix, inverted.Pix); most < 100 {
		t.Errorf("differs by at most %d from the reading as Adobe's inverted CMYK: want another picture", most)
	}
}

func TestDecodeOddJPEG(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{1, 1}, {2, 1}, {1, 2}, {3, 3}, {17, 5}, {5, 17}} {
		img := image.NewRGBA(image.Rectangle{Max: size})
		for i := range img.Pix {
			img.Pix[i] = 200
		}
		var buf bytes.Buffer
		if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: 100}); err != nil {
			t.Fatal(err)
		}
		got := decode(t, buf.Bytes())
		if got.Width != size.X || got.Height != size.Y {
			t.Fatalf("size is %d x %d, want %v", got.Width, got.Height, size)
		}
		for i, v := range got.Pix {
			if v < 198 || v > 202 {
				t.Fatalf("%v: sample %d is %d, want about 200", size, i, v)
			}
		}
	}
}

// The wanted values are worked out by hand from the formulas of libjpeg's jdsample.c, with its roundings.
func TestChromaUpsampling(t *testing.T) {
	t.Parallel()
	rows := [][]uint8{{0, 101, 200}, {40, 41, 43}}
	for _, c := range []struct {
		name  string
		ratio image.YCbCrSubsampleRatio
		rows  [][]uint8
		y     int
		want  []uint8
	}{
		{"4:4:4", image.YCbCrSubsampleRatio444, rows, 1, []uint8{40, 41, 43}},
		{"4:2:2", image.YCbCrSubsampleRatio422, rows, 0, []uint8{0, 25, 76, 126, 175, 200}},
		{"4:2:2 of two columns", image.YCbCrSubsampleRatio422, [][]uint8{{1, 9}}, 0, []uint8{1, 1, 9, 9}},
		{"4:4:0 first row", image.YCbCrSubsampleRatio440, rows, 0, []uint8{0, 101, 200}},
		{"4:4:0 second row, rounded up", image.YCbCrSubsampleRatio440, rows, 1, []uint8{10, 86, 161}},
		{"4:4:0 third row, rounded down", image.YCbCrSubsampleRatio440, rows, 2, []uint8{30, 56, 82}},
		{"4:2:0 first row", image.YCbCrSubsampleRatio420, rows, 0, []uint8{0, 25, 76, 126, 175, 200}},
		{"4:2:0 second row", image.YCbCrSubsampleRatio420, rows, 1, []uint8{10, 29, 67, 105, 142, 161}},
		{"4:2:0 of one column", image.YCbCrSubsampleRatio420, [][]uint8{{7}, {9}}, 3, []uint8{9, 9}},
		{"4:1:1", image.YCbCrSubsampleRatio411, [][]uint8{{1, 9}}, 0, []uint8{1, 1, 1, 1, 9, 9, 9, 9}},
		{"4:1:0", image.YCbCrSubsampleRatio410, [][]uint8{{1}, {9}}, 2, []uint8{9, 9, 9, 9}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, embedder.UpsampleRow(c.ratio, c.rows, c.y)); diff != "" {
				t.Errorf("row %d (-want +got):\n%s", c.y, diff)
			}
		})
	}
}
