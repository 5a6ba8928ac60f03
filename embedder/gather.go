package embedder

import "sync"

// batch is a set of tensors and the photos whose inputs are in it.
type batch struct {
	tensors *tensors
	jobs    []job
	writing int // photos whose input is still being written
	sealed  bool
}

// gatherer fills batches with the photos of all callers. A batch goes to the trunk when it is full, or when a thread of
// the trunk has nothing to do and no further photo is on its way.
type gatherer struct {
	size  int         // photos a batch
	lanes int         // batches that the trunk computes at once
	ready chan *batch // batches for the trunk; it has room for all there are

	mu      sync.Mutex
	changed sync.Cond
	free    []*batch
	filling *batch
	coming  int // photos that callers have brought and that are neither in a batch nor given up
	busy    int // batches at the trunk, or ready for it
	closed  bool
}

func newGatherer(size, lanes int, buffers []*batch) *gatherer {
	g := &gatherer{size: size, lanes: lanes, ready: make(chan *batch, len(buffers)), free: append([]*batch(nil), buffers...)}
	g.changed.L = &g.mu
	return g
}

// expect announces n photos, or with a negative n gives up as many.
func (g *gatherer) expect(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.coming += n
	g.flush()
}

// claim takes the next place in a batch for a photo that was expected, waiting until there is one. The place must be
// filled and then given to filled. It is nil when the gatherer is closed.
func (g *gatherer) claim(j job) (b *batch, place int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.filling == nil && len(g.free) == 0 && !g.closed {
		g.changed.Wait()
	}
	if g.closed {
		return nil, 0
	}
	if g.filling == nil {
		last := len(g.free) - 1
		g.filling, g.free = g.free[last], g.free[:last]
	}
	b = g.filling
	place = len(b.jobs)
	b.jobs = append(b.jobs, j)
	b.writing++
	g.coming--
	if len(b.jobs) == g.size {
		g.seal()
	}
	return b, place
}

// filled says that one place of b has its input.
func (g *gatherer) filled(b *batch) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b.writing--
	g.send(b)
	g.flush()
}

// done takes a batch back from the trunk.
func (g *gatherer) done(b *batch) {
	clear(b.jobs)
	g.mu.Lock()
	defer g.mu.Unlock()
	b.jobs, b.sealed = b.jobs[:0], false
	g.busy--
	g.free = append(g.free, b)
	g.changed.Broadcast()
	g.flush()
}

func (g *gatherer) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.changed.Broadcast()
}

// flush closes a batch that is not full when waiting for more has no use.
func (g *gatherer) flush() {
	if g.filling != nil && g.coming == 0 && g.busy < g.lanes {
		g.seal()
	}
}

// seal closes the batch that is being filled to further photos.
func (g *gatherer) seal() {
	b := g.filling
	g.filling = nil
	b.sealed = true
	g.busy++
	g.send(b)
}

// send hands a batch to the trunk once it is sealed and all its inputs are written.
func (g *gatherer) send(b *batch) {
	if b.sealed && b.writing == 0 {
		g.ready <- b
	}
}
