package resultpage_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/internal/resultpage"
)

func jpegPhoto(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 7)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var dataURI = regexp.MustCompile(`<img src="data:image/jpeg;base64,([^"]*)"`)

// decoded are the pictures of a page.
func decoded(t *testing.T, page string) []image.Image {
	t.Helper()
	var out []image.Image
	for _, m := range dataURI.FindAllStringSubmatch(page, -1) {
		b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(m[1], "&#43;", "+"))
		if err != nil {
			t.Fatalf("picture: %v", err)
		}
		img, err := jpeg.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("picture: %v", err)
		}
		out = append(out, img)
	}
	return out
}

// pictures are the sizes of the pictures of a page.
func pictures(t *testing.T, page string) []image.Point {
	t.Helper()
	var out []image.Point
	for _, img := range decoded(t, page) {
		out = append(out, img.Bounds().Size())
	}
	return out
}

func TestThumbnailSizes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ w, h, wantW, wantH int }{
		"a small photo keeps its size":  {w: 100, h: 60, wantW: 100, wantH: 60},
		"one that just fits keeps it":   {w: 360, h: 360, wantW: 360, wantH: 360},
		"a wide one":                    {w: 720, h: 360, wantW: 360, wantH: 180},
		"a tall one":                    {w: 500, h: 1000, wantW: 180, wantH: 360},
		"one pixel too many":            {w: 361, h: 361, wantW: 360, wantH: 360},
		"a strip does not lose a side":  {w: 4000, h: 2, wantW: 360, wantH: 1},
		"a single pixel is not nothing": {w: 1, h: 1, wantW: 1, wantH: 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := pictures(t, render(t, asking(resultpage.Item{Key: "1", Photo: jpegPhoto(t, c.w, c.h)})))
			if diff := cmp.Diff([]image.Point{image.Pt(c.wantW, c.wantH)}, got); diff != "" {
				t.Errorf("pictures (-want +got):\n%s", diff)
			}
		})
	}
}

func TestThumbnailKeepsThePageSmall(t *testing.T) {
	t.Parallel()
	photo := jpegPhoto(t, 2400, 1600)
	page := render(t, asking(resultpage.Item{Key: "1", Photo: photo}))
	if len(page) > 120_000 || len(page) > len(photo) {
		t.Errorf("the page has %d bytes for a photo of %d", len(page), len(photo))
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	img := image.NewPaletted(image.Rect(0, 0, 12, 9), color.Palette{color.Black, color.White})
	encode := func(f func(*bytes.Buffer) error) []byte {
		var out bytes.Buffer
		if err := f(&out); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	cases := map[string]struct {
		photo []byte
		shown bool
	}{
		"JPEG":                   {jpegPhoto(t, 12, 9), true},
		"PNG":                    {encode(func(b *bytes.Buffer) error { return png.Encode(b, img) }), true},
		"GIF":                    {encode(func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) }), true},
		"SVG":                    {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), false},
		"HTML":                   {[]byte("<!doctype html><script>alert(1)</script>"), false},
		"text":                   {[]byte("hello"), false},
		"none":                   {nil, false},
		"a JPEG that breaks off": {jpegPhoto(t, 60, 60)[:200], false},
		"a JPEG in name alone":   {[]byte("\xff\xd8\xff\xe0<svg onload=alert(1)>"), false},
		"a PNG of 4 Gpx":         {hugePNG(), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := render(t, asking(resultpage.Item{Key: "7", Photo: c.photo}))
			if got := len(pictures(t, page)) == 1; got != c.shown {
				t.Errorf("shown is %t, want %t", got, c.shown)
			}
			if placeholder := strings.Contains(page, `role="img" aria-label="No photo of 7"`); placeholder == c.shown {
				t.Errorf("placeholder is %t, want %t", placeholder, !c.shown)
			}
			if alt := strings.Contains(page, `alt="Photo of 7"`); alt != c.shown {
				t.Errorf("text for the picture is %t, want %t", alt, c.shown)
			}
		})
	}
}

// hugePNG is the head of a PNG of 65,536 x 65,536 pixels.
func hugePNG() []byte {
	header := []byte("IHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x02\x00\x00\x00")
	head := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\r"), header...)
	return binary.BigEndian.AppendUint32(head, crc32.ChecksumIEEE(header))
}

func TestTransparencyBecomesWhite(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewNRGBA(image.Rect(0, 0, 16, 16))); err != nil {
		t.Fatal(err)
	}
	all := decoded(t, render(t, asking(resultpage.Item{Key: "1", Photo: out.Bytes()})))
	if len(all) != 1 {
		t.Fatalf("%d pictures, want 1", len(all))
	}
	if r, g, b, _ := all[0].At(8, 8).RGBA(); min(r, g, b) < 0xf800 {
		t.Errorf("a transparent pixel became %x %x %x, want white", r, g, b)
	}
}

func TestThumbnailLeavesMetadataOut(t *testing.T) {
	t.Parallel()
	photo := jpegPhoto(t, 20, 20)
	secret := "Exif\x00\x00GPS 48.2082 N 16.3738 E"
	segment := append([]byte{0xff, 0xe1, 0, byte(len(secret) + 2)}, secret...)
	photo = append(append(append([]byte{}, photo[:2]...), segment...), photo[2:]...)
	page := render(t, asking(resultpage.Item{Key: "1", Photo: photo}))
	m := dataURI.FindStringSubmatch(page)
	if m == nil {
		t.Fatal("the photo is not shown")
	}
	b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(m[1], "&#43;", "+"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("GPS")) {
		t.Error("the place where the photo was taken is on the page")
	}
}
