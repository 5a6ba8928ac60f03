package embedder

import (
	"fmt"
	"slices"
)

// largePhoto is the number of pixels from which photos are decoded one at a time, to bound memory: decoding takes up to
// about 12 bytes a pixel.
const largePhoto = 8_000_000

// decodeLoop decodes photos and writes their inputs into batches until the Embedder is closed.
func (e *Embedder) decodeLoop() {
	var ws workspace
	for {
		select {
		case <-e.stop:
			return
		case j := <-e.jobs:
			if !e.prepareJob(&ws, j) {
				e.gather.expect(-1)
				j.call.settle(1)
			}
			ws.shrink()
		}
	}
}

// prepareJob puts one photo into a batch. It is false when none came of it, and the reason is in the photo's Result.
func (e *Embedder) prepareJob(ws *workspace, j job) bool {
	if j.call.ctx.Err() != nil {
		return false
	}
	pixels, info, err := e.decode(ws, j.photo)
	if err != nil {
		j.call.results[j.index].Err = err
		return false
	}
	if j.call.ctx.Err() != nil {
		return false
	}
	j.info, j.photo = info, nil
	b, place := e.gather.claim(j)
	if b == nil {
		return false
	}
	e.prepare.run(b.tensors.photo(place), pixels, &ws.resize)
	e.gather.filled(b)
	return true
}

// decode is Decode in the memory of ws, one large photo at a time.
func (e *Embedder) decode(ws *workspace, photo []byte) (*Pixels, PhotoInfo, error) {
	h, err := inspect(photo)
	if err != nil {
		return nil, PhotoInfo{}, err
	}
	if h.width*h.height > largePhoto {
		e.large.Lock()
		defer e.large.Unlock()
	}
	return ws.decode(photo, h)
}

// inferLoop runs the trunk on batches until the Embedder is closed.
func (e *Embedder) inferLoop() {
	for {
		select {
		case <-e.stop:
			return
		case b := <-e.gather.ready:
			e.infer(b)
			e.gather.done(b)
		}
	}
}

// infer runs the trunk on a batch and delivers the features, unless nobody waits for them any more.
func (e *Embedder) infer(b *batch) {
	wanted := slices.ContainsFunc(b.jobs, func(j job) bool { return j.call.ctx.Err() == nil })
	var err error
	if wanted {
		err = e.session.embed(b.tensors, len(b.jobs))
	}
	for i, j := range b.jobs {
		if err != nil {
			j.call.fail(err)
		} else if wanted {
			j.call.results[j.index] = deliver(b.tensors.feature(i), j.info)
		}
		j.call.settle(1)
	}
}

// deliver copies a feature out of a batch.
func deliver(feature []float32, info PhotoInfo) Result {
	for i, v := range feature {
		if !finite(v) {
			return Result{Photo: info, Err: fmt.Errorf("%w: value %d is %v", ErrNotFinite, i, v)}
		}
	}
	return Result{Feature: slices.Clone(feature), Photo: info}
}
