package demo

import (
	"image"
	"math"
)

// relief is the light on each pixel of a shape whose edges round away over that many pixels: brighter than 1 where it
// faces the upper left, darker at the lower right.
func relief(m *mask, radius float64) []float32 {
	r := max(1, int(math.Round(radius/2)))
	w, h := m.r.Dx(), m.r.Dy()
	pad := 2*r + 2
	wide := w + 2*pad
	height := make([]float32, wide*(h+2*pad))
	for y := range h {
		for x := range w {
			height[(y+pad)*wide+x+pad] = float32(m.a[y*w+x]) / 255
		}
	}
	blur(height, wide, h+2*pad, r, 2)
	light := make([]float32, w*h)
	slope := float32(r) * 0.62
	for y := range h {
		for x := range w {
			i := (y+pad)*wide + x + pad
			dx, dy := height[i+1]-height[i-1], height[i+wide]-height[i-wide]
			edge := 1 - height[i]
			light[y*w+x] = 1.02 + slope*(0.42*dx+0.58*dy) - 0.3*edge*edge
		}
	}
	return light
}

// blur is a moving average over 2r+1 pixels along both axes, so many times over; three come close to a Gaussian.
func blur(a []float32, w, h, r, times int) {
	line := make([]float32, max(w, h))
	for range times {
		for y := range h {
			average(a[y*w:], 1, w, r, line)
		}
		for x := range w {
			average(a[x:], w, h, r, line)
		}
	}
}

// average smooths n values that lie step apart. What lies beyond the ends counts as 0.
func average(a []float32, step, n, r int, line []float32) {
	for i := range n {
		line[i] = a[i*step]
	}
	var sum float32
	for i := range min(r, n) {
		sum += line[i]
	}
	scale := 1 / float32(2*r+1)
	for i := range n {
		if i+r < n {
			sum += line[i+r]
		}
		a[i*step] = sum * scale
		if i-r >= 0 {
			sum -= line[i-r]
		}
	}
}

// studio is the place of a photo: a wall that runs into a floor.
type studio struct {
	wall, floor rgb
	horizon     float64 // pixels from the top; 0 is a table seen from above
	seed        uint64
}

// colour is the background at a pixel, lit from the upper left.
func (s studio) colour(x, y float64) rgb {
	c := s.floor
	if s.horizon > 0 {
		c = s.wall.mix(s.floor, smooth(s.horizon-30, s.horizon+34, y))
	}
	dx, dy := (x-0.36*PhotoPixels)/PhotoPixels, (y-0.3*PhotoPixels)/PhotoPixels
	return c.times(1.025 - 0.13*(dx*dx+dy*dy))
}

// photo puts the layer over its shadow and the background.
func (c *canvas) photo(s studio) *image.RGBA {
	shadow := c.shadow(s)
	out := image.NewRGBA(image.Rect(0, 0, PhotoPixels, PhotoPixels))
	for i := range PhotoPixels * PhotoPixels {
		x, y := i%PhotoPixels, i/PhotoPixels
		px := c.layer[4*i : 4*i+4 : 4*i+4]
		back := s.colour(float64(x), float64(y)).times(1 - float64(shadow[i]))
		shade := c.pose.shade
		rest := 1 - float64(px[3])
		grain := (noise(uint64(i), s.seed) - 0.5) * 0.012
		out.Pix[4*i] = level(float64(px[0])*shade + back.r*rest + grain)
		out.Pix[4*i+1] = level(float64(px[1])*shade + back.g*rest + grain)
		out.Pix[4*i+2] = level(float64(px[2])*shade + back.b*rest + grain)
		out.Pix[4*i+3] = 255
	}
	return out
}

// level is a share of full light as a byte.
func level(v float64) uint8 { return uint8(min(max(v, 0), 1)*255 + 0.5) }

// shadow is how much light each pixel of the background lacks: below what stands, or around what lies flat.
func (c *canvas) shadow(s studio) []float32 {
	out := make([]float32, PhotoPixels*PhotoPixels)
	if s.horizon <= 0 {
		c.castFlat(out, 3, 4, 2, 0.26)
		c.castFlat(out, 9, 13, 8, 0.2)
		return out
	}
	for _, at := range c.contacts {
		c.castBelow(out, at, 1.18, 9, 0.26)
		c.castBelow(out, at, 0.98, 3, 0.34)
	}
	return out
}

// castFlat adds the shadow of the whole layer, moved by dx, dy pixels.
func (c *canvas) castFlat(out []float32, dx, dy, radius int, depth float32) {
	a := make([]float32, PhotoPixels*PhotoPixels)
	for y := dy; y < PhotoPixels; y++ {
		for x := dx; x < PhotoPixels; x++ {
			a[y*PhotoPixels+x] = c.layer[4*((y-dy)*PhotoPixels+x-dx)+3]
		}
	}
	darken(out, a, radius, depth)
}

// castBelow adds the shadow of a contact with the floor, a little to the right of it.
func (c *canvas) castBelow(out []float32, at contact, grow float64, radius int, depth float32) {
	lean := 0.1 * at.rx * grow
	if c.pose.flip {
		lean = -lean
	}
	m := c.mask(ellipse(at.x+lean, at.y, at.rx*grow, at.ry*grow))
	a := make([]float32, PhotoPixels*PhotoPixels)
	for y := m.r.Min.Y; y < m.r.Max.Y; y++ {
		for x := m.r.Min.X; x < m.r.Max.X; x++ {
			a[y*PhotoPixels+x] = float32(m.at(x, y)) / 255
		}
	}
	darken(out, a, radius, depth)
}

// darken adds a blurred shape to a shadow: the light that is left is multiplied.
func darken(out, shape []float32, radius int, depth float32) {
	blur(shape, PhotoPixels, PhotoPixels, radius, 3)
	for i, v := range shape {
		out[i] = 1 - (1-out[i])*(1-v*depth)
	}
}
