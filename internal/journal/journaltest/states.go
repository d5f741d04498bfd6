package journaltest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// randomResults appends results in random batches, some of them twice and through
// either of two journals, and compares with what the machine alone makes of them.
func randomResults(t *testing.T, address string) {
	journals := []*journal.Journal{Open(t, address), Open(t, address)}
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		p := Balanced(Plan("R"+string(rune('A'+seed)), 20))
		p.Budget = 3
		create(t, journals[0], p)
		l := acquire(t, journals[0], p.ID)
		must(t, journals[0], p.ID, l.Token, start())
		var sent []rollout.Event
		for range 1000 {
			s, _ := load(t, journals[r.IntN(2)], p.ID)
			if s.Phase.Ended() {
				break
			}
			results := someAnswers(r, s)
			if len(sent) > 0 {
				results = append(results, sent[r.IntN(len(sent))])
			}
			sent = append(sent, results...)
			must(t, journals[r.IntN(2)], p.ID, l.Token, results...)
		}
		compare(t, journals[0], p, seed)
		if err := journals[0].Release(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
}

// someAnswers makes results of some hosts of the pending command, one in ten of them bad.
func someAnswers(r *rand.Rand, s rollout.State) []rollout.Event {
	var results []rollout.Event
	for _, p := range s.Pending {
		for i, h := range s.Hosts {
			if h.Command != p.ID || r.IntN(3) == 0 && len(results) > 0 {
				continue
			}
			e := Done(p.Command, s.Plan.Hosts[i].Name)
			if r.IntN(10) == 0 {
				e.Outcome, e.Reason = rollout.Failed, "the disk is full"
			}
			results = append(results, e)
		}
	}
	return results
}

func compare(t *testing.T, j *journal.Journal, p *rollout.Plan, seed uint64) {
	t.Helper()
	s, _ := load(t, j, p.ID)
	if !s.Phase.Ended() {
		t.Fatalf("seed %d: the rollout is %s", seed, s.Phase)
	}
	events, err := j.Events(t.Context(), p.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := rollout.New(p)
	for _, e := range events {
		if want, _, err = rollout.Apply(want, e); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	if text(t, s) != text(t, want) {
		t.Errorf("seed %d: the journal has\n%s\nits events lead to\n%s", seed, text(t, s), text(t, want))
	}
}

func openingAtOnce(t *testing.T, address string) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for range 16 {
		wg.Go(func() {
			<-gate
			Open(t, address)
		})
	}
	close(gate)
	wg.Wait()
	create(t, Open(t, address), Plan("R1", 1))
}

func oddText(t *testing.T, address string) {
	j := Open(t, address)
	p := Plan("R1", 3)
	p.By = "Zoë <\"'; DROP TABLE rollouts; --> \u2028 \x00"
	p.At = time.Date(2026, 3, 29, 2, 30, 0, 123456789, time.FixedZone("CET", 3600))
	create(t, j, p)
	l := acquire(t, j, "R1")
	c := must(t, j, "R1", l.Token, start()).Commands[0]
	e := Done(c, c.Hosts[0])
	e.Outcome, e.Reason, e.Detail = rollout.Failed, "broken \xff\xfe text, a NUL \x00 and $1 ? %s", `{"a": "b"}`
	e.At = time.Now()
	a := must(t, j, "R1", l.Token, e)
	s, _ := load(t, Open(t, address), "R1")
	if text(t, s) != text(t, a.State) {
		t.Errorf("read back\n%s\nwas\n%s", text(t, s), text(t, a.State))
	}
}

func manyHosts(t *testing.T, address string) {
	j := Open(t, address)
	create(t, j, Plan("R1", 1500))
	l := acquire(t, j, "R1")
	must(t, j, "R1", l.Token, start())
	s := finish(t, j, "R1", l.Token)
	back, seq := load(t, Open(t, address), "R1")
	if back.Phase != rollout.Completed || seq != 1501 || text(t, back) != text(t, s) {
		t.Errorf("%s after %d events", back.Phase, seq)
	}
}

func cancelledAppend(t *testing.T, address string) {
	j := Open(t, address)
	create(t, j, Plan("R1", 3))
	l := acquire(t, j, "R1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Append(ctx, "R1", l.Token, start()); err == nil {
		t.Fatal("a cancelled append went through")
	}
	if _, seq := load(t, j, "R1"); seq != 0 {
		t.Errorf("seq %d", seq)
	}
	must(t, j, "R1", l.Token, start())
}

func twoJournals(t *testing.T, address string) {
	a, b := Open(t, address), Open(t, address)
	create(t, a, Plan("R1", 4))
	l := acquire(t, a, "R1")
	c := must(t, a, "R1", l.Token, start()).Commands[0]
	must(t, b, "R1", 0, ask(rollout.Pause)) // a's cache is old now
	got := must(t, a, "R1", l.Token, Done(c, c.Hosts[0]))
	if got.State.Phase != rollout.Paused || got.Seq != 3 {
		t.Errorf("%s, seq %d", got.State.Phase, got.Seq)
	}
	s, _ := load(t, b, "R1")
	if text(t, s) != text(t, got.State) {
		t.Error("the two see different states")
	}
}
