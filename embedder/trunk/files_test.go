package trunk_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"lookalike/embedder/trunk"
)

// array is a tensor to be written.
type array struct {
	name   string
	shape  []int64
	values []float32 // row-major
}

// someWeights are random tensors for an architecture, by name, that every floating point type holds exactly: multiples of
// 1/16 below 4. Variances are positive.
func someWeights(a trunk.Architecture) []array {
	rng := rand.New(rand.NewPCG(1, 2))
	shapes := a.Shapes()
	var arrays []array
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		n := int64(1)
		for _, d := range shapes[name] {
			n *= d
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(rng.IntN(64)-32) / 16
			if bytes.HasSuffix([]byte(name), []byte("running_var")) {
				values[i] = float32(rng.IntN(48)+8) / 16
			}
		}
		arrays = append(arrays, array{name: name, shape: shapes[name], values: values})
	}
	return arrays
}

func rowMajor(shape []int64) []int64 {
	strides, run := make([]int64, len(shape)), int64(1)
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = run
		run *= shape[i]
	}
	return strides
}

func ints(values []int64) tup {
	t := make(tup, len(values))
	for i, v := range values {
		t[i] = v
	}
	return t
}

func storageID(class, key string, count int) pers {
	return pers{tup{"storage", glob{"torch", class}, key, "cpu", count}}
}

func tensorCall(storage any, offset int64, shape, strides []int64) call {
	return call{rebuild, tup{storage, offset, ints(shape), ints(strides), false, call{orderedDict, tup{}}}}
}

// pth is a PyTorch file in the making: the pickled object, and the storages by key.
type pth struct {
	object   any
	keys     []string
	storages map[string][]byte
}

// pthOf gives each array a storage of its own.
func pthOf(arrays []array, class string, raw func([]float32) []byte) pth {
	p := pth{storages: map[string][]byte{}}
	var members pairs
	for i, a := range arrays {
		key := fmt.Sprint(i)
		p.keys = append(p.keys, key)
		p.storages[key] = raw(a.values)
		members = append(members, [2]any{a.name, tensorCall(storageID(class, key, len(a.values)), 0, a.shape, rowMajor(a.shape))})
	}
	p.object = members
	return p
}

func floatPth(arrays []array) pth { return pthOf(arrays, "FloatStorage", raw32) }

// zip writes the file as PyTorch does since 1.6.
func (p pth) zip(tb testing.TB) []byte {
	entries := []entry{{"archive/data.pkl", pickle(p.object)}, {"archive/byteorder", []byte("little")}}
	for _, key := range p.keys {
		entries = append(entries, entry{"archive/data/" + key, p.storages[key]})
	}
	return zipOf(tb, entries...)
}

type entry struct {
	name string
	data []byte
}

func zipOf(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var b bytes.Buffer
	zw := zip.NewWriter(&b)
	for _, e := range entries {
		size := uint64(len(e.data))
		w, err := zw.CreateRaw(&zip.FileHeader{
			Name: e.name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(e.data), CompressedSize64: size, UncompressedSize64: size,
		})
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write(e.data); err != nil {
			tb.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

const legacyMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

// legacy writes the file as PyTorch did before 1.6; itemSize is that of every storage.
func (p pth) legacy(itemSize int) []byte {
	var keys seq
	for _, key := range p.keys {
		keys = append(keys, key)
	}
	b := []byte(legacyMagic)
	b = append(b, pickle(1001)...)
	b = append(b, pickle(pairs{{"protocol_version", 1001}, {"little_endian", true}})...)
	b = append(b, pickle(p.object)...)
	b = append(b, pickle(keys)...)
	for _, key := range p.keys {
		data := p.storages[key]
		b = binary.LittleEndian.AppendUint64(b, uint64(len(data)/itemSize))
		b = append(b, data...)
	}
	return b
}

// safetensors writes the arrays as float32.
func safetensors(tb testing.TB, arrays []array) []byte {
	tb.Helper()
	header := map[string]any{"__metadata__": map[string]string{"format": "pt"}}
	var data []byte
	for _, a := range arrays {
		start := len(data)
		data = append(data, raw32(a.values)...)
		header[a.name] = map[string]any{"dtype": "F32", "shape": a.shape, "data_offsets": []int{start, len(data)}}
	}
	text, err := json.Marshal(header)
	if err != nil {
		tb.Fatal(err)
	}
	return safetensorsOf(string(text), data)
}

func safetensorsOf(header string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func raw64(values []float32) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(v)))
	}
	return b
}

func raw32(values []float32) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func rawBrain(values []float32) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, uint16(math.Float32bits(v)>>16))
	}
	return b
}

// rawHalf is for normal binary16 numbers and zero.
func rawHalf(values []float32) (b []byte) {
	for _, v := range values {
		bits := math.Float32bits(v)
		half := uint16(bits >> 16 & 0x8000)
		if v != 0 {
			half |= uint16(bits>>23&0xff-127+15)<<10 | uint16(bits>>13&0x3ff)
		}
		b = binary.LittleEndian.AppendUint16(b, half)
	}
	return b
}
