package demo

import "fmt"

// leg is a leg of a piece of furniture, from the top to the floor, where it leaves its shadow.
func (c *canvas) leg(x0, y0, x1, y1, width float64, p paint) {
	c.solid(path(fmt.Sprintf("M %g %g L %g %g L %g %g L %g %g Z",
		x0-width/2, y0, x0+width/2, y0, x1+width/3, y1, x1-width/3, y1)), p, 1.4)
	c.stand(x1, y1, 3.6, 1.2)
}

func drawChair(c *canvas, l look) {
	wood := plain(l.trim.darker(0.1))
	c.stand(52, 86, 24, 4)
	c.leg(34, 58, 31, 84, 3.6, plain(l.trim.darker(0.35)))
	c.leg(72, 58, 75, 84, 3.6, plain(l.trim.darker(0.35)))
	switch l.style {
	case 0: // a padded back
		c.solid(stroke("M 32 60 L 29 14", 3.4), wood, 1.6)
		c.solid(stroke("M 66 58 L 65 12", 3.4), wood, 1.6)
		c.solid(path("M 28 14 Q 47 9 67 12 L 66 38 Q 48 36 30 40 Z"), l.cloth(), 4)
	case 1: // spindles
		for _, x := range []float64{31, 38.5, 46, 53.5, 61, 67} {
			c.solid(stroke(pathLine(x-1.5, 16, x, 60), 2), wood, 1)
		}
		c.solid(stroke("M 28 15 Q 47 9 68 13", 5.4), l.cover, 2.4)
	default: // a shell
		c.solid(path("M 26 20 Q 46 6 70 18 Q 74 40 72 62 L 28 64 Q 24 40 26 20 Z"), l.cloth(), 5)
	}
	seat := path("M 26 58 Q 27 54 33 54 L 70 52 Q 76 52 78 57 L 82 65 Q 82 69 77 69 L 25 71 Q 20 71 21 66 Z")
	c.solid(seat, fading(l.cloth(), 52, 74, 0.88), 3.5)
	c.leg(25, 70, 22, 92, 4.2, wood)
	c.leg(78, 68, 81, 91, 4.2, wood)
}

func drawArmchair(c *canvas, l look) {
	c.stand(50, 89, 36, 3.6)
	for _, x := range []float64{24, 76} {
		c.leg(x, 80, x+(x-50)/12, 91, 4.6, plain(hex(0x6d4a30)))
	}
	back := []string{
		"M 22 70 L 22 28 Q 22 14 50 14 Q 78 14 78 28 L 78 70 Z",
		"M 18 70 L 16 24 Q 16 10 30 14 Q 50 18 70 14 Q 84 10 84 24 L 82 70 Z",
		"M 22 70 L 22 34 Q 22 28 28 28 L 72 28 Q 78 28 78 34 L 78 70 Z",
	}[l.style]
	c.solid(path(back), fading(l.cloth(), 20, 70, 0.9), 7)
	if l.style == 1 {
		for _, at := range []point{{36, 30}, {50, 33}, {64, 30}, {43, 42}, {57, 42}} {
			c.solid(ellipse(at.x, at.y, 1.5, 1.5), l.seam(), 1)
		}
	}
	c.solid(box(24, 72, 76, 84, 3), fading(l.cloth(), 70, 86, 0.82), 3)
	c.solid(box(25, 56, 75, 74, 6), l.cloth(), 5)
	arm := "M 72 54 Q 72 46 81 46 Q 91 46 91 55 L 89 82 Q 88 85 84 85 L 77 85 Q 73 85 73 81 Z"
	if l.style == 2 {
		arm = "M 73 50 L 90 50 Q 92 50 92 53 L 90 83 Q 90 85 87 85 L 76 85 Q 73 85 73 82 Z"
	}
	c.solid(both(arm), l.cloth(), 6)
	if l.style == 0 {
		c.solid(path("M 38 38 Q 50 42 62 38 Q 59 48 62 58 Q 50 55 38 58 Q 41 48 38 38 Z"), plain(l.trim), 5)
	}
}

func drawTable(c *canvas, l look) {
	wood := plain(l.trim)
	c.stand(50, 85, 38, 4)
	switch l.style {
	case 0: // four legs
		c.leg(24, 44, 26, 77, 3.6, plain(l.trim.darker(0.35)))
		c.leg(76, 44, 74, 77, 3.6, plain(l.trim.darker(0.35)))
		c.leg(14, 50, 12, 88, 4.6, wood)
		c.leg(86, 50, 88, 88, 4.6, wood)
		c.solid(path("M 10 48 L 90 48 L 88 55 L 12 55 Z"), fading(wood, 47, 56, 0.8), 1.4)
		c.solid(path("M 20 36 L 80 36 L 95 46 Q 96 50 92 50 L 8 50 Q 4 50 5 46 Z"), l.cover, 1.8)
	case 1: // round, on one foot
		c.solid(path("M 46 46 L 54 46 L 55 76 Q 68 80 74 88 L 26 88 Q 32 80 45 76 Z"), c.round(wood, 40, 62), 2)
		c.solid(ellipse(50, 45, 43, 10.5), plain(l.base.darker(0.3)), 1.5)
		c.solid(ellipse(50, 42.5, 43, 10.5), l.cover, 1.5)
	default: // a low one with a shelf
		c.leg(24, 56, 25, 80, 3.4, plain(l.trim.darker(0.35)))
		c.leg(76, 56, 75, 80, 3.4, plain(l.trim.darker(0.35)))
		c.solid(path("M 22 74 L 78 74 L 86 80 L 14 80 Z"), fading(l.cover, 60, 82, 0.75), 1.4)
		c.leg(13, 60, 11, 89, 4.6, wood)
		c.leg(87, 60, 89, 89, 4.6, wood)
		c.solid(box(6, 55, 94, 62, 2), fading(l.cover, 54, 64, 0.8), 1.6)
		c.solid(path("M 18 45 L 82 45 L 94 56 Q 95 58 92 58 L 8 58 Q 5 58 6 56 Z"), l.cover, 1.8)
	}
}
