package embedder

import "image"

// RunTrunk runs the trunk of e on inputs that are already prepared, as many as a batch takes at most.
func RunTrunk(e *Embedder, inputs [][]float32) ([][]float32, error) {
	t := newTensors(len(inputs), e.model.Preprocessing.Crop, e.model.FeatureDims)
	for i, input := range inputs {
		copy(t.photo(i), input)
	}
	if err := e.session.embed(t, len(inputs)); err != nil {
		return nil, err
	}
	features := make([][]float32, len(inputs))
	for i := range features {
		features[i] = t.feature(i)
	}
	return features, t.close()
}

// UpsampleRow is row y of a chroma plane, given by its rows, at full resolution.
func UpsampleRow(ratio image.YCbCrSubsampleRatio, rows [][]uint8, y int) []uint8 {
	p := plane{width: len(rows[0]), stride: len(rows[0]), height: len(rows)}
	for _, row := range rows {
		p.pix = append(p.pix, row...)
	}
	return p.upsampleRow(make([]uint8, 4*p.width), ratio, y)
}
