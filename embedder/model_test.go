package embedder_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"lookalike/embedder"
)

func TestPreprocessingValidate(t *testing.T) {
	t.Parallel()
	if err := imageNet.Validate(); err != nil {
		t.Errorf("ImageNet's: %v", err)
	}
	nan := float32(math.NaN())
	bad := embedder.Preprocessing{Resize: 0, Crop: 100_000, Interpolation: "nearest", Mean: [3]float32{nan, 0, 0}, Std: [3]float32{1, 0, nan}}
	err := bad.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"resize is 0", "crop is 100000", `"nearest"`, "mean of red", "std of green", "std of blue"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

func TestModelVersion(t *testing.T) {
	t.Parallel()
	version := func(trunk string, change func(*embedder.Preprocessing)) string {
		p := imageNet
		change(&p)
		v, err := embedder.ModelVersion(strings.NewReader(trunk), p)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	same := func(*embedder.Preprocessing) {}
	base := version("trunk", same)
	// Stored features carry the version, so it must never change for the same model. This is the sum that sha256sum gives
	// for "trunk" followed by the JSON.
	if want := "d274bb1b8a45a2fce0cb7646e44d2788066cb1517cda369fb1f9abdf63b6b523"; base != want {
		t.Errorf("version is %s, want %s", base, want)
	}
	if again := version("trunk", same); again != base {
		t.Error("the same model has two versions")
	}
	for name, other := range map[string]string{
		"trunk":  version("trunk2", same),
		"resize": version("trunk", func(p *embedder.Preprocessing) { p.Resize++ }),
		"crop":   version("trunk", func(p *embedder.Preprocessing) { p.Crop-- }),
		"mean":   version("trunk", func(p *embedder.Preprocessing) { p.Mean[2] = math.Nextafter32(p.Mean[2], 1) }),
		"std":    version("trunk", func(p *embedder.Preprocessing) { p.Std[0] = math.Nextafter32(p.Std[0], 1) }),
	} {
		if other == base {
			t.Errorf("another %s has the same version", name)
		}
	}
}

func TestModelVersionRefuses(t *testing.T) {
	t.Parallel()
	if _, err := embedder.ModelVersion(strings.NewReader("trunk"), embedder.Preprocessing{}); err == nil {
		t.Error("a preprocessing that is not valid has a version")
	}
	broken := errors.New("disk")
	if _, err := embedder.ModelVersion(iotest.ErrReader(broken), imageNet); !errors.Is(err, broken) {
		t.Errorf("error is %v, want %v", err, broken)
	}
}
