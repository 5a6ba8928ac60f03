package embedder_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lookalike/embedder"
	"lookalike/internal/testenv"
)

func TestResNet50MatchesReference(t *testing.T) {
	want, shape := testenv.Npy[float32](t, testenv.Shared(t, "reference", "resnet50_seeded_features.npy"))
	inputs, inputShape := testenv.Npy[float32](t, testenv.Shared(t, "reference", "resnet50_input_first4.npy"))
	model := resnet50(t)
	if model.Preprocessing != imageNet {
		t.Errorf("preprocessing is %+v, want %+v", model.Preprocessing, imageNet)
	}
	e := open(t, model, embedder.Options{})

	n := len(inputs) / inputShape[0]
	prepared, err := embedder.RunTrunk(e, slices.Collect(slices.Chunk(inputs, n)))
	if err != nil {
		t.Fatal(err)
	}
	dims := shape[1]
	for i, feature := range prepared {
		row := want[i*dims : (i+1)*dims]
		if c := cosine(feature, row); c < 0.9999 {
			t.Errorf("input %d: cosine with torch's feature is %.7f, want 0.9999", i, c)
		}
		zero := make([]float32, dims)
		if relative := squaredL2(feature, row) / squaredL2(row, zero); relative > 1e-3*1e-3 {
			t.Errorf("input %d: relative error is %.2g squared, want 1e-3", i, relative)
		}
	}
	for i, feature := range features(t, e, fashion(t, 12)) {
		// The stand-in weights are random signs, which make more of a sample that is one level off than trained ones do.
		if c := cosine(feature, want[i*dims:(i+1)*dims]); c < 0.998 {
			t.Errorf("photo %d: cosine with torch's feature is %.6f, want 0.998", i, c)
		}
	}
}

func TestEmbedKeepsOrderAndFailsAlone(t *testing.T) {
	e := open(t, lite0(t), embedder.Options{BatchSize: 4, Decoders: 3})
	good := fashion(t, 5)
	alone := make([][]float32, len(good))
	for i := range good {
		alone[i] = features(t, e, good[i:i+1])[0]
	}
	photos := [][]byte{good[0], nil, good[1], good[2], []byte("no photo"), good[3], good[2][:2000], good[4], pngHeader(65535, 65535)}
	wantErr := map[int]error{1: embedder.ErrEmpty, 4: embedder.ErrUnsupported, 6: embedder.ErrCorrupt, 8: embedder.ErrTooLarge}

	results, err := e.Embed(t.Context(), photos)
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	for i, r := range results {
		if want := wantErr[i]; want != nil {
			if !errors.Is(r.Err, want) || r.Feature != nil {
				t.Errorf("photo %d: error is %v, feature of %d values; want %v alone", i, r.Err, len(r.Feature), want)
			}
			continue
		}
		if r.Err != nil {
			t.Fatalf("photo %d: %v", i, r.Err)
		}
		if want := (embedder.PhotoInfo{Format: "jpeg", Width: 224, Height: 224}); r.Photo != want {
			t.Errorf("photo %d is %+v, want %+v", i, r.Photo, want)
		}
		if c := cosine(r.Feature, alone[next]); c < 0.999999 {
			t.Errorf("photo %d: cosine with its feature when embedded alone is %.7f", i, c)
		}
		next++
	}
}

// Many callers share the batches; each must get its own features back.
func TestEmbedConcurrently(t *testing.T) {
	e := open(t, lite0(t), embedder.Options{BatchSize: 3})
	photos := fashion(t, 12)
	want := features(t, e, photos)
	var callers sync.WaitGroup
	for caller := range 8 {
		callers.Go(func() {
			from := caller % 5
			n := 1 + caller%4
			results, err := e.Embed(t.Context(), photos[from:from+n])
			if err != nil {
				t.Errorf("caller %d: %v", caller, err)
				return
			}
			for i, r := range results {
				if r.Err != nil || cosine(r.Feature, want[from+i]) < 0.999999 {
					t.Errorf("caller %d, photo %d: not its feature (error %v)", caller, i, r.Err)
				}
			}
		})
	}
	callers.Wait()
}

func TestEmbedNothing(t *testing.T) {
	e := open(t, lite0(t), embedder.Options{})
	results, err := e.Embed(t.Context(), nil)
	if err != nil || len(results) != 0 {
		t.Errorf("no photos give %d results and error %v", len(results), err)
	}
}

// A cancelled call returns promptly, spoils nothing for others, and leaves nothing behind.
func TestEmbedCancelled(t *testing.T) {
	e := open(t, lite0(t), embedder.Options{})
	photos := slices.Repeat(fashion(t, 20), 100)
	before := runtime.NumGoroutine()
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		results, err := e.Embed(ctx, photos)
		if !errors.Is(err, context.DeadlineExceeded) || results != nil {
			t.Errorf("%d results and error %v, want %v alone", len(results), err, context.DeadlineExceeded)
		}
		deadline, _ := ctx.Deadline()
		if late := time.Since(deadline); late > 2*time.Second {
			t.Errorf("returned %v after the context ended", late)
		}
		cancel()
	}
	features(t, e, photos[:5])
	noMoreGoroutines(t, before)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Embed(ended, photos); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
}

// noMoreGoroutines waits until those that have done their work are gone.
func noMoreGoroutines(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
			return
		}
	}
}

func TestCloseEndsCalls(t *testing.T) {
	before := runtime.NumGoroutine()
	e, err := embedder.Open(lite0(t), embedder.Options{Library: library(t)})
	if err != nil {
		t.Fatal(err)
	}
	photos := slices.Repeat(fashion(t, 20), 200)
	failed := make(chan error)
	for range 2 {
		go func() {
			_, err := e.Embed(context.Background(), photos)
			failed <- err
		}()
	}
	if _, err := e.Embed(t.Context(), photos[:4]); err != nil { // the others are under way
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	for range 2 {
		if err := <-failed; !errors.Is(err, embedder.ErrClosed) {
			t.Errorf("error is %v, want %v", err, embedder.ErrClosed)
		}
	}
	if _, err := e.Embed(t.Context(), photos[:1]); !errors.Is(err, embedder.ErrClosed) {
		t.Errorf("after Close: error is %v, want %v", err, embedder.ErrClosed)
	}
	noMoreGoroutines(t, before)
}

// A photo's feature that is not a number must not reach an index: here by a deviation that overflows.
func TestEmbedRefusesWhatIsNotFinite(t *testing.T) {
	model := lite0(t)
	model.Preprocessing.Std = [3]float32{1e-38, 1e-38, 1e-38}
	e := open(t, model, embedder.Options{})
	results, err := e.Embed(t.Context(), fashion(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(results[0].Err, embedder.ErrNotFinite) || results[0].Feature != nil {
		t.Errorf("error is %v, want %v", results[0].Err, embedder.ErrNotFinite)
	}
}

func TestOpenRefuses(t *testing.T) {
	model := lite0(t)
	broken := filepath.Join(t.TempDir(), "broken.onnx")
	if err := os.WriteFile(broken, []byte("no network"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(m *embedder.Model, o *embedder.Options)
		says   []string
	}{
		{"several faults at once", func(m *embedder.Model, o *embedder.Options) {
			m.FeatureDims, o.Threads, o.BatchSize, o.Decoders, o.Library = 0, -1, 100_000, -2, ""
		}, []string{"feature dims are 0", "threads is -1", "batch size is 100000", "decoders is -2", "make runtime"}},
		{"no trunk", func(m *embedder.Model, _ *embedder.Options) { m.Trunk += ".gone" }, []string{"no such file"}},
		{"broken trunk", func(m *embedder.Model, _ *embedder.Options) { m.Trunk = broken }, []string{"broken.onnx"}},
		{"other dimensions", func(m *embedder.Model, _ *embedder.Options) { m.FeatureDims = 7 }, []string{"try model"}},
		{"no library there", func(_ *embedder.Model, o *embedder.Options) { o.Library = broken + ".gone" }, []string{"ONNX Runtime"}},
		{"another library", func(_ *embedder.Model, o *embedder.Options) { o.Library = broken }, []string{"this process already uses"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := embedder.RuntimeVersion(library(t)); err != nil {
				t.Fatal(err)
			}
			m, o := model, embedder.Options{Library: library(t)}
			c.change(&m, &o)
			e, err := embedder.Open(m, o)
			if err == nil {
				t.Fatalf("opened: %v", e.Close())
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
}

func TestTimeTrunk(t *testing.T) {
	e := open(t, lite0(t), embedder.Options{BatchSize: 2})
	rate, err := e.TimeTrunk(t.Context(), append([][]byte{[]byte("bad")}, fashion(t, 1)...), time.Millisecond)
	if err != nil || rate <= 0 {
		t.Errorf("%v photos a second, error %v", rate, err)
	}
	if _, err := e.TimeTrunk(t.Context(), [][]byte{[]byte("bad")}, time.Millisecond); !errors.Is(err, embedder.ErrUnsupported) {
		t.Errorf("error is %v, want %v", err, embedder.ErrUnsupported)
	}
}

func TestRuntimeVersion(t *testing.T) {
	version, err := embedder.RuntimeVersion(library(t))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(filepath.Base(library(t)), version) {
		t.Errorf("version is %q, but the library is %s", version, filepath.Base(library(t)))
	}
}
