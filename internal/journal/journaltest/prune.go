package journaltest

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// oldSamplesGo: what a judge saw goes a time after the rollout ended, and nothing else.
func oldSamplesGo(t *testing.T, address string) {
	j, other := Open(t, address), Open(t, address)
	seen := journal.Look{At: Epoch(), Body: strings.Repeat("{\"t\":12.5}\n", 10)}
	for _, id := range []string{"R1", "R2"} {
		create(t, j, Plan(id, 1))
		l := acquire(t, j, id)
		for range 3 {
			if err := j.AppendSamples(t.Context(), l, 2, seen); err != nil {
				t.Fatal(err)
			}
		}
		if id == "R1" { // R2 is still at it
			start := rollout.Event{Kind: rollout.Start, At: Epoch()}
			if _, err := j.Append(t.Context(), id, l.Token, start, rollout.Event{
				Kind: rollout.HostDone, At: Epoch(), Command: 1, Host: "host00000", Outcome: rollout.OK, Version: "1.1.0", Begun: true,
			}); err != nil {
				t.Fatal(err)
			}
			if s, _, err := j.Load(t.Context(), id); err != nil || !s.Phase.Ended() {
				t.Fatalf("%s has not ended: %s, %v", id, s.Phase, err)
			}
		}
	}
	if p, err := other.Prune(t.Context(), Epoch()); err != nil || p != (journal.Pruned{}) {
		t.Errorf("at the moment that it ended: %+v, %v", p, err)
	}
	p, err := other.Prune(t.Context(), Epoch().Add(time.Second))
	if err != nil || p != (journal.Pruned{Rollouts: 1, Looks: 3, Bytes: int64(3 * len(seen.Body))}) {
		t.Errorf("after it: %+v, %v", p, err)
	}
	for id, want := range map[string]int{"R1": 0, "R2": 3} {
		if looks, err := j.Samples(t.Context(), id, 2, 0); err != nil || len(looks) != want {
			t.Errorf("%s has %d looks, want %d: %v", id, len(looks), want, err)
		}
	}
	if events, err := j.Events(t.Context(), "R1", 0); err != nil || len(events) != 2 {
		t.Errorf("it has %d events: %v", len(events), err)
	}
	if p, err := other.Prune(t.Context(), Epoch().Add(time.Second)); err != nil || p != (journal.Pruned{}) {
		t.Errorf("again: %+v, %v", p, err)
	}
}
