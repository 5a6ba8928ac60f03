package embedder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"lookalike/embedder/trunk"
)

// The files of a registry. A model is a folder of its name with a description and the trunk that it names. The
// description is written last and replaced in one step: it decides what the model is.
const (
	recordFile  = "model.json"
	trunkPrefix = "trunk-"
	tempPrefix  = ".tmp-"
	lockFile    = ".lock"
)

// lockPoll is how often a process asks again for a lock that another one holds while it converts.
const lockPoll = 50 * time.Millisecond

// record is the description of a model on disk.
type record struct {
	Name          string        `json:"name"`
	Version       string        `json:"version"`
	Architecture  string        `json:"architecture"`
	FeatureDims   int           `json:"feature_dims"`
	Preprocessing Preprocessing `json:"preprocessing"`
	// Trunk is a file beside the description.
	Trunk string `json:"trunk"`
	// Weights is the SHA-256 of the weights file, Converter the trunk.ConverterVersion that read it.
	Weights   string `json:"weights_sha256"`
	Converter int    `json:"converter"`
	// Added says that somebody chose the weights: they are not replaced by the published ones.
	Added bool `json:"added"`
}

// serves reports whether a cached default model still stands for the published weights, whose hash is "" if they are
// not here to compare with.
func (rec record) serves(weights string) bool {
	return rec.Added || weights == "" || (rec.Weights == weights && rec.Converter == trunk.ConverterVersion)
}

func (r Registry) path(name string) string { return filepath.Join(r.Dir, name) }

func (r Registry) model(rec record) Model {
	return Model{
		Name: rec.Name, Version: rec.Version, FeatureDims: rec.FeatureDims, Preprocessing: rec.Preprocessing,
		Trunk: filepath.Join(r.path(rec.Name), rec.Trunk),
	}
}

// load is read, tried again when another process replaced the model in between.
func (r Registry) load(name string) (record, error) {
	rec, err := r.read(name)
	if err != nil {
		return r.read(name)
	}
	return rec, nil
}

// read reads a description and checks the trunk against its version, so that a damaged file is not run.
func (r Registry) read(name string) (record, error) {
	data, err := os.ReadFile(filepath.Join(r.path(name), recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, r.missing(name)
	}
	if err != nil {
		return record{}, fmt.Errorf("read model %s: %w", name, err)
	}
	var rec record
	if err := json.Unmarshal(data, &rec); err != nil {
		return record{}, r.damaged(name, err)
	}
	if rec.Name != name || filepath.Base(rec.Trunk) != rec.Trunk || !strings.HasPrefix(rec.Trunk, trunkPrefix) {
		return record{}, r.damaged(name, errors.New("its description is of another model"))
	}
	if err := r.model(rec).Validate(); err != nil {
		return record{}, r.damaged(name, err)
	}
	f, err := os.Open(filepath.Join(r.path(name), rec.Trunk))
	if err != nil {
		return record{}, r.damaged(name, err)
	}
	defer func() { _ = f.Close() }()
	version, err := ModelVersion(f, rec.Preprocessing)
	if err != nil {
		return record{}, r.damaged(name, err)
	}
	if version != rec.Version {
		return record{}, r.damaged(name, errors.New("its trunk has changed"))
	}
	return rec, nil
}

func (r Registry) damaged(name string, err error) error {
	return fmt.Errorf("%w: %s is damaged (%w): add it again with `lookalike model add`", ErrNoModel, name, err)
}

// convert builds a trunk and writes it as the model that rec begins to describe. The caller holds the lock.
func (r Registry) convert(ctx context.Context, rec record, weights string) (record, error) {
	arch, err := trunk.Find(rec.Architecture)
	if err != nil {
		return record{}, err
	}
	data, err := trunk.Build(ctx, rec.Architecture, weights)
	if err != nil {
		return record{}, err
	}
	if rec.Weights, err = fileSum(weights); err != nil {
		return record{}, fmt.Errorf("read weights: %w", err)
	}
	rec.Converter, rec.FeatureDims = trunk.ConverterVersion, arch.FeatureDims
	rec.Preprocessing = preprocessing(rec.Architecture)
	if rec.Version, err = ModelVersion(bytes.NewReader(data), rec.Preprocessing); err != nil {
		return record{}, err
	}
	rec.Trunk = trunkPrefix + rec.Version[:16] + ".onnx"
	if err := r.store(ctx, rec, data); err != nil {
		return record{}, fmt.Errorf("write model %s: %w", rec.Name, err)
	}
	return rec, nil
}

// store writes trunk and description, in this order, and deletes what an earlier model or a cut-off write left.
func (r Registry) store(ctx context.Context, rec record, data []byte) error {
	dir := r.path(rec.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(dir, rec.Trunk, data); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := writeFile(dir, recordFile, append(text, '\n')); err != nil {
		return err
	}
	return sweep(dir, rec.Trunk)
}

// sweep deletes from a model's folder the trunks it does not use and temporary files. Whoever has one open keeps it.
func sweep(dir, keep string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		stale := strings.HasPrefix(e.Name(), tempPrefix) || strings.HasPrefix(e.Name(), trunkPrefix)
		if !stale || e.Name() == keep {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// writeFile makes dir/name hold data in one step: whoever looks, also after a power cut, sees the old file or the new.
func writeFile(dir, name string, data []byte) error {
	f, err := os.CreateTemp(dir, tempPrefix+"*")
	if err != nil {
		return err
	}
	temp := f.Name()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(temp, filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lock waits until no other process changes the registry.
func (r Registry) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the models folder: %w", err)
	}
	l := flock.New(filepath.Join(r.Dir, lockFile))
	if _, err := l.TryLockContext(ctx, lockPoll); err != nil {
		return nil, fmt.Errorf("lock the models folder %s: %w", r.Dir, err)
	}
	return func() { _ = l.Unlock() }, nil
}

// fileSum is the hex SHA-256 of a file.
func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
