package demo

import "math"

// softness is over how many board units the edge of a stripe or a dot runs: about a pixel.
const softness = 0.35

// plain is one colour everywhere.
func plain(c rgb) paint { return func(_, _ float64) rgb { return c } }

// wave is the distance of v from the nearest multiple of a period.
func wave(v, period float64) float64 { return math.Abs(v - period*math.Round(v/period)) }

// band is 1 within half a width of each multiple of the period, 0 elsewhere.
func band(v, period, width float64) float64 {
	return 1 - smooth(width/2-softness, width/2+softness, wave(v, period))
}

// striped has level stripes.
func striped(base, accent rgb) paint {
	return func(_, y float64) rgb { return base.mix(accent, band(y, 9, 4)) }
}

// pinstriped has fine upright lines.
func pinstriped(base, accent rgb) paint {
	return func(x, _ float64) rgb { return base.mix(accent, band(x, 4.6, 1)) }
}

// checked is gingham: where two bands cross it is darkest.
func checked(base, accent rgb) paint {
	return func(x, y float64) rgb { return base.mix(accent, (band(x, 9, 4.5)+band(y, 9, 4.5))/2) }
}

// dotted has dots, each row between the dots of the row above.
func dotted(base, accent rgb) paint {
	return func(x, y float64) rgb {
		u, v := staggered(x, y, 9)
		return base.mix(accent, 1-smooth(2.1-softness, 2.1+softness, math.Hypot(u, v)))
	}
}

// staggered is the place of x, y in its cell of a grid whose rows are moved by half a cell, from the middle of the cell.
func staggered(x, y, size float64) (u, v float64) {
	row := math.Floor(y / (size * 0.8))
	v = y - (row+0.5)*size*0.8
	x += size / 2 * math.Mod(row, 2)
	return x - (math.Floor(x/size)+0.5)*size, v
}

// zigzag has level lines that go up and down.
func zigzag(base, accent rgb) paint {
	return func(x, y float64) rgb { return base.mix(accent, band(y+wave(x, 8)*1.1, 9, 3.6)) }
}

// floral has flowers of five petals.
func floral(base, accent rgb) paint {
	heart := hex(0xf3d468)
	if accent.luma() > 0.72 && accent.r > accent.b+0.12 {
		heart = hex(0xb6653a)
	}
	return func(x, y float64) rgb {
		u, v := staggered(x, y, 14)
		r, angle := math.Hypot(u, v), math.Atan2(v, u)
		petals := 4.4 * (0.55 + 0.45*math.Abs(math.Cos(2.5*angle)))
		c := base.mix(accent, 1-smooth(petals-softness, petals+softness, r))
		return c.mix(heart, 1-smooth(1.2-softness, 1.2+softness, r))
	}
}

// ombre runs from one colour at the top into another at the bottom.
func ombre(base, accent rgb) paint {
	return func(_, y float64) rgb { return base.mix(accent, smooth(22, 84, y)) }
}

// twoTone is one colour above and another below.
func twoTone(base, accent rgb) paint {
	return func(_, y float64) rgb { return base.mix(accent, smooth(52-softness, 52+softness, y)) }
}

// speckled has small spots at odd places, as glazes have.
func speckled(base, accent rgb) paint {
	return func(x, y float64) rgb {
		const size = 3.4
		id := cell(x/size, y/size)
		u := x - (math.Floor(x/size)+0.3+0.4*noise(id, 1))*size
		v := y - (math.Floor(y/size)+0.3+0.4*noise(id, 2))*size
		r := 0.25 + 0.7*noise(id, 3)
		return base.mix(accent, 0.85*(1-smooth(r-softness, r+softness, math.Hypot(u, v))))
	}
}

// knitted has the small upright plaits of wool.
func knitted(base, accent rgb) paint {
	return func(x, y float64) rgb {
		stitch := band(y+wave(x, 2.6)*1.3, 2.4, 0.9)
		cable := band(x, 13, 3.2)
		return base.mix(accent, 0.12*cable).darker(0.2 * stitch * (1 - 0.4*cable))
	}
}

// wooden has the grain of a board.
func wooden(base, accent rgb) paint {
	return func(x, y float64) rgb {
		v := y + 2.2*math.Sin(x*0.09) + 0.7*math.Sin(x*0.23+y*0.4)
		ring := 0.5 + 0.5*math.Sin(v*2.1+0.8*math.Sin(v*0.7))
		return base.mix(accent, 0.3*ring+0.12*math.Abs(math.Sin(v*5.3)))
	}
}

// patterns are the paints by the names that products.csv gives them.
var patterns = map[string]func(base, accent rgb) paint{
	"plain": func(base, _ rgb) paint { return plain(base) }, "striped": striped, "pinstriped": pinstriped, "checked": checked,
	"dotted": dotted, "zigzag": zigzag, "floral": floral, "ombre": ombre, "two-tone": twoTone, "speckled": speckled,
	"knitted": knitted, "wooden": wooden,
}

// folded is a cloth that does not lie quite flat.
func folded(p paint, seed uint64) paint {
	a, b := 6*noise(1, seed), 6*noise(2, seed)
	return func(x, y float64) rgb {
		fold := math.Sin(x*0.21+y*0.05+a) + 0.7*math.Sin(x*0.34-y*0.13+b) + 0.5*math.Sin(y*0.19-x*0.06+a+b)
		weave := noise(cell(x*3.2, y*3.2), seed) - 0.5
		return p(x, y).times(0.985 + 0.034*fold + 0.035*weave)
	}
}

// round is the side of a cylinder that stands upright between x0 and x1, lit from the left of the photo.
func (c *canvas) round(p paint, x0, x1 float64) paint {
	return func(x, y float64) rgb {
		t := (x - x0) / (x1 - x0)
		if c.pose.flip {
			t = 1 - t
		}
		k := 1.0 + 0.2*math.Exp(-(t-0.27)*(t-0.27)/0.012) - 0.42*smooth(0.45, 1.05, t) - 0.16*(1-smooth(-0.05, 0.22, t))
		return p(x, y).times(k)
	}
}

// ball is the side of a sphere around cx, cy, lit from the upper left of the photo.
func (c *canvas) ball(p paint, cx, cy, r float64) paint {
	return func(x, y float64) rgb {
		u, v := (x-cx)/r, (y-cy)/r
		if c.pose.flip {
			u = -u
		}
		d := math.Hypot(u+0.38, v+0.42)
		k := 1.05 + 0.32*math.Exp(-d*d/0.045) - 0.42*smooth(0.35, 1.6, d)
		return p(x, y).times(k)
	}
}

// fading is a paint in light that falls off from 1 at y0 to k at y1.
func fading(p paint, y0, y1, k float64) paint {
	return func(x, y float64) rgb { return p(x, y).times(1 + (k-1)*smooth(y0, y1, y)) }
}
