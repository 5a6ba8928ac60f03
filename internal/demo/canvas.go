package demo

import (
	"image"
	"math"

	"golang.org/x/image/vector"
)

// PhotoPixels is the width and the height of a photo.
const PhotoPixels = 320

// paint is the colour of a surface at a place on the drawing board.
type paint func(x, y float64) rgb

// canvas is where one product is drawn: a transparent layer that later lies over a background and its shadow.
type canvas struct {
	layer    []float32 // red, green, blue (times alpha) and alpha of each pixel, 0 to 1
	to, from matrix    // board to pixels, and back
	pose     pose
	clip     *mask // what may be painted; nil is everywhere
	contacts []contact
	raster   *vector.Rasterizer
}

// contact is where a product touches the floor: an ellipse on the board.
type contact struct{ x, y, rx, ry float64 }

// mask is how much of each pixel of a rectangle a shape covers, 0 to 255.
type mask struct {
	r image.Rectangle
	a []uint8
}

// at is the cover of a pixel, 0 outside of the rectangle.
func (m *mask) at(x, y int) uint8 {
	if x < m.r.Min.X || x >= m.r.Max.X || y < m.r.Min.Y || y >= m.r.Max.Y {
		return 0
	}
	return m.a[(y-m.r.Min.Y)*m.r.Dx()+x-m.r.Min.X]
}

func newCanvas(p pose) *canvas {
	c := &canvas{layer: make([]float32, 4*PhotoPixels*PhotoPixels), pose: p, raster: vector.NewRasterizer(PhotoPixels, PhotoPixels)}
	c.to = p.matrix()
	c.from = c.to.inverse()
	return c
}

// mask draws a shape, antialiased.
func (c *canvas) mask(o outline) *mask {
	lines := make(outline, len(o))
	minX, minY, maxX, maxY := float64(PhotoPixels), float64(PhotoPixels), 0.0, 0.0
	for i, line := range o {
		lines[i] = make([]point, len(line))
		for j, p := range line {
			x, y := c.to.apply(p.x, p.y)
			x, y = min(max(x, 0), PhotoPixels), min(max(y, 0), PhotoPixels)
			minX, minY, maxX, maxY = min(minX, x), min(minY, y), max(maxX, x), max(maxY, y)
			lines[i][j] = point{x, y}
		}
	}
	r := image.Rect(int(minX), int(minY), int(math.Ceil(maxX)), int(math.Ceil(maxY)))
	if r.Empty() {
		return &mask{}
	}
	c.raster.Reset(r.Dx(), r.Dy())
	for _, line := range lines {
		for j, p := range line {
			x, y := float32(p.x-float64(r.Min.X)), float32(p.y-float64(r.Min.Y))
			if j == 0 {
				c.raster.MoveTo(x, y)
			} else {
				c.raster.LineTo(x, y)
			}
		}
		c.raster.ClosePath()
	}
	a := image.NewAlpha(image.Rect(0, 0, r.Dx(), r.Dy()))
	c.raster.Draw(a, a.Bounds(), image.Opaque, image.Point{})
	return &mask{r: r, a: a.Pix}
}

// within paints only inside a shape while f runs.
func (c *canvas) within(o outline, f func()) {
	outer := c.clip
	c.clip = c.mask(o)
	f()
	c.clip = outer
}

// flat paints a shape as it is, without light and shade.
func (c *canvas) flat(o outline, p paint) {
	c.lay(c.mask(o), p, 1, nil)
}

// glaze paints a shape that lets through what is below: opacity from 0 to 1.
func (c *canvas) glaze(o outline, p paint, opacity float64) {
	c.lay(c.mask(o), p, opacity, nil)
}

// solid paints a shape whose edges round away from the eye over that depth, in board units, lit from the upper left.
func (c *canvas) solid(o outline, p paint, depth float64) {
	m := c.mask(o)
	c.lay(m, p, 1, relief(m, depth*c.pose.scale*PhotoPixels/100))
}

// lay puts a paint on the layer. The light of each pixel of the mask multiplies its colour; nil is even light.
func (c *canvas) lay(m *mask, p paint, opacity float64, light []float32) {
	i := 0
	for y := m.r.Min.Y; y < m.r.Max.Y; y++ {
		for x := m.r.Min.X; x < m.r.Max.X; x++ {
			cover := float64(m.a[i]) * opacity / 255
			if c.clip != nil {
				cover *= float64(c.clip.at(x, y)) / 255
			}
			if cover > 0 {
				k := 1.0
				if light != nil {
					k = float64(light[i])
				}
				bx, by := c.from.apply(float64(x)+0.5, float64(y)+0.5)
				c.blend(4*(y*PhotoPixels+x), p(bx, by).times(k), cover)
			}
			i++
		}
	}
}

// blend puts a colour over the pixel at i of the layer.
func (c *canvas) blend(i int, col rgb, cover float64) {
	px := c.layer[i : i+4 : i+4]
	rest := float32(1 - cover)
	px[0] = px[0]*rest + float32(col.r*cover)
	px[1] = px[1]*rest + float32(col.g*cover)
	px[2] = px[2]*rest + float32(col.b*cover)
	px[3] = px[3]*rest + float32(cover)
}

// stand says where the product touches the floor.
func (c *canvas) stand(x, y, rx, ry float64) {
	c.contacts = append(c.contacts, contact{x, y, rx, ry})
}
