package ingest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"lookalike/repo"
)

const (
	// maxNameBytes is the longest name Postgres keeps (NAMEDATALEN - 1).
	maxNameBytes = 63
	// maxColumns is the most columns a Postgres table can have (MaxHeapAttributeNumber).
	maxColumns = 1600
)

// systemColumns are the names every Postgres table has already.
var systemColumns = []string{"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}

// columnPlan says how the columns of a source become those of a table, one for one and in the same order.
type columnPlan struct {
	columns    []repo.Column
	key, image int // indexes into columns
	notes      []string
}

// planColumns names the columns and finds the key and the image among them. A name is kept as it is unless Postgres
// could not hold it; what was changed is noted. The types are left to the caller.
func planColumns(names []string, opts Options) (columnPlan, error) {
	if len(names) > maxColumns {
		return columnPlan{}, fmt.Errorf("%w: %d columns or more, and a Postgres table holds at most %d", ErrColumn, len(names),
			maxColumns)
	}
	key, keyErr := findColumn(names, opts.Key, "key")
	image, imageErr := findColumn(names, opts.Image, "image")
	if err := errors.Join(keyErr, imageErr); err != nil {
		return columnPlan{}, fmt.Errorf("%w: %w; the columns here are %s", ErrColumn, err, listNames(names))
	}
	plan := columnPlan{columns: make([]repo.Column, len(names)), key: key, image: image}
	taken := map[string]bool{}
	for i, name := range names {
		if fault := nameFault(name); fault != "" {
			return columnPlan{}, fmt.Errorf("%w: the name of column %d, %s, %s", ErrColumn, i+1, quote(name), fault)
		}
		usable := usableName(name, i, taken)
		taken[usable] = true
		plan.columns[i] = repo.Column{Name: usable, Type: repo.Text}
		if usable != name {
			plan.notes = append(plan.notes, fmt.Sprintf("column %d, %s, is called %s", i+1, quote(name), quote(usable)))
		}
	}
	return plan, nil
}

// nameFault says why a name cannot be a column's at all, or "".
func nameFault(name string) string {
	switch {
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case strings.IndexByte(name, 0) >= 0:
		return "holds a NUL byte"
	}
	return ""
}

// usableName is the name itself, or the nearest that is not empty, not too long, not Postgres's own and not taken.
func usableName(name string, index int, taken map[string]bool) string {
	if name == "" {
		name = "column_" + strconv.Itoa(index+1)
	}
	usable := cutName(name, maxNameBytes)
	for n := 2; taken[usable] || slices.Contains(systemColumns, usable); n++ {
		suffix := "_" + strconv.Itoa(n)
		usable = cutName(name, maxNameBytes-len(suffix)) + suffix
	}
	return usable
}

// cutName shortens a name to at most limit bytes without splitting a character.
func cutName(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	for limit > 0 && !utf8.RuneStart(name[limit]) {
		limit--
	}
	return name[:limit]
}

// findColumn is the index of the one column with this name. The job is "key" or "image", as in the flags.
func findColumn(names []string, name, job string) (int, error) {
	first := slices.Index(names, name)
	if first < 0 {
		hint := fmt.Sprintf("name the right one with --%s", job)
		if near := nearest(names, name); near != "" {
			hint = fmt.Sprintf("did you mean --%s %s?", job, quote(near))
		}
		return 0, fmt.Errorf("there is no %s column %s (%s)", job, quote(name), hint)
	}
	if slices.Contains(names[first+1:], name) {
		return 0, fmt.Errorf("two columns are called %s, so which is the %s is not clear (rename one)", quote(name), job)
	}
	return first, nil
}

// listedNames is how many column names a message shows.
const listedNames = 30

func listNames(names []string) string {
	shown := make([]string, 0, listedNames)
	for _, name := range names[:min(len(names), listedNames)] {
		shown = append(shown, quote(name))
	}
	list := strings.Join(shown, ", ")
	if len(names) > listedNames {
		list += fmt.Sprintf(" and %d more", len(names)-listedNames)
	}
	return list
}

// nearest is the name most like the wanted one, or "" when none is like it: equal but for case and space, containing
// it, or at most a third of its letters away.
func nearest(names []string, wanted string) string {
	wanted = strings.ToLower(wanted)
	best, bestDistance := "", len(wanted)/3+1
	for _, name := range names[:min(len(names), maxColumns)] {
		plain := strings.ToLower(strings.TrimSpace(cutName(name, maxNameBytes)))
		distance := editDistance(plain, wanted)
		if strings.HasPrefix(plain, wanted+"_") || strings.HasSuffix(plain, "_"+wanted) {
			distance = min(distance, 1)
		}
		if distance < bestDistance {
			best, bestDistance = name, distance
		}
	}
	return best
}

// editDistance is the Levenshtein distance in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
