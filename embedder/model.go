// Package embedder turns the bytes of photos into features: it decodes a photo as libjpeg and Pillow would, prepares it
// as torchvision would, and runs a trunk network on batches of photos in ONNX Runtime.
package embedder

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// Bilinear is Pillow's antialiased bilinear interpolation, the only one that the preprocessing knows.
const Bilinear = "bilinear"

// maxInputSide bounds Resize and Crop: a trunk's input is a few hundred pixels wide, and a batch of it must fit in memory.
const maxInputSide = 4096

// Preprocessing says how the pixels of a photo become the input of a trunk, in torchvision's terms.
type Preprocessing struct {
	// Resize is the length in pixels that the photo's short side gets; the long side follows, truncated.
	Resize int `json:"resize"`
	// Crop is the side in pixels of the square cut from the centre, and so of the trunk's input.
	Crop int `json:"crop"`
	// Interpolation names the resize filter: Bilinear.
	Interpolation string `json:"interpolation"`
	// Mean is subtracted from each channel (red, green, blue), in units of 0..1.
	Mean [3]float32 `json:"mean"`
	// Std divides each channel after that, in units of 0..1.
	Std [3]float32 `json:"std"`
}

// Validate reports every fault of p at once, joined.
func (p Preprocessing) Validate() error {
	var faults []error
	if p.Resize < 1 || p.Resize > maxInputSide {
		faults = append(faults, fmt.Errorf("resize is %d: want 1..%d pixels", p.Resize, maxInputSide))
	}
	if p.Crop < 1 || p.Crop > maxInputSide {
		faults = append(faults, fmt.Errorf("crop is %d: want 1..%d pixels", p.Crop, maxInputSide))
	}
	if p.Interpolation != Bilinear {
		faults = append(faults, fmt.Errorf("interpolation is %q: want %q", p.Interpolation, Bilinear))
	}
	for c, name := range []string{"red", "green", "blue"} {
		if !finite(p.Mean[c]) {
			faults = append(faults, fmt.Errorf("mean of %s is %v: want a finite number", name, p.Mean[c]))
		}
		if !finite(p.Std[c]) || p.Std[c] <= 0 {
			faults = append(faults, fmt.Errorf("std of %s is %v: want a finite number above 0", name, p.Std[c]))
		}
	}
	return errors.Join(faults...)
}

// Model is a trunk network together with its preprocessing.
type Model struct {
	// Name is what people call the model, such as "efficientnet-lite0".
	Name string
	// Version is what ModelVersion says of Trunk and Preprocessing: features of two versions are never compared.
	Version string
	// FeatureDims is the length of a feature.
	FeatureDims int
	// Preprocessing is what the trunk was trained with.
	Preprocessing Preprocessing
	// Trunk is the path of the ONNX file: one float32 input [N,3,Crop,Crop], one float32 output [N,FeatureDims].
	Trunk string
}

// Validate reports every fault of m at once, joined. It does not open the trunk.
func (m Model) Validate() error {
	var faults []error
	if m.Name == "" {
		faults = append(faults, errors.New("model has no name"))
	}
	if m.FeatureDims < 1 {
		faults = append(faults, fmt.Errorf("feature dims are %d: want at least 1", m.FeatureDims))
	}
	if m.Trunk == "" {
		faults = append(faults, errors.New("model has no trunk file"))
	}
	return errors.Join(append(faults, m.Preprocessing.Validate())...)
}

// ModelVersion is the hex SHA-256 over the trunk's bytes followed by the JSON of p (fields in the order of the struct,
// no spaces): two models agree on it exactly when they compute the same features. It reads trunk to its end.
func ModelVersion(trunk io.Reader, p Preprocessing) (string, error) {
	if err := p.Validate(); err != nil {
		return "", fmt.Errorf("preprocessing: %w", err)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, trunk); err != nil {
		return "", fmt.Errorf("read trunk: %w", err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("write preprocessing: %w", err)
	}
	hash.Write(text)
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func finite(x float32) bool {
	return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0)
}
