package resultpage

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
)

// nameColumns are the columns that name a product, lower case and without underscores, the surest first.
var nameColumns = []string{"name", "title", "productname", "displayname", "productdisplayname", "label"}

// pageView is a Page as the template reads it.
type pageView struct {
	Title, Lead, Policy string
	Style               template.CSS
	Questions           []questionView
}

// questionView is a Question as the template reads it.
type questionView struct {
	ID, Title, SQL string
	Query          *itemView
	Items          []itemView
}

// itemView is an Item as the template reads it. Its picture is made when the template comes to it, so that a page with
// thousands of photos never holds all of them.
type itemView struct {
	Rank     int
	Name     string
	Key      string
	Distance string
	Fields   []Field
	photo    []byte
	decode   decodeFunc
}

func newView(p Page) pageView {
	v := pageView{
		Title: p.Title, Lead: p.Lead, Policy: policy(),
		Style: template.CSS(pageCSS), //nolint:gosec // G203: the style is part of the program.
	}
	decode := decodeFunc(p.Decode)
	if decode == nil {
		decode = decodePlain
	}
	for i, q := range p.Questions {
		v.Questions = append(v.Questions, newQuestionView(i+1, q, decode))
	}
	return v
}

func newQuestionView(number int, q Question, decode decodeFunc) questionView {
	v := questionView{ID: fmt.Sprintf("question-%d", number), Title: q.Title, SQL: strings.TrimSpace(q.SQL)}
	if q.Query != nil {
		item := newItemView(0, *q.Query, decode)
		v.Query = &item
	}
	for i, item := range q.Items {
		v.Items = append(v.Items, newItemView(i+1, item, decode))
	}
	return v
}

// newItemView names the item by its name column, and by its key when it has none.
func newItemView(rank int, item Item, decode decodeFunc) itemView {
	v := itemView{Rank: rank, Name: item.Key, Key: item.Key, Fields: item.Fields, photo: item.Photo, decode: decode}
	if item.Distance != nil {
		v.Distance = formatDistance(*item.Distance)
	}
	if i := nameField(item.Fields); i >= 0 {
		v.Name = item.Fields[i].Value
		v.Fields = slices.Delete(slices.Clone(item.Fields), i, i+1)
	}
	return v
}

// nameField is the place of the field that names a product, or -1.
func nameField(fields []Field) int {
	for _, name := range nameColumns {
		for i, f := range fields {
			if strings.ReplaceAll(strings.ToLower(f.Name), "_", "") == name && strings.TrimSpace(f.Value) != "" {
				return i
			}
		}
	}
	return -1
}

// formatDistance shows three decimals, or a dash for what is not a number.
func formatDistance(d float64) string {
	if math.IsNaN(d) || math.IsInf(d, 0) {
		return "–"
	}
	return strconv.FormatFloat(d, 'f', 3, 64)
}

// Alt is what stands for the picture where it cannot be seen.
func (v itemView) Alt() string { return "Photo of " + v.Name }

// Picture is the photo as an address that holds it, or empty when there is none to show.
func (v itemView) Picture() template.URL {
	jpeg, ok := thumbnail(v.photo, v.decode)
	if !ok {
		return ""
	}
	return dataURI(jpeg)
}
