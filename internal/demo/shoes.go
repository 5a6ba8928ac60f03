package demo

// Shoes are seen from the side, the toe to the left.

func drawTrainer(c *canvas, l look) {
	high := l.style == 1
	upper := "M 11 68 Q 9 58 21 55 Q 36 51 45 38 Q 47 33 52 35 L 60 40 Q 67 43 74 39 Q 79 32 85 35 Q 91 48 90 68 Z"
	if high {
		upper = "M 11 68 Q 9 58 21 55 Q 36 51 45 38 Q 48 27 50 20 Q 66 26 84 18 Q 88 40 90 68 Z"
	}
	c.stand(50, 78, 41, 3.4)
	c.solid(path(upper), l.cloth(), 6)
	c.within(path(upper), func() {
		c.solid(path("M 9 70 L 9 50 Q 26 50 27 70 Z"), plain(l.trim), 2.5)
		c.solid(path("M 76 70 Q 74 54 92 52 L 94 70 Z"), plain(l.trim), 2.5)
		switch l.style {
		case 0:
			c.solid(path("M 46 68 L 58 46 L 65 49 L 55 68 Z M 59 68 L 68 49 L 74 52 L 68 68 Z"), plain(l.accent), 1.2)
		case 1:
			c.solid(ellipse(73, 42, 6, 6), plain(l.accent), 1.2)
		default:
			c.solid(path("M 40 66 Q 62 64 84 44 Q 74 68 44 70 Z"), plain(l.accent), 1.2)
		}
	})
	c.laces(high)
	if high {
		c.flat(path("M 50 20 Q 66 26 84 18 Q 66 20 50 20 Z"), plain(l.base.darker(0.5)))
	} else {
		c.flat(path("M 54 36.5 L 60 40 Q 67 43 74 39 Q 78 34 83 35 Q 76 47 65 46 Q 57 44 54 36.5 Z"), plain(l.base.darker(0.5)))
	}
	sole := hex(0xf0eee9)
	if l.style == 2 {
		sole = l.trim.darker(0.15)
	}
	c.solid(path("M 9 69 Q 8 65.5 13 66 Q 50 68 88 66 Q 93 66 92 72 Q 91 78 84 78 L 18 78 Q 10 77 9 69 Z"), plain(sole), 3)
	c.glaze(stroke("M 11 73 Q 50 74.5 90 73", 0.7), plain(hex(0x77736d)), 0.6)
}

// laces crosses the instep of a trainer.
func (c *canvas) laces(high bool) {
	rows := []string{"M 33 50 L 40 55", "M 37.5 46 L 45 51", "M 41.5 42 L 49 47"}
	if high {
		rows = append(rows, "M 45 37 L 53 41", "M 47 31 L 55 34", "M 48.5 25 L 57 28")
	}
	for _, d := range rows {
		c.solid(stroke(d, 1.9), plain(hex(0xf7f5f0)), 1)
	}
}

func drawBoot(c *canvas, l look) {
	shafts := []string{
		"M 45 13 Q 62 16 78 13 Q 78 40 81 60 L 83 78 L 14 78 Q 11 66 24 62 Q 40 58 44 46 Q 46 30 45 13 Z",
		"M 43 32 Q 62 35 80 31 Q 79 46 82 62 L 84 78 L 14 78 Q 11 66 24 62 Q 38 58 42 48 Q 44 40 43 32 Z",
		"M 42 10 Q 60 13 80 9 Q 79 40 82 60 L 83 78 L 13 78 Q 10 64 24 61 Q 40 57 43 46 Q 44 30 42 10 Z",
	}
	c.stand(49, 86, 37, 3)
	c.solid(path(shafts[l.style]), folded(l.cover, l.seed), 7)
	c.within(path(shafts[l.style]), func() {
		switch l.style {
		case 0: // laced
			c.glaze(stroke("M 27 61 Q 48 58 51 42 L 51 13", 0.9), l.seam(), 0.8)
			for y := 20.0; y < 58; y += 7 {
				c.solid(stroke(pathLine(43, y+1, 54, y-1), 1.6), plain(l.trim.lighter(0.3)), 0.9)
			}
		case 1: // with an elastic side
			c.flat(path("M 56 32 L 69 32 L 66 56 L 60 56 Z"), func(x, _ float64) rgb { return l.base.darker(0.45 + 0.2*band(x, 1.8, 0.8)) })
			c.solid(box(77, 26, 83, 36, 1), plain(l.trim), 1)
		default: // of rubber
			c.solid(box(36, 8, 90, 15, 0), plain(l.trim), 2)
			c.glaze(path("M 48 20 Q 52 20 51 44 Q 49 56 36 62 Q 48 50 48 20 Z"), plain(rgb{1, 1, 1}), 0.42)
		}
	})
	c.solid(path("M 12 77 Q 48 79 84.5 77 L 85 86 L 66 86 L 64 82 Q 40 84 14 83 Q 11 81 12 77 Z"), plain(hex(0x3a302a)), 2)
}

func drawCourtShoe(c *canvas, l look) {
	heel := []string{
		"M 76 58 Q 90 54 89 42 L 85.5 83 L 82 83 Q 82 68 73 62 Z",
		"M 70 62 Q 90 56 89 42 L 88 83 L 76 83 Q 76 70 66 66 Z",
		"M 74 60 Q 90 54 89 42 Q 88 66 88 83 L 80 83 Q 80 68 70 63 Z",
	}[l.style]
	c.stand(30, 80, 22, 2.2)
	c.stand(83, 83, 6, 1.5)
	c.solid(path(heel), plain(l.trim.darker(0.25)), 2.5)
	c.solid(path("M 9 76 Q 26 80 42 76 Q 58 70 72 62 L 74 65 Q 58 76 42 80 Q 26 83 11 80 Q 8 79 9 76 Z"), plain(l.trim.darker(0.5)), 1.2)
	c.flat(path("M 30 64 Q 54 54 80 32 Q 86 32 88 38 Q 78 52 62 60 Q 46 68 30 64 Z"), plain(hex(0xd9b99a).mix(l.base, 0.25).darker(0.12)))
	upper := "M 8 75 Q 8 65 22 62 Q 28 61 32 64 Q 36 70 48 66 Q 66 58 81 35 Q 85 31 88 37 " +
		"Q 91 50 86 57 Q 74 62 62 69 Q 46 79 26 79 Q 9 79 8 75 Z"
	c.solid(path(upper), l.cloth(), 5)
	switch l.style {
	case 0:
		c.glaze(path("M 13 73 Q 16 66 24 65 Q 18 69 17 74 Z"), plain(rgb{1, 1, 1}), 0.4)
	case 1:
		c.solid(stroke("M 40 68 Q 46 46 58 44 Q 70 42 74 47", 2.2), plain(l.base), 1.2)
		c.solid(box(54, 42, 60, 47, 1), plain(hex(0xcfb45c)), 1)
	default:
		c.solid(path("M 24 66 L 13 60 L 14 70 Z M 24 66 L 35 59 L 35 70 Z"), plain(l.trim), 1.8)
		c.solid(ellipse(24, 66, 2.4, 2.6), plain(l.trim.darker(0.15)), 1.4)
	}
}
