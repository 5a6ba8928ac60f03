package ingest

import (
	"fmt"
	"hash/maphash"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// maxKeyBytes is the longest text key: a btree entry of Postgres holds at most 2,704 bytes, and the key shares it with
// other columns in some indexes.
const maxKeyBytes = 2000

// keySet remembers which keys one iteration has seen. It holds a 64-bit seeded hash a key, not the key: among 10 million
// keys the odds of one false duplicate are 3 in a million.
type keySet struct {
	unit rowUnit
	seed maphash.Seed
	seen map[uint64]int
}

func newKeySet(unit rowUnit) *keySet {
	return &keySet{unit: unit, seed: maphash.MakeSeed(), seen: map[uint64]int{}}
}

// admit accepts the key of row number, or says why that row cannot be used.
func (k *keySet) admit(number int, key any) error {
	text := keyText(key)
	if err := checkKey(text); err != nil {
		return err
	}
	hash := maphash.String(k.seed, text)
	if first, found := k.seen[hash]; found {
		return fmt.Errorf("%w: %s is already on %s", ErrDuplicateKey, quote(text), k.unit.place(first))
	}
	k.seen[hash] = number
	return nil
}

func checkKey(text string) error {
	if text == "" {
		return fmt.Errorf("%w: it is empty, and every product needs one", ErrBadKey)
	}
	if len(text) > maxKeyBytes {
		return fmt.Errorf("%w: %s has %d bytes, and an index takes %d at most", ErrBadKey, quote(text), len(text), maxKeyBytes)
	}
	return nil
}

// keyText is a value as the text that names a product; nil is "".
func keyText(key any) string {
	switch key := key.(type) {
	case nil:
		return ""
	case string:
		return key
	case int64:
		return strconv.FormatInt(key, 10)
	case float64:
		return strconv.FormatFloat(key, 'f', -1, 64)
	case [16]byte:
		return uuid.UUID(key).String()
	case time.Time:
		return key.UTC().Format(time.RFC3339Nano)
	default:
		return fmt.Sprint(key)
	}
}
