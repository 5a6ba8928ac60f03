package worker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lookalike/repo"
	"lookalike/worker"
)

func TestDrainAndBuild(t *testing.T) {
	t.Parallel()
	s := newShop(t, 50)
	if diff := cmp.Diff(worker.Done{Changed: 50, Embedded: 50}, s.drain(t)); diff != "" {
		t.Errorf("drained (-want +got):\n%s", diff)
	}
	built := s.build(t)
	if built.Rows != 50 || built.Projection.FittedOn != 50 || len(built.Projection.Components) != dims {
		t.Errorf("built %d rows of %d photos", built.Rows, built.Projection.FittedOn)
	}
	if n := s.count(t, `SELECT count(*) FROM lookalike.shop`); n != 50 {
		t.Errorf("%d embeddings are live, want 50", n)
	}
}

func TestPhotosAreEmbeddedOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t, 30)
	for _, reference := range []string{"3.jpg", "4.jpg", "20.jpg"} {
		s.studio.photos[reference] = "the same photo"
	}
	done := s.drain(t)
	if done.Changed != 30 || done.Embedded < 28 { // two batches at once may both meet a new photo
		t.Errorf("done %+v", done)
	}
	s.build(t)

	s.exec(t, `CREATE TABLE other (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), image text);
		INSERT INTO other (image) SELECT image FROM products; SELECT lookalike.attach('other')`)
	before := s.studio.times()
	catalog := s.catalog
	var err error
	if s.catalog, err = s.Catalog(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	s.wish(t, "fake")
	if diff := cmp.Diff(worker.Done{Changed: 30}, s.drain(t)); diff != "" {
		t.Errorf("the other catalog (-want +got):\n%s", diff)
	}
	s.catalog = catalog
	s.exec(t, `SELECT lookalike.enqueue(catalog_id, ARRAY(SELECT id::text FROM products)) FROM lookalike.catalog WHERE name = 'shop'`)
	if diff := cmp.Diff(worker.Done{Unchanged: 30}, s.drain(t)); diff != "" {
		t.Errorf("the same again (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, s.studio.times()); diff != "" {
		t.Errorf("photos went through the model again:\n%s", diff)
	}
}

func TestChangedPhotoUnderTheSameName(t *testing.T) {
	t.Parallel()
	s := newShop(t, 5)
	s.drain(t)
	s.build(t)
	s.studio.photos["2.jpg"] = "a newer photo"
	s.exec(t, `SELECT lookalike.enqueue(1, ARRAY(SELECT id::text FROM products))`)
	if diff := cmp.Diff(worker.Done{Changed: 1, Unchanged: 4, Embedded: 1}, s.drain(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var distance float64
	want := repo.RoundFeature(featureOf([]byte("a newer photo")))
	found, err := s.Nearest(t.Context(), s.catalog, want, 1)
	if err != nil {
		t.Fatal(err)
	}
	if distance = found[0].Distance; found[0].Key != "2" || distance != 0 {
		t.Errorf("nearest to the newer photo is %s at %v", found[0].Key, distance)
	}
}

func TestBadPhotosFailAlone(t *testing.T) {
	t.Parallel()
	s := newShop(t, 20)
	s.studio.photos["3.jpg"], s.studio.photos["9.jpg"], s.studio.photos["10.jpg"] = "corrupt", "missing", "corrupt"
	if diff := cmp.Diff(worker.Done{Changed: 17, Failed: 3, Embedded: 17}, s.drain(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	failures, err := s.Failures(t.Context(), s.catalog)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range failures {
		got[f.Key] = f.Stage + ": " + f.Error
	}
	want := map[string]string{"3": "embed: corrupt photo", "9": "fetch: file does not exist", "10": "embed: corrupt photo"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

func TestGoneAndEmptyProductsAreRemoved(t *testing.T) {
	t.Parallel()
	s := newShop(t, 6)
	s.drain(t)
	s.build(t)
	s.exec(t, `DELETE FROM products WHERE id = 1; UPDATE products SET image = NULL WHERE id = 2; UPDATE products SET image = '' WHERE id = 3`)
	if diff := cmp.Diff(worker.Done{Removed: 3}, s.drain(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := s.count(t, `SELECT count(*) FROM lookalike.shop`); n != 3 {
		t.Errorf("%d embeddings, want 3", n)
	}
}

func TestInterruptGivesTasksBack(t *testing.T) {
	t.Parallel()
	s := newShop(t, 40)
	s.studio.block, s.studio.entered = make(chan struct{}), make(chan struct{}, 10)
	config := smallConfig()
	config.Grace = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.worker(t, config).Drain(ctx, nil)
		ended <- err
	}()
	<-s.studio.entered
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("drain ended with %v", err)
	}
	if n := s.count(t, `SELECT count(*) FROM lookalike.task WHERE lease IS NULL AND due_at <= now() AND attempts = 0`); n != 40 {
		t.Errorf("%d of 40 tasks are due at once", n)
	}
	s.studio.block = nil
	if done := s.drain(t); done.Changed != 40 {
		t.Errorf("the next worker did %+v", done)
	}
}

func TestInterruptFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	s := newShop(t, 8)
	s.studio.block, s.studio.entered = make(chan struct{}), make(chan struct{}, 10)
	config := smallConfig()
	config.Grace, config.Lanes = time.Minute, 1
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan worker.Done, 1)
	go func() {
		done, _ := s.worker(t, config).Drain(ctx, nil)
		ended <- done
	}()
	<-s.studio.entered
	cancel()
	close(s.studio.block)
	if done := <-ended; done.Changed != 8 {
		t.Errorf("done %+v, want all 8 that were under way", done)
	}
}

func TestDeadWorkersTasksAreDoneAfterTheirLease(t *testing.T) {
	t.Parallel()
	s := newShop(t, 10)
	if claim, err := s.ClaimTasks(t.Context(), s.catalog, 10, time.Second); err != nil || len(claim.Products) != 10 {
		t.Fatalf("claimed %d (%v)", len(claim.Products), err)
	}
	start := time.Now()
	if done := s.drain(t); done.Changed != 10 {
		t.Errorf("done %+v", done)
	}
	if took := time.Since(start); took > 6*time.Second {
		t.Errorf("took %v after a lease of 1 s", took)
	}
}

func TestLeaseIsExtendedDuringLongWork(t *testing.T) {
	t.Parallel()
	s := newShop(t, 4)
	s.studio.block, s.studio.entered = make(chan struct{}), make(chan struct{}, 10)
	config := smallConfig()
	config.Lease, config.Lanes = time.Second, 1
	ended := make(chan worker.Done, 1)
	go func() {
		done, _ := s.worker(t, config).Drain(t.Context(), nil)
		ended <- done
	}()
	<-s.studio.entered
	deadline := time.Now().Add(2500 * time.Millisecond)
	for time.Now().Before(deadline) {
		if claim, err := s.ClaimTasks(t.Context(), s.catalog, 10, time.Second); err != nil || len(claim.Products) > 0 {
			t.Fatalf("another worker could claim %d tasks (%v)", len(claim.Products), err)
		}
	}
	close(s.studio.block)
	if done := <-ended; done.Changed != 4 {
		t.Errorf("done %+v", done)
	}
}

func TestWorkerSurvivesTheLossOfItsConnections(t *testing.T) {
	t.Parallel()
	s := newShop(t, 200)
	config := smallConfig()
	config.Batch = 4
	kills := 0
	done, err := s.worker(t, config).Drain(t.Context(), func(worker.Done) {
		if kills++; kills%10 == 0 {
			s.exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.build(t); s.count(t, `SELECT count(*) FROM lookalike.shop`) != 200 {
		t.Errorf("after %d rounds and done %+v: %d embeddings, want 200", kills, done, s.count(t, `SELECT count(*) FROM lookalike.shop`))
	}
}

func TestGenerationGoesLiveDuringWork(t *testing.T) {
	t.Parallel()
	s := newShop(t, 12)
	s.drain(t)
	s.studio.block, s.studio.entered = make(chan struct{}), make(chan struct{}, 10)
	s.exec(t, `INSERT INTO products VALUES (13, '13.jpg')`)
	config := smallConfig()
	config.Lanes = 1
	ended := make(chan worker.Done, 1)
	go func() {
		done, _ := s.worker(t, config).Drain(t.Context(), nil)
		ended <- done
	}()
	<-s.studio.entered
	s.build(t)
	close(s.studio.block)
	if done := <-ended; done.Changed != 1 || done.Embedded != 1 {
		t.Errorf("done %+v", done)
	}
	if n := s.count(t, `SELECT count(*) FROM lookalike.shop WHERE id = 13`); n != 1 {
		t.Errorf("product 13 has %d embeddings in the generation that went live meanwhile, want 1", n)
	}
}

func TestLargePhotosAreTakenInParts(t *testing.T) {
	t.Parallel()
	s := newShop(t, 9)
	for _, reference := range []string{"1.jpg", "2.jpg", "3.jpg", "4.jpg"} {
		s.studio.photos[reference] = reference + strings.Repeat("x", 1000)
	}
	config := smallConfig()
	config.BatchBytes, config.Lanes = 1500, 1
	var parts []int
	done, err := s.worker(t, config).Drain(t.Context(), func(d worker.Done) { parts = append(parts, d.Products()) })
	if err != nil || done.Changed != 9 {
		t.Fatalf("done %+v (%v)", done, err)
	}
	if len(parts) < 3 {
		t.Errorf("parts of %v products, want at least 3", parts)
	}
}

func TestWithoutGenerationNothingIsLost(t *testing.T) {
	t.Parallel()
	s := newShop(t, 2)
	s.exec(t, `DELETE FROM lookalike.generation`)
	config := smallConfig()
	config.Lanes = 1
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := s.worker(t, config).Drain(ctx, nil); err == nil {
		t.Error("no error")
	}
	if n := s.count(t, `SELECT count(*) FROM lookalike.task WHERE state = 'pending'`); n != 2 {
		t.Errorf("%d tasks are pending, want 2", n)
	}
}

func TestBuildNeedsTwoPhotos(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	s.drain(t)
	g, err := s.Generations(t.Context(), s.catalog)
	if err != nil {
		t.Fatal(err)
	}
	_, err = worker.Build(t.Context(), s.DB, s.studio, s.catalog, *g.Building, dims, &quiet{})
	if !errors.Is(err, worker.ErrTooFewPhotos) {
		t.Errorf("error is %v", err)
	}
}

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	err := worker.Config{Grace: -1}.Validate()
	for _, want := range []string{"batch", "lanes", "lease", "grace", "batch bytes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not speak of %s", err, want)
		}
	}
	if err := worker.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}
