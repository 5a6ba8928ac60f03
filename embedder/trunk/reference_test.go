package trunk_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	ort "github.com/yalue/onnxruntime_go"

	"lookalike/embedder/trunk"
	"lookalike/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run loads ONNX Runtime once; without it the tests that need it fail by themselves.
func run(m *testing.M) int {
	if parts, err := testenv.FindParts(); err == nil {
		if lib, err := parts.ONNXRuntime(); err == nil {
			ort.SetSharedLibraryPath(lib)
		}
	}
	if err := ort.InitializeEnvironment(); err == nil {
		defer func() { _ = ort.DestroyEnvironment() }()
	}
	return m.Run()
}

func lite0Weights(tb testing.TB) string {
	tb.Helper()
	path, err := testenv.Parts(tb).Lite0Weights()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// runModel runs n inputs of the given side and returns their features.
func runModel(tb testing.TB, model []byte, input []float32, n, side int64) []float32 {
	tb.Helper()
	session, err := ort.NewDynamicAdvancedSessionWithONNXData(model, []string{trunk.InputName}, []string{trunk.OutputName}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = session.Destroy() }()
	in, err := ort.NewTensor(ort.NewShape(n, 3, side, side), input)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = in.Destroy() }()
	out := []ort.Value{nil}
	if err := session.Run([]ort.Value{in}, out); err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = out[0].Destroy() }()
	return slices.Clone(out[0].(*ort.Tensor[float32]).GetData())
}

// agreement is the cosine of two features and the length of their difference as a share of want's length.
func agreement(got, want []float32) (cosine, relative float64) {
	var dot, gg, ww, dd float64
	for i := range want {
		g, w := float64(got[i]), float64(want[i])
		dot += g * w
		gg += g * g
		ww += w * w
		dd += (g - w) * (g - w)
	}
	return dot / math.Sqrt(gg*ww), math.Sqrt(dd / ww)
}

// It does not run beside other tests, so that the memory it measures is its own.
func TestResNet50AgreesWithTorch(t *testing.T) {
	weights := testenv.Shared(t, "reference", "resnet50_seeded.pth")
	input, _ := testenv.Npy[float32](t, testenv.Shared(t, "reference", "resnet50_input_first4.npy"))
	want, _ := testenv.Npy[float32](t, testenv.Shared(t, "reference", "resnet50_seeded_features.npy"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	model, err := trunk.Build(context.Background(), "resnet50", weights)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > 400 {
		t.Errorf("converting a file of 98 MB allocated %d MB", got)
	}
	const dims = 2048
	got := runModel(t, model, input, 4, 224)
	for i := range 4 {
		cosine, relative := agreement(got[i*dims:(i+1)*dims], want[i*dims:(i+1)*dims])
		t.Logf("photo %d: cosine %.8f, relative error %.2e", i, cosine, relative)
		if cosine < 0.9999 || relative > 1e-3 {
			t.Errorf("photo %d: cosine %.8f (want >= 0.9999), relative error %.2e (want <= 1e-3)", i, cosine, relative)
		}
	}
}

// A batch gives each photo the features it has alone.
func TestLite0TakesAnyBatch(t *testing.T) {
	t.Parallel()
	model, err := trunk.Build(context.Background(), "efficientnet-lite0", lite0Weights(t))
	if err != nil {
		t.Fatal(err)
	}
	ins, outs, err := ort.GetInputOutputInfoWithONNXData(model)
	if err != nil {
		t.Fatal(err)
	}
	shapes := [][]int64{ins[0].Dimensions, outs[0].Dimensions} // -1 is the batch
	if diff := cmp.Diff([][]int64{{-1, 3, 224, 224}, {-1, 1280}}, shapes); diff != "" {
		t.Errorf("shapes (-want +got):\n%s", diff)
	}
	const photo, dims = 3 * 224 * 224, 1280
	input := make([]float32, 3*photo)
	for i := range input {
		input[i] = float32(math.Sin(float64(i) / 50 * float64(1+i/photo)))
	}
	batch := runModel(t, model, input, 3, 224)
	if len(batch) != 3*dims {
		t.Fatalf("got %d numbers, want %d", len(batch), 3*dims)
	}
	alone := runModel(t, model, input[photo:2*photo], 1, 224)
	if cosine, relative := agreement(batch[dims:2*dims], alone); cosine < 0.999999 || relative > 1e-4 {
		t.Errorf("photo 1 in a batch: cosine %v, relative error %v", cosine, relative)
	}
	if cosine, _ := agreement(batch[:dims], alone); cosine > 0.999 {
		t.Errorf("photos 0 and 1 have the same features (cosine %v)", cosine)
	}
}

// Weights of a real network give the same trunk to the last bit in each format, which the file's name does not tell.
func TestBuildTellsFormatsByContent(t *testing.T) {
	t.Parallel()
	arch, err := trunk.Find("efficientnet-lite0")
	if err != nil {
		t.Fatal(err)
	}
	arrays := someWeights(arch)
	dir := t.TempDir()
	var models [][]byte
	for name, file := range map[string][]byte{
		"w.safetensors": safetensors(t, arrays), "w.pth": floatPth(arrays).legacy(4), "misnamed.safetensors": floatPth(arrays).zip(t),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		model, err := trunk.Build(context.Background(), arch.Name, path)
		if err != nil {
			t.Fatal(err)
		}
		models = append(models, model)
	}
	if !bytes.Equal(models[0], models[1]) || !bytes.Equal(models[0], models[2]) {
		t.Error("the trunk depends on the format")
	}
}

func TestArchitecturesNameTheirTensors(t *testing.T) {
	t.Parallel()
	type facts struct{ Dims, Side, Tensors int }
	got := map[string]facts{}
	for _, a := range trunk.Architectures() {
		got[a.Name] = facts{a.FeatureDims, a.InputSize, len(a.Shapes())}
		if a.Description == "" || a.Published == "" {
			t.Errorf("%s is not described", a.Name)
		}
	}
	// Convolutions times five: a kernel and the four tensors of its batch norm.
	want := map[string]facts{"efficientnet-lite0": {1280, 224, 49 * 5}, "resnet50": {2048, 224, 53 * 5}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("architectures (-want +got):\n%s", diff)
	}
}
