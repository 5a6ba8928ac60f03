package demo

import "math"

// rgb is a colour: red, green and blue from 0 to 1 as sRGB stores them. Light may take it beyond 1.
type rgb struct{ r, g, b float64 }

// hex is the colour 0xRRGGBB.
func hex(v uint32) rgb {
	return rgb{float64(v>>16&255) / 255, float64(v>>8&255) / 255, float64(v&255) / 255}
}

// times is the colour under so much light. White does not burn out: what goes beyond it is mixed towards white.
func (c rgb) times(k float64) rgb {
	if k <= 1 {
		return rgb{c.r * k, c.g * k, c.b * k}
	}
	return c.mix(rgb{1, 1, 1}, min((k-1)*0.9, 1))
}

// mix is the colour on the way to another: t from 0 to 1.
func (c rgb) mix(to rgb, t float64) rgb {
	return rgb{c.r + (to.r-c.r)*t, c.g + (to.g-c.g)*t, c.b + (to.b-c.b)*t}
}

// luma is how light the colour looks, 0 to 1 (ITU-R BT.601 weights).
func (c rgb) luma() float64 { return 0.299*c.r + 0.587*c.g + 0.114*c.b }

// darker is the colour of a seam or of an inner side.
func (c rgb) darker(t float64) rgb { return c.mix(rgb{0.07, 0.06, 0.08}, t) }

// lighter is the colour with white in it.
func (c rgb) lighter(t float64) rgb { return c.mix(rgb{1, 1, 1}, t) }

// smooth rises from 0 at a to 1 at b without corners.
func smooth(a, b, v float64) float64 {
	t := min(max((v-a)/(b-a), 0), 1)
	return t * t * (3 - 2*t)
}

// noise is a number from 0 to 1 that depends on its arguments alone: the finaliser of SplitMix64.
func noise(i, seed uint64) float64 {
	z := i + (seed+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}

// cell is the number of a square of a grid, for noise.
func cell(x, y float64) uint64 {
	return uint64(int64(math.Floor(x))+4096)<<20 | uint64(int64(math.Floor(y))+4096)
}

// palette are the colours by the names that products.csv gives them.
var palette = map[string]rgb{
	"white": hex(0xf1efeb), "cream": hex(0xe9dcc0), "black": hex(0x2b2b30), "grey": hex(0x8f949b), "navy": hex(0x27355c),
	"blue": hex(0x3568b4), "sky blue": hex(0x86b9dd), "teal": hex(0x25807f), "green": hex(0x3f8a52), "olive": hex(0x767a3c),
	"mustard": hex(0xd0a02f), "yellow": hex(0xefcf4c), "orange": hex(0xdf7a2f), "red": hex(0xc5353a), "burgundy": hex(0x73233a),
	"pink": hex(0xe59bb0), "purple": hex(0x74509a), "brown": hex(0x74492e), "tan": hex(0xc0935f),
}
