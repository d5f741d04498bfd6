package journaltest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

func planComesBack(t *testing.T, address string) {
	p := create(t, Open(t, address), Balanced(Plan("R1", 7)))
	s, seq := load(t, Open(t, address), "R1")
	if want := text(t, rollout.New(p)); text(t, s) != want || seq != 0 {
		t.Errorf("seq %d, got\n%s\nwant\n%s", seq, text(t, s), want)
	}
}

func oneAtATime(t *testing.T, address string) {
	j := Open(t, address)
	create(t, j, Plan("R1", 2))
	err := j.Create(t.Context(), Plan("R2", 2))
	active, ok := errors.AsType[*journal.ActiveError](err)
	if !ok || active.Rollout != "R1" || active.Phase != rollout.Planned {
		t.Fatalf("a second rollout: %v", err)
	}
	if err := j.Create(t.Context(), Plan("R1", 2)); !errors.Is(err, journal.ErrExists) {
		t.Errorf("the same rollout again: %v", err)
	}
	other := Plan("R3", 2)
	other.Environment = "staging"
	create(t, j, other)
	l := acquire(t, j, "R1")
	must(t, j, "R1", l.Token, start())
	finish(t, j, "R1", l.Token)
	create(t, j, Plan("R2", 2))
}

func creatingRaces(t *testing.T, address string) {
	journals := []*journal.Journal{Open(t, address), Open(t, address)}
	var made atomic.Int32
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			err := journals[i%2].Create(t.Context(), Plan(fmt.Sprintf("R%d", i), 3))
			if err == nil {
				made.Add(1)
			} else if _, ok := errors.AsType[*journal.ActiveError](err); !ok {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("%d rollouts were created at once", made.Load())
	}
}

func unknownRollouts(t *testing.T, address string) {
	j := Open(t, address)
	_, _, err := j.Load(t.Context(), "R1")
	_, err2 := j.Append(t.Context(), "R1", 0, ask(rollout.Abort))
	_, err3 := j.Acquire(t.Context(), "R1", journal.Self(""), journal.LeaseTime)
	_, err4 := j.Watch(t.Context(), "R1", 0)
	_, err5 := j.Active(t.Context(), "checkout", "production")
	for i, err := range []error{err, err2, err3, err4, err5} {
		if !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("call %d: %v", i, err)
		}
	}
}

func runsToItsEnd(t *testing.T, address string) {
	j, fresh := Open(t, address), Open(t, address)
	p := create(t, j, Balanced(Plan("R1", 5)))
	l := acquire(t, j, "R1")
	must(t, j, "R1", l.Token, start())
	s := finish(t, j, "R1", l.Token)
	if s.Phase != rollout.Completed {
		t.Fatalf("ended %s: %s", s.Phase, s.Why)
	}
	events, err := fresh.Events(t.Context(), "R1", 0)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := rollout.ApplyAll(rollout.New(p), events)
	if err != nil {
		t.Fatal(err)
	}
	if text(t, again) != text(t, s) {
		t.Errorf("the events lead to\n%s\nthe state is\n%s", text(t, again), text(t, s))
	}
	for i, e := range events {
		if e.Seq != i+1 {
			t.Errorf("event %d has number %d", i+1, e.Seq)
		}
	}
	pending, err := fresh.Commands(t.Context(), "R1", true)
	if err != nil || len(pending) != 0 {
		t.Errorf("still pending: %v, %v", pending, err)
	}
	all, err := fresh.Commands(t.Context(), "R1", false)
	if err != nil || len(all) != s.Next-1 {
		t.Errorf("%d commands, %v; want %d", len(all), err, s.Next-1)
	}
}

func duplicatesAreSkipped(t *testing.T, address string) {
	j, other := Open(t, address), Open(t, address)
	create(t, j, Plan("R1", 4))
	l := acquire(t, j, "R1")
	c := must(t, j, "R1", l.Token, start()).Commands[0]
	e := Done(c, c.Hosts[0])
	a := must(t, j, "R1", l.Token, e, e)
	if len(a.Events) != 1 || a.Seq != 2 {
		t.Fatalf("appended %d events, seq %d", len(a.Events), a.Seq)
	}
	for _, j := range []*journal.Journal{j, other} {
		again := must(t, j, "R1", l.Token, e)
		if len(again.Events) != 0 || again.Seq != 2 || text(t, again.State) != text(t, a.State) {
			t.Errorf("again: %d events, seq %d", len(again.Events), again.Seq)
		}
	}
}

func refusedEventsLeaveNothing(t *testing.T, address string) {
	j := Open(t, address)
	create(t, j, Plan("R1", 4))
	l := acquire(t, j, "R1")
	a := must(t, j, "R1", l.Token, start())
	good, bad := Done(a.Commands[0], a.Commands[0].Hosts[0]), Done(a.Commands[0], "nobody")
	_, err := j.Append(t.Context(), "R1", l.Token, good, bad)
	if _, ok := errors.AsType[*rollout.Refusal](err); !ok {
		t.Fatalf("a result of an unknown host: %v", err)
	}
	for _, j := range []*journal.Journal{j, Open(t, address)} {
		s, seq := load(t, j, "R1")
		if seq != 1 || text(t, s) != text(t, a.State) {
			t.Errorf("seq %d, state\n%s\nwant\n%s", seq, text(t, s), text(t, a.State))
		}
	}
	if a := must(t, j, "R1", l.Token, good); a.Seq != 2 {
		t.Errorf("the next event has number %d", a.Seq)
	}
}

func endedRolloutWakesAlone(t *testing.T, address string) {
	j := Open(t, address)
	create(t, j, Plan("R1", 2))
	l := acquire(t, j, "R1")
	must(t, j, "R1", l.Token, start())
	finish(t, j, "R1", l.Token)
	create(t, j, Plan("R2", 2))
	_, err := j.Append(t.Context(), "R1", 0, ask(rollout.Rollback))
	active, ok := errors.AsType[*journal.ActiveError](err)
	if !ok || active.Rollout != "R2" {
		t.Fatalf("a rollback beside another rollout: %v", err)
	}
	must(t, j, "R2", 0, ask(rollout.Abort))
	l2 := acquire(t, j, "R2")
	finish(t, j, "R2", l2.Token)
	if a := must(t, j, "R1", 0, ask(rollout.Rollback)); a.State.Phase != rollout.Restoring {
		t.Errorf("phase %s", a.State.Phase)
	}
}

func requestsFromManyProcesses(t *testing.T, address string) {
	journals := []*journal.Journal{Open(t, address), Open(t, address), Open(t, address)}
	create(t, journals[0], Plan("R1", 3))
	l := acquire(t, journals[0], "R1")
	must(t, journals[0], "R1", l.Token, start())
	var wg sync.WaitGroup
	var done atomic.Int32
	for _, j := range journals {
		for _, k := range []rollout.EventKind{rollout.Pause, rollout.Resume} {
			wg.Go(func() {
				for range 10 {
					_, err := j.Append(t.Context(), "R1", 0, ask(k))
					if _, refused := errors.AsType[*rollout.Refusal](err); refused {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					done.Add(1)
				}
			})
		}
	}
	wg.Wait()
	events, err := journals[1].Events(t.Context(), "R1", 1)
	if err != nil || len(events) != int(done.Load()) {
		t.Fatalf("%d events, %v; want %d", len(events), err, done.Load())
	}
	want := rollout.Pause
	for i, e := range events {
		if e.Seq != i+2 || e.Kind != want {
			t.Fatalf("event %d is %s with number %d", i+2, e.Kind, e.Seq)
		}
		want = map[rollout.EventKind]rollout.EventKind{rollout.Pause: rollout.Resume, rollout.Resume: rollout.Pause}[want]
	}
}

func lists(t *testing.T, address string) {
	j := Open(t, address)
	for i := range 3 {
		p := Plan(fmt.Sprintf("R%d", i), 2)
		p.At = p.At.AddDate(0, 0, i)
		create(t, j, p)
		if i == 2 {
			break
		}
		l := acquire(t, j, p.ID)
		must(t, j, p.ID, l.Token, start())
		finish(t, j, p.ID, l.Token)
	}
	other := Plan("X", 1)
	other.Service = "search"
	create(t, j, other)
	ids := func(f journal.Filter) string {
		found, err := j.List(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, s := range found {
			ids = append(ids, s.ID)
		}
		return strings.Join(ids, " ")
	}
	for want, f := range map[string]journal.Filter{
		"R2 R1 X R0": {},
		"R2 R1 R0":   {Service: "checkout"},
		"R2 X":       {Active: true},
		"R1 R0":      {Phase: rollout.Completed},
		"R2 R1":      {Limit: 2},
		"":           {Environment: "staging"},
	} {
		if got := ids(f); got != want {
			t.Errorf("%+v: %q, want %q", f, got, want)
		}
	}
	active, err := j.Active(t.Context(), "checkout", "production")
	if err != nil || active.ID != "R2" || active.Version != "1.1.0" || active.By != "alice" || !active.Created.Equal(Epoch().AddDate(0, 0, 2)) {
		t.Errorf("active: %+v, %v", active, err)
	}
	latest, err := j.Latest(t.Context(), "checkout", "production")
	if err != nil || latest.ID != "R1" || latest.Head.Phase != rollout.Completed {
		t.Errorf("latest: %+v, %v", latest, err)
	}
}

func watching(t *testing.T, address string) {
	j, other := Open(t, address), Open(t, address)
	create(t, j, Plan("R1", 3))
	l := acquire(t, j, "R1")
	for _, from := range []*journal.Journal{j, other} {
		seq, err := j.Seq(t.Context(), "R1")
		if err != nil {
			t.Fatal(err)
		}
		seen := make(chan []rollout.Event)
		go func() {
			events, err := other.Watch(t.Context(), "R1", seq)
			if err != nil {
				t.Error(err)
			}
			seen <- events
		}()
		e := start()
		if seq > 0 {
			e = ask(rollout.Pause)
		}
		must(t, from, "R1", l.Token, e)
		if events := <-seen; len(events) != 1 || events[0].Kind != e.Kind || events[0].Seq != seq+1 {
			t.Errorf("watched %+v", events)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Watch(ctx, "R1", 99); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled watch: %v", err)
	}
}
