package resultpage_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"flag"
	"html"
	"image"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/internal/resultpage"
)

var update = flag.Bool("update", false, "write the golden files anew")

func render(t *testing.T, p resultpage.Page) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatalf("write: %v", err)
	}
	return out.String()
}

func distance(d float64) *float64 { return &d }

// asking is a page with one question and its answer.
func asking(items ...resultpage.Item) resultpage.Page {
	return resultpage.Page{Title: "T", Questions: []resultpage.Question{{Title: "Q", SQL: "SELECT 1", Items: items}}}
}

func TestPageAgreesWithGolden(t *testing.T) {
	t.Parallel()
	got := render(t, resultpage.Page{
		Title: "Two questions", Lead: "Catalog products, answered by Postgres.",
		Questions: []resultpage.Question{
			{
				Title: "What looks like 1042?", SQL: "SELECT id, distance\nFROM lookalike.products_similar(1042, 2);\n",
				Query: &resultpage.Item{Key: "1042", Fields: []resultpage.Field{{Name: "name", Value: "Striped red mug, large"}}},
				Items: []resultpage.Item{
					{
						Key: "1043", Distance: distance(0.12349),
						Fields: []resultpage.Field{{Name: "name", Value: "Striped red mug, small"}, {Name: "price", Value: "9.99"}},
					},
					{Key: "1100", Distance: distance(1)},
				},
			},
			{Title: "Which stand most alone?"},
		},
	})
	got = regexp.MustCompile(`(?s)<style>.*</style>`).ReplaceAllString(got, "<style></style>")
	got = regexp.MustCompile(`sha256-(?:[^&]|&#43;)+`).ReplaceAllString(got, "sha256-")
	golden := filepath.Join("testdata", "page.html")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("page (-want +got); run with -update if that is meant:\n%s", diff)
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"element":       `<script>alert(1)</script>`,
		"handler":       `<img src=x onerror=alert(1)>`,
		"end of title":  `</title><script>alert(1)</script>`,
		"end of SQL":    `</code></pre><script>alert(1)</script>`,
		"attribute":     `" onload="alert(1)`,
		"single quoted": `' autofocus onfocus='alert(1)`,
		"style":         `</style><script>alert(1)</script>`,
		"template":      `{{.Style}}<script>alert(1)</script>`,
		"comment":       `<!--<script>alert(1)</script>`,
		"no UTF-8":      "\xff\xfe<script>alert(1)</script>",
	}
	element := regexp.MustCompile(`<([a-z0-9]+)`)
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := []resultpage.Field{{Name: "name", Value: text}, {Name: text, Value: text}}
			item := resultpage.Item{Key: text, Photo: jpegPhoto(t, 8, 8), Fields: fields}
			without := item
			without.Photo = nil
			page := render(t, resultpage.Page{Title: text, Lead: text, Questions: []resultpage.Question{{
				Title: text, SQL: text, Query: &item, Items: []resultpage.Item{item, without},
			}}})
			for _, m := range element.FindAllStringSubmatch(page, -1) {
				if m[1] == "script" || (m[1] == "img" && strings.Contains(m[0], "onerror")) {
					t.Fatalf("the page has an element %q", m[0])
				}
			}
			if handler := regexp.MustCompile(`<[^>]*\son[a-z]+=`).FindString(withoutQuoted(page)); handler != "" {
				t.Errorf("the page has an event handler: %s", handler)
			}
			if name != "no UTF-8" && !strings.Contains(html.UnescapeString(page), text) {
				t.Error("the text is not shown")
			}
		})
	}
}

// withoutQuoted is a page without the values of its attributes.
func withoutQuoted(page string) string {
	return regexp.MustCompile(`"[^"]*"`).ReplaceAllString(page, `""`)
}

func TestContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	page := render(t, asking(resultpage.Item{Key: "1", Photo: jpegPhoto(t, 20, 20)}))
	m := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatal("the page has no policy")
	}
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(page)
	if style == nil {
		t.Fatal("the page has no style")
	}
	sum := sha256.Sum256([]byte(style[1]))
	want := "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"
	if got := html.UnescapeString(m[1]); got != want {
		t.Errorf("policy is\n%s\nwant\n%s", got, want)
	}
	if strings.Index(page, "Content-Security-Policy") > strings.Index(page, "<style>") {
		t.Error("the policy comes after what it governs")
	}
}

func TestPageNeedsNoNetwork(t *testing.T) {
	t.Parallel()
	page := render(t, asking(resultpage.Item{Key: "1", Photo: jpegPhoto(t, 20, 20)}))
	for _, m := range regexp.MustCompile(`(?:src|href|action|url)\s*[=(]\s*["']?([^"')\s>]*)`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "data:image/jpeg;base64,") {
			t.Errorf("the page asks for %q", m[1])
		}
	}
	if strings.Contains(page, " style=") {
		t.Error("a style attribute: the policy refuses it")
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	field := func(name, value string) resultpage.Field { return resultpage.Field{Name: name, Value: value} }
	cases := map[string]struct {
		item         resultpage.Item
		want, lacked []string
	}{
		"the name is the heading": {
			item: resultpage.Item{Key: "7", Fields: []resultpage.Field{field("colour", "red"), field("name", "Mug")}},
			want: []string{"<h3>Mug</h3>", `<p class="key">7</p>`, "<dt>colour</dt><dd>red</dd>"}, lacked: []string{"<dt>name</dt>"},
		},
		"the name may be called otherwise": {
			item: resultpage.Item{Key: "7", Fields: []resultpage.Field{field("productDisplayName", "Nike Shorts")}},
			want: []string{"<h3>Nike Shorts</h3>"}, lacked: []string{"<dl>"},
		},
		"a name goes before a label": {
			item: resultpage.Item{Key: "7", Fields: []resultpage.Field{field("label", "L"), field("Product_Name", "N")}},
			want: []string{"<h3>N</h3>", "<dt>label</dt>"},
		},
		"an empty name is none": {
			item: resultpage.Item{Key: "7", Fields: []resultpage.Field{field("name", " ")}},
			want: []string{"<h3>7</h3>"},
		},
		"the key stands for a name": {
			item: resultpage.Item{Key: "7"}, want: []string{"<h3>7</h3>"}, lacked: []string{`class="key"`, "<dl>"},
		},
		"a distance has three decimals": {
			item: resultpage.Item{Key: "7", Distance: distance(0.98765)}, want: []string{"</span> 0.988</span>"},
		},
		"zero is a distance": {
			item: resultpage.Item{Key: "7", Distance: distance(0)}, want: []string{"</span> 0.000</span>"},
		},
		"no distance is not shown": {
			item: resultpage.Item{Key: "7"}, lacked: []string{`class="distance"`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := render(t, asking(c.item))
			for _, want := range c.want {
				if !strings.Contains(page, want) {
					t.Errorf("page lacks %q:\n%s", want, main(page))
				}
			}
			for _, lacked := range c.lacked {
				if strings.Contains(page, lacked) {
					t.Errorf("page has %q:\n%s", lacked, main(page))
				}
			}
		})
	}
}

// main is the part of a page below its header.
func main(page string) string { return page[strings.Index(page, "<main>"):] }

func TestItemsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	page := render(t, asking(resultpage.Item{Key: "b"}, resultpage.Item{Key: "c"}, resultpage.Item{Key: "a"}))
	var got []string
	for _, m := range regexp.MustCompile(`(?s)<span class="rank">(\d)</span>.*?<h3>(.)</h3>`).FindAllStringSubmatch(page, -1) {
		got = append(got, m[1]+m[2])
	}
	if diff := cmp.Diff([]string{"1b", "2c", "3a"}, got); diff != "" {
		t.Errorf("rank and key (-want +got):\n%s", diff)
	}
}

func TestEmptyAnswers(t *testing.T) {
	t.Parallel()
	if page := render(t, asking()); !strings.Contains(page, "No products were found") || !strings.Contains(page, "lookalike status") {
		t.Errorf("an empty answer does not say what to do:\n%s", main(page))
	}
	if page := render(t, resultpage.Page{Title: "T"}); !strings.Contains(page, "Nothing was asked") {
		t.Errorf("an empty page does not say so:\n%s", main(page))
	}
	page := resultpage.Page{Questions: []resultpage.Question{{Title: "Q", Items: []resultpage.Item{{Key: "1"}}}}}
	if got := render(t, page); strings.Contains(got, "<pre") || strings.Contains(got, "No products") {
		t.Errorf("a question without SQL has a place for it, or counts as empty:\n%s", main(got))
	}
}

// Writing must not change what the caller has.
func TestWriteLeavesItemsAlone(t *testing.T) {
	t.Parallel()
	fields := func() []resultpage.Field {
		return []resultpage.Field{{Name: "name", Value: "Mug"}, {Name: "colour", Value: "red"}, {Name: "size", Value: "L"}}
	}
	page := asking(resultpage.Item{Key: "1", Fields: fields()})
	first := render(t, page)
	if diff := cmp.Diff(fields(), page.Questions[0].Items[0].Fields); diff != "" {
		t.Errorf("fields changed (-want +got):\n%s", diff)
	}
	if second := render(t, page); first != second {
		t.Error("the second page differs from the first")
	}
}

var errFull = errors.New("disk is full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriteReturnsTheWritersError(t *testing.T) {
	t.Parallel()
	if err := asking().Write(fullDisk{}); !errors.Is(err, errFull) {
		t.Errorf("error is %v, want %v", err, errFull)
	}
}

func TestDecodeOfTheCaller(t *testing.T) {
	t.Parallel()
	page := asking(resultpage.Item{Key: "good", Photo: []byte("good")}, resultpage.Item{Key: "bad", Photo: []byte("bad")})
	page.Decode = func(photo []byte) (image.Image, error) {
		if string(photo) == "good" {
			return image.NewGray(image.Rect(0, 0, 30, 20)), nil
		}
		return nil, errors.New("not a photo")
	}
	got := render(t, page)
	if sizes := pictures(t, got); len(sizes) != 1 || sizes[0] != image.Pt(30, 20) {
		t.Errorf("pictures are %v, want one of 30 x 20", sizes)
	}
	if !strings.Contains(got, `aria-label="No photo of bad"`) {
		t.Error("the photo that is not one has no placeholder")
	}
}
