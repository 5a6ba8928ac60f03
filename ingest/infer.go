package ingest

import (
	"math"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"lookalike/repo"
)

// kinds is a set of types that a column may still have.
type kinds uint8

const (
	maybeBigint kinds = 1 << iota
	maybeDouble
	maybeBoolean
	maybeDate
	maybeTimestamp
	maybeUUID
	maybeBytes // data: addresses

	maybeNumber = maybeBigint | maybeDouble
	maybeTime   = maybeDate | maybeTimestamp
	maybeAny    = maybeNumber | maybeBoolean | maybeTime | maybeUUID | maybeBytes
)

// exactDouble is the largest whole number up to which every whole number is a float64 (2^53).
const exactDouble = 1 << 53

// guess narrows the type of one column, value by value. A column of which nothing was seen is text.
type guess struct {
	kinds kinds
	seen  bool
}

func newGuesses(n int) []guess {
	guesses := make([]guess, n)
	for i := range guesses {
		guesses[i].kinds = maybeAny
	}
	return guesses
}

// only leaves the types in allowed.
func (g *guess) only(allowed kinds) {
	g.kinds &= allowed
	g.seen = true
}

// text takes a value of which only the characters are known. An empty one says nothing.
func (g *guess) text(s string) {
	if s == "" || g.seen && g.kinds == 0 {
		return
	}
	fits := kindsOf(s)
	if fits&maybeDate != 0 {
		fits |= maybeTimestamp
	}
	g.only(fits)
}

// kindsOf are the types that a text can be read as without losing anything that it says.
func kindsOf(s string) kinds {
	switch first := s[0]; {
	case first == '-' || first == '.' || first >= '0' && first <= '9':
		return numberKinds(s) | timeKinds(s) | uuidKinds(s)
	case first == 't' || first == 'T' || first == 'f' || first == 'F':
		return booleanKinds(s) | uuidKinds(s)
	case first == 'd' && isDataAddress(s):
		return maybeBytes
	}
	return uuidKinds(s)
}

// numberKinds keeps out what looks like a number and is a code: 00123 and 1E5, and whole numbers too large to be exact.
func numberKinds(s string) kinds {
	whole, fraction, exponent, ok := splitNumber(s)
	if !ok || len(whole) > 1 && whole[0] == '0' {
		return 0
	}
	if fraction == "" && exponent == "" {
		n, err := strconv.ParseInt(s, 10, 64)
		switch {
		case err != nil:
			return 0
		case n == 0 && s[0] == '-':
			return maybeDouble
		case n > exactDouble || n < -exactDouble:
			return maybeBigint
		}
		return maybeNumber
	}
	if fraction == "" && exponent[0] != '-' && exponent[0] != '+' {
		return 0
	}
	if f, err := strconv.ParseFloat(s, 64); err != nil || math.IsInf(f, 0) {
		return 0
	}
	return maybeDouble
}

// splitNumber takes apart a decimal number: an optional minus, digits, an optional point with digits, an optional
// exponent. The exponent keeps its sign, the fraction its point.
func splitNumber(s string) (whole, fraction, exponent string, ok bool) {
	s = strings.TrimPrefix(s, "-")
	whole, s = leadingDigits(s)
	if strings.HasPrefix(s, ".") {
		digits, rest := leadingDigits(s[1:])
		if digits == "" {
			return "", "", "", false
		}
		fraction, s = "."+digits, rest
	}
	if whole == "" && fraction == "" {
		return "", "", "", false
	}
	if s == "" {
		return whole, fraction, "", true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return "", "", "", false
	}
	digits, rest := leadingDigits(strings.TrimLeft(s[1:], "+-"))
	ok = digits != "" && rest == "" && len(s)-1-len(digits) <= 1
	return whole, fraction, s[1:], ok
}

func leadingDigits(s string) (digits, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

func booleanKinds(s string) kinds {
	if strings.EqualFold(s, "true") || strings.EqualFold(s, "false") {
		return maybeBoolean
	}
	return 0
}

func timeKinds(s string) kinds {
	if _, err := parseDate(s); err == nil {
		return maybeDate
	}
	if _, err := parseTimestamp(s); err == nil {
		return maybeTimestamp
	}
	return 0
}

func uuidKinds(s string) kinds {
	if len(s) != 36 {
		return 0
	}
	if _, err := uuid.Parse(s); err != nil {
		return 0
	}
	return maybeUUID
}

// decide is the type of the column: the narrowest that every value fits.
func (g guess) decide() repo.ColumnType {
	switch {
	case !g.seen:
		return repo.Text
	case g.kinds&maybeBigint != 0:
		return repo.Bigint
	case g.kinds&maybeDouble != 0:
		return repo.Double
	case g.kinds&maybeBoolean != 0:
		return repo.Boolean
	case g.kinds&maybeDate != 0:
		return repo.Date
	case g.kinds&maybeTimestamp != 0:
		return repo.Timestamp
	case g.kinds&maybeUUID != 0:
		return repo.UUID
	}
	return repo.Text
}

// decideTypes gives every column of the plan its type. The key is bigint, uuid or text; the image is text, or bytea when
// every photo is a data: address.
func (p *columnPlan) decideTypes(guesses []guess) {
	for i := range p.columns {
		p.columns[i].Type = guesses[i].decide()
	}
	if t := p.columns[p.key].Type; t != repo.Bigint && t != repo.UUID {
		p.columns[p.key].Type = repo.Text
	}
	p.columns[p.image].Type = repo.Text
	if g := guesses[p.image]; g.seen && g.kinds&maybeBytes != 0 {
		p.columns[p.image].Type = repo.Bytea
	}
}
