package ingest

import (
	"context"
	"fmt"
	"os"
)

func openParquet(_ context.Context, f *os.File, _ Options) (opened, error) {
	return opened{}, fmt.Errorf("%w: %s", ErrUnsupported, f.Name())
}
