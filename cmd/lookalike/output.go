package main

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// printJSON writes v for programs.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// maxCell is how many columns of the terminal a cell may take.
const maxCell = 60

// tablePrinter prints rows for people.
type tablePrinter struct {
	app    *app
	writer table.Writer
}

// table starts a table with a heading.
func (a *app) table(heading ...string) *tablePrinter {
	w := table.NewWriter()
	style := table.StyleLight
	style.Options.DrawBorder = false
	style.Options.SeparateColumns = false
	style.Format.Header = text.FormatDefault
	w.SetStyle(style)
	t := &tablePrinter{app: a, writer: w}
	w.AppendHeader(cells(heading))
	return t
}

func (t *tablePrinter) row(values ...string) { t.writer.AppendRow(cells(values)) }

func (t *tablePrinter) print() error {
	_, err := t.app.out.Write([]byte(t.writer.Render() + "\n"))
	return err
}

func cells(values []string) table.Row {
	row := make(table.Row, len(values))
	for i, v := range values {
		row[i] = text.Snip(printable(v), maxCell, "…")
	}
	return row
}

// printable keeps what comes from a table or a file name from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// plainValue is a JSON value for people: strings without quotes, null as nothing.
func plainValue(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil {
		return s
	}
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}
