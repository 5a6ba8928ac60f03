package embedder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// environment guards what ONNX Runtime keeps once a process: one library, loaded at most once and never unloaded.
var environment struct {
	sync.Mutex
	library string
}

// initialise loads the ONNX Runtime library and sets its process-wide environment up. Called again with the same library
// it does nothing; with another it is an error, because a process holds only one. It is safe for concurrent use.
func initialise(library string) error {
	if library == "" {
		return errors.New("no ONNX Runtime library given: run `make runtime`, or set LOOKALIKE_RUNTIME")
	}
	path, err := filepath.Abs(library)
	if err != nil {
		return fmt.Errorf("find ONNX Runtime: %w", err)
	}
	environment.Lock()
	defer environment.Unlock()
	if environment.library == path {
		return nil
	}
	if environment.library != "" {
		return fmt.Errorf("load ONNX Runtime %s: this process already uses %s", path, environment.library)
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("load ONNX Runtime: %w", err)
	}
	ort.SetSharedLibraryPath(path)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return fmt.Errorf("load ONNX Runtime %s: %w", path, err)
	}
	environment.library = path
	return nil
}

// RuntimeVersion is the version of the ONNX Runtime library at that path, such as "1.32.0". It loads the library.
func RuntimeVersion(library string) (string, error) {
	if err := initialise(library); err != nil {
		return "", err
	}
	return ort.GetVersion(), nil
}
