package embedder

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// TimeTrunk runs the bare trunk, without decoding, for at least that long in batches as Embed uses them, and returns
// how many photos a second it takes. It prepares the photos first; they are used in turn, and at least one must be
// readable. What Embed reaches is to be held against this figure; nothing else should run meanwhile.
func (e *Embedder) TimeTrunk(ctx context.Context, photos [][]byte, least time.Duration) (perSecond float64, err error) {
	t := newTensors(e.options.BatchSize, e.model.Preprocessing.Crop, e.model.FeatureDims)
	defer func() { err = errors.Join(err, t.close()) }()
	if err := e.fill(t, photos); err != nil {
		return 0, fmt.Errorf("time the trunk: %w", err)
	}
	if err := e.session.embed(t, e.options.BatchSize); err != nil { // warm
		return 0, fmt.Errorf("time the trunk: %w", err)
	}
	batches, start := 0, time.Now()
	for time.Since(start) < least || batches == 0 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := e.session.embed(t, e.options.BatchSize); err != nil {
			return 0, fmt.Errorf("time the trunk: %w", err)
		}
		batches++
	}
	return float64(batches*e.options.BatchSize) / time.Since(start).Seconds(), nil
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
