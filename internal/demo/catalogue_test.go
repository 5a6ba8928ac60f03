package demo_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/internal/demo"
)

const (
	kindCount    = 30
	productCount = kindCount * demo.Designs * demo.Variants
)

func TestCatalogueSize(t *testing.T) {
	t.Parallel()
	products := demo.Catalogue()
	if len(products) != productCount {
		t.Fatalf("%d products, want %d", len(products), productCount)
	}
	perKind := map[string]int{}
	for i, p := range products {
		if p.ID != demo.FirstID+i {
			t.Fatalf("product %d has id %d, want ids in order from %d", i, p.ID, demo.FirstID)
		}
		perKind[p.Kind]++
	}
	if len(perKind) != kindCount {
		t.Errorf("%d kinds, want %d", len(perKind), kindCount)
	}
	for kind, n := range perKind {
		if n != demo.Designs*demo.Variants {
			t.Errorf("%d products of kind %s, want %d", n, kind, demo.Designs*demo.Variants)
		}
	}
}

func TestCatalogueIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	first, second := demo.Catalogue(), demo.Catalogue()
	if !slices.Equal(first, second) {
		t.Error("two calls differ")
	}
}

func TestCatalogueCategories(t *testing.T) {
	t.Parallel()
	kinds := map[string][]string{}
	for _, p := range demo.Catalogue() {
		if !slices.Contains(kinds[p.Category], p.Kind) {
			kinds[p.Category] = append(kinds[p.Category], p.Kind)
		}
	}
	for _, all := range kinds {
		slices.Sort(all)
	}
	want := map[string][]string{
		"Clothing":    {"dress", "jacket", "jumper", "shirt", "shorts", "skirt", "t-shirt", "trousers"},
		"Shoes":       {"boot", "court shoe", "trainer"},
		"Accessories": {"backpack", "bag", "hat", "scarf", "sunglasses", "watch"},
		"Kitchen":     {"bowl", "mug", "pan", "plate", "teapot"},
		"Home":        {"armchair", "chair", "clock", "cushion", "lamp", "plant pot", "table", "vase"},
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("kinds by category (-want +got):\n%s", diff)
	}
}

func TestCatalogueColumnsAreFilled(t *testing.T) {
	t.Parallel()
	for _, p := range demo.Catalogue() {
		for column, value := range map[string]string{
			"name": p.Name, "category": p.Category, "kind": p.Kind, "colour": p.Colour, "pattern": p.Pattern, "size": p.Size,
		} {
			if value == "" || value != strings.TrimSpace(value) {
				t.Errorf("product %d: %s is %q", p.ID, column, value)
			}
		}
		if !slices.Contains([]string{"Spring", "Summer", "Autumn", "Winter"}, p.Season) {
			t.Errorf("product %d: season is %q", p.ID, p.Season)
		}
		if p.Year < 2019 || p.Year > 2026 {
			t.Errorf("product %d: year is %d", p.ID, p.Year)
		}
		if p.Cents < 500 || p.Cents > 60_000 {
			t.Errorf("product %d: price is %d cents", p.ID, p.Cents)
		}
	}
}

func TestCatalogueGender(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, p := range demo.Catalogue() {
		household := p.Category == "Kitchen" || p.Category == "Home"
		if household != (p.Gender == "") {
			t.Errorf("%s (%s) has gender %q", p.Name, p.Category, p.Gender)
		}
		if (p.Kind == "dress" || p.Kind == "skirt") && p.Gender != "Women" {
			t.Errorf("%s has gender %q", p.Name, p.Gender)
		}
		found[p.Gender] = true
	}
	want := map[string]bool{"": true, "Women": true, "Men": true, "Unisex": true}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("genders (-want +got):\n%s", diff)
	}
}

func TestCatalogueNames(t *testing.T) {
	t.Parallel()
	for _, p := range demo.Catalogue() {
		lower := strings.ToLower(p.Name)
		if !strings.Contains(lower, p.Colour) {
			t.Errorf("%q does not tell the colour %s", p.Name, p.Colour)
		}
		if p.Pattern != "plain" && !strings.Contains(lower, p.Pattern) {
			t.Errorf("%q does not tell the pattern %s", p.Name, p.Pattern)
		}
		if p.Size != "one size" && !strings.HasSuffix(p.Name, ", "+p.Size) {
			t.Errorf("%q does not end with the size %s", p.Name, p.Size)
		}
		if first := p.Name[:1]; first != strings.ToUpper(first) {
			t.Errorf("%q does not begin with a capital", p.Name)
		}
		if (p.Gender == "Women" || p.Gender == "Men") && !strings.HasPrefix(p.Name, p.Gender+"'s ") {
			t.Errorf("%q does not begin with %s's", p.Name, p.Gender)
		}
	}
}

func TestCatalogueSizes(t *testing.T) {
	t.Parallel()
	sizes := map[string]*regexp.Regexp{
		"Clothing":    regexp.MustCompile(`^(S|M|L|XL)$`),
		"Shoes":       regexp.MustCompile(`^(3[6-9]|4[0-4])$`),
		"Accessories": regexp.MustCompile(`^(one size|small|medium|large|extra large)$`),
		"Kitchen":     regexp.MustCompile(`^(small|medium|large|extra large)$`),
		"Home":        regexp.MustCompile(`^(small|medium|large|extra large)$`),
	}
	for _, p := range demo.Catalogue() {
		if !sizes[p.Category].MatchString(p.Size) {
			t.Errorf("%s: size is %q", p.Name, p.Size)
		}
	}
}

// Designs of one kind must not look the same, or the nearest neighbours of the demo would be a matter of luck.
func TestDesignsOfAKindDiffer(t *testing.T) {
	t.Parallel()
	type look struct{ colour, pattern string }
	variants := map[string]map[look]int{}
	for _, p := range demo.Catalogue() {
		if variants[p.Kind] == nil {
			variants[p.Kind] = map[look]int{}
		}
		variants[p.Kind][look{p.Colour, p.Pattern}]++
	}
	for kind, looks := range variants {
		if len(looks) < demo.Designs-1 {
			t.Errorf("%s comes in %d looks, want %d or one less", kind, len(looks), demo.Designs)
		}
		for l, n := range looks {
			if n%demo.Variants != 0 {
				t.Errorf("%s %s %s has %d variants, want a multiple of %d", l.pattern, l.colour, kind, n, demo.Variants)
			}
		}
	}
}

func TestSomeStockIsOut(t *testing.T) {
	t.Parallel()
	out := 0
	for _, p := range demo.Catalogue() {
		if !p.InStock {
			out++
		}
	}
	if out < productCount/20 || out > productCount/4 {
		t.Errorf("%d of %d products are out of stock, want 5 to 25 %%", out, productCount)
	}
}
