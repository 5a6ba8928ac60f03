package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"lookalike/internal/datadir"
	"lookalike/internal/demo"
	"lookalike/internal/resultpage"
	"lookalike/repo"
)

// demoFlags are those of the verb demo.
type demoFlags struct{ photos, csv, html string }

func (a *app) demoCommand() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Draw a catalogue of products, ingest it, and ask three questions in SQL",
		Example: `  lookalike demo
  lookalike demo --photos ~/Pictures --html result.html
  lookalike demo --csv products.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.photos, "photos", "", "use the photos below this `DIR` instead")
	cmd.Flags().StringVar(&f.csv, "csv", "", "use this catalogue `FILE` instead")
	cmd.Flags().StringVar(&f.html, "html", "lookalike-demo.html", "write the page with the answers to this `FILE`")
	cmd.MarkFlagsMutuallyExclusive("photos", "csv")
	return cmd
}

func (a *app) demo(ctx context.Context, f demoFlags) error {
	source, flags, err := a.demoSource(ctx, f)
	if err != nil {
		return err
	}
	// Some photos of one's own may fail: the questions are asked all the same.
	ingested := a.ingest(ctx, source, flags, func(string) bool { return false })
	if !isFailures(ingested) && ingested != nil {
		return ingested
	}
	err = a.withCatalog(ctx, flags.catalog, func(db *repo.DB, c repo.Catalog) error {
		return a.askThree(ctx, db, c, f.html)
	})
	if err != nil {
		return err
	}
	return ingested
}

// demoSource is what to ingest: what a flag names, or a catalogue that is drawn for the purpose.
func (a *app) demoSource(ctx context.Context, f demoFlags) (path string, flags ingestFlags, err error) {
	flags = ingestFlags{key: "id", image: "image"}
	if path = f.photos + f.csv; path != "" {
		flags.catalog = catalogNameOf(path)
		return path, flags, nil
	}
	flags.catalog, flags.table = "products", "shop.products"
	dir, err := datadir.Dir()
	if err != nil {
		return "", flags, err
	}
	p := a.progress("photos")
	begun := false
	path, err = demo.Draw(ctx, filepath.Join(dir, "demo"), func(done, total int) {
		if !begun {
			p.Begin("draw catalogue", int64(total))
			begun = true
		}
		p.Set(int64(done))
	})
	if begun {
		p.End()
	}
	return path, flags, err
}

// catalogNameOf makes a catalog's name of a file's: small letters, digits and underscores, at most 40 bytes.
func catalogNameOf(path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		absolute = path
	}
	base := strings.TrimSuffix(filepath.Base(absolute), filepath.Ext(absolute))
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			return r
		case r == utf8.RuneError:
			return -1
		default:
			return '_'
		}
	}, base)
	return "demo_" + name[:min(len(name), 35)]
}

// question is one of the demo's: its SQL, and the key of the product it asks about, or empty.
type question struct{ title, sql, about string }

func (a *app) askThree(ctx context.Context, db *repo.DB, c repo.Catalog, html string) error {
	questions, err := demoQuestions(ctx, db, c)
	if err != nil {
		return err
	}
	page := resultpage.Page{Title: "Lookalike: three questions", Lead: fmt.Sprintf("Catalog %s, answered by Postgres.", c.Name)}
	for _, q := range questions {
		answer, err := db.Ask(ctx, q.sql)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "\n%s\n\n%s\n\n", q.title, q.sql)
		t := a.table(answer.Columns...)
		for _, row := range answer.Rows {
			t.row(row...)
		}
		if err := t.print(); err != nil {
			return err
		}
		shown, err := a.answerItems(ctx, db, c, q, answer)
		if err != nil {
			return err
		}
		page.Questions = append(page.Questions, shown)
	}
	fmt.Fprintln(a.out)
	absolute, err := filepath.Abs(html)
	if err != nil {
		return err
	}
	return a.writePage(absolute, page)
}

// answerItems puts the pictures to an answer: it has the key column, and the distance comes last.
func (a *app) answerItems(ctx context.Context, db *repo.DB, c repo.Catalog, q question, answer repo.Answer) (resultpage.Question, error) {
	shown := resultpage.Question{Title: q.title, SQL: q.sql}
	if q.about != "" {
		asked, err := db.ProductByKey(ctx, c, q.about)
		if err != nil {
			return shown, err
		}
		items, err := a.items(ctx, db, c, []repo.Neighbour{asked})
		if err != nil {
			return shown, err
		}
		items[0].Distance = nil
		shown.Query = &items[0]
	}
	var found []repo.Neighbour
	key := slices.Index(answer.Columns, c.KeyColumn)
	for _, row := range answer.Rows {
		n, err := db.ProductByKey(ctx, c, row[key])
		if err != nil {
			return shown, err
		}
		if _, err := fmt.Sscan(row[len(row)-1], &n.Distance); err != nil {
			return shown, fmt.Errorf("distance %q: %w", row[len(row)-1], err)
		}
		found = append(found, n)
	}
	var err error
	shown.Items, err = a.items(ctx, db, c, found)
	return shown, err
}

// demoQuestions are asked of any catalog: what looks like a product, what does among its own sort, and which products
// stand most alone.
func demoQuestions(ctx context.Context, db *repo.DB, c repo.Catalog) ([]question, error) {
	keys, err := db.SampleKeys(ctx, c, 2)
	if err != nil {
		return nil, err
	}
	first, second := keys[0], keys[len(keys)-1]
	questions := []question{{title: "What looks like " + first + "?", sql: db.SimilarQuestion(c, first, 5), about: first}}
	among, sql, err := db.AmongQuestion(ctx, c, second, 5)
	if err != nil {
		return nil, err
	}
	if among == "" {
		questions = append(questions, question{title: "What looks like " + second + "?", sql: db.SimilarQuestion(c, second, 5), about: second})
	} else {
		questions = append(questions, question{
			title: fmt.Sprintf("What looks like %s, among the products of the same %s?", second, among), sql: sql, about: second,
		})
	}
	return append(questions, question{title: "Which products stand most alone?", sql: db.IsolatedQuestion(c, 5)}), nil
}
