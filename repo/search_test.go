package repo_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/repo"
)

// exactNeighbours are the k nearest products by their features, computed here.
func exactNeighbours(keys []string, of string, k int) []string {
	distance := func(a, b string) float64 {
		var sum float64
		x, y := repo.RoundFeature(featureOf(a)), repo.RoundFeature(featureOf(b))
		for i := range x {
			sum += float64(x[i]-y[i]) * float64(x[i]-y[i])
		}
		return math.Sqrt(sum)
	}
	others := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return key == of })
	slices.SortFunc(others, func(a, b string) int {
		if distance(of, a) < distance(of, b) {
			return -1
		}
		return 1
	})
	return others[:min(k, len(others))]
}

func keysOf(found []repo.Neighbour) []string {
	keys := make([]string, len(found))
	for i, n := range found {
		keys[i] = n.Key
	}
	return keys
}

func numbers(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprint(i + 1)
	}
	return keys
}

func TestSimilarGivesTheExactNeighbours(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 300)
	for _, key := range []string{"1", "17", "300"} {
		found, err := f.Similar(t.Context(), c, key, 5)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(exactNeighbours(numbers(300), key, 5), keysOf(found)); diff != "" {
			t.Errorf("neighbours of %s (-want +got):\n%s", key, diff)
		}
		if !slices.IsSortedFunc(found, func(a, b repo.Neighbour) int { return int(math.Copysign(1, a.Distance-b.Distance)) }) {
			t.Errorf("distances of %s are not ascending", key)
		}
		if want := fmt.Sprintf("%q", "product "+found[0].Key); string(found[0].Fields[1].Value) != want || found[0].Fields[1].Name != "name" {
			t.Errorf("second field is %+v, want name %s", found[0].Fields[1], want)
		}
	}
}

func TestAlwaysKRowsWhenKExist(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 120)
	for _, k := range []int{1, 5, 100, 119, 120, 1000} {
		found, err := f.Similar(t.Context(), c, "7", k)
		if err != nil {
			t.Fatal(err)
		}
		if want := min(k, 119); len(found) != want {
			t.Errorf("k = %d: %d rows, want %d", k, len(found), want)
		}
	}
	for _, test := range []struct {
		name, among string
		want        int
	}{
		{"a few", `ARRAY[3, 4, 50, 7]`, 3},
		{"more than k", `ARRAY(SELECT id FROM shop.products WHERE id % 10 = 0)`, 5},
		{"none", `ARRAY[]::bigint[]`, 0},
		{"nobody's", `ARRAY[1000]`, 0},
	} {
		got := one[int](t, f, `SELECT count(*) FROM lookalike.products_similar(7, among => `+test.among+`)`)
		if got != test.want {
			t.Errorf("among %s: %d rows, want %d", test.name, got, test.want)
		}
	}
	f.exec(t, `DELETE FROM shop.products WHERE id <= 100`)
	f.embedAll(t, c)
	if got := one[int](t, f, `SELECT count(*) FROM lookalike.products_similar(110)`); got != 5 {
		t.Errorf("after the nearest were deleted: %d rows, want 5", got)
	}
}

func TestAmongGivesTheNearestOfThose(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.live(t, 200)
	even := slices.DeleteFunc(numbers(200), func(key string) bool { return strings.ContainsAny(key[len(key)-1:], "13579") })
	got := all[string](t, f, `SELECT id::text FROM lookalike.products_similar(9, among => ARRAY(SELECT id FROM shop.products WHERE id % 2 = 0))`)
	if diff := cmp.Diff(exactNeighbours(append(even, "9"), "9", 5), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNearestFindsAnEmbeddingItself(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 50)
	found, err := f.Nearest(t.Context(), c, repo.RoundFeature(featureOf("33")), 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 3 || found[0].Key != "33" || found[0].Distance != 0 {
		t.Errorf("nearest are %v, the first at %v", keysOf(found), found[0].Distance)
	}
}

func TestProductWithSeveralPhotosCountsOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.live(t, 30)
	f.exec(t, `INSERT INTO lookalike.products_g1 SELECT id, p, embedding FROM lookalike.products_g1, generate_series(2, 9) AS p`)
	got := all[string](t, f, `SELECT id::text FROM lookalike.products_similar(4)`)
	if diff := cmp.Diff(exactNeighbours(numbers(30), "4", 5), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKeysOfEveryKind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sqlType, key string }{
		{"integer", "integer", "i"},
		{"bigint", "bigint", "i * 10000000000"},
		{"text", "text", "'sku ''' || i"},
		{"varchar", "varchar(20)", "'v' || i"},
		{"uuid", "uuid", "md5(i::text)::uuid"},
		{"numeric", "numeric(10,2)", "i / 4.0"},
		{"date", "date", "date '2020-01-31' + i"},
		{"timestamptz", "timestamptz(3)", "timestamptz '2020-01-31 10:00:00.123 +05' + i * interval '1 hour'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.exec(t, fmt.Sprintf(`CREATE TABLE things ("Key" %s PRIMARY KEY, image text)`, test.sqlType))
			f.exec(t, `SELECT lookalike.attach('things')`)
			f.exec(t, `SET datestyle = 'SQL, DMY'; SET timezone = 'Asia/Kolkata'`) // of the application, not ours
			f.exec(t, fmt.Sprintf(`INSERT INTO things SELECT %s, i || '.jpg' FROM generate_series(1, 40) AS i`, test.key))
			c := f.catalog(t, "things")
			f.wish(t, c, "fake")
			f.embedAll(t, c)
			f.goLive(t, c, nil)
			f.exec(t, `UPDATE things SET image = 'other' WHERE image = '3.jpg'`)
			f.embedAll(t, c)
			for _, key := range []int{1, 3} {
				got := one[int](t, f, fmt.Sprintf(`SELECT count(*) FROM things t CROSS JOIN LATERAL lookalike.things_similar(t."Key") s
					JOIN things o ON o."Key" = s."Key" WHERE t.image IN ('%d.jpg', 'other')`, key))
				if got < 5 {
					t.Errorf("product %d: %d neighbours, want 5", key, got)
				}
			}
			sample, err := f.SampleKeys(t.Context(), c, 1)
			if err != nil {
				t.Fatal(err)
			}
			if found, err := f.Similar(t.Context(), c, sample[0], 3); err != nil || len(found) != 3 {
				t.Errorf("similar to %s: %d (%v)", sample[0], len(found), err)
			}
		})
	}
}

func TestSimilarSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 3)
	if _, err := f.Similar(t.Context(), c, "1", 5); !errors.Is(err, repo.ErrNotLive) {
		t.Errorf("before the first load: %v", err)
	}
	f.wish(t, c, "fake")
	f.embedAll(t, c)
	f.goLive(t, c, nil)
	for _, key := range []string{"99", "not a number", ""} {
		if _, err := f.Similar(t.Context(), c, key, 5); !errors.Is(err, repo.ErrNotFound) {
			t.Errorf("key %q: %v", key, err)
		}
	}
	if _, err := f.Catalog(t.Context(), "nothing"); !errors.Is(err, repo.ErrNotFound) || !strings.Contains(err.Error(), "products") {
		t.Errorf("another catalog: %v", err)
	}
	if _, err := f.Nearest(t.Context(), c, []float32{1, 2}, 5); err == nil || !strings.Contains(err.Error(), "dimensions") {
		t.Errorf("another dimension: %v", err)
	}
}

func TestFreshSessionNeedsNoSettings(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.live(t, 60)
	// f.conn has loaded nothing of pgvector, and its search_path is the default.
	if got := one[int](t, f, `SELECT count(*) FROM lookalike.products_similar(id => 5, k => 7)`); got != 7 {
		t.Errorf("%d rows, want 7", got)
	}
}
