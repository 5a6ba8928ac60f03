package demo

import "fmt"

func drawTrousers(c *canvas, l look) {
	legs := []string{
		"L 71 14 Q 75 32 73 52 L 71 91 L 56 91 L 52 42 L 50 38",     // straight
		"L 71 14 Q 76 32 72 54 L 66 91 L 56 91 L 53 44 L 50 38",     // narrow
		"L 71 14 Q 75 32 72 50 Q 74 72 80 90 L 58 91 Q 56 62 50 40", // flared
	}[l.style]
	c.solid(mirrored("M 50 13 "+legs), l.cloth(), 7)
	c.glaze(both("M 61.5 44 L 63.5 44 L 64.5 88 L 62.5 88 Z"), plain(rgb{1, 1, 1}), 0.12)
	c.waist(l, 29, 71, 10, 17)
	c.glaze(stroke("M 50 17 L 50 37", 0.8), l.seam(), 0.7)
	c.glaze(stroke("M 50 31 Q 54 29 54 18", 0.6), l.seam(), 0.5)
	right := stroke("M 60 17.4 Q 61 25 72 26", 0.8)
	c.glaze(append(right, flipped(right)...), l.seam(), 0.7)
}

// waist is a waistband with its button and loops.
func (c *canvas) waist(l look, x0, x1, y0, y1 float64) {
	c.solid(box(x0, y0, x1, y1, 1.2), plain(l.trim), 2)
	for _, x := range []float64{x0 + 7, 50 - 5, 50 + 5, x1 - 7} {
		c.solid(box(x-0.9, y0-0.6, x+0.9, y1+0.8, 0.5), plain(l.trim.darker(0.25)), 0.8)
	}
	c.solid(ellipse(50, (y0+y1)/2, 1.5, 1.5), plain(hex(0xd8cfbd)), 1.2)
}

func drawShorts(c *canvas, l look) {
	long := []float64{68, 62, 76}[l.style]
	legs := fmt.Sprintf("M 50 24 L 76 25 Q 81 44 82 %g L 55 %g L 51 50 L 50 49", long, long+3)
	c.solid(mirrored(legs), l.cloth(), 7)
	c.hem(fmt.Sprintf("M 55 %g L 82 %g", long-1, long-4), l)
	c.hem(fmt.Sprintf("M 45 %g L 18 %g", long-1, long-4), l)
	c.waist(l, 23.5, 76.5, 20, 28)
	c.glaze(stroke("M 50 28 L 50 49", 0.8), l.seam(), 0.7)
	if l.style == 2 { // a drawstring
		c.solid(stroke("M 47 26 Q 43 34 45 42", 1.3), plain(l.trim.lighter(0.7)), 0.8)
		c.solid(stroke("M 53 26 Q 57 34 54 43", 1.3), plain(l.trim.lighter(0.7)), 0.8)
	}
	right := stroke("M 64 28.5 Q 66 37 79 39", 0.8)
	c.glaze(append(right, flipped(right)...), l.seam(), 0.7)
}

func drawSkirt(c *canvas, l look) {
	shapes := []string{
		"M 50 20 L 63 20 Q 74 48 86 80 Q 68 87 50 87", // swinging
		"M 50 18 L 64 18 Q 72 32 70 88 Q 60 89 50 89", // pencil
		"M 50 22 L 64 22 Q 72 42 80 70 Q 66 76 50 76", // short, pleated
	}
	c.solid(mirrored(shapes[l.style]), l.cloth(), 6)
	if l.style != 1 {
		for _, x := range []float64{-0.8, -0.4, 0, 0.4, 0.8} {
			end := []float64{84, 0, 73}[l.style]
			fold := stroke(fmt.Sprintf("M %g 28 Q %g 50 %g %g", 50+14*x, 50+22*x, 50+36*x, end-3*x*x), 1)
			c.glaze(fold, l.seam(), 0.28)
		}
	} else {
		c.glaze(stroke("M 56 88 L 55 74", 0.9), l.seam(), 0.6)
	}
	top := []float64{17, 15, 19}[l.style]
	c.solid(box(36, top, 64, top+6.5, 1.2), plain(l.trim), 2)
}

func drawDress(c *canvas, l look) {
	skirts := []string{
		"Q 60 40 59 44 Q 70 66 78 87 Q 64 92 50 92",     // swinging
		"Q 62 38 60 46 Q 66 60 65 90 Q 58 91.5 50 91.5", // straight
		"Q 60 38 59 43 Q 76 56 79 72 Q 66 78 50 78",     // full and short
	}[l.style]
	bodice := []string{
		"M 50 21 Q 56 21 58 10 L 62.5 10 Q 62 22 66 26 ",
		"M 50 17 Q 56 17 60 11 L 68 13 Q 64 22 67 28 ",
		"M 50 22 Q 57 18 62 22 L 65 26 ",
	}[l.style]
	switch l.style {
	case 1:
		c.solid(both("M 65 12 Q 74 14 78 24 L 83 36 L 73 41 L 65 28 Z"), l.cloth(), 4)
	case 2:
		c.solid(append(stroke("M 60 23 L 58 9", 1.8), stroke("M 40 23 L 42 9", 1.8)...), plain(l.trim), 1)
	}
	if l.style < 2 {
		c.flat(mirrored("M 50 13 Q 56 13 58 11 L 60 13 Q 57 23 50 23"), plain(l.base.darker(0.45)))
	}
	c.solid(mirrored(bodice+skirts), l.cloth(), 6)
	for _, x := range []float64{-0.7, -0.25, 0.25, 0.7} {
		c.glaze(stroke(fmt.Sprintf("M %g 50 Q %g 64 %g 76", 50+9*x, 50+14*x, 50+22*x), 1), l.seam(), 0.25)
	}
	c.solid(mirrored("M 50 42.5 L 59.4 42 L 59.8 46.5 L 50 47.5"), plain(l.trim), 1.8)
}
