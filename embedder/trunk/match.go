package trunk

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// named is how many tensors a mismatch lists of each sort.
const named = 3

// match compares the tensors with those wanted: each must be there in its shape, and no others but those ignored. It is
// ErrMismatch with what differs, and bounds what read allocates afterwards.
func (w *weights) match(want map[string][]int64, ignored func(string) bool) error {
	var missing, extra, shapes []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		t, ok := w.tensors[name]
		switch {
		case !ok:
			missing = append(missing, name)
		case !slices.Equal(t.shape, want[name]):
			shapes = append(shapes, fmt.Sprintf("%s is %v, not %v", name, t.shape, want[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.tensors)) {
		if _, ok := want[name]; !ok && !ignored(name) {
			extra = append(extra, shorten(name))
		}
	}
	var faults []string
	for _, f := range []struct {
		what string
		list []string
	}{{"missing", missing}, {"wrong shape", shapes}, {"not expected", extra}} {
		if len(f.list) > 0 {
			faults = append(faults, f.what+": "+enumerate(f.list))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrMismatch, strings.Join(faults, "; "))
}

func enumerate(list []string) string {
	if len(list) <= named {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:named], ", "), len(list)-named)
}

// shorten quotes text from a file for a message, where it may be of any length and content.
func shorten(text string) string {
	const limit = 80
	if len(text) > limit {
		text = text[:limit] + "..."
	}
	return fmt.Sprintf("%q", text)
}
