package demo

import "slices"

// kind is a sort of product: how it is drawn, and what a shop says of it.
type kind struct {
	name, category string
	nouns          [3]string // what the product is called in each of its three forms
	draw           func(*canvas, look)
	sizes          []string
	genders        []string // empty for what nobody wears
	colours        []string // nil is the whole palette
	patterns       []string
	cents          int     // a middling price
	handed         bool    // a mirror would spoil it
	standing       bool    // it stands on the floor instead of lying under the camera
	tilt           float64 // how far a photo may turn it, in degrees
	size           float64 // 1 is as large as it was designed
}

// What kinds have in common.
var (
	letterSizes = []string{"S", "M", "L", "XL"}
	fourSizes   = []string{"small", "medium", "large", "extra large"}
	oneSize     = []string{"one size"}
	everybody   = []string{"Women", "Men", "Unisex"}
	women       = []string{"Women"}
	prints      = []string{"striped", "plain", "checked", "dotted", "floral", "plain", "zigzag", "ombre"}
	sober       = []string{"plain", "pinstriped", "checked", "plain", "striped", "two-tone"}
	glazes      = []string{"plain", "speckled", "striped", "dotted", "two-tone", "floral", "ombre", "zigzag"}
	calm        = []string{"navy", "grey", "black", "tan", "olive", "brown", "blue", "burgundy", "cream", "teal"}
	leathers    = []string{"black", "brown", "tan", "burgundy", "navy", "red", "cream", "green", "grey", "mustard"}
	woods       = []string{"tan", "brown", "cream"}
)

// kinds are all that the shop sells. Photos and ids follow this order.
func kinds() []kind {
	return slices.Concat(clothes(), shoes(), accessories(), kitchenware(), homeware())
}

func clothes() []kind {
	all := []kind{
		{
			name: "t-shirt", nouns: [3]string{"t-shirt", "V-neck t-shirt", "long-sleeved t-shirt"},
			draw: drawTShirt, patterns: prints, cents: 1900, genders: everybody,
		},
		{
			name: "shirt", nouns: [3]string{"shirt", "short-sleeved shirt", "work shirt"},
			draw: drawShirt, patterns: sober, cents: 3900, genders: everybody,
		},
		{
			name: "jumper", nouns: [3]string{"jumper", "roll-neck jumper", "V-neck jumper"},
			draw: drawJumper, patterns: []string{"knitted", "striped", "knitted", "zigzag", "plain", "two-tone"},
			cents: 4900, genders: everybody,
		},
		{
			name: "jacket", nouns: [3]string{"blazer", "zip jacket", "hooded jacket"},
			draw: drawJacket, patterns: sober, colours: calm, cents: 8900, genders: everybody,
		},
		{
			name: "trousers", nouns: [3]string{"trousers", "slim trousers", "flared trousers"},
			draw: drawTrousers, patterns: []string{"plain", "pinstriped", "checked", "plain", "ombre"},
			colours: calm, cents: 4500, genders: everybody,
		},
		{
			name: "shorts", nouns: [3]string{"shorts", "short shorts", "drawstring shorts"},
			draw: drawShorts, patterns: prints, cents: 2900, genders: everybody,
		},
		{
			name: "skirt", nouns: [3]string{"swing skirt", "pencil skirt", "pleated skirt"},
			draw: drawSkirt, patterns: prints, cents: 3500, genders: women,
		},
		{
			name: "dress", nouns: [3]string{"swing dress", "long dress", "sun dress"},
			draw: drawDress, patterns: prints, cents: 5900, genders: women,
		},
	}
	for i := range all {
		all[i].category, all[i].sizes, all[i].tilt, all[i].size = "Clothing", letterSizes, 9, 0.98
	}
	return all
}

func shoes() []kind {
	all := []kind{
		{
			name: "trainer", nouns: [3]string{"trainers", "high-top trainers", "running shoes"},
			draw: drawTrainer, patterns: []string{"plain", "two-tone", "plain", "checked", "ombre"}, cents: 6900, genders: everybody,
		},
		{
			name: "boot", nouns: [3]string{"lace-up boots", "Chelsea boots", "wellington boots"},
			draw: drawBoot, patterns: []string{"plain", "plain", "ombre", "dotted"},
			colours: leathers, cents: 10900, genders: everybody,
		},
		{
			name: "court shoe", nouns: [3]string{"court shoes", "block-heel shoes", "bow court shoes"},
			draw: drawCourtShoe, patterns: []string{"plain", "dotted", "plain", "ombre", "striped"}, cents: 7900, genders: women,
		},
	}
	for i := range all {
		all[i].category, all[i].tilt, all[i].size, all[i].standing = "Shoes", 3, 0.95, true
	}
	return all
}

func accessories() []kind {
	all := []kind{
		{
			name: "bag", nouns: [3]string{"tote bag", "shoulder bag", "bowling bag"},
			draw: drawBag, patterns: []string{"plain", "striped", "floral", "plain", "checked", "two-tone"},
			sizes: fourSizes, cents: 5500, genders: []string{"Women", "Unisex"}, standing: true, tilt: 1.5,
		},
		{
			name: "backpack", nouns: [3]string{"backpack", "flap backpack", "school backpack"},
			draw: drawBackpack, patterns: []string{"plain", "two-tone", "checked", "zigzag", "plain", "dotted"},
			sizes: fourSizes, cents: 6500, genders: []string{"Unisex", "Men", "Women"}, standing: true, tilt: 1.5,
		},
		{
			name: "hat", nouns: [3]string{"sun hat", "cap", "bobble hat"},
			draw: drawHat, patterns: []string{"plain", "striped", "knitted", "plain", "checked", "zigzag"},
			sizes: fourSizes, cents: 2400, genders: everybody, standing: true, tilt: 2,
		},
		{
			name: "sunglasses", nouns: [3]string{"sunglasses", "square sunglasses", "round sunglasses"},
			draw: drawSunglasses, patterns: []string{"plain", "speckled", "plain", "two-tone"},
			sizes: oneSize, cents: 3900, genders: everybody, tilt: 10,
		},
		{
			name: "watch", nouns: [3]string{"watch", "steel-rimmed watch", "square watch"},
			draw: drawWatch, patterns: []string{"plain", "striped", "plain"}, handed: true,
			colours: leathers, sizes: oneSize, cents: 12900, genders: everybody, tilt: 14,
		},
		{
			name: "scarf", nouns: [3]string{"scarf", "folded scarf", "loop scarf"},
			draw: drawScarf, patterns: []string{"knitted", "checked", "striped", "zigzag", "dotted", "floral"},
			sizes: oneSize, cents: 2900, genders: everybody, tilt: 8,
		},
	}
	for i := range all {
		all[i].category, all[i].size = "Accessories", 0.96
	}
	return all
}

func kitchenware() []kind {
	all := []kind{
		{
			name: "mug", nouns: [3]string{"mug", "coffee mug", "round mug"},
			draw: drawMug, patterns: glazes, cents: 1200, standing: true,
		},
		{
			name: "teapot", nouns: [3]string{"teapot", "square teapot", "low teapot"},
			draw: drawTeapot, patterns: glazes, cents: 3600, standing: true,
		},
		{
			name: "bowl", nouns: [3]string{"bowl", "soup bowl", "deep bowl"},
			draw: drawBowl, patterns: glazes, cents: 1500, standing: true,
		},
		{
			name: "plate", nouns: [3]string{"plate", "dinner plate", "dessert plate"},
			draw: drawPlate, patterns: glazes, cents: 1400, tilt: 12,
		},
		{
			name: "pan", nouns: [3]string{"saucepan", "frying pan", "stockpot"},
			draw: drawPan, patterns: []string{"plain", "speckled", "plain", "two-tone", "ombre"}, cents: 4200, standing: true,
		},
	}
	for i := range all {
		all[i].category, all[i].sizes, all[i].size = "Kitchen", fourSizes, 0.96
	}
	return all
}

func homeware() []kind {
	all := []kind{
		{
			name: "lamp", nouns: [3]string{"table lamp", "drum lamp", "globe lamp"},
			draw: drawLamp, patterns: prints, cents: 4900, standing: true,
		},
		{
			name: "vase", nouns: [3]string{"vase", "tall vase", "round vase"},
			draw: drawVase, patterns: glazes, cents: 2600, standing: true,
		},
		{
			name: "cushion", nouns: [3]string{"cushion", "lumbar cushion", "round cushion"},
			draw: drawCushion, patterns: prints, cents: 2200, tilt: 9,
		},
		{
			name: "plant pot", nouns: [3]string{"plant pot", "cactus pot", "leafy plant pot"},
			draw: drawPlantPot, patterns: glazes, cents: 1800, standing: true,
		},
		{
			name: "clock", nouns: [3]string{"wall clock", "dark-faced clock", "station clock"},
			draw: drawClock, handed: true, patterns: []string{"plain", "wooden", "plain", "two-tone", "speckled"},
			cents: 3400, tilt: 4,
		},
		{
			name: "chair", nouns: [3]string{"chair", "spindle chair", "shell chair"},
			draw: drawChair, patterns: []string{"plain", "wooden", "checked", "striped", "plain"}, cents: 11900, standing: true,
		},
		{
			name: "armchair", nouns: [3]string{"armchair", "buttoned armchair", "low armchair"},
			draw: drawArmchair, patterns: []string{"plain", "checked", "floral", "plain", "striped", "dotted"},
			cents: 34900, standing: true,
		},
		{
			name: "table", nouns: [3]string{"table", "round table", "coffee table"},
			draw: drawTable, patterns: []string{"wooden", "plain", "wooden", "two-tone"}, cents: 24900, standing: true,
		},
	}
	for i := range all {
		all[i].category, all[i].sizes, all[i].size = "Home", fourSizes, 0.96
	}
	return all
}
