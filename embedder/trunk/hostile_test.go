package trunk_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"lookalike/embedder/trunk"
)

// Pickles that would do something are refused by the name of what they ask for, whether or not they go on to call it.
func TestCodeIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		object any
		names  string
	}{
		"os.system":           {call{glob{"os", "system"}, tup{"touch owned"}}, `"os.system"`},
		"posix.system unused": {glob{"posix", "system"}, `"posix.system"`},
		"eval":                {call{glob{"__builtin__", "eval"}, tup{"1"}}, `"__builtin__.eval"`},
		"getattr":             {call{glob{"builtins", "getattr"}, tup{glob{"os", "system"}, "x"}}, `"builtins.getattr"`},
		"stack global":        {ops("\x8c\x02os\x8c\x06system\x93"), `"os.system"`},
		"near miss":           {glob{"torch._utils", "_rebuild_tensor_v2 "}, `"torch._utils._rebuild_tensor_v2 "`},
		"split elsewhere":     {glob{"torch", "_utils _rebuild_tensor_v2"}, `"torch._utils _rebuild_tensor_v2"`},
		"torch.load":          {glob{"torch", "load"}, `"torch.load"`},
		"whole module":        {call{glob{"torchvision.models.resnet", "ResNet"}, tup{}}, `"torchvision.models.resnet.ResNet"`},
		"calls a string":      {call{"os.system", tup{"touch owned"}}, "nothing was run"},
		"calls a storage":     {call{glob{"torch", "FloatStorage"}, tup{1 << 40}}, "nothing was run"},
		"INST":                {ops("(ios\nsystem\n"), "INST"},
		"OBJ":                 {ops("(X\x01\x00\x00\x00xo"), "OBJ"},
		"NEWOBJ":              {ops(")\x81"), "NEWOBJ"},
		"NEWOBJ_EX":           {ops(")}\x92"), "NEWOBJ_EX"},
		"EXT1":                {ops("\x82\x01"), "EXT1"},
		"in an attribute":     {ops("}" + string(pickle(glob{"os", "system"})[2:]) + "b"), `"os.system"`},
		"in a checkpoint":     {pairs{{"args", call{glob{"argparse", "Namespace"}, tup{}}}, {"state_dict", pairs{}}}, `"argparse.Namespace"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pth{object: c.object}
			for format, file := range map[string][]byte{"zip": p.zip(t), "legacy": p.legacy(4)} {
				_, err := convert(trunk.Tiny(), file)
				if !errors.Is(err, trunk.ErrUnsafe) || !strings.Contains(err.Error(), c.names) {
					t.Errorf("%s: got %v, want ErrUnsafe naming %s", format, err, c.names)
				}
			}
		})
	}
}

// hostile are files that lie about themselves. Each is refused with a sentinel, and before anything large is allocated.
func hostile(tb testing.TB) map[string]struct {
	file []byte
	want error
} {
	arrays := someWeights(trunk.Tiny())
	float := storageID("FloatStorage", "0", 4)
	one := func(object any) []byte {
		return pth{object: object, keys: []string{"0"}, storages: map[string][]byte{"0": make([]byte, 16)}}.zip(tb)
	}
	view := func(offset int64, shape, strides []int64) []byte {
		return one(pairs{{"conv.weight", tensorCall(float, offset, shape, strides)}})
	}
	good := floatPth(arrays).zip(tb)
	text := func(s string) []byte { return one(ops(s)) }
	return map[string]struct {
		file []byte
		want error
	}{
		"empty":                    {nil, trunk.ErrCorrupt},
		"text":                     {[]byte("this is a page that says 404 not found"), trunk.ErrUnsupported},
		"bare pickle":              {append(pickle(pairs{}), make([]byte, 32)...), trunk.ErrUnsupported},
		"shape product overflows":  {view(0, []int64{1 << 32, 1 << 32}, []int64{0, 0}), trunk.ErrCorrupt},
		"stride overflows":         {view(0, []int64{3, 3}, []int64{1 << 62, 1 << 62}), trunk.ErrCorrupt},
		"negative shape":           {view(0, []int64{-4}, []int64{1}), trunk.ErrCorrupt},
		"negative stride":          {view(3, []int64{4}, []int64{-1}), trunk.ErrCorrupt},
		"negative offset":          {view(-1, []int64{4}, []int64{1}), trunk.ErrCorrupt},
		"huge offset":              {view(1<<62, []int64{4}, []int64{1}), trunk.ErrCorrupt},
		"one past the end":         {view(1, []int64{4}, []int64{1}), trunk.ErrCorrupt},
		"more strides than shape":  {view(0, []int64{4}, []int64{1, 1}), trunk.ErrCorrupt},
		"hundred dimensions":       {view(0, make([]int64, 100), make([]int64, 100)), trunk.ErrCorrupt},
		"storage of 2^62 elements": {one(storageID("FloatStorage", "0", 1<<62)), trunk.ErrCorrupt},
		"negative storage":         {one(storageID("FloatStorage", "0", -1)), trunk.ErrCorrupt},
		"storage of two types":     {one(tup{float, storageID("HalfStorage", "0", 4)}), trunk.ErrCorrupt},
		"storage of no type":       {one(pers{tup{"storage", orderedDict, "0", "cpu", 4}}), trunk.ErrCorrupt},
		"storage of tuples":        {one(pers{tup{"storage", glob{"torch", "FloatStorage"}, "0", "cpu", doubling(60)}}), trunk.ErrCorrupt},
		"shape of tuples":          {one(call{rebuild, tup{float, 0, doubling(60), tup{}, false, nil}}), trunk.ErrCorrupt},
		"dict of tuples":           {one(doubling(60)), trunk.ErrUnsupported},
		"persistent module":        {one(pers{tup{"module", "x", "y", "z", 1}}), trunk.ErrUnsupported},
		"expanded tensor":          {expanded(arrays).zip(tb), trunk.ErrUnsupported},
		"integer weights":          {pthOf(arrays, "IntStorage", raw32).zip(tb), trunk.ErrUnsupported},
		"storage shorter than said": {func() []byte {
			p := floatPth(arrays)
			p.storages["3"] = p.storages["3"][:8]
			return p.zip(tb)
		}(), trunk.ErrCorrupt},
		"storage missing": {func() []byte {
			p := floatPth(arrays)
			p.keys = p.keys[:3]
			return p.zip(tb)
		}(), trunk.ErrCorrupt},
		"legacy storage missing": {func() []byte {
			p := floatPth(arrays)
			p.keys = p.keys[:3]
			return p.legacy(4)
		}(), trunk.ErrCorrupt},
		"not a number":         {spoilt(arrays, "conv.weight", 0x7fc00000).zip(tb), trunk.ErrCorrupt},
		"infinite":             {spoilt(arrays, "bn.bias", 0x7f800000).zip(tb), trunk.ErrCorrupt},
		"negative variance":    {spoilt(arrays, "bn.running_var", 0xbf800000).zip(tb), trunk.ErrCorrupt},
		"repeated tensor":      {one(pairs{{"a", tensorCall(float, 0, nil, nil)}, {"a", tensorCall(float, 0, nil, nil)}}), trunk.ErrCorrupt},
		"list for a dict":      {one(seq{1, 2}), trunk.ErrUnsupported},
		"number for a tensor":  {one(pairs{{"a", 1}}), trunk.ErrUnsupported},
		"empty stack":          {text("0"), trunk.ErrCorrupt},
		"below the mark":       {text("N(0"), trunk.ErrCorrupt},
		"no mark":              {text("t"), trunk.ErrCorrupt},
		"unknown memo":         {text("h\x07"), trunk.ErrCorrupt},
		"key without value":    {text("}(Nu"), trunk.ErrCorrupt},
		"append to a number":   {text("K\x01Na"), trunk.ErrCorrupt},
		"string of 4 GB":       {text("X\xff\xff\xff\xff"), trunk.ErrCorrupt},
		"string of 2^63 bytes": {text("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), trunk.ErrCorrupt},
		"endless name":         {text("cos"), trunk.ErrCorrupt},
		"number of 255 bytes":  {text("\x8a\xff"), trunk.ErrUnsupported},
		"marks upon marks":     {text(strings.Repeat("(", 2<<20)), trunk.ErrUnsupported},
		"nested tuples":        {text(")" + strings.Repeat("\x85", 900_000)), trunk.ErrUnsupported},
		"memo bomb":            {text("]q\x00" + strings.Repeat("(h\x00h\x00lq\x00", 100_000)), trunk.ErrUnsupported},
		"list in itself":       {text("]q\x00h\x00a"), trunk.ErrUnsupported},
		"pickle of 8 MB":       {one(strings.Repeat("x", 8<<20)), trunk.ErrUnsupported},
		"zip of something":     {zipOf(tb, entry{"word/document.xml", make([]byte, 64)}), trunk.ErrUnsupported},
		"big-endian":           {zipOf(tb, entry{"a/data.pkl", pickle(pairs{})}, entry{"a/byteorder", []byte("big")}), trunk.ErrUnsupported},
		"two pickles":          {zipOf(tb, entry{"a/data.pkl", pickle(pairs{})}, entry{"b/data.pkl", pickle(pairs{})}), trunk.ErrCorrupt},
		"same entry twice":     {zipOf(tb, entry{"a/data.pkl", pickle(pairs{})}, entry{"a/data.pkl", pickle(pairs{})}), trunk.ErrCorrupt},
		"zip bomb":             {zipBomb(tb), trunk.ErrUnsupported},
		"zip entry of 1 TB":    {lyingZip(tb, 1<<40), trunk.ErrCorrupt},
		"zip entry too long":   {lyingZip(tb, 200), trunk.ErrCorrupt},
		"zip without its end":  {good[:len(good)-30], trunk.ErrCorrupt},
		"big-endian legacy":    {append([]byte(legacyMagic), append(pickle(1001), pickle(pairs{})...)...), trunk.ErrUnsupported},
		"other legacy":         {append([]byte(legacyMagic), pickle(1002)...), trunk.ErrCorrupt},
	}
}

// doubling is a tuple that holds the same tuple twice, and so on: 2^depth values to whoever walks over it.
func doubling(depth int) ops {
	return ops(")" + strings.Repeat("q\x00h\x00\x86", depth))
}

func TestHostileFilesAreRefusedCheaply(t *testing.T) {
	const limit = 128 << 20 // the worst is a pickle of as many instructions as are allowed, and the memory they may take
	for name, c := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := convert(trunk.Tiny(), c.file)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > limit {
				t.Errorf("allocated %d MB", got>>20)
			}
		})
	}
}

// expanded has a bias of four elements that are one and the same number in the file.
func expanded(arrays []array) pth {
	p := floatPth(arrays)
	for i, a := range arrays {
		if a.name == "bn.bias" {
			p.object.(pairs)[i][1] = tensorCall(storageID("FloatStorage", fmt.Sprint(i), 4), 0, []int64{4}, []int64{0})
		}
	}
	return p
}

// spoilt has one number of one tensor replaced by other bits.
func spoilt(arrays []array, name string, bits uint32) pth {
	p := floatPth(arrays)
	for i, a := range arrays {
		if a.name == name {
			binary.LittleEndian.PutUint32(p.storages[fmt.Sprint(i)][4:], bits)
		}
	}
	return p
}

// zipBomb is a compressed archive that would unpack to a thousand times its size.
func zipBomb(tb testing.TB) []byte {
	var b bytes.Buffer
	zw := zip.NewWriter(&b)
	w, err := zw.Create("archive/data.pkl")
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 4<<20)); err != nil {
		tb.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// lyingZip says that its pickle has another size than it has.
func lyingZip(tb testing.TB, size uint64) []byte {
	var b bytes.Buffer
	zw := zip.NewWriter(&b)
	w, err := zw.CreateRaw(&zip.FileHeader{
		Name: "archive/data.pkl", Method: zip.Store, CompressedSize64: size, UncompressedSize64: size,
	})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(append(pickle(pairs{}), make([]byte, 256)...)[:64]); err != nil {
		tb.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestBuildRefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.pth")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for name, path := range map[string]string{"folder": dir, "named pipe": pipe} {
		if _, err := trunk.Build(ctx, "resnet50", path); !errors.Is(err, trunk.ErrUnsupported) {
			t.Errorf("%s: got %v, want ErrUnsupported", name, err)
		}
	}
	if _, err := trunk.Build(ctx, "resnet50", filepath.Join(dir, "none.pth")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want ErrNotExist", err)
	}
	if _, err := trunk.Build(ctx, "vgg16", pipe); !errors.Is(err, trunk.ErrArchitecture) || !strings.Contains(err.Error(), "resnet50") {
		t.Errorf("got %v, want ErrArchitecture naming those there are", err)
	}
}
