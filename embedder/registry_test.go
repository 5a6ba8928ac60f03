package embedder_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"

	"lookalike/embedder"
	"lookalike/embedder/trunk"
	"lookalike/internal/testenv"
)

func newRegistry(t *testing.T) embedder.Registry {
	t.Helper()
	weights, err := testenv.Parts(t).Lite0Weights()
	if err != nil {
		t.Fatal(err)
	}
	return embedder.Registry{Dir: filepath.Join(t.TempDir(), "models"), Lite0Weights: weights}
}

func get(t *testing.T, r embedder.Registry, name string) embedder.Model {
	t.Helper()
	m, err := r.Get(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// added is a registry without published weights, with one model "small" added by hand.
func added(t *testing.T) (embedder.Registry, embedder.Model) {
	t.Helper()
	r := newRegistry(t)
	m, err := r.Add(context.Background(), "small", "efficientnet-lite0", r.Lite0Weights)
	if err != nil {
		t.Fatal(err)
	}
	r.Lite0Weights = ""
	return r, m
}

// files are the names in a folder.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestDefaultModelIsConvertedOnce(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	first := get(t, r, embedder.DefaultModel)
	want := embedder.Preprocessing{Resize: 256, Crop: 224, Interpolation: embedder.Bilinear}
	for c := range 3 {
		want.Mean[c], want.Std[c] = 127.0/255, 128.0/255
	}
	if diff := cmp.Diff(want, first.Preprocessing); diff != "" || first.FeatureDims != 1280 {
		t.Errorf("%d dims, preprocessing (-want +got):\n%s", first.FeatureDims, diff)
	}
	before, err := os.Stat(first.Trunk)
	if err != nil {
		t.Fatal(err)
	}
	again := get(t, r, embedder.DefaultModel)
	after, err := os.Stat(again.Trunk)
	if err != nil {
		t.Fatal(err)
	}
	if first != again || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Errorf("converted again: %+v, then %+v", first, again)
	}
	r.Lite0Weights = ""
	if cached := get(t, r, embedder.DefaultModel); cached != first {
		t.Errorf("without the weights the cache gives %+v", cached)
	}
}

// What was cached under other weights, or under another converter, is made again.
func TestDefaultModelFollowsItsWeights(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"weights_sha256", "converter", "version"} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			r := newRegistry(t)
			m := get(t, r, embedder.DefaultModel)
			path := filepath.Join(r.Dir, m.Name, "model.json")
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			rewrite(t, path, func(record map[string]any) {
				if record[field] = "0123456789abcdef"; field == "converter" {
					record[field] = trunk.ConverterVersion - 1
				}
			})
			if again := get(t, r, embedder.DefaultModel); again != m {
				t.Errorf("got %+v, want %+v", again, m)
			}
			if mended, err := os.ReadFile(path); err != nil || string(mended) != string(good) {
				t.Errorf("the description was not written anew: %s, %v", mended, err)
			}
		})
	}
}

func rewrite(t *testing.T, path string, change func(map[string]any)) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	record := map[string]any{}
	if err := json.Unmarshal(data, &record); err != nil {
		t.Fatal(err)
	}
	change(record)
	if data, err = json.Marshal(record); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestMissingModelsSayWhatToDo(t *testing.T) {
	t.Parallel()
	r := embedder.Registry{Dir: filepath.Join(t.TempDir(), "none")}
	for name, says := range map[string]string{
		embedder.DefaultModel: "make runtime",
		"resnet50":            "lookalike model add resnet50 --weights resnet50-11ad3fa6.pth",
		"clip":                "lookalike model add clip --architecture",
	} {
		_, err := r.Get(context.Background(), name)
		if !errors.Is(err, embedder.ErrNoModel) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want ErrNoModel with %q", name, err, says)
		}
		if err := r.Remove(context.Background(), name); !errors.Is(err, embedder.ErrNoModel) {
			t.Errorf("remove %s: got %v, want ErrNoModel", name, err)
		}
	}
	if models, err := r.List(context.Background()); err != nil || len(models) != 0 {
		t.Errorf("list: %v, %v", models, err)
	}
	if _, err := os.Stat(r.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("asking made the folder: %v", err)
	}
}

func TestModelNames(t *testing.T) {
	t.Parallel()
	r := embedder.Registry{Dir: t.TempDir()}
	for _, name := range []string{"", ".", "..", "../x", "a/b", ".hidden", "-x", "Upper", "a b", "a\x00", "ü", strings.Repeat("a", 64)} {
		_, errGet := r.Get(context.Background(), name)
		_, errAdd := r.Add(context.Background(), name, "resnet50", "w.pth")
		errRemove := r.Remove(context.Background(), name)
		for _, err := range []error{errGet, errAdd, errRemove} {
			if !errors.Is(err, embedder.ErrModelName) {
				t.Errorf("%q: got %v, want ErrModelName", name, err)
			}
		}
	}
}

func TestAddListRemove(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r, m := added(t)
	if got := get(t, r, "small"); got != m || got.Name != "small" {
		t.Errorf("got %+v, want %+v", got, m)
	}
	models, err := r.List(ctx)
	if diff := cmp.Diff([]embedder.Model{m}, models); diff != "" || err != nil {
		t.Errorf("list: %v (-want +got):\n%s", err, diff)
	}
	if err := r.Remove(ctx, "small"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Get(ctx, "small"); !errors.Is(err, embedder.ErrNoModel) {
		t.Errorf("after remove: got %v, want ErrNoModel", err)
	}
	if _, err := os.Stat(filepath.Join(r.Dir, "small")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestListHasTheDefaultModel(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	models, err := r.List(context.Background())
	if err != nil || len(models) != 1 || models[0].Name != embedder.DefaultModel {
		t.Errorf("got %+v, %v", models, err)
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	r, m := added(t)
	bad := filepath.Join(t.TempDir(), "weights.pth")
	if err := os.WriteFile(bad, []byte("<html>not found, not found</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := r.Add(context.Background(), "small", "resnet50", bad)
	if !errors.Is(err, trunk.ErrUnsupported) {
		t.Errorf("bad weights: got %v, want trunk.ErrUnsupported", err)
	}
	_, err = r.Add(context.Background(), "small", "vgg16", bad)
	if !errors.Is(err, trunk.ErrArchitecture) {
		t.Errorf("bad architecture: got %v, want trunk.ErrArchitecture", err)
	}
	if got := get(t, r, "small"); got != m {
		t.Errorf("the model that was there is now %+v", got)
	}
}

// Whatever is wrong with the files, a model that is not as it was written is no model.
func TestDamagedModels(t *testing.T) {
	t.Parallel()
	r, m := added(t)
	dir := filepath.Join(r.Dir, "small")
	description := filepath.Join(dir, "model.json")
	for name, damage := range map[string]func(t *testing.T){
		"no description":    func(t *testing.T) { remove(t, description) },
		"no trunk":          func(t *testing.T) { remove(t, m.Trunk) },
		"empty description": func(t *testing.T) { truncate(t, description, 0) },
		"half description":  func(t *testing.T) { truncate(t, description, 200) },
		"half trunk":        func(t *testing.T) { truncate(t, m.Trunk, 1<<20) },
		"other resize": func(t *testing.T) {
			rewrite(t, description, func(r map[string]any) { r["preprocessing"].(map[string]any)["resize"] = 224 })
		},
		"trunk elsewhere": func(t *testing.T) {
			rewrite(t, description, func(r map[string]any) { r["trunk"] = "../../" + filepath.Base(m.Trunk) })
		},
		"other name": func(t *testing.T) { rewrite(t, description, func(r map[string]any) { r["name"] = "large" }) },
	} {
		t.Run(name, func(t *testing.T) {
			copied := embedder.Registry{Dir: filepath.Join(t.TempDir(), "models")}
			if err := os.CopyFS(copied.Dir, os.DirFS(r.Dir)); err != nil {
				t.Fatal(err)
			}
			description = filepath.Join(copied.Dir, "small", "model.json")
			m.Trunk = filepath.Join(copied.Dir, "small", filepath.Base(m.Trunk))
			damage(t)
			if _, err := copied.Get(context.Background(), "small"); !errors.Is(err, embedder.ErrNoModel) {
				t.Errorf("got %v, want ErrNoModel", err)
			}
			if models, err := copied.List(context.Background()); err != nil || len(models) != 0 {
				t.Errorf("list: %+v, %v", models, err)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// What a killed process left behind is no model, and is gone after the next write.
func TestInterruptedWrite(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	dir := filepath.Join(r.Dir, embedder.DefaultModel)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".tmp-123", "trunk-0011223344556677.onnx"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half of a trunk"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	absent := embedder.Registry{Dir: r.Dir}
	if _, err := absent.Get(context.Background(), embedder.DefaultModel); !errors.Is(err, embedder.ErrNoModel) {
		t.Errorf("got %v, want ErrNoModel", err)
	}
	m := get(t, r, embedder.DefaultModel)
	if diff := cmp.Diff([]string{"model.json", filepath.Base(m.Trunk)}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// Several that ask at once for a model that is not there yet get the same one; the lock is held between processes, and
// between registries of one process just so.
func TestConcurrentFirstUse(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	models := make([]embedder.Model, 4)
	errs := make([]error, len(models))
	var wg sync.WaitGroup
	for i := range models {
		wg.Go(func() { models[i], errs[i] = r.Get(context.Background(), embedder.DefaultModel) })
	}
	wg.Wait()
	for i, m := range models {
		if errs[i] != nil || m != models[0] {
			t.Errorf("%d: got %+v, %v, want %+v", i, m, errs[i], models[0])
		}
	}
	if diff := cmp.Diff([]string{"model.json", filepath.Base(models[0].Trunk)}, files(t, filepath.Dir(models[0].Trunk))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestWaitingForTheLockEndsWithTheContext(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	other := flock.New(filepath.Join(r.Dir, ".lock"))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Unlock() }()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := r.Get(ctx, embedder.DefaultModel); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
}

func TestResNet50Preprocessing(t *testing.T) {
	t.Parallel()
	r := embedder.Registry{Dir: t.TempDir()}
	m, err := r.Add(context.Background(), "resnet50", "resnet50", testenv.Shared(t, "reference", "resnet50_seeded.pth"))
	if err != nil {
		t.Fatal(err)
	}
	want := embedder.Preprocessing{
		Resize: 232, Crop: 224, Interpolation: embedder.Bilinear,
		Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225},
	}
	if diff := cmp.Diff(want, get(t, r, "resnet50").Preprocessing); diff != "" || m.FeatureDims != 2048 {
		t.Errorf("%d dims, preprocessing (-want +got):\n%s", m.FeatureDims, diff)
	}
}
