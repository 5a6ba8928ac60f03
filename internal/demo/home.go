package demo

import (
	"fmt"
	"math"
)

func drawLamp(c *canvas, l look) {
	shade := []string{
		"M 34 14 L 66 14 L 80 50 Q 50 56 20 50 Z",
		"M 26 16 L 74 16 L 74 50 Q 50 55 26 50 Z",
		"M 50 14 Q 78 16 82 48 Q 50 54 18 48 Q 22 16 50 14 Z",
	}[l.style]
	foot := l.trim
	c.stand(50, 90, 21, 3.2)
	switch l.style {
	case 0:
		c.solid(mirrored("M 50 48 L 53 50 Q 52 56 58 62 Q 68 72 58 84 L 60 89 L 50 90"), c.round(plain(foot), 36, 66), 3)
	case 1:
		c.solid(box(48.3, 48, 51.7, 88, 1), c.round(plain(foot), 48, 52), 1)
		c.solid(path("M 32 88 Q 50 82 68 88 Q 70 92 50 92 Q 30 92 32 88 Z"), plain(foot), 2)
	default:
		c.solid(ellipse(50, 70, 15, 17), c.ball(plain(foot), 50, 70, 16), 2)
		c.solid(box(46, 48, 54, 56, 1), plain(metal.gold), 1.5)
		c.solid(box(40, 86, 60, 90.5, 1.5), plain(metal.gold), 1.5)
	}
	c.flat(ellipse(50, 50, 27, 3.4), plain(hex(0xfff0c4)))
	c.solid(path(shade), lit(l.cover), 2.5)
}

// lit is a lampshade with the lamp on.
func lit(p paint) paint {
	return func(x, y float64) rgb {
		d := math.Hypot((x-50)/26, (y-42)/24)
		return p(x, y).mix(hex(0xfff1c9), 0.55*math.Exp(-d*d*1.6))
	}
}

func drawVase(c *canvas, l look) {
	half := []string{
		"M 50 14 L 60 14 Q 58 22 57 28 Q 58 36 70 48 Q 78 66 62 88 L 50 88",
		"M 50 12 L 64 12 Q 60 20 60 30 Q 66 60 62 89 L 50 89",
		"M 50 26 L 63 26 Q 62 32 64 36 Q 84 52 72 76 Q 66 88 58 88 L 50 88",
	}[l.style]
	top := []float64{14, 12, 26}[l.style]
	rx := []float64{10, 14, 13}[l.style]
	c.stand(50, 87.5, 15, 3)
	if l.style == 2 {
		c.sprigs(top)
	}
	c.solid(mirrored(half), c.round(l.cover, 26, 75), 3)
	c.rim(50, top, rx, 2.9, l.trim, l.base.darker(0.75))
	c.glossy("M 36 56 Q 37 50 40 48 L 39 70 Q 36 66 36 56 Z", 0.36)
}

// sprigs are leaves in a vase.
func (c *canvas) sprigs(top float64) {
	for i, x := range []float64{-20, -8, 7, 19} {
		tip := []float64{10, 4, 6, 12}[i]
		c.flat(stroke(fmt.Sprintf("M %g %g Q %g %g %g %g", 50+x/5, top, 50+x/2, top-10, 50+x, tip), 0.9), plain(hex(0x5c7350)))
		for k := range 3 {
			t := 0.45 + 0.25*float64(k)
			c.solid(ellipse(50+x*t+2.4, top-(top-tip)*t, 4.2, 2.1), plain(hex(0x6f8d60)), 1)
			c.solid(ellipse(50+x*t-2.4, top-(top-tip)*t-1.4, 4.2, 2.1), plain(hex(0x7f9d6d)), 1)
		}
	}
}

func drawCushion(c *canvas, l look) {
	shape, piping := ellipse(50, 50, 38, 38), ring(50, 38.8, 37)
	if l.style < 2 {
		d := []string{
			"M 14 14 Q 50 21 86 14 Q 79 50 86 86 Q 50 79 14 86 Q 21 50 14 14 Z",
			"M 8 28 Q 50 22 92 28 Q 86 50 92 72 Q 50 78 8 72 Q 14 50 8 28 Z",
		}[l.style]
		shape, piping = path(d), stroke(d, 1.8)
	}
	if l.style == 1 {
		for _, at := range []point{{8, 28}, {92, 28}, {92, 72}, {8, 72}} {
			c.solid(ellipse(at.x, at.y, 3, 3), fluffy(l.trim, l.seed), 2)
		}
	}
	c.solid(piping, plain(l.trim), 1)
	c.solid(shape, c.pillow(l.cloth()), 13)
	if l.style == 2 {
		c.solid(ellipse(50, 50, 3.2, 3.2), plain(l.trim), 2)
		c.glaze(ring(50, 7, 3.2), l.seam(), 0.2)
	}
}

// pillow is filled cloth: lightest above its middle.
func (c *canvas) pillow(p paint) paint {
	return func(x, y float64) rgb {
		d := math.Hypot((x-46)/46, (y-44)/46)
		return p(x, y).times(1.05 - 0.16*d*d)
	}
}

func drawPlantPot(c *canvas, l look) {
	c.stand(50, 90, 20, 3.2)
	switch l.style {
	case 0: // leaves
		for i := range 9 {
			c.leaf(float64(i)*22-88, 30-float64(i%3)*4, hex(0x3f7a4b).mix(hex(0x6ea061), float64(i%4)/3))
		}
	case 1: // a cactus
		green := func(x, y float64) rgb { return hex(0x4c8a5a).darker(0.25 * band(x, 4, 1)) }
		c.solid(stroke("M 62 42 Q 74 44 74 30", 7), green, 3)
		c.solid(stroke("M 38 38 Q 27 38 27 26", 7), green, 3)
		c.solid(box(40, 12, 60, 64, 10), c.round(green, 40, 60), 5)
	default: // swords
		for i := range 7 {
			c.leaf(float64(i)*9-27, 44-math.Abs(float64(i)-3)*4, hex(0x35694a).mix(hex(0x93ad5c), float64(i%3)/3))
		}
	}
	c.solid(path("M 30 62 L 70 62 L 65 88 Q 64 91 60 91 L 40 91 Q 36 91 35 88 Z"), c.round(l.cover, 30, 70), 2.5)
	c.solid(box(27.5, 57, 72.5, 65, 1.6), c.round(plain(l.trim), 27, 73), 1.6)
}

// leaf grows out of the pot at an angle from upright, in degrees.
func (c *canvas) leaf(angle, length float64, col rgb) {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	at := func(along, aside float64) string {
		return fmt.Sprintf("%g %g", 50+0.09*angle+along*sin+aside*cos, 60-along*cos+aside*sin)
	}
	c.solid(path(fmt.Sprintf("M %s Q %s %s Q %s %s Z", at(0, 0), at(length*0.6, 6), at(length*1.25, 0), at(length*0.6, -6), at(0, 0))),
		plain(col), 2)
}

func drawClock(c *canvas, l look) {
	c.solid(ellipse(50, 50, 40, 40), l.cover, 4)
	face := hex(0xf8f5ee)
	ink := plain(hex(0x2a2a2f))
	if l.style == 1 {
		face = l.base.darker(0.45)
		ink = plain(hex(0xf4f0e8))
	}
	c.flat(ellipse(50, 50, 32, 32), plain(face))
	c.glaze(ring(50, 32, 30.6), plain(hex(0x000000)), 0.16)
	for mark := range 60 {
		sin, cos := math.Sincos(float64(mark) * math.Pi / 30)
		switch {
		case mark%5 == 0:
			c.flat(stroke(pathLine(50+24*sin, 50-24*cos, 28.5*sin+50, 50-28.5*cos), 2), ink)
		case l.style == 2:
			c.flat(stroke(pathLine(50+27.5*sin, 50-27.5*cos, 28.5*sin+50, 50-28.5*cos), 0.7), ink)
		}
	}
	c.flat(stroke("M 50 50 L 37 41", 2.8), ink)
	c.flat(stroke("M 50 50 L 66 31", 2), ink)
	c.flat(stroke("M 47 58 L 55 28", 0.8), plain(l.accent.mix(hex(0xc5353a), 0.6)))
	c.solid(ellipse(50, 50, 2.4, 2.4), plain(l.trim), 1.2)
}
