package repo_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lookalike/repo"
)

func TestTriggersMakeTasks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 3)
	if diff := cmp.Diff([]string{"1", "2", "3"}, f.pendingKeys(t, c)); diff != "" {
		t.Fatalf("attach owes every row (-want +got):\n%s", diff)
	}
	for _, test := range []struct {
		name, sql string
		want      []string
	}{
		{"insert", `INSERT INTO shop.products VALUES (4, 'new', 1, '4.jpg'), (5, 'new', 1, NULL)`, []string{"4", "5"}},
		{"copy of rows", `INSERT INTO shop.products SELECT id + 10, name, price, image FROM shop.products WHERE id < 3`, []string{"11", "12"}},
		{"update of the image", `UPDATE shop.products SET image = 'other.jpg' WHERE id = 2`, []string{"2"}},
		{"update of the image to itself", `UPDATE shop.products SET image = image`, []string{}},
		{"update of the price", `UPDATE shop.products SET price = price + 1`, []string{}},
		{"update of the key", `UPDATE shop.products SET id = 20 WHERE id = 2`, []string{"2", "20"}},
		{"upsert", `INSERT INTO shop.products VALUES (1, 'x', 1, 'y.jpg'), (6, 'z', 1, 'z.jpg')
			ON CONFLICT (id) DO UPDATE SET image = excluded.image`, []string{"1", "6"}},
		{"delete", `DELETE FROM shop.products WHERE id IN (1, 3)`, []string{"1", "3"}},
	} {
		f.exec(t, `DELETE FROM lookalike.task`)
		f.exec(t, test.sql)
		if diff := cmp.Diff(test.want, f.pendingKeys(t, c)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestTruncateOwesWhatIsKnown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 3)
	f.exec(t, `TRUNCATE shop.products`)
	if diff := cmp.Diff([]string{"1", "2", "3"}, f.pendingKeys(t, c)); diff != "" {
		t.Fatalf("tasks (-want +got):\n%s", diff)
	}
	f.embedAll(t, c)
	if rows := f.embeddingRows(t, c); len(rows) != 0 {
		t.Errorf("embeddings are left: %v", rows)
	}
}

func TestClaimsDoNotOverlap(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 5)
	first, second, third := f.claim(t, c, 3), f.claim(t, c, 3), f.claim(t, c, 3)
	if len(first.Products) != 3 || len(second.Products) != 2 || len(third.Products) != 0 {
		t.Fatalf("claimed %d, %d and %d of 5 tasks, want 3, 2 and 0", len(first.Products), len(second.Products), len(third.Products))
	}
	seen := map[string]bool{}
	for _, p := range append(first.Products, second.Products...) {
		if seen[p.Key] {
			t.Errorf("product %s is claimed twice", p.Key)
		}
		seen[p.Key] = true
	}
}

func TestReleasedTasksAreDueAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 2)
	for range 10 { // more often than a task may be attempted
		claim := f.claim(t, c, 10)
		if len(claim.Products) != 2 {
			t.Fatalf("claimed %d tasks, want 2", len(claim.Products))
		}
		if err := f.ReleaseTasks(t.Context(), c, claim); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLeaseEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 1)
	f.wish(t, c, "fake")
	lost := f.claim(t, c, 1)
	late := f.results(t, c, lost)
	f.exec(t, `UPDATE lookalike.task SET due_at = now() - interval '1 second'`) // its lease has ended

	again := f.claim(t, c, 1)
	if len(again.Products) != 1 {
		t.Fatal("the task of a dead worker is not due")
	}
	done, err := f.Record(t.Context(), c, late)
	if err != nil || done.Ended != 0 {
		t.Fatalf("the late worker ended %d tasks (%v), want none", done.Ended, err)
	}
	if done, err = f.Record(t.Context(), c, f.results(t, c, again)); err != nil || done.Ended != 1 {
		t.Fatalf("the second worker ended %d tasks (%v), want 1", done.Ended, err)
	}
}

func TestChangeDuringWorkRefusesTheStaleResult(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 2)
	f.wish(t, c, "fake")
	claim := f.claim(t, c, 2)
	f.exec(t, `UPDATE shop.products SET image = 'newer.jpg' WHERE id = 1`)
	done, err := f.Record(t.Context(), c, f.results(t, c, claim))
	if err != nil || done.Ended != 1 {
		t.Fatalf("ended %d tasks (%v), want only that of the product that has not changed", done.Ended, err)
	}
	if diff := cmp.Diff([]string{"1"}, f.pendingKeys(t, c)); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
}

func TestTaskThatKillsItsWorkerIsIsolatedAndQuarantined(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 3)
	f.wish(t, c, "fake")
	for round := 1; ; round++ {
		claim := f.claim(t, c, 10)
		if len(claim.Products) == 0 {
			break
		}
		killer := false
		for _, p := range claim.Products {
			killer = killer || p.Key == "2"
		}
		switch {
		case round > 20:
			t.Fatal("the task is never quarantined")
		case killer: // the worker dies, its lease ends
			f.exec(t, `UPDATE lookalike.task SET due_at = now() - interval '1 second'`)
		default:
			if _, err := f.Record(t.Context(), c, f.results(t, c, claim)); err != nil {
				t.Fatal(err)
			}
		}
	}
	failures, err := f.Failures(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(failures) != 1 || failures[0].Key != "2" || failures[0].Stage != "worker" || failures[0].Error == "" {
		t.Errorf("failures are %+v, want product 2 quarantined with its reason, and no other", failures)
	}
}

func TestFailedTaskWaitsForRetryOrChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 2)
	f.wish(t, c, "fake")
	fail := func() {
		t.Helper()
		claim := f.claim(t, c, 10)
		r := repo.Results{Lease: claim.Lease, For: f.generations(t, c)}
		for _, p := range claim.Products {
			r.Failures = append(r.Failures, repo.Failure{Key: p.Key, Stage: "embed", Error: "corrupt"})
		}
		if done, err := f.Record(t.Context(), c, r); err != nil || done.Failed != len(claim.Products) {
			t.Fatalf("failed %d (%v)", done.Failed, err)
		}
	}
	fail()
	counts, err := f.CountTasks(t.Context(), c)
	if err != nil || counts.Pending != 0 || counts.Failed != 2 {
		t.Fatalf("counts are %+v (%v), want 2 failed", counts, err)
	}
	f.exec(t, `UPDATE shop.products SET image = 'mended.jpg' WHERE id = 1`)
	if diff := cmp.Diff([]string{"1"}, f.pendingKeys(t, c)); diff != "" {
		t.Errorf("after a change (-want +got):\n%s", diff)
	}
	fail()
	if n, err := f.RetryTasks(t.Context(), c, []string{"2", "99"}); err != nil || n != 1 {
		t.Errorf("retried %d (%v), want 1", n, err)
	}
	if n, err := f.RetryTasks(t.Context(), c, nil); err != nil || n != 1 {
		t.Errorf("retried %d (%v), want the other 1", n, err)
	}
}

func TestLockedTaskIsRecordedLater(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 3)
	f.wish(t, c, "fake")
	claim := f.claim(t, c, 3)
	f.exec(t, `BEGIN; SELECT FROM lookalike.task WHERE key = '2' FOR UPDATE`)
	done, err := f.Record(t.Context(), c, f.results(t, c, claim))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(repo.Recorded{Ended: 2, Busy: []string{"2"}}, done); diff != "" {
		t.Errorf("while product 2 is locked (-want +got):\n%s", diff)
	}
	f.exec(t, `ROLLBACK`)
	if done, err = f.Record(t.Context(), c, f.results(t, c, claim)); err != nil || done.Ended != 1 || len(done.Busy) > 0 {
		t.Errorf("afterwards: %+v (%v)", done, err)
	}
}

func TestExtendLeaseKeepsTasks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 1)
	claim := f.claim(t, c, 1)
	if err := f.ExtendLease(t.Context(), c, claim, time.Hour); err != nil {
		t.Fatal(err)
	}
	counts, err := f.CountTasks(t.Context(), c)
	if err != nil || counts.NextDue < 50*time.Minute {
		t.Errorf("next due in %v (%v), want about an hour", counts.NextDue, err)
	}
}

func TestPhotoInTheTable(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.exec(t, `CREATE TABLE pictures (code text PRIMARY KEY, image bytea); INSERT INTO pictures VALUES ('a', '\x0102'), ('b', NULL)`)
	f.exec(t, `SELECT lookalike.attach('pictures')`)
	c := f.catalog(t, "pictures")
	for _, p := range f.claim(t, c, 10).Products {
		if p.Stored != (p.Key == "a") || p.Gone || p.Reference != "" {
			t.Errorf("product is %+v", p)
		}
	}
	if photo, err := f.Photo(t.Context(), c, "a", 2); err != nil || string(photo) != "\x01\x02" {
		t.Errorf("photo is %x (%v)", photo, err)
	}
	if _, err := f.Photo(t.Context(), c, "a", 1); !errors.Is(err, repo.ErrPhotoTooLarge) {
		t.Errorf("a photo above the limit: %v", err)
	}
	if photo, err := f.Photo(t.Context(), c, "gone", 2); err != nil || photo != nil {
		t.Errorf("photo of nobody is %x (%v)", photo, err)
	}
}
