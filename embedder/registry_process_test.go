package embedder_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lookalike/embedder"
)

// registryDir names, for a process started by the test below, the folder in which it is to convert the default model.
const registryDir = "LOOKALIKE_TEST_REGISTRY"

// TestConvertInProcess is the process that TestKilledConversion kills.
func TestConvertInProcess(t *testing.T) {
	dir := os.Getenv(registryDir)
	if dir == "" {
		t.Skip("only runs as a process of TestKilledConversion")
	}
	r := newRegistry(t)
	r.Dir = dir
	get(t, r, embedder.DefaultModel)
}

// A process killed while it writes leaves no model, no lock and, after the next conversion, no file.
func TestKilledConversion(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	absent := embedder.Registry{Dir: r.Dir}
	for range 2 {
		killWhileWriting(t, r.Dir)
		if _, err := absent.Get(context.Background(), embedder.DefaultModel); !errors.Is(err, embedder.ErrNoModel) {
			t.Errorf("after the kill: got %v, want ErrNoModel", err)
		}
	}
	m := get(t, r, embedder.DefaultModel)
	if diff := cmp.Diff([]string{"model.json", filepath.Base(m.Trunk)}, files(t, filepath.Dir(m.Trunk))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// killWhileWriting starts a conversion and kills it once a temporary file that was not there before has appeared.
func killWhileWriting(t *testing.T, dir string) {
	t.Helper()
	old := temporary(dir)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestConvertInProcess$")
	cmd.Env = append(os.Environ(), registryDir+"="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for cmp.Equal(old, temporary(dir)) {
		select {
		case err := <-ended:
			t.Fatalf("the conversion ended before it was killed: %v", err)
		case <-look.C:
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
}

// temporary are the temporary files of the default model.
func temporary(dir string) (names []string) {
	entries, err := os.ReadDir(filepath.Join(dir, embedder.DefaultModel))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".tmp-") {
			names = append(names, e.Name())
		}
	}
	return names
}

// Weights that somebody added under the default name stay, whatever the published ones are.
func TestAddedDefaultModelStays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRegistry(t)
	m, err := r.Add(ctx, embedder.DefaultModel, "efficientnet-lite0", r.Lite0Weights)
	if err != nil {
		t.Fatal(err)
	}
	r.Lite0Weights = filepath.Join(t.TempDir(), "other.pth")
	if err := os.WriteFile(r.Lite0Weights, []byte("other weights"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := get(t, r, embedder.DefaultModel); got != m {
		t.Errorf("got %+v, want %+v", got, m)
	}
	if err := r.Remove(ctx, embedder.DefaultModel); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Get(ctx, embedder.DefaultModel); err == nil {
		t.Error("after remove the added model is still there")
	}
}

// A model added again in place of another leaves one trunk behind, its own.
func TestAddReplaces(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	ctx := context.Background()
	first, err := r.Add(ctx, "ours", "efficientnet-lite0", r.Lite0Weights)
	if err != nil {
		t.Fatal(err)
	}
	// Another trunk in all but its bytes: an earlier version under its own name.
	earlier := filepath.Join(filepath.Dir(first.Trunk), "trunk-ffffffffffffffff.onnx")
	if err := os.Rename(first.Trunk, earlier); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(filepath.Dir(first.Trunk), "model.json"), func(record map[string]any) {
		record["trunk"] = filepath.Base(earlier)
	})
	if got := get(t, r, "ours"); got.Trunk != earlier {
		t.Fatalf("the earlier model is %+v", got)
	}
	second, err := r.Add(ctx, "ours", "efficientnet-lite0", r.Lite0Weights)
	if err != nil || second != first {
		t.Errorf("got %+v, %v, want %+v", second, err, first)
	}
	if diff := cmp.Diff([]string{"model.json", filepath.Base(first.Trunk)}, files(t, filepath.Dir(first.Trunk))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
