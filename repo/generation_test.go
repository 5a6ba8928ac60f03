package repo_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lookalike/repo"
)

func TestFirstLoadAndWhatFollows(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 5)
	if diff := cmp.Diff([]string{"1/1", "2/1", "3/1", "4/1", "5/1"}, f.embeddingRows(t, c)); diff != "" {
		t.Fatalf("after the first load (-want +got):\n%s", diff)
	}
	f.exec(t, `INSERT INTO shop.products VALUES (6, 'new', 1, '6.jpg'); DELETE FROM shop.products WHERE id = 2;
		UPDATE shop.products SET image = NULL WHERE id = 3`)
	f.embedAll(t, c)
	if diff := cmp.Diff([]string{"1/1", "4/1", "5/1", "6/1"}, f.embeddingRows(t, c)); diff != "" {
		t.Errorf("after a change (-want +got):\n%s", diff)
	}
}

func TestChangesWhileTheTableIsFilled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 5)
	f.wish(t, c, "better")
	f.embedAll(t, c)
	f.goLive(t, c, func() {
		f.exec(t, `INSERT INTO shop.products VALUES (6, 'new', 1, '6.jpg'); DELETE FROM shop.products WHERE id = 2`)
		f.embedAll(t, c)
		if diff := cmp.Diff([]string{"1/1", "3/1", "4/1", "5/1", "6/1"}, f.embeddingRows(t, c)); diff != "" {
			t.Errorf("the live generation meanwhile (-want +got):\n%s", diff)
		}
	})
	if diff := cmp.Diff([]string{"1/1", "3/1", "4/1", "5/1", "6/1"}, f.embeddingRows(t, c)); diff != "" {
		t.Errorf("the new generation (-want +got):\n%s", diff)
	}
	if live := f.generations(t, c).Live; live.Model != "better" || live.Number != 2 {
		t.Errorf("live is %+v, want generation 2 of the better model", live)
	}
	if state := one[string](t, f, `SELECT state FROM lookalike.generation WHERE number = 1`); state != "retired" {
		t.Errorf("the old generation is %s, want retired", state)
	}
}

func TestResultsForAnotherGenerationAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 3)
	f.exec(t, `UPDATE shop.products SET image = 'other.jpg' WHERE id = 1`)
	claim := f.claim(t, c, 1)
	before := f.results(t, c, claim)
	f.wish(t, c, "better")
	f.embedAll(t, c)
	f.goLive(t, c, nil)
	if _, err := f.Record(t.Context(), c, before); !errors.Is(err, repo.ErrGenerationChanged) {
		t.Fatalf("recording for the retired generation: %v", err)
	}
}

func TestInterruptedBuildIsDoneAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 4)
	f.wish(t, c, "fake")
	f.embedAll(t, c)
	build, err := f.StartBuild(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	building := f.generations(t, c).Building
	if _, err := build.CreateTable(t.Context(), *building, identity(building.ModelID)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.StartBuild(t.Context(), c); !errors.Is(err, repo.ErrBusy) {
		t.Errorf("two builders at once: %v", err)
	}
	if err := build.Close(t.Context()); err != nil { // the process ends here
		t.Fatal(err)
	}
	f.goLive(t, c, nil)
	if rows := f.embeddingRows(t, c); len(rows) != 4 {
		t.Errorf("embeddings are %v, want 4", rows)
	}
}

func TestAnotherWishReplacesAnUnfinishedGeneration(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 2)
	f.wish(t, c, "fake")
	first := f.generations(t, c).Building
	f.wish(t, c, "fake")
	if again := f.generations(t, c).Building; again.ID != first.ID {
		t.Error("the same wish starts another generation")
	}
	f.wish(t, c, "better")
	if now := f.generations(t, c).Building; now.Model != "better" {
		t.Errorf("the generation being built is %+v", now)
	}
}

func TestNewModelOwesAllProducts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 3)
	if pending := f.pendingKeys(t, c); len(pending) != 0 {
		t.Fatalf("pending before: %v", pending)
	}
	f.wish(t, c, "better")
	if diff := cmp.Diff([]string{"1", "2", "3"}, f.pendingKeys(t, c)); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
}

func TestProjectionIsStoredAndReadBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.live(t, 2)
	live := f.generations(t, c).Live
	got, err := f.Projection(t.Context(), live.ProjectionID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(identity(live.ModelID), got); diff != "" {
		t.Errorf("projection (-want +got):\n%s", diff)
	}
}

func TestFeaturesAreKeptInHalfPrecision(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 2)
	model := f.wish(t, c, "fake")
	f.embedAll(t, c)
	features, err := f.Features(t.Context(), model, []repo.SHA256{photoOf("1"), photoOf("nobody")})
	if err != nil {
		t.Fatal(err)
	}
	want := map[repo.SHA256][]float32{photoOf("1"): repo.RoundFeature(featureOf("1"))}
	if diff := cmp.Diff(want, features); diff != "" {
		t.Errorf("features (-want +got):\n%s", diff)
	}
	seen, err := f.Seen(t.Context(), model, []repo.SHA256{photoOf("2"), photoOf("nobody")})
	if err != nil || !seen[photoOf("2")] || seen[photoOf("nobody")] {
		t.Errorf("seen %v (%v)", seen, err)
	}
}

func TestFeatureBlocks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.shop(t, 5)
	model := f.wish(t, c, "fake")
	f.embedAll(t, c)
	read := func(rows int) (sizes []int, values []float32) {
		for block, err := range f.FeatureBlocks(t.Context(), c, model, dims, rows) {
			if err != nil {
				t.Fatal(err)
			}
			sizes, values = append(sizes, len(block)/dims), append(values, block...)
		}
		return sizes, values
	}
	sizes, byTwo := read(2)
	if diff := cmp.Diff([]int{2, 2, 1}, sizes); diff != "" {
		t.Errorf("rows a block (-want +got):\n%s", diff)
	}
	if _, whole := read(100); !cmp.Equal(whole, byTwo) {
		t.Error("the order depends on the size of a block")
	}
	if n, err := f.CountFeatures(t.Context(), c, model); err != nil || n != 5 {
		t.Errorf("counted %d (%v), want 5", n, err)
	}
}

func TestPlanIndex(t *testing.T) {
	t.Parallel()
	// Measured: 1.2, 1.7 and 2.8 GB for a million rows of 128, 256 and 512 dimensions.
	for dims, measured := range map[int]int64{128: 1_200_000_000, 256: 1_700_000_000, 512: 2_800_000_000} {
		if got := repo.PlanIndex(1_000_000, dims).Memory; got < measured || got > measured*13/10 {
			t.Errorf("%d dimensions: %d bytes, want a little more than %d", dims, got, measured)
		}
	}
	if got := repo.PlanIndex(10, 128).Memory; got != 64<<20 {
		t.Errorf("10 rows: %d bytes, want the minimum", got)
	}
}
