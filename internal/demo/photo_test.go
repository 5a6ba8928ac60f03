package demo_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"lookalike/internal/demo"
)

// oneOfEach is the first product of each kind.
func oneOfEach() []demo.Product {
	seen := map[string]bool{}
	var out []demo.Product
	for _, p := range demo.Catalogue() {
		if !seen[p.Kind] {
			seen[p.Kind] = true
			out = append(out, p)
		}
	}
	return out
}

func photo(t *testing.T, p demo.Product) []byte {
	t.Helper()
	b, err := p.Photo()
	if err != nil {
		t.Fatalf("photo of %s: %v", p.Name, err)
	}
	return b
}

func TestEveryKindIsDrawn(t *testing.T) {
	t.Parallel()
	for _, p := range oneOfEach() {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			encoded := photo(t, p)
			img, err := jpeg.Decode(bytes.NewReader(encoded))
			if err != nil {
				t.Fatalf("decode: %v", err)
			}
			if want := image.Rect(0, 0, demo.PhotoPixels, demo.PhotoPixels); img.Bounds() != want {
				t.Fatalf("photo is %v, want %v", img.Bounds(), want)
			}
			if len(encoded) < 3_000 || len(encoded) > 60_000 {
				t.Errorf("photo has %d bytes, want 3 to 60 KB", len(encoded))
			}
			if share := covered(img); share < 0.06 || share > 0.75 {
				t.Errorf("%.0f %% of the photo differ from the background, want 6 to 75 %%", share*100)
			}
			if !lightCorners(img) {
				t.Error("a corner is not light: the product is cut off, or the background dark")
			}
		})
	}
}

// covered is the share of pixels that are far from the colour of the upper left corner.
func covered(img image.Image) float64 {
	r0, g0, b0 := levels(img, 2, 2)
	n := 0
	for y := range demo.PhotoPixels {
		for x := range demo.PhotoPixels {
			r, g, b := levels(img, x, y)
			if abs(r-r0)+abs(g-g0)+abs(b-b0) > 90 {
				n++
			}
		}
	}
	return float64(n) / (demo.PhotoPixels * demo.PhotoPixels)
}

func lightCorners(img image.Image) bool {
	const last = demo.PhotoPixels - 3
	for _, at := range []image.Point{{X: 2, Y: 2}, {X: last, Y: 2}, {X: 2, Y: last}, {X: last, Y: last}} {
		r, g, b := levels(img, at.X, at.Y)
		if min(r, g, b) < 175 {
			return false
		}
	}
	return true
}

// levels are red, green and blue from 0 to 255.
func levels(img image.Image, x, y int) (r, g, b int) {
	cr, cg, cb, _ := img.At(x, y).RGBA()
	return int(cr >> 8), int(cg >> 8), int(cb >> 8)
}

func abs(v int) int { return max(v, -v) }

func TestPhotosAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	for _, p := range oneOfEach()[:3] {
		if !bytes.Equal(photo(t, p), photo(t, p)) {
			t.Errorf("%s is drawn differently the second time", p.Name)
		}
	}
}

func TestPlainProductsShowTheirColour(t *testing.T) {
	t.Parallel()
	hues := map[string]func(r, g, b int) bool{
		"red":     func(r, g, b int) bool { return r > g+50 && r > b+50 },
		"green":   func(r, g, b int) bool { return g > r+25 && g > b+15 },
		"blue":    func(r, g, b int) bool { return b > r+50 && b > g+25 },
		"purple":  func(r, g, b int) bool { return b > g+30 && r > g+15 },
		"pink":    func(r, g, b int) bool { return r > g+35 && b > g+5 },
		"black":   func(r, g, b int) bool { return max(r, g, b) < 95 },
		"teal":    func(r, g, b int) bool { return g > r+40 && b > r+40 },
		"mustard": func(r, g, b int) bool { return r > g+15 && g > b+40 },
	}
	for colour, is := range hues {
		t.Run(colour, func(t *testing.T) {
			t.Parallel()
			p, ok := plainClothes(colour)
			if !ok {
				t.Fatalf("nothing to wear is plain %s", colour)
			}
			img := p.Picture()
			n := 0
			for y := range demo.PhotoPixels {
				for x := range demo.PhotoPixels {
					if is(levels(img, x, y)) {
						n++
					}
				}
			}
			if share := float64(n) / (demo.PhotoPixels * demo.PhotoPixels); share < 0.05 {
				t.Errorf("%.1f %% of %s is %s, want 5 %% and more", share*100, p.Name, colour)
			}
		})
	}
}

// plainClothes is a product of that colour that is mostly cloth or leather.
func plainClothes(colour string) (demo.Product, bool) {
	for _, p := range demo.Catalogue() {
		if p.Colour == colour && p.Pattern == "plain" && p.Gender != "" && p.Kind != "watch" && p.Kind != "sunglasses" {
			return p, true
		}
	}
	return demo.Product{}, false
}

func TestSomeProductsShowOnePhoto(t *testing.T) {
	t.Parallel()
	products := demo.Catalogue()
	var pairs [][2]demo.Product
	for i, p := range products {
		for _, q := range products[i+1:] {
			if p.SamePhoto(q) {
				pairs = append(pairs, [2]demo.Product{p, q})
			}
		}
	}
	if len(pairs) != demo.Repeats {
		t.Fatalf("%d pairs of products show one photo, want %d", len(pairs), demo.Repeats)
	}
	kinds := map[string]bool{}
	for _, pair := range pairs {
		kinds[pair[0].Kind] = true
		if pair[0].Kind != pair[1].Kind || pair[0].Image() == pair[1].Image() {
			t.Errorf("%s and %s are not two listings of one article", pair[0].Name, pair[1].Name)
		}
	}
	if len(kinds) != demo.Repeats {
		t.Errorf("repeats are of kinds %v, want %d kinds", kinds, demo.Repeats)
	}
	if !bytes.Equal(photo(t, pairs[0][0]), photo(t, pairs[0][1])) {
		t.Errorf("the photos of %d and %d differ", pairs[0][0].ID, pairs[0][1].ID)
	}
}

func TestVariantsHavePhotosOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, p := range demo.Catalogue() {
		if p.Kind != "teapot" || p.Pattern != "striped" {
			continue
		}
		key := string(photo(t, p))
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s show one photo", p.Name, other)
		}
		seen[key] = p.Name
	}
	if len(seen) != demo.Variants {
		t.Errorf("%d photos of the striped teapot, want %d", len(seen), demo.Variants)
	}
}
