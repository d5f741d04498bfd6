package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// reminders waits until there are as many, and returns them.
func reminders(t *testing.T, w *world, want int) []rollout.Notice {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		news := w.j.News()
		all, err := w.j.Notices(ctx, "R1")
		if err != nil {
			t.Fatal(err)
		}
		all = slices.DeleteFunc(all, func(n rollout.Notice) bool { return n.Kind != rollout.NoticeReminder })
		if len(all) >= want {
			return all
		}
		select {
		case <-news:
		case <-ctx.Done():
			t.Fatalf("%d reminders: %+v", len(all), all)
		}
	}
}

func TestAWaitIsRemindedOf(t *testing.T) {
	t.Parallel()
	p := journaltest.Told(journaltest.Plan("R1", 3))
	p.Stages[1].Approval = true
	w := newWorld(t, p)
	w.cfg.Wait = true
	ctx, interrupt := context.WithCancel(t.Context())
	ended := w.drive(ctx)
	w.await(t, "the approval", func(s rollout.State) bool { return s.Phase == rollout.Waiting })
	pass := func(d time.Duration) {
		w.clock.mu.Lock()
		defer w.clock.mu.Unlock()
		w.clock.now = w.clock.now.Add(d)
	}
	pass(31 * time.Minute)
	first := reminders(t, w, 1)
	if first[0].Why != "stage complete needs an approval" || first[0].Took != 31*time.Minute {
		t.Errorf("%+v", first[0])
	}
	// Another process goes on, and does not say it again.
	interrupt()
	<-ended
	pass(30 * time.Minute)
	w.cfg.Work = &memory{}
	ctx, interrupt = context.WithCancel(t.Context())
	ended = w.drive(ctx)
	if all := reminders(t, w, 2); len(all) != 2 || all[0].Key == all[1].Key {
		t.Errorf("%+v", all)
	}
	interrupt()
	if end := <-ended; !errors.Is(end.err, engine.ErrInterrupted) {
		t.Error(end.err)
	}
}

// TestJobsCanCheckTheLease: what opens hosts can ask whether this process still may.
func TestJobsCanCheckTheLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journaltest.Balanced(journaltest.Plan("R1", 2)))
	w.cfg.Hold = time.Hour
	var before, after error
	w.before = func(ctx context.Context, j engine.Job) error {
		if j.Command.Kind != rollout.Record {
			return nil
		}
		before = j.Check(ctx)
		takeOver(t, w)
		after = j.Check(ctx)
		return nil
	}
	_, err := engine.New(w.cfg).Run(t.Context(), "R1", nil)
	if before != nil || !errors.Is(after, journal.ErrStale) || !errors.Is(err, journal.ErrStale) {
		t.Errorf("before: %v; after: %v; the run: %v", before, after, err)
	}
}

// takeOver gives the lease to a process that nobody has to wait for.
func takeOver(t *testing.T, w *world) {
	t.Helper()
	db, err := sql.Open("sqlite", w.path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`UPDATE leases SET token = token + 1`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestARehearsalRunsThroughTheEngine: the internal host is updated, taken back, and updated
// again, and what it was left as is kept.
func TestARehearsalRunsThroughTheEngine(t *testing.T) {
	t.Parallel()
	p := journaltest.Balanced(journaltest.Plan("R1", 3))
	p.Stages[0].Kind, p.Rehearse = rollout.StageInternal, true
	w := newWorld(t, p)
	w.script = func(j engine.Job, _ string) engine.Report {
		if j.Command.Kind != rollout.Update {
			return engine.Report{}
		}
		return engine.Report{Outcome: rollout.OK, Begun: true, Version: "1.1.0", Digest: "sha256:before", After: "sha256:after"}
	}
	s := w.run(t)
	if s.Phase != rollout.Completed || w.did(rollout.Update) != 4 || w.did(rollout.Restore) != 1 {
		t.Errorf("%s (%s): %d updates, %d restores", s.Phase, s.Why, w.did(rollout.Update), w.did(rollout.Restore))
	}
	if h := s.Hosts[0]; !h.Rehearsed || h.After != "sha256:after" {
		t.Errorf("%+v", h)
	}
}
