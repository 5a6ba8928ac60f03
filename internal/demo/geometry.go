package demo

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// point is a place on the drawing board: 100 x 100 units, y downwards. A product fills about 15 to 85 of each.
type point struct{ x, y float64 }

// outline is a shape: closed polygons whose overlapping parts count once.
type outline [][]point

// curveSteps is into how many straight lines a curve is cut: at 320 pixels no corner shows.
const curveSteps = 14

// path reads an outline in the notation of SVG paths: M, L, Q, C and Z with absolute coordinates and one point list for
// each letter. A fault in it is a fault in the program.
func path(d string) outline {
	var out outline
	var line []point
	fields := strings.Fields(strings.ReplaceAll(d, ",", " "))
	for len(fields) > 0 {
		command, args := fields[0], fields[1:]
		n := 0
		for n < len(args) && args[n][0] < 'A' {
			n++
		}
		points := coordinates(args[:n])
		fields = args[n:]
		switch command {
		case "M":
			if line != nil {
				out = append(out, line)
			}
			line = slices.Clone(points)
		case "L":
			line = append(line, points...)
		case "Q", "C":
			line = appendCurves(line, points, map[string]int{"Q": 2, "C": 3}[command])
		case "Z":
		default:
			panic(fmt.Sprintf("demo: path %q: unknown command %q", d, command))
		}
	}
	return append(out, line)
}

// coordinates pairs numbers into points.
func coordinates(fields []string) []point {
	points := make([]point, len(fields)/2)
	for i := range points {
		x, errX := strconv.ParseFloat(fields[2*i], 64)
		y, errY := strconv.ParseFloat(fields[2*i+1], 64)
		if errX != nil || errY != nil {
			panic(fmt.Sprintf("demo: coordinates %q", fields))
		}
		points[i] = point{x, y}
	}
	return points
}

// appendCurves appends Bézier curves of the given degree, each from the end of what is there.
func appendCurves(line, points []point, degree int) []point {
	for ; len(points) >= degree; points = points[degree:] {
		control := append([]point{line[len(line)-1]}, points[:degree]...)
		for step := 1; step <= curveSteps; step++ {
			line = append(line, bezier(control, float64(step)/curveSteps))
		}
	}
	return line
}

// bezier is the point at t of a Bézier curve, by de Casteljau's construction.
func bezier(control []point, t float64) point {
	p := slices.Clone(control)
	for n := len(p) - 1; n > 0; n-- {
		for i := range n {
			p[i] = point{p[i].x + (p[i+1].x-p[i].x)*t, p[i].y + (p[i+1].y-p[i].y)*t}
		}
	}
	return p[0]
}

// mirrored is the outline of which d is the right half, from its top on the middle line x = 50 to its bottom there.
func mirrored(d string) outline {
	half := path(d)[0]
	line := slices.Clone(half)
	for _, p := range slices.Backward(half) {
		line = append(line, point{100 - p.x, p.y})
	}
	return outline{line}
}

// both is an outline together with its mirror image.
func both(d string) outline {
	o := path(d)
	return append(o, flipped(o)...)
}

// flipped is the mirror image at x = 50. The points change order so that they still run the same way round.
func flipped(o outline) outline {
	out := make(outline, len(o))
	for i, line := range o {
		for _, p := range slices.Backward(line) {
			out[i] = append(out[i], point{100 - p.x, p.y})
		}
	}
	return out
}

// ellipse is an ellipse around x, y.
func ellipse(x, y, rx, ry float64) outline {
	const corners = 72
	line := make([]point, corners)
	for i := range line {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		line[i] = point{x + rx*cos, y + ry*sin}
	}
	return outline{line}
}

// box is a rectangle with rounded corners of radius r.
func box(x0, y0, x1, y1, r float64) outline {
	return path(fmt.Sprintf("M %g %g L %g %g Q %g %g %g %g L %g %g Q %g %g %g %g L %g %g Q %g %g %g %g L %g %g Q %g %g %g %g Z",
		x0+r, y0, x1-r, y0, x1, y0, x1, y0+r, x1, y1-r, x1, y1, x1-r, y1, x0+r, y1, x0, y1, x0, y1-r, x0, y0+r, x0, y0, x0+r, y0))
}

// stroke is the outline of a line of that width along a path, with round ends and joints.
func stroke(d string, width float64) outline {
	var out outline
	for _, line := range path(d) {
		for i, p := range line {
			out = append(out, ellipse(p.x, p.y, width/2, width/2)...)
			if i > 0 {
				out = append(out, ribbon(line[i-1], p, width))
			}
		}
	}
	return out
}

// ribbon is the rectangle of that width between two points, the same way round as an ellipse.
func ribbon(a, b point, width float64) []point {
	dx, dy := b.x-a.x, b.y-a.y
	length := max(math.Hypot(dx, dy), 1e-9)
	nx, ny := -dy/length*width/2, dx/length*width/2
	return []point{{a.x - nx, a.y - ny}, {b.x - nx, b.y - ny}, {b.x + nx, b.y + ny}, {a.x + nx, a.y + ny}}
}

// pathLine is the path of a straight line.
func pathLine(x0, y0, x1, y1 float64) string { return fmt.Sprintf("M %g %g L %g %g", x0, y0, x1, y1) }
