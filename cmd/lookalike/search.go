package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"lookalike/internal/resultpage"
	"lookalike/repo"
)

func (a *app) searchCommand() *cobra.Command {
	var q questionFlags
	cmd := &cobra.Command{
		Use:   "search PHOTO",
		Short: "Show the products that look most like a photo (a file, or - for standard input)",
		Example: `  lookalike search photo.jpg
  lookalike search photo.jpg -k 10 --html result.html
  lookalike search - --json < photo.jpg`,
		Args: exactlyOne("one PHOTO: a file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := q.validate(); err != nil {
				return err
			}
			photo, err := a.readPhoto(args[0])
			if err != nil {
				return err
			}
			return a.withCatalog(cmd.Context(), q.catalog, func(db *repo.DB, c repo.Catalog) error {
				return a.search(cmd.Context(), db, c, args[0], photo, q)
			})
		},
	}
	q.register(cmd)
	return cmd
}

func (a *app) search(ctx context.Context, db *repo.DB, c repo.Catalog, name string, photo []byte, q questionFlags) error {
	embedding, err := a.embedOne(ctx, db, c, name, photo)
	if err != nil {
		return err
	}
	found, err := db.Nearest(ctx, c, embedding, q.k)
	if err != nil {
		return err
	}
	if q.html != "" {
		query := &resultpage.Item{Key: name, Photo: photo}
		if err := a.writeQuestion(ctx, db, c, q.html, "What looks like this photo?", db.NearestQuestion(c, q.k), query, found); err != nil {
			return err
		}
	}
	return a.printNeighbours(c, found)
}

// embedOne embeds and projects one photo as the live generation of the catalog does.
func (a *app) embedOne(ctx context.Context, db *repo.DB, c repo.Catalog, name string, photo []byte) ([]float32, error) {
	found, err := db.Generations(ctx, c)
	if err != nil {
		return nil, err
	}
	if found.Live == nil {
		return nil, fmt.Errorf("catalog %s: %w: `lookalike worker --once` makes them", c.Name, repo.ErrNotLive)
	}
	engine, err := a.newEngine(db, c)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	model, err := engine.Embedder(ctx, *found.Live)
	if err != nil {
		return nil, err
	}
	embedded, err := model.Embed(ctx, [][]byte{photo})
	if err != nil {
		return nil, err
	}
	if embedded[0].Err != nil {
		return nil, fmt.Errorf("photo %s: %w", name, embedded[0].Err)
	}
	project, err := engine.ProjectorOf(ctx, *found.Live)
	if err != nil {
		return nil, err
	}
	// Rounded as stored features are, so that a photo of the catalog finds itself at distance 0.
	return project(repo.RoundFeature(embedded[0].Feature))
}
