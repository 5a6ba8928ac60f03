package embedder

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// TimeTrunk runs the bare trunk, without decoding, for at least that long in the batches and on the threads that Embed
// uses, and returns how many photos a second it takes. It prepares the photos first; they are used in turn, and at least
// one must be readable. What Embed reaches is to be held against this figure; nothing else should run meanwhile.
func (e *Embedder) TimeTrunk(ctx context.Context, photos [][]byte, least time.Duration) (perSecond float64, err error) {
	lanes := make([]*tensors, e.options.Threads)
	for i := range lanes {
		t := newTensors(e.options.BatchSize, e.model.Preprocessing.Crop, e.model.FeatureDims)
		defer func() { err = errors.Join(err, t.close()) }()
		err := errors.Join(ctx.Err(), e.fill(t, photos))
		if err == nil {
			err = e.session.embed(t, e.options.BatchSize) // warm
		}
		if err != nil {
			return 0, fmt.Errorf("time the trunk: %w", err)
		}
		lanes[i] = t
	}
	var batches atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for _, t := range lanes {
		group.Go(func() error {
			for ctx.Err() == nil && time.Since(start) < least {
				if err := e.session.embed(t, e.options.BatchSize); err != nil {
					return fmt.Errorf("time the trunk: %w", err)
				}
				batches.Add(1)
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return float64(int(batches.Load())*e.options.BatchSize) / time.Since(start).Seconds(), nil
}

// fill prepares as many photos as a batch takes, in turn.
func (e *Embedder) fill(t *tensors, photos [][]byte) error {
	var ws workspace
	var faults []error
	placed := 0
	for i := 0; placed < e.options.BatchSize; i++ {
		if i >= len(photos) && placed == 0 {
			return errors.Join(append(faults, errors.New("no photo can be read"))...)
		}
		pixels, _, err := e.decode(&ws, photos[i%len(photos)])
		if err != nil {
			faults = append(faults, err)
			continue
		}
		e.prepare.run(t.photo(placed), pixels, &ws.resize)
		placed++
	}
	return nil
}
