package embedder_test

import (
	"archive/zip"
	"os"
	"strings"
	"testing"

	"github.com/sbinet/npyio"

	"lookalike/embedder"
	"lookalike/internal/testenv"
)

// tolerance is how far the decoded pixels of a reference file may be from Pillow's.
type tolerance struct {
	most int     // at any sample
	mean float64 // over all samples
}

func toleranceFor(name string) tolerance {
	switch {
	case strings.HasSuffix(name, ".jpg"), name == "lossy.webp":
		return tolerance{most: 4, mean: 0.1}
	case strings.Contains(name, "alpha"):
		return tolerance{most: 1, mean: 1}
	default:
		return tolerance{}
	}
}

func TestDecodeReferenceImages(t *testing.T) {
	t.Parallel()
	archive, err := zip.OpenReader(testenv.Shared(t, "reference", "images", "pixels.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, entry := range archive.File {
		name := strings.TrimSuffix(entry.Name, ".npy")
		t.Run(name, func(t *testing.T) {
			want, height, width := readPixels(t, entry)
			got, info, err := embedder.Decode(readShared(t, "reference", "images", name))
			if err != nil {
				t.Fatal(err)
			}
			if got.Width != width || got.Height != height || info.Width != width || info.Height != height {
				t.Fatalf("size is %d x %d (%+v), want %d x %d", got.Width, got.Height, info, width, height)
			}
			most, mean := difference(got.Pix, want)
			t.Logf("differs by at most %d, %.4f on average", most, mean)
			if tol := toleranceFor(name); most > tol.most || mean > tol.mean {
				t.Errorf("differs by at most %d, %.4f on average: want %+v", most, mean, tol)
			}
		})
	}
}

func readPixels(t *testing.T, entry *zip.File) (pix []uint8, height, width int) {
	t.Helper()
	f, err := entry.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := npyio.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Read(&pix); err != nil {
		t.Fatal(err)
	}
	return pix, r.Header.Descr.Shape[0], r.Header.Descr.Shape[1]
}

// difference compares samples one by one.
func difference(got, want []uint8) (most int, mean float64) {
	sum := 0
	for i := range want {
		d := int(got[i]) - int(want[i])
		if d < 0 {
			d = -d
		}
		most = max(most, d)
		sum += d
	}
	return most, float64(sum) / float64(len(want))
}

func readShared(t testing.TB, elem ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(testenv.Shared(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
