package demo

import "math"

// matrix is a projective map of the plane, row by row.
type matrix [9]float64

// apply maps a point.
func (m *matrix) apply(x, y float64) (float64, float64) {
	w := m[6]*x + m[7]*y + m[8]
	return (m[0]*x + m[1]*y + m[2]) / w, (m[3]*x + m[4]*y + m[5]) / w
}

// times is the map that applies n first, then m.
func (m *matrix) times(n matrix) matrix {
	var out matrix
	for row := range 3 {
		for col := range 3 {
			for k := range 3 {
				out[3*row+col] += m[3*row+k] * n[3*k+col]
			}
		}
	}
	return out
}

// inverse is the map back, up to a factor that a projective map does not feel.
func (m *matrix) inverse() matrix {
	a, b, c, d, e, f, g, h, i := m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]
	return matrix{e*i - f*h, c*h - b*i, b*f - c*e, f*g - d*i, a*i - c*g, c*d - a*f, d*h - e*g, b*g - a*h, a*e - b*d}
}

// pose is how a product lies before the camera.
type pose struct {
	rotate float64 // degrees, clockwise
	scale  float64 // 1 is as large as it was designed
	shear  float64 // how far the top leans to the right, as a share of the height
	turn   float64 // perspective: how much nearer the right side is, about -0.3 to 0.3
	tip    float64 // perspective: how much nearer the bottom is, about -0.3 to 0.3
	flip   bool    // seen in a mirror
	shade  float64 // 1 is the designed lightness of the colours
	dx, dy float64 // where the product stands beside the middle, in board units
}

// matrix maps the board to pixels.
func (p pose) matrix() matrix {
	sin, cos := math.Sincos(p.rotate * math.Pi / 180)
	mirror := p.scale
	if p.flip {
		mirror = -mirror
	}
	const unit = PhotoPixels / 100.0
	view := matrix{unit, 0, (50 + p.dx) * unit, 0, unit, (50 + p.dy) * unit, 0, 0, 1}
	turn := matrix{1, 0, 0, 0, 1, 0, -p.turn / 100, -p.tip / 100, 1}
	spin := matrix{cos, -sin, 0, sin, cos, 0, 0, 0, 1}
	size := matrix{mirror, -mirror * p.shear, 0, 0, p.scale, 0, 0, 0, 1}
	centre := matrix{1, 0, -50, 0, 1, -50, 0, 0, 1}
	m := size.times(centre)
	m = spin.times(m)
	m = turn.times(m)
	return view.times(m)
}
