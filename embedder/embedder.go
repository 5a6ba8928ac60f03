package embedder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// ErrClosed says that the Embedder was closed before or while it embedded.
var ErrClosed = errors.New("embedder is closed")

// Result is what came of one photo: either Feature and Photo, or Err.
type Result struct {
	// Feature has the model's FeatureDims values, all finite. It is the caller's own.
	Feature []float32
	// Photo describes the photo.
	Photo PhotoInfo
	// Err is ErrEmpty, ErrUnsupported, ErrTooLarge, ErrCorrupt or ErrNotFinite, with its reason.
	Err error
}

// Embedder turns photos into features. It holds one ONNX Runtime session, a fixed number of goroutines and, for each
// thread, a batch of tensors in the trunk and one ready for it, and one that is being filled, however many callers it
// has. It is safe for concurrent use.
type Embedder struct {
	model   Model
	options Options
	prepare *preprocessor
	session *session
	jobs    chan job
	gather  *gatherer
	stop    chan struct{} // closed by Close
	once    sync.Once
	running sync.WaitGroup
	large   sync.Mutex // held while a large photo is decoded
	buffers []*batch
	closing error
}

// Open loads the model's trunk and starts the goroutines. It runs the trunk once, so that a trunk that does not fit the
// model is found here. Close must be called at the end.
func Open(model Model, opts Options) (*Embedder, error) {
	if err := errors.Join(model.Validate(), opts.Validate()); err != nil {
		return nil, fmt.Errorf("open model %s: %w", model.Name, err)
	}
	if err := initialise(opts.Library); err != nil {
		return nil, fmt.Errorf("open model %s: %w", model.Name, err)
	}
	opts = opts.withDefaults()
	session, err := openSession(model.Trunk)
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", model.Name, err)
	}
	e := &Embedder{
		model: model, options: opts, session: session, prepare: newPreprocessor(model.Preprocessing),
		jobs: make(chan job), stop: make(chan struct{}),
	}
	for range 2*opts.Threads + 1 {
		e.buffers = append(e.buffers, &batch{tensors: newTensors(opts.BatchSize, model.Preprocessing.Crop, model.FeatureDims)})
	}
	if err := session.embed(e.buffers[0].tensors, 1); err != nil {
		return nil, errors.Join(fmt.Errorf("try model %s: %w", model.Name, err), e.release())
	}
	e.gather = newGatherer(opts.BatchSize, opts.Threads, e.buffers)
	e.start()
	return e, nil
}

func (e *Embedder) start() {
	for range e.options.Decoders {
		e.running.Go(e.decodeLoop)
	}
	for range e.options.Threads {
		e.running.Go(e.inferLoop)
	}
}

// Model is the model that Open was given.
func (e *Embedder) Model() Model { return e.model }

// Options are those that Open was given, the defaults filled in.
func (e *Embedder) Options() Options { return e.options }

// Close stops the goroutines, after the batch and the photos they are at, and frees the session. Calls of Embed that are
// under way return ErrClosed. Close may be called again.
func (e *Embedder) Close() error {
	e.once.Do(func() {
		close(e.stop)
		e.gather.close()
		e.running.Wait()
		e.closing = e.release()
	})
	return e.closing
}

func (e *Embedder) release() error {
	var faults []error
	for _, b := range e.buffers {
		faults = append(faults, b.tensors.close())
	}
	faults = append(faults, e.session.close())
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("close model %s: %w", e.model.Name, err)
	}
	return nil
}

// call is one call of Embed.
type call struct {
	ctx     context.Context
	results []Result
	left    atomic.Int64  // photos not settled
	settled chan struct{} // closed when none is left

	mu  sync.Mutex
	err error // of the runtime, for the whole call
}

// settle says that n photos have their result, or never will.
func (c *call) settle(n int) {
	if c.left.Add(-int64(n)) == 0 {
		close(c.settled)
	}
}

// fail records an error of the runtime.
func (c *call) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = errors.Join(c.err, err)
}

// job is one photo of a call.
type job struct {
	call  *call
	index int
	photo []byte
	info  PhotoInfo
}

// Embed computes the features of photos, the bytes of image files. There is one Result for each, in order; a photo that
// cannot be read fails alone, in its Result. The photos of concurrent calls share batches. The error is the context's,
// the runtime's, or ErrClosed; there are no results with it.
//
// When ctx ends, Embed returns at once while photos may still be read for a moment: after such an error the bytes must
// not be changed.
func (e *Embedder) Embed(ctx context.Context, photos [][]byte) ([]Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(photos) == 0 {
		return nil, nil
	}
	c := &call{ctx: ctx, results: make([]Result, len(photos)), settled: make(chan struct{})}
	c.left.Store(int64(len(photos)))
	e.gather.expect(len(photos))
	if taken := e.feed(c, photos); taken < len(photos) {
		e.gather.expect(taken - len(photos))
		c.settle(len(photos) - taken)
	}
	return e.await(c)
}

// feed gives the photos of a call to the decoders and returns how many they took before the call or the Embedder ended.
func (e *Embedder) feed(c *call, photos [][]byte) int {
	for i, photo := range photos {
		select {
		case e.jobs <- job{call: c, index: i, photo: photo}:
		case <-c.ctx.Done():
			return i
		case <-e.stop:
			return i
		}
	}
	return len(photos)
}

// await waits for the photos of a call.
func (e *Embedder) await(c *call) ([]Result, error) {
	select {
	case <-c.settled:
	case <-c.ctx.Done():
	case <-e.stop:
	}
	if err := c.ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-e.stop:
		return nil, ErrClosed
	default:
	}
	if c.err != nil {
		return nil, c.err
	}
	return c.results, nil
}
