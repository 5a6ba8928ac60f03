package embedder

import (
	"errors"
	"fmt"
	"runtime"
)

// Options says how an Embedder uses the machine. Zero numbers stand for defaults.
type Options struct {
	// Library is the path of the ONNX Runtime library. It must be given.
	Library string
	// Threads is how many batches the trunk computes at once, each on one thread; by default one for each processor,
	// up to 32.
	Threads int
	// BatchSize is how many photos a thread is given at once, at most; by default DefaultBatchSize.
	BatchSize int
	// Decoders is how many photos are decoded at once; by default one for each processor, up to 32. Each may hold the
	// memory of a photo of a few megapixels; of larger ones only one is decoded at a time.
	Decoders int
}

// DefaultBatchSize is small because a photo costs a processor the same in batches of 1 to 16 (10 ms for
// EfficientNet-Lite0 and 75 ms for ResNet50 on one core with AVX2: BenchmarkTrunk), while a few photos that are brought
// together are shared better between threads in small batches.
const DefaultBatchSize = 4

// Upper limits of Options, beyond which there is no use.
const (
	maxThreads   = 256
	maxBatchSize = 256
)

// defaultThreads is the most that is taken by default, for each thread holds the layers of a batch in memory.
const defaultThreads = 32

// Validate reports every fault at once, joined.
func (o Options) Validate() error {
	var faults []error
	if o.Library == "" {
		faults = append(faults, errors.New("no ONNX Runtime library given: run `make runtime`, or set LOOKALIKE_RUNTIME"))
	}
	for _, n := range []struct {
		name     string
		value, m int
	}{{"threads", o.Threads, maxThreads}, {"batch size", o.BatchSize, maxBatchSize}, {"decoders", o.Decoders, maxThreads}} {
		if n.value < 0 || n.value > n.m {
			faults = append(faults, fmt.Errorf("%s is %d: want 0 (the default) to %d", n.name, n.value, n.m))
		}
	}
	return errors.Join(faults...)
}

// withDefaults replaces zeros.
func (o Options) withDefaults() Options {
	processors := runtime.GOMAXPROCS(0)
	if o.Threads == 0 {
		o.Threads = min(processors, defaultThreads)
	}
	if o.BatchSize == 0 {
		o.BatchSize = DefaultBatchSize
	}
	if o.Decoders == 0 {
		o.Decoders = min(processors, defaultThreads)
	}
	return o
}
