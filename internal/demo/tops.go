package demo

// look is how a design is dressed: its colours, its cloth and which of the forms of its kind it has.
type look struct {
	base, accent rgb   // the colour it is sold under, and the one beside it
	trim         rgb   // collars, soles, seams
	cover        paint // base and accent in the pattern of the design
	style        int   // 0 to 2: the form
	seed         uint64
}

// cloth is the pattern on cloth.
func (l look) cloth() paint { return folded(l.cover, l.seed) }

// seam is the paint of a seam or an inner side.
func (l look) seam() paint { return plain(l.base.darker(0.35)) }

// Sleeves hang beside the trunk: to above the elbow, and to the wrist.
const (
	shortSleeve = "M 66 15 Q 77 17 81 25 L 90 43 L 77 50 L 69 38 Z"
	longSleeve  = "M 66 15 Q 78 17 81 28 L 88 78 L 77 80 L 69 40 Z"
	longCuff    = "M 87.3 73 L 88.2 80 L 77.2 82 L 76.2 75 Z"
)

// sleeves paints both, and shades where they meet the trunk.
func (c *canvas) sleeves(l look, d string) {
	c.solid(both(d), fading(l.cloth(), 20, 85, 0.93), 6)
}

func drawTShirt(c *canvas, l look) {
	necks := []string{"Q 56 24 61 12", "L 61 12", "Q 54 20 61 12"}
	starts := []string{"M 50 24", "M 50 34", "M 50 20"}
	neck := necks[l.style]
	sleeve := shortSleeve
	if l.style == 2 {
		sleeve = longSleeve
	}
	c.sleeves(l, sleeve)
	c.flat(mirrored("M 50 14 Q 57 14 61 12 L 62 16 Q 57 33 50 35"), plain(l.base.darker(0.42)))
	c.solid(mirrored(starts[l.style]+" "+neck+" L 70 16 Q 73 32 72 48 L 72.5 87 Q 61 89.5 50 89.5"), l.cloth(), 6)
	c.collar(stroke(starts[l.style]+" "+neck, 2.4), l.trim)
	c.hem("M 28.5 84.6 Q 50 88 71.5 84.6", l)
	if sleeve == shortSleeve {
		c.hem("M 88 39.5 L 76 46", l)
		c.hem("M 12 39.5 L 24 46", l)
	}
}

// collar paints the ribbing around a neck: the right half is given.
func (c *canvas) collar(right outline, trim rgb) {
	c.solid(append(right, flipped(right)...), plain(trim), 1.5)
}

// hem is a line of stitches.
func (c *canvas) hem(d string, l look) { c.glaze(stroke(d, 0.7), l.seam(), 0.55) }

func drawShirt(c *canvas, l look) {
	sleeve := longSleeve
	if l.style == 1 {
		sleeve = shortSleeve
	}
	c.sleeves(l, sleeve)
	if sleeve == longSleeve {
		c.solid(both(longCuff), plain(l.trim), 2)
	}
	c.flat(mirrored("M 50 13 Q 57 13 60 11 L 60 20 L 50 30"), plain(l.base.darker(0.42)))
	c.solid(mirrored("M 50 27 L 60 12 L 70 16 Q 73 32 71 50 L 73 84 Q 66 91 50 88"), l.cloth(), 6)
	c.solid(box(47.7, 27, 52.3, 88.2, 0.6), plain(l.base.mix(l.trim, 0.5)), 1.2)
	for y := 33.0; y < 86; y += 10 {
		c.solid(ellipse(50, y, 1.15, 1.15), plain(l.trim.mix(hex(0xf6f2ea), 0.65)), 1)
	}
	c.solid(both("M 50 28 L 60.5 10 Q 63 12 65 15 L 58 30 L 55 31 Z"), plain(l.trim), 2.5)
	if l.style != 2 {
		c.solid(path("M 56 40 L 67 40 L 67 51 L 61.5 54 L 56 51 Z"), folded(l.cover, l.seed), 1.4)
		c.hem("M 56 43 L 67 43", l)
	}
}

func drawJumper(c *canvas, l look) {
	rib := func(x, y float64) rgb { return l.trim.darker(0.28 * band(x, 2.2, 0.7)) }
	c.sleeves(l, "M 65 16 Q 80 18 83 30 L 90 77 L 76 80 L 69 42 Z")
	c.solid(both("M 89.2 72 L 90.6 81 L 77 84 L 75.2 75 Z"), rib, 3)
	c.flat(mirrored("M 50 14 Q 57 14 61 12 L 62 18 Q 57 27 50 27"), plain(l.base.darker(0.42)))
	c.solid(mirrored("M 50 24 Q 57 23 61 12 L 70 16 Q 75 34 74 50 L 74 82 Q 62 84 50 84"), l.cloth(), 8)
	c.solid(mirrored("M 50 81 Q 62 81 74 79 L 73 88 Q 62 90 50 90"), rib, 3)
	switch l.style {
	case 0:
		c.collar(stroke("M 50 23.5 Q 57 22.5 61 12.5", 3.6), l.trim)
	case 1:
		c.solid(mirrored("M 50 8 Q 57 8 60 10 L 62 19 Q 57 24 50 24"), rib, 3)
	default:
		c.collar(stroke("M 50 36 L 61 12.5", 3.2), l.trim)
		c.flat(path("M 50 34 L 43.5 20 Q 50 24 56.5 20 Z"), plain(l.trim.lighter(0.55)))
	}
}

func drawJacket(c *canvas, l look) {
	c.sleeves(l, "M 65 15 Q 80 17 83 30 L 90 79 L 76 81 L 69 42 Z")
	c.hem("M 89.2 75 L 76 77.4", l)
	c.hem("M 10.8 75 L 24 77.4", l)
	c.flat(mirrored("M 50 12 Q 57 12 61 11 L 64 30 L 56 88 L 50 88"), plain(l.trim.mix(l.base.darker(0.5), 0.55)))
	front := "M 53 40 L 61 12 L 70 16 Q 74 32 73 50 L 74 88 Q 62 91 52 90 Z"
	c.solid(both(front), l.cloth(), 6)
	switch l.style {
	case 0: // lapels and buttons
		c.solid(both("M 52.5 46 L 59 11 Q 63 11 65 15 L 68 27 L 63 28 L 65 32 Z"), plain(l.trim), 2.5)
		for _, y := range []float64{52.0, 62, 72} {
			c.solid(ellipse(55.5, y, 1.5, 1.5), plain(l.base.darker(0.55)), 1.2)
		}
	case 1: // a zip and a stand-up collar
		c.solid(both("M 52 38 L 58 9 Q 63 9 65 15 L 58 40 L 52 44 Z"), plain(l.trim), 3)
		c.flat(box(48.6, 36, 51.4, 90, 0.5), plain(hex(0xb9bcc2)))
		c.flat(box(49.6, 36, 50.4, 90, 0.2), plain(hex(0x5d6067)))
	default: // a hood
		c.solid(mirrored("M 50 5 Q 64 5 66 22 Q 60 30 53 42 L 50 42"), l.cloth(), 5)
		c.flat(mirrored("M 50 11 Q 59 12 60 23 Q 56 30 50 36"), plain(l.base.darker(0.5)))
		c.flat(box(48.8, 40, 51.2, 90, 0.5), plain(l.trim.darker(0.3)))
	}
	pocket := "M 57 64 L 69 61 L 69.6 65 L 57.6 68 Z"
	c.solid(both(pocket), plain(l.base.mix(l.trim, 0.5).darker(0.12)), 1.5)
}
