package sim

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// toldOnce: what an event changes is told once, and nothing is told that did not change.
// What must be told is worked out here from the states before and after alone.
func (r *Run) toldOnce(before rollout.State, e rollout.Event, notices []rollout.Notice) error {
	got := map[string]int{}
	keys := map[string]bool{}
	for _, n := range notices {
		got[string(n.Kind)+n.Stage]++
		if keys[n.Key] {
			return fmt.Errorf("two notices have the key %s", n.Key)
		}
		keys[n.Key] = true
	}
	want := map[string]int{}
	r.wantPhase(before, e, want)
	for k, s := range r.State.Stages {
		name := r.Plan.Stages[k].Name
		if !s.Entered.Equal(before.Stages[k].Entered) {
			want[string(rollout.NoticeEntered)+name] = 1
		}
		if !s.Left.Equal(before.Stages[k].Left) {
			want[string(rollout.NoticeLeft)+name] = 1
		}
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s led from %s to %s; told %v, worth telling %v", e.Kind, before.Phase, r.State.Phase, got, want)
	}
	return nil
}

// wantPhase adds what a change of the phase, or a person, is told by.
func (r *Run) wantPhase(before rollout.State, e rollout.Event, want map[string]int) {
	stage := func(k rollout.NoticeKind, s rollout.State) { want[string(k)+r.Plan.Stages[s.Stage].Name] = 1 }
	after := r.State
	switch e.Kind {
	case rollout.Start:
		want[string(rollout.NoticeStarted)] = 1
	case rollout.Promote, rollout.Complete:
		stage(rollout.NoticePromoted, before)
	case rollout.Abort:
		stage(rollout.NoticeAborted, before)
	case rollout.Pause:
		want[string(rollout.NoticePaused)] = 1
		return
	case rollout.Adopt:
		return
	case rollout.Reconcile:
		if after.Reconciling || after.Phase == rollout.Completed {
			want[string(rollout.NoticeStarted)] = 1
		}
	}
	turned := !before.Back && after.Back || e.Kind == rollout.Rollback || e.Kind == rollout.Reconcile && before.Back
	if turned {
		stage(rollout.NoticeRestoring, after)
	}
	again := e.Kind == rollout.Promote || e.Kind == rollout.Complete
	resumed := e.Kind == rollout.Resume && before.Was == rollout.Waiting
	if after.Phase == rollout.Waiting && !resumed && (again || before.Phase != rollout.Waiting) {
		stage(rollout.NoticeWaiting, after)
	}
	woken := e.Kind == rollout.Reconcile || e.Kind == rollout.Rollback
	if after.Phase.Ended() && (woken || !before.Phase.Ended()) {
		want[string(after.Phase)] = 1
	}
}

// batchesAgree: the same events, cut into other batches, as by a crash or by a busy
// journal, tell the same and end the same. So do states that went through JSON.
func (r *Run) batchesAgree() error {
	if r.Seed%8 != 0 {
		return nil
	}
	s := rollout.New(r.Plan)
	var told []rollout.Notice
	for rest := r.events; len(rest) > 0; {
		n := min(1+r.rng.IntN(20), len(rest))
		d, err := rollout.Decide(s, rest[:n])
		if err != nil {
			return fmt.Errorf("seed %d: in other batches an event is refused: %w", r.Seed, err)
		}
		s, rest = d.State, rest[n:]
		told = append(told, d.Notices...)
	}
	for what, pair := range map[string][2]any{"notices": {told, r.told}, "hosts": {s.Hosts, r.State.Hosts}, "head": {s.Head, r.State.Head}} {
		if a, b := asText(pair[0]), asText(pair[1]); a != b {
			return fmt.Errorf("seed %d: %s depend on how events are batched:\n%s\n%s", r.Seed, what, a, b)
		}
	}
	return nil
}

func asText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
