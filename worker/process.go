package worker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"lookalike/repo"
)

// Where a product can fail.
const (
	stageFetch = "fetch"
	stageEmbed = "embed" // decoding included
)

// How often a batch is recorded, because a generation went live meanwhile or some of its tasks were locked, and the pause
// before the second time, which grows by itself each time.
const (
	maxTries  = 10
	busyPause = 20 * time.Millisecond
)

// ErrNoGeneration says that a catalog has no generation to embed for: see repo.DB.StartGeneration.
var ErrNoGeneration = errors.New("no generation is live or being built")

// batch is a part of a claim on its way: products whose photos are in memory together.
type batch struct {
	lease    repo.Lease
	shown    []repo.Shown // photos by hash
	photos   map[repo.SHA256][]byte
	info     map[repo.SHA256]repo.Photo
	features map[feature][]float32 // made here
	bad      map[repo.SHA256]error // photos that cannot be embedded
	failures []repo.Failure
}

// feature names what a model says of a photo.
type feature struct {
	model int32
	photo repo.SHA256
}

// process does all products of a claim, in parts whose photos fit into memory together.
func (w *Worker) process(ctx context.Context, claim repo.Claim, report func(Done)) error {
	for products := claim.Products; len(products) > 0; {
		b := &batch{
			lease: claim.Lease, photos: map[repo.SHA256][]byte{}, info: map[repo.SHA256]repo.Photo{},
			features: map[feature][]float32{}, bad: map[repo.SHA256]error{},
		}
		n, err := w.fetch(ctx, products, b)
		if err != nil {
			return err
		}
		products = products[n:]
		done, err := w.finish(ctx, b)
		if err != nil {
			return err
		}
		report(done)
	}
	return nil
}

// fetch gets the photos of the first products, until they fill the memory of a lane, and returns how many.
func (w *Worker) fetch(ctx context.Context, products []repo.Product, b *batch) (int, error) {
	var total int64
	for i, p := range products {
		if i > 0 && total >= w.config.BatchBytes {
			return i, nil
		}
		if p.Gone || (p.Reference == "" && !p.Stored) {
			b.shown = append(b.shown, repo.Shown{Key: p.Key})
			continue
		}
		photo, err := w.photos.Fetch(ctx, p)
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case err != nil:
			b.failures = append(b.failures, repo.Failure{Key: p.Key, Stage: stageFetch, Error: err.Error()})
			continue
		case photo == nil: // it has gone since the claim, and a new task says so
			b.shown = append(b.shown, repo.Shown{Key: p.Key})
			continue
		}
		sum := repo.SHA256(sha256.Sum256(photo))
		b.photos[sum] = photo
		b.shown = append(b.shown, repo.Shown{Key: p.Key, Photos: []repo.SHA256{sum}})
		total += int64(len(photo))
	}
	return len(products), nil
}

// finish embeds what has to be embedded and records the batch: again, as long as a generation goes live meanwhile or
// somebody has some of its tasks locked. What is locked for longer is left to the end of its lease.
func (w *Worker) finish(ctx context.Context, b *batch) (Done, error) {
	var total Done
	for try := range maxTries {
		generations, err := w.library.Generations(ctx, w.catalog)
		if err != nil {
			return total, err
		}
		if generations.Live == nil && generations.Building == nil {
			return total, fmt.Errorf("catalog %s: %w", w.catalog.Name, ErrNoGeneration)
		}
		results, err := w.prepare(ctx, b, generations)
		if err != nil {
			return total, err
		}
		recorded, err := w.library.Record(ctx, w.catalog, results)
		if errors.Is(err, repo.ErrGenerationChanged) {
			continue
		}
		if err != nil {
			return total, err
		}
		total.add(count(results, recorded.Busy))
		if len(recorded.Busy) == 0 {
			return total, nil
		}
		b.keep(recorded.Busy)
		sleep(ctx, time.Duration(try+1)*busyPause)
	}
	return total, nil
}

// keep reduces a batch to the products that are to be recorded again.
func (b *batch) keep(keys []string) {
	b.shown = slices.DeleteFunc(b.shown, func(s repo.Shown) bool { return !slices.Contains(keys, s.Key) })
	b.failures, b.features, b.info = nil, map[feature][]float32{}, map[repo.SHA256]repo.Photo{}
}

// count counts what has been recorded: everything but the products that were busy.
func count(r repo.Results, busy []string) Done {
	d := Done{Failed: len(r.Failures), Embedded: len(r.Features)}
	for _, s := range r.Shown {
		switch {
		case slices.Contains(busy, s.Key):
		case s.Unchanged:
			d.Unchanged++
		case len(s.Photos) == 0:
			d.Removed++
		default:
			d.Changed++
		}
	}
	return d
}

// prepare makes everything that is to be recorded of a batch.
func (w *Worker) prepare(ctx context.Context, b *batch, generations repo.Generations) (repo.Results, error) {
	results := repo.Results{Lease: b.lease, For: generations}
	unseen, err := w.embedUnseen(ctx, b, generations)
	if err != nil {
		return results, err
	}
	recorded, err := w.library.ProductPhotos(ctx, w.catalog, keysOf(b.shown))
	if err != nil {
		return results, err
	}
	results.Failures = slices.Clone(b.failures)
	for _, s := range b.shown {
		if err := b.why(s); err != nil {
			results.Failures = append(results.Failures, repo.Failure{Key: s.Key, Stage: stageEmbed, Error: err.Error()})
			continue
		}
		s.Unchanged = slices.Equal(recorded[s.Key], s.Photos) && !slices.ContainsFunc(s.Photos, func(p repo.SHA256) bool { return unseen[p] })
		results.Shown = append(results.Shown, s)
	}
	for name, values := range b.features {
		results.Features = append(results.Features, repo.Feature{ModelID: name.model, SHA256: name.photo, Values: values})
	}
	for _, info := range b.info {
		results.Photos = append(results.Photos, info)
	}
	if generations.Live != nil {
		results.Embeddings, err = w.embeddings(ctx, b, *generations.Live, results.Shown)
	}
	return results, err
}

// why tells what is wrong with one of the photos of a product, if anything.
func (b *batch) why(s repo.Shown) error {
	for _, sum := range s.Photos {
		if err := b.bad[sum]; err != nil {
			return err
		}
	}
	return nil
}

// embedUnseen embeds the photos of a batch under every model of the generations that has not seen them, each photo
// once, and returns which were new to a model.
func (w *Worker) embedUnseen(ctx context.Context, b *batch, generations repo.Generations) (map[repo.SHA256]bool, error) {
	unseen := map[repo.SHA256]bool{}
	for _, g := range []*repo.Generation{generations.Live, generations.Building} {
		if g == nil || len(b.photos) == 0 {
			continue
		}
		seen, err := w.library.Seen(ctx, g.ModelID, sumsOf(b.photos))
		if err != nil {
			return nil, err
		}
		var sums []repo.SHA256
		for sum := range b.photos {
			if seen[sum] {
				continue
			}
			unseen[sum] = true
			if _, made := b.features[feature{g.ModelID, sum}]; !made && b.bad[sum] == nil {
				sums = append(sums, sum)
			}
		}
		if err := w.embed(ctx, b, *g, sums); err != nil {
			return nil, err
		}
	}
	return unseen, nil
}

// embed puts photos through the model of a generation.
func (w *Worker) embed(ctx context.Context, b *batch, g repo.Generation, sums []repo.SHA256) error {
	if len(sums) == 0 {
		return nil
	}
	model, err := w.models.Embedder(ctx, g)
	if err != nil {
		return err
	}
	photos := make([][]byte, len(sums))
	for i, sum := range sums {
		photos[i] = b.photos[sum]
	}
	embedded, err := model.Embed(ctx, photos)
	if err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	for i, e := range embedded {
		sum := sums[i]
		if e.Err != nil {
			b.bad[sum] = e.Err
			continue
		}
		// What is stored is half precision: projecting the same numbers gives the same embedding at any time.
		b.features[feature{g.ModelID, sum}] = repo.RoundFeature(e.Feature)
		b.info[sum] = repo.Photo{SHA256: sum, Format: e.Format, Width: e.Width, Height: e.Height, Bytes: int64(len(photos[i]))}
	}
	return nil
}

// embeddings projects the photos of the products that have changed, for the live generation.
func (w *Worker) embeddings(ctx context.Context, b *batch, live repo.Generation, shown []repo.Shown) (map[repo.SHA256][]float32, error) {
	embeddings := map[repo.SHA256][]float32{}
	var known []repo.SHA256
	project, err := w.models.ProjectorOf(ctx, live)
	if err != nil {
		return nil, err
	}
	for _, s := range shown {
		for _, sum := range s.Photos {
			values, made := b.features[feature{live.ModelID, sum}]
			if !made && !s.Unchanged {
				known = append(known, sum)
			}
			if made && embeddings[sum] == nil {
				if embeddings[sum], err = project(values); err != nil {
					return nil, fmt.Errorf("project the photo of %s: %w", s.Key, err)
				}
			}
		}
	}
	features, err := w.library.Features(ctx, live.ModelID, known)
	if err != nil {
		return nil, err
	}
	for sum, values := range features {
		if embeddings[sum], err = project(values); err != nil {
			return nil, fmt.Errorf("project a stored feature: %w", err)
		}
	}
	return embeddings, nil
}

func keysOf(shown []repo.Shown) []string {
	keys := make([]string, len(shown))
	for i, s := range shown {
		keys[i] = s.Key
	}
	return keys
}

func sumsOf(photos map[repo.SHA256][]byte) []repo.SHA256 {
	sums := make([]repo.SHA256, 0, len(photos))
	for sum := range photos {
		sums = append(sums, sum)
	}
	return sums
}
