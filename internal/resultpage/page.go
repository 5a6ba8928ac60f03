// Package resultpage writes the answers to similarity questions as one HTML page: a photo, what looks like it, and how
// far away each is, as in a notebook. The page holds its pictures and its style, asks the network for nothing and runs
// no script, so that it can be mailed, kept and opened anywhere.
package resultpage

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed" // The template and its style are files beside this one.
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"io"
)

// A Page is one or more questions with their answers.
type Page struct {
	// Title is the heading of the page and the name of its tab.
	Title string
	// Lead is a sentence below the title; it may be empty.
	Lead string
	// Questions are shown in this order.
	Questions []Question
	// Decode turns an encoded photo into an upright image; an error makes the photo a placeholder. It has to bound the
	// memory that it takes. Nil means JPEG, PNG, GIF and WebP of up to 64 million pixels, shown as they are stored.
	Decode func(photo []byte) (image.Image, error)
}

// A Question is what was asked, and the answer.
type Question struct {
	// Title is the question in words.
	Title string
	// SQL is the statement that asks it; empty shows none.
	SQL string
	// Query is the product or the photo that was asked about; nil when the question is about none.
	Query *Item
	// Items are the answer, in order.
	Items []Item
}

// An Item is a product with its photo.
type Item struct {
	// Key names the product, or the file of a photo that is not a product's.
	Key string
	// Distance is the L2 distance from the query; nil shows none.
	Distance *float64
	// Photo is an encoded image; nil shows a placeholder.
	Photo []byte
	// Fields are the product's columns in order. The first one called name, title or the like becomes the heading.
	Fields []Field
}

// A Field is a column of a product.
type Field struct{ Name, Value string }

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// layout is the parsed page: parsed once, for a fault in it is a fault in the program.
var layout = template.Must(template.New("page").Parse(pageHTML))

// Write writes the page as UTF-8 HTML. Whatever the texts hold is shown as text. Pictures are scaled down to at most
// ThumbnailPixels a side and written anew as JPEG, which leaves out their metadata; those that cannot be decoded are
// shown as a placeholder. The error is that of w.
func (p Page) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	if err := layout.Execute(out, newView(p)); err != nil {
		return fmt.Errorf("write result page: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write result page: %w", err)
	}
	return nil
}

// policy allows the style of this page and pictures that are part of it, and nothing else.
func policy() string {
	sum := sha256.Sum256([]byte(pageCSS))
	return "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// dataURI is a JPEG as an address. It is safe in a page: the bytes are base64.
func dataURI(jpeg []byte) template.URL {
	var b bytes.Buffer
	b.WriteString("data:image/jpeg;base64,")
	b.WriteString(base64.StdEncoding.EncodeToString(jpeg))
	return template.URL(b.String()) //nolint:gosec // G203: base64 of our own JPEG holds no markup.
}
