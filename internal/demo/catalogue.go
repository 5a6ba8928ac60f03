package demo

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// How the catalogue is made up: 30 kinds x 6 designs x 4 variants are 720 products.
const (
	// Designs is how many designs there are of each kind: colour, pattern and form.
	Designs = 6
	// Variants is how many products there are of each design: sizes, each in a photo of its own.
	Variants = 4
	// Repeats is how many products show the very photo of another, byte for byte, as listings of one article do.
	Repeats = 6
	// FirstID is the lowest product id.
	FirstID = 1001
)

// Product is a row of the catalogue.
type Product struct {
	ID       int
	Name     string
	Category string // Clothing, Shoes, Accessories, Kitchen or Home
	Kind     string // "t-shirt", "teapot" and so on
	Colour   string
	Pattern  string
	Size     string
	Gender   string // Women, Men or Unisex; empty for what nobody wears
	Season   string
	Year     int // 2019 to 2026
	Cents    int // the price
	InStock  bool
	drawing  drawing
}

// Image is the path of the photo below the folder of the catalogue.
func (p Product) Image() string { return fmt.Sprintf("images/%d.jpg", p.ID) }

// drawing is all that a photo is made from: equal drawings are equal photos.
type drawing struct {
	kind               int
	base, accent, trim rgb
	pattern            string
	style              int
	pose               pose
	seed               uint64
	wall, floor        rgb
	horizon            float64
}

// Catalogue is every product, in the order of its id. It is the same each time.
func Catalogue() []Product {
	var all []Product
	for k, sort := range kinds() {
		for d := range Designs {
			design := newDesign(k, d, sort)
			for v := range Variants {
				all = append(all, design.product(v))
			}
		}
	}
	repeat(all)
	mixed := make([]Product, len(all))
	for i, place := range shuffled(len(all)) {
		mixed[i] = all[place]
		mixed[i].ID = FirstID + i
	}
	return mixed
}

// shuffled are the numbers below n in an order that is the same each time.
func shuffled(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(noise(uint64(a), 77), noise(uint64(b), 77)) })
	return order
}

// repeat lets the last variant of some designs show the photo of the one before.
func repeat(all []Product) {
	const apart = 29 * Variants // designs of different kinds
	for i := range Repeats {
		last := (i*apart + Variants - 1) % len(all)
		all[last].drawing = all[last-1].drawing
	}
}

// design is what the variants of a product have in common.
type design struct {
	kind            int
	sort            kind
	number          int
	colour, pattern string
	style           int
	gender          string
	seed            uint64
}

func newDesign(k, number int, sort kind) design {
	d := design{kind: k, sort: sort, number: number, style: number % 3, seed: uint64(k*100 + number)}
	d.pattern = sort.patterns[(number+k)%len(sort.patterns)]
	colours := sort.colours
	switch {
	case d.pattern == "wooden":
		colours = woods
	case colours == nil:
		colours = colourNames()
	}
	step := 7 // with no factor in common with how many there are, so that the designs of a kind differ
	if len(colours)%step == 0 {
		step = 5
	}
	d.colour = colours[(k*5+number*step)%len(colours)]
	if len(sort.genders) > 0 {
		d.gender = sort.genders[(number+k)%len(sort.genders)]
	}
	return d
}

// colourNames are the names of the palette in alphabetical order.
func colourNames() []string {
	names := make([]string, 0, len(palette))
	for name := range palette {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// chance is a number from 0 to 1 that belongs to the design and to what it is for.
func (d design) chance(purpose uint64) float64 { return noise(purpose, d.seed) }

// pick is one of n that belongs to the design and to what it is for.
func (d design) pick(purpose uint64, n int) int { return min(int(d.chance(purpose)*float64(n)), n-1) }

// product is one variant of the design.
func (d design) product(variant int) Product {
	p := Product{
		Category: d.sort.category, Kind: d.sort.name, Colour: d.colour, Pattern: d.pattern, Gender: d.gender,
		Size:    d.size(variant),
		Season:  []string{"Spring", "Summer", "Autumn", "Winter"}[d.pick(1, 4)],
		Year:    2019 + d.pick(2, 8),
		InStock: d.chance(10+uint64(variant)) < 0.86,
		drawing: d.drawing(variant),
	}
	p.Name = d.name(p.Size)
	whole := int(float64(d.sort.cents)*(0.8+0.5*d.chance(3)))/100 + variant
	p.Cents = whole*100 + []int{99, 50, 95}[d.pick(4, 3)]
	return p
}

// size is that of a variant. Shoes have European numbers.
func (d design) size(variant int) string {
	if d.sort.sizes == nil {
		first := map[string]int{"Women": 36, "Men": 41, "Unisex": 39}[d.gender]
		return fmt.Sprint(first + variant)
	}
	return d.sort.sizes[(variant+d.number)%len(d.sort.sizes)]
}

// name is what a shop would call the variant: "Women's striped red t-shirt, M".
func (d design) name(size string) string {
	var words []string
	if d.gender == "Women" || d.gender == "Men" {
		words = append(words, d.gender+"'s")
	}
	if d.pattern != "plain" {
		words = append(words, d.pattern)
	}
	words = append(words, d.colour, d.sort.nouns[d.style])
	name := strings.Join(words, " ")
	name = strings.ToUpper(name[:1]) + name[1:]
	if size == oneSize[0] {
		return name
	}
	return name + ", " + size
}

// drawing dresses the design and puts it before the camera.
func (d design) drawing(variant int) drawing {
	base, accent, trim := d.colours()
	wall := []rgb{hex(0xf3f1ed), hex(0xeef1f4), hex(0xf5f0e9), hex(0xf0f1f0), hex(0xf4eeee)}[d.pick(5, 5)]
	out := drawing{
		kind: d.kind, base: base, accent: accent, trim: trim, pattern: d.pattern, style: d.style, seed: d.seed,
		pose: d.pose(variant), wall: wall, floor: wall.times(0.955),
	}
	if d.sort.standing {
		out.horizon = PhotoPixels * (0.66 + 0.06*d.chance(6))
	}
	return out
}

// colours are that of the design, one that stands out from it, and one for seams, soles and handles.
func (d design) colours() (base, accent, trim rgb) {
	base = palette[d.colour]
	if d.pattern == "wooden" {
		return base, base.darker(0.38), base.darker(0.22)
	}
	var far []rgb
	for _, name := range colourNames() {
		if c := palette[name]; math.Abs(c.luma()-base.luma()) > 0.33 {
			far = append(far, c)
		}
	}
	accent = far[d.pick(7, len(far))]
	if d.chance(8) < 0.45 && base.luma() < 0.6 {
		accent = palette["white"]
	}
	switch d.sort.name {
	case "table", "chair":
		trim = palette[woods[d.pick(9, 3)]].darker(0.12)
	default:
		trim = []rgb{base.darker(0.2), base.lighter(0.3), accent}[d.pick(9, 3)]
	}
	return base, accent, trim
}

// pose varies the photo from variant to variant: straight, turned, mirrored and from the side, from farther off.
func (d design) pose(variant int) pose {
	vary := func(n uint64) float64 { return 2*d.chance(20+10*uint64(variant)+n) - 1 }
	p := pose{scale: d.sort.size * (1 + 0.02*vary(0)), shade: 1 + 0.035*vary(1), dx: 1.2 * vary(2), dy: 0.8 * vary(3)}
	switch variant {
	case 1:
		p.rotate = d.sort.tilt * (0.5 + 0.5*vary(4))
		p.turn = 0.14 + 0.06*vary(5)
	case 2:
		p.flip = !d.sort.handed
		p.turn, p.shear = 0.16*vary(4), 0.03*vary(5)
		p.rotate = -0.4 * d.sort.tilt * (1 + vary(6))
	case 3:
		p.scale *= 0.86 + 0.04*vary(4)
		p.tip = 0.1 + 0.08*vary(5)
		p.rotate = -d.sort.tilt * vary(6)
	}
	return p
}
