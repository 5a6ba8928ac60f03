package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"lookalike/ingest"
	"lookalike/internal/resultpage"
	"lookalike/repo"
)

// maxK is how many neighbours may be asked for on the command line.
const maxK = 10_000

// questionFlags are those of the verbs that ask for neighbours.
type questionFlags struct {
	catalog, html string
	k             int
}

func (q *questionFlags) register(cmd *cobra.Command) {
	catalogFlag(cmd, &q.catalog)
	cmd.Flags().IntVarP(&q.k, "k", "k", 5, "how many neighbours")
	cmd.Flags().StringVar(&q.html, "html", "", "write a page with the pictures to this `FILE`")
}

func (q *questionFlags) validate() error {
	if q.k < 1 || q.k > maxK {
		return usageError{fmt.Errorf("-k is %d, not 1 to %d", q.k, maxK)}
	}
	return nil
}

func (a *app) similarCommand() *cobra.Command {
	var q questionFlags
	cmd := &cobra.Command{
		Use:   "similar KEY",
		Short: "Show the products that look most like a product",
		Example: `  lookalike similar 1001
  lookalike similar 1001 -k 10 --json
  lookalike similar mugs/red --catalog products --html result.html`,
		Args: exactlyOne("one KEY of a product"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := q.validate(); err != nil {
				return err
			}
			return a.withCatalog(cmd.Context(), q.catalog, func(db *repo.DB, c repo.Catalog) error {
				return a.similar(cmd.Context(), db, c, args[0], q)
			})
		},
	}
	q.register(cmd)
	return cmd
}

func (a *app) similar(ctx context.Context, db *repo.DB, c repo.Catalog, key string, q questionFlags) error {
	found, err := db.Similar(ctx, c, key, q.k)
	if err != nil {
		return err
	}
	if q.html != "" {
		query, err := db.ProductByKey(ctx, c, key)
		if err != nil {
			return err
		}
		asked, err := a.items(ctx, db, c, []repo.Neighbour{query})
		if err != nil {
			return err
		}
		asked[0].Distance = nil
		if err := a.writeQuestion(ctx, db, c, q.html, "What looks like "+key+"?", db.SimilarQuestion(c, key, q.k), &asked[0], found); err != nil {
			return err
		}
	}
	return a.printNeighbours(c, found)
}

// neighbourJSON is a neighbour for programs.
type neighbourJSON struct {
	Key      string                     `json:"key"`
	Distance float64                    `json:"distance"`
	Product  map[string]json.RawMessage `json:"product"`
}

func (a *app) printNeighbours(c repo.Catalog, found []repo.Neighbour) error {
	if a.json {
		list := make([]neighbourJSON, len(found))
		for i, n := range found {
			list[i] = neighbourJSON{Key: n.Key, Distance: n.Distance, Product: map[string]json.RawMessage{}}
			for _, f := range n.Fields {
				list[i].Product[f.Name] = f.Value
			}
		}
		return a.printJSON(list)
	}
	if len(found) == 0 {
		fmt.Fprintln(a.out, "No other product is embedded.")
		return nil
	}
	heading := []string{"distance", c.KeyColumn}
	shown := shownFields(c, found)
	t := a.table(append(heading, shown...)...)
	for _, n := range found {
		row := []string{fmt.Sprintf("%.3f", n.Distance), n.Key}
		for _, name := range shown {
			row = append(row, fieldOf(n, name))
		}
		t.row(row...)
	}
	return t.print()
}

// maxShown is how many columns of the product table fit beside key and distance.
const maxShown = 7

// shownFields are the first columns of the product table that say something to people: not the key, not the photo.
func shownFields(c repo.Catalog, found []repo.Neighbour) []string {
	var names []string
	for _, n := range found {
		for _, f := range n.Fields {
			if f.Name != c.KeyColumn && f.Name != c.ImageColumn && len(names) < maxShown {
				names = append(names, f.Name)
			}
		}
		if len(names) > 0 {
			break
		}
	}
	return names
}

func fieldOf(n repo.Neighbour, name string) string {
	for _, f := range n.Fields {
		if f.Name == name {
			return plainValue(f.Value)
		}
	}
	return ""
}

// writeQuestion writes the page of one question.
func (a *app) writeQuestion(
	ctx context.Context, db *repo.DB, c repo.Catalog, file, title, sql string, query *resultpage.Item, found []repo.Neighbour,
) error {
	items, err := a.items(ctx, db, c, found)
	if err != nil {
		return err
	}
	return a.writePage(file, resultpage.Page{
		Title: title, Questions: []resultpage.Question{{Title: title, SQL: sql, Query: query, Items: items}},
	})
}

// writePage writes a page to a file and says where.
func (a *app) writePage(file string, page resultpage.Page) error {
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	if err := page.Write(out); err != nil {
		out.Close()
		return fmt.Errorf("write page %s: %w", file, err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	fmt.Fprintln(a.err, "Page written to", file)
	return nil
}

// items turns neighbours into what a page shows. A photo that cannot be read is left out.
func (a *app) items(ctx context.Context, db *repo.DB, c repo.Catalog, found []repo.Neighbour) ([]resultpage.Item, error) {
	fetcher, err := ingest.NewFetcher(c.Roots, maxPhotoBytes)
	if err != nil {
		return nil, err
	}
	defer fetcher.Close()
	items := make([]resultpage.Item, len(found))
	for i, n := range found {
		distance := n.Distance
		items[i] = resultpage.Item{Key: n.Key, Distance: &distance}
		for _, f := range n.Fields {
			if value := plainValue(f.Value); value != "" && f.Name != c.KeyColumn && f.Name != c.ImageColumn {
				items[i].Fields = append(items[i].Fields, resultpage.Field{Name: f.Name, Value: value})
			}
		}
		if n.Stored {
			items[i].Photo, err = db.Photo(ctx, c, n.Key, maxPhotoBytes)
		} else if n.Reference != "" {
			items[i].Photo, err = fetcher.Fetch(ctx, n.Reference)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(a.err, "lookalike: photo of %s left out: %s\n", printable(n.Key), printable(err.Error()))
			err = nil
		}
	}
	return items, err
}

// readPhoto reads a file, or standard input for "-".
func (a *app) readPhoto(name string) ([]byte, error) {
	in := a.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read photo: %w", err)
		}
		defer f.Close()
		in = f
	}
	photo, err := io.ReadAll(io.LimitReader(in, maxPhotoBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read photo %s: %w", name, err)
	}
	return photo, nil
}
