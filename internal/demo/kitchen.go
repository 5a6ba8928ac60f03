package demo

import "fmt"

// glossy puts the highlight of a glaze on a shape.
func (c *canvas) glossy(d string, opacity float64) { c.glaze(path(d), plain(rgb{1, 1, 1}), opacity) }

func drawMug(c *canvas, l look) {
	body := []string{
		"M 20 28 L 68 28 L 66 82 Q 66 87 60 87 L 28 87 Q 22 87 22 82 Z",
		"M 19 30 Q 22 60 32 86 L 56 86 Q 66 60 69 30 Z",
		"M 22 28 L 66 28 Q 74 58 64 82 Q 60 88 44 88 Q 28 88 24 82 Q 14 58 22 28 Z",
	}[l.style]
	handle := []string{
		"M 66 40 Q 86 36 86 54 Q 86 72 65 72",
		"M 66 38 Q 84 34 82 50 Q 80 62 62 64",
		"M 69 42 Q 88 40 87 57 Q 85 72 68 74",
	}[l.style]
	c.stand(46, 86, 27, 4)
	c.solid(stroke(handle, 5.6), plain(l.trim.mix(l.base, 0.4)), 2.6)
	c.solid(path(body), c.round(l.cover, 19, 69), 2.5)
	c.rim(44, 29, 24.4, 6.2, l.trim.mix(l.base, 0.4), hex(0x5a3a26))
	c.glossy("M 26 40 Q 28 39 30 40 L 31 72 Q 29 74 28 72 Z", 0.34)
}

// rim is the opening of a vessel: its edge, its inner side and what stands in it.
func (c *canvas) rim(x, y, rx, ry float64, edge, inside rgb) {
	c.solid(ellipse(x, y, rx, ry), plain(edge), 1)
	c.flat(ellipse(x, y+0.2, rx-1.7, ry-1.3), plain(edge.darker(0.4)))
	c.within(ellipse(x, y+0.2, rx-1.7, ry-1.3), func() {
		c.flat(ellipse(x, y+ry*0.75, rx-2.4, ry-1.6), plain(inside))
	})
}

func drawTeapot(c *canvas, l look) {
	bodies := []string{
		"M 50 33 Q 66 33 74 44 Q 82 58 74 74 Q 68 84 50 84",
		"M 50 34 L 68 34 Q 76 60 74 78 Q 72 84 64 84 L 50 84",
		"M 50 40 Q 74 38 80 56 Q 82 78 62 84 L 50 84",
	}
	c.stand(50, 84, 26, 4)
	c.solid(stroke("M 72 46 Q 92 36 92 56 Q 91 70 75 72", 4.6), plain(l.trim), 2.2)
	c.solid(path("M 28 72 Q 14 66 12 52 Q 11 45 5 43 Q 12 37 18 42 Q 20 52 30 54 Z"), c.round(l.cover, 5, 32), 3)
	body := mirrored(bodies[l.style])
	c.solid(body, c.ball(l.cover, 50, 58, 29), 4)
	top := []float64{34, 35, 41}[l.style]
	lid := mirrored(fmt.Sprintf("M 50 %g Q 62 %g 66 %g Q 58 %g 50 %g", top-10, top-8, top+1, top+4.5, top+4.5))
	c.solid(lid, c.ball(plain(l.trim), 50, top, 17), 3)
	c.solid(ellipse(50, top-12, 4, 3.8), plain(l.trim.darker(0.1)), 3)
	c.glossy("M 33 50 Q 36 42 44 41 Q 37 46 36 58 Q 33 58 33 50 Z", 0.4)
	c.solid(box(38, 82.5, 62, 86, 1.5), plain(l.trim), 1.5)
}

func drawBowl(c *canvas, l look) {
	rims := []float64{9, 7, 12}
	ry := rims[l.style]
	bodies := []string{
		"M 12 44 Q 16 80 42 82 L 58 82 Q 84 80 88 44 Z",
		"M 12 44 Q 26 74 42 80 L 58 80 Q 74 74 88 44 Z",
		"M 14 44 Q 12 84 40 84 L 60 84 Q 88 84 86 44 Z",
	}
	c.stand(50, 84, 26, 4)
	c.solid(box(38, 78, 62, 86, 2), c.round(plain(l.trim), 38, 62), 2)
	c.solid(path(bodies[l.style]), c.round(l.cover, 12, 88), 4)
	edge := l.trim.mix(l.base, 0.3)
	c.solid(ellipse(50, 44, 38, ry), plain(edge), 1.2)
	inner := ellipse(50, 44.3, 36, ry-1.6)
	c.flat(inner, fading(plain(edge.lighter(0.25).darker(0.25)), 36, 56, 1.4))
	c.glossy("M 22 58 Q 24 58 25 60 Q 28 70 34 75 Q 25 71 22 58 Z", 0.38)
}

func drawPlate(c *canvas, l look) {
	const r = 42
	deep := []float64{26, 29, 23}[l.style]
	c.solid(ellipse(50, 50, r, r), l.cover, 3)
	if l.style == 2 {
		c.solid(ring(50, r+0.8, r-1.2), plain(l.trim), 0.8)
	} else {
		c.glaze(ring(50, r-1, r-3), plain(l.trim), 0.9)
	}
	c.glaze(ellipse(50, 50, deep+2.5, deep+2.5), plain(l.base.darker(0.5)), 0.2)
	middle := plain(l.base.lighter(0.15))
	if l.style == 1 {
		middle = l.cover
	}
	c.solid(ellipse(50.4, 50.6, deep, deep), middle, 2.5)
	c.glaze(path("M 26 34 Q 34 20 50 17 Q 38 24 31 38 Q 27 40 26 34 Z"), plain(rgb{1, 1, 1}), 0.35)
}

// ring is what lies between two circles around (50, y). The inner one runs the other way round, which leaves it out.
func ring(y, outer, inner float64) outline {
	o := ellipse(50, y, outer, outer)
	for _, line := range ellipse(50, y, inner, inner) {
		hole := make([]point, len(line))
		for i, p := range line {
			hole[len(line)-1-i] = p
		}
		o = append(o, hole)
	}
	return o
}

func drawPan(c *canvas, l look) {
	handle := []string{"M 70 46 L 95 38", "M 70 48 L 96 44", "M 70 46 L 93 46"}[l.style]
	c.solid(stroke(handle, 4.6), plain(l.trim.darker(0.2)), 2.2)
	deep := []float64{80, 72, 82}[l.style]
	c.stand(41, deep-1, 30, 3.6)
	side := fmt.Sprintf("M 8 44 L 74 44 L 72 %g Q 71 %g 64 %g L 18 %g Q 11 %g 10 %g Z", deep-6, deep, deep, deep, deep, deep-6)
	c.solid(path(side), c.round(l.cover, 8, 74), 3)
	if l.style == 1 {
		c.rim(41, 45, 33.5, 8.5, metal.steel, hex(0x3b3b40))
	} else {
		c.solid(path("M 8 44 Q 12 30 41 30 Q 70 30 74 44 Q 41 54 8 44 Z"), c.ball(plain(l.trim), 41, 42, 34), 3)
		c.solid(ellipse(41, 29, 5, 3.4), plain(l.trim.darker(0.3)), 2.4)
	}
	if l.style == 2 {
		c.solid(stroke("M 9 54 Q 1 54 2 60 Q 3 64 10 63", 3), plain(l.trim.darker(0.2)), 1.5)
	}
	c.glossy("M 16 54 Q 18 53 19.5 54 L 20.5 70 Q 19 72 18 70 Z", 0.34)
}
