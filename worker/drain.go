package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"lookalike/repo"
)

// How a lane meets errors that concern no photo, such as a lost connection: it tries again after a pause that doubles,
// and gives up after maxErrors in a row.
const (
	firstPause = 500 * time.Millisecond
	maxPause   = 15 * time.Second
	maxErrors  = 6
)

// maxWait is how long a lane with nothing to do waits before it looks again.
const maxWait = time.Second

// Drain does tasks until none is pending, also those that another worker holds and may drop. When ctx ends it claims no
// more, finishes what is under way within the grace of the configuration, gives back the rest and returns ctx's error.
// progress, called from one goroutine at a time, gets what each batch has done; it may be nil.
func (w *Worker) Drain(ctx context.Context, progress func(Done)) (Done, error) {
	var total Done
	var mu sync.Mutex
	report := func(d Done) {
		mu.Lock()
		defer mu.Unlock()
		total.add(d)
		if progress != nil {
			progress(d)
		}
	}
	work, cancel := w.graceful(ctx)
	defer cancel()
	lanes, claiming := errgroup.WithContext(ctx)
	for range w.config.Lanes {
		lanes.Go(func() error { return w.lane(claiming, work, report) })
	}
	err := lanes.Wait()
	if err == nil {
		err = ctx.Err()
	}
	return total, err
}

// graceful returns a context that outlives ctx by the grace of the configuration.
func (w *Worker) graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(w.config.Grace, cancel)
		context.AfterFunc(work, func() { timer.Stop() })
	})
	return work, func() { stop(); cancel() }
}

// lane does batches one after the other until no task is pending or claiming ends.
func (w *Worker) lane(claiming, work context.Context, report func(Done)) error {
	errorsInARow, pause := 0, firstPause
	for claiming.Err() == nil {
		idle, err := w.step(claiming, work, report)
		switch {
		case claiming.Err() != nil:
			return nil
		case err == nil && idle == drained:
			return nil
		case err == nil:
			errorsInARow, pause = 0, firstPause
			sleep(claiming, idle)
		default:
			if errorsInARow++; errorsInARow == maxErrors {
				return err
			}
			sleep(claiming, pause)
			pause = min(2*pause, maxPause)
		}
	}
	return nil
}

// drained is what step returns when no task is pending.
const drained = time.Duration(-1)

// step does one batch. It returns how long to wait before the next: nothing after a batch, drained at the end.
func (w *Worker) step(claiming, work context.Context, report func(Done)) (time.Duration, error) {
	claim, err := w.queue.ClaimTasks(claiming, w.catalog, w.config.Batch, w.config.Lease)
	if err != nil {
		return 0, err
	}
	if len(claim.Products) == 0 {
		counts, err := w.queue.CountTasks(claiming, w.catalog)
		if err != nil {
			return 0, err
		}
		if counts.Pending == 0 {
			return drained, nil
		}
		return min(max(counts.NextDue, 10*time.Millisecond), maxWait), nil
	}
	stopExtending := w.extend(work, claim)
	err = w.process(work, claim, report)
	stopExtending()
	if err != nil {
		// The lease would end by itself: giving back is a courtesy, but must not wait for a dead server.
		release, cancel := context.WithTimeout(context.WithoutCancel(work), 5*time.Second)
		defer cancel()
		if releaseErr := w.queue.ReleaseTasks(release, w.catalog, claim); releaseErr != nil {
			return 0, fmt.Errorf("%w (and %w)", err, releaseErr)
		}
	}
	return 0, err
}

// extend keeps the lease of a claim alive until the returned function is called.
func (w *Worker) extend(ctx context.Context, claim repo.Claim) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(w.config.Lease / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				// A failure shows when the results are recorded: under a lost lease they are refused.
				_ = w.queue.ExtendLease(ctx, w.catalog, claim, w.config.Lease)
			}
		}
	}()
	return func() { cancel(); <-done }
}

func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
