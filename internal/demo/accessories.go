package demo

import "math"

// metal are the colours of buckles, rims and hands.
var metal = struct{ gold, steel rgb }{hex(0xcfae58), hex(0xc3c7cd)}

func drawBag(c *canvas, l look) {
	c.stand(50, 85, 36, 3)
	switch l.style {
	case 0: // a tote
		c.solid(stroke("M 36 42 Q 36 10 50 10 Q 64 10 64 42", 3.2), plain(l.trim.darker(0.1)), 1.6)
		c.solid(path("M 20 38 L 80 38 L 85 84 Q 50 87 15 84 Z"), l.cloth(), 5)
		c.solid(stroke("M 36 42 L 36 52", 4.4), plain(l.trim), 1.4)
		c.solid(stroke("M 64 42 L 64 52", 4.4), plain(l.trim), 1.4)
		c.hem("M 20 41 L 80 41", l)
	case 1: // with a flap
		c.solid(stroke("M 22 48 Q 26 14 50 14 Q 74 14 78 48", 2.6), plain(l.trim), 1.4)
		c.solid(box(16, 42, 84, 85, 7), l.cloth(), 5)
		c.solid(path("M 16 48 Q 16 41 23 41 L 77 41 Q 84 41 84 48 L 84 56 Q 68 70 50 70 Q 32 70 16 56 Z"), l.cloth(), 4)
		c.solid(box(45, 63, 55, 74, 1.5), plain(metal.gold), 2)
		c.flat(box(48, 67, 52, 70.5, 0.8), plain(metal.gold.darker(0.5)))
	default: // a bowling bag
		c.solid(stroke("M 32 46 Q 34 20 50 20 Q 66 20 68 46", 3.4), plain(l.trim), 1.8)
		c.solid(path("M 14 84 Q 10 44 34 40 L 66 40 Q 90 44 86 84 Q 50 88 14 84 Z"), l.cloth(), 7)
		c.solid(stroke("M 19 52 Q 50 40 81 52", 1.6), plain(metal.gold), 0.8)
		c.solid(both("M 86.2 86 Q 88 70 85.5 58 Q 76 66 72 86.2 Z"), plain(l.trim), 2.5)
		c.solid(append(ellipse(32, 47, 2, 2), ellipse(68, 47, 2, 2)...), plain(metal.gold), 1.4)
	}
}

func drawBackpack(c *canvas, l look) {
	c.stand(50, 90, 30, 2.8)
	c.solid(both("M 74 40 Q 86 46 84 66 Q 83 78 77 84 L 72 84 Z"), plain(l.trim.darker(0.2)), 2.5)
	c.solid(stroke("M 43 16 Q 43 7 50 7 Q 57 7 57 16", 2.8), plain(l.trim), 1.4)
	c.solid(path("M 22 84 L 23 36 Q 25 12 50 12 Q 75 12 77 36 L 78 84 Q 78 90 72 90 L 28 90 Q 22 90 22 84 Z"), l.cloth(), 8)
	switch l.style {
	case 0:
		c.solid(box(28, 56, 72, 86, 6), l.cloth(), 4)
		c.solid(stroke("M 31 62 L 69 62", 1.4), plain(metal.steel), 0.7)
		c.solid(stroke("M 27 42 Q 50 30 73 42", 1.4), plain(metal.steel), 0.7)
	case 1: // with a flap and two straps
		c.solid(path("M 21 40 Q 24 11 50 11 Q 76 11 79 40 L 78 54 Q 50 62 22 54 Z"), l.cloth(), 5)
		for _, x := range []float64{36, 64} {
			c.solid(box(x-2.6, 42, x+2.6, 76, 1), plain(l.trim), 1.4)
			c.solid(box(x-3.6, 62, x+3.6, 69, 1.2), plain(metal.gold), 1.2)
		}
	default:
		c.solid(box(28, 60, 49, 86, 5), l.cloth(), 3.5)
		c.solid(box(51, 60, 72, 86, 5), l.cloth(), 3.5)
		c.solid(box(30, 34, 70, 54, 5), plain(l.trim), 3.5)
		c.solid(stroke("M 34 39 L 66 39", 1.3), plain(metal.steel), 0.7)
	}
}

func drawHat(c *canvas, l look) {
	switch l.style {
	case 0: // a brim all round
		c.stand(50, 70, 44, 7)
		c.solid(ellipse(50, 66, 44, 13), fading(l.cloth(), 58, 80, 0.86), 3)
		c.glaze(ellipse(50, 63, 27, 7), plain(l.base.darker(0.6)), 0.4)
		crown := path("M 25 62 Q 27 30 40 27 Q 50 31 60 27 Q 73 30 75 62 Q 50 72 25 62 Z")
		c.solid(crown, c.round(l.cloth(), 24, 76), 5)
		c.within(crown, func() { c.solid(path("M 20 50 Q 50 62 80 50 L 80 61 Q 50 73 20 61 Z"), plain(l.trim.darker(0.15)), 2) })
	case 1: // a peak: a cap
		c.stand(54, 71, 38, 4.5)
		c.solid(path("M 30 62 Q 14 62 6 70 Q 14 76 32 72 Q 46 68 58 69 Z"), plain(l.trim), 3)
		c.solid(path("M 28 64 Q 26 28 58 27 Q 88 30 88 66 Q 60 76 28 64 Z"), c.round(l.cloth(), 24, 94), 6)
		c.glaze(stroke("M 57 27 Q 46 44 46 68", 0.8), l.seam(), 0.6)
		c.glaze(stroke("M 59 27 Q 74 44 74 69", 0.8), l.seam(), 0.6)
		c.solid(ellipse(58, 27, 3, 2), plain(l.trim), 1.4)
	default: // a woollen hat with a bobble
		c.stand(50, 80, 30, 4)
		rib := func(x, _ float64) rgb { return l.trim.darker(0.3 * band(x, 3.6, 1.1)) }
		c.solid(path("M 22 68 Q 22 26 50 25 Q 78 26 78 68 Q 50 76 22 68 Z"), c.round(l.cloth(), 20, 82), 8)
		c.solid(path("M 20 62 Q 50 70 80 62 L 81 76 Q 50 85 19 76 Z"), c.round(rib, 18, 83), 4)
		c.solid(ellipse(50, 21, 9.5, 9), fluffy(l.accent.mix(l.trim, 0.5), l.seed), 6)
	}
}

// fluffy is the coat of a bobble.
func fluffy(col rgb, seed uint64) paint {
	return func(x, y float64) rgb { return col.times(0.86 + 0.3*noise(cell(x*1.6, y*1.6), seed)) }
}

func drawSunglasses(c *canvas, l look) {
	lens := []string{
		"M 55 45 Q 56 38 72 38 Q 90 38 90 48 Q 90 66 73 66 Q 57 66 55 45 Z",
		"M 55 40 L 90 40 Q 92 62 84 64 L 64 64 Q 55 62 55 40 Z",
		"M 54 52 Q 54 34 72 34 Q 90 34 90 52 Q 90 70 72 70 Q 54 70 54 52 Z",
	}[l.style]
	arm := both("M 88 40 Q 95 38 93 44 L 84 78 Q 82 82 80 79 L 89 46 Z")
	c.solid(arm, folded(l.cover, l.seed), 1.4)
	glass := l.accent.darker(0.45)
	frame := stroke(lens+" M 46 45 Q 50 39 54 45", []float64{3.6, 5, 2.2}[l.style])
	c.glaze(both(lens), func(x, y float64) rgb { return glass.lighter(0.5 * smooth(44, 72, y)) }, 0.9)
	c.within(both(lens), func() {
		c.glaze(path("M 60 34 L 68 34 L 58 70 L 50 70 Z M 72 34 L 75 34 L 65 70 L 62 70 Z"), plain(rgb{1, 1, 1}), 0.28)
		c.glaze(path("M 24 34 L 32 34 L 22 70 L 14 70 Z M 36 34 L 39 34 L 29 70 L 26 70 Z"), plain(rgb{1, 1, 1}), 0.28)
	})
	c.solid(append(frame, flipped(frame)...), folded(l.cover, l.seed), 1.6)
}

func drawWatch(c *canvas, l look) {
	strap := mirrored("M 50 3 L 59 4 L 61 30 L 61 70 L 59 96 L 50 97")
	c.solid(strap, l.cloth(), 2.5)
	if l.style == 1 { // links of steel
		for y := 6.0; y < 96; y += 5 {
			c.glaze(stroke(pathLine(40, y, 60, y), 0.9), plain(l.base.darker(0.6)), 0.75)
		}
	} else {
		c.glaze(both("M 58.4 5 L 59.2 5 L 60 96 L 59.2 96 Z"), plain(l.trim.lighter(0.4)), 0.5)
		for _, y := range []float64{82, 87, 92} {
			c.flat(ellipse(50, y, 1, 1.3), l.seam())
		}
	}
	rim := []rgb{metal.gold, metal.steel, hex(0x3a3c42)}[l.style]
	face := []rgb{hex(0xf7f4ec), l.accent.mix(hex(0xf7f4ec), 0.3), hex(0xf2f2f2).mix(l.base, 0.2)}[l.style]
	ink := plain(hex(0x26262b))
	if face.luma() < 0.5 {
		ink = plain(hex(0xf4f2ee))
	}
	c.solid(box(74, 47.5, 79, 52.5, 1), plain(rim), 1.2)
	if l.style == 2 {
		c.solid(box(25, 25, 75, 75, 11), plain(rim), 4)
		c.flat(box(29, 29, 71, 71, 8), plain(face))
	} else {
		c.solid(ellipse(50, 50, 26, 26), plain(rim), 4)
		c.flat(ellipse(50, 50, 21.5, 21.5), plain(face))
	}
	for hour := range 12 {
		sin, cos := math.Sincos(float64(hour) * math.Pi / 6)
		c.flat(stroke(pathLine(50+16.5*sin, 50-16.5*cos, 50+19.2*sin, 50-19.2*cos), 1.3), ink)
	}
	c.flat(stroke("M 50 50 L 41.5 44", 2), ink)
	c.flat(stroke("M 50 50 L 60 37", 1.4), ink)
	c.flat(ellipse(50, 50, 1.8, 1.8), plain(rim.darker(0.1)))
	c.glossy("M 34 42 Q 40 31 54 30 Q 44 38 36 52 Z", 0.35)
}

func drawScarf(c *canvas, l look) {
	fringe := func(x0, x1, y float64) {
		for x := x0; x <= x1; x += 2 {
			c.solid(stroke(pathLine(x, y, x+0.4, y+7), 0.9), plain(l.trim), 0.5)
		}
	}
	switch l.style {
	case 0: // hanging, crossed
		fringe(57, 73, 84)
		c.solid(path("M 44 34 L 62 30 L 75 85 L 56 86 Z"), l.cloth(), 5)
		fringe(28, 44, 86)
		c.solid(path("M 56 34 L 38 30 L 26 87 L 45 88 Z"), l.cloth(), 5)
		c.solid(ring(28, 26, 13), l.cloth(), 6)
		c.solid(path("M 25 30 Q 36 52 62 48 Q 74 42 75 32 Q 64 46 48 41 Q 36 38 25 30 Z"), l.cloth(), 4)
	case 1: // folded
		fringe(22, 78, 80)
		for i, y := range []float64{62, 46, 30} {
			c.solid(box(18+float64(i), y, 82-float64(i), y+20, 7), l.cloth(), 5)
		}
	default: // a loop, wound twice
		c.solid(ring(46, 36, 19), l.cloth(), 8)
		c.solid(path("M 13 44 Q 16 82 50 84 Q 84 82 87 44 Q 92 60 82 78 Q 68 94 50 93 Q 32 94 18 78 Q 8 60 13 44 Z"), l.cloth(), 6)
		c.glaze(stroke("M 22 62 Q 34 78 52 77 Q 70 76 79 60", 1), l.seam(), 0.4)
	}
}
