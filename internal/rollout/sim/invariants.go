package sim

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// check holds the state and the world against the invariants of the design.
func (r *Run) check(before rollout.State, e rollout.Event, d rollout.Decision) error {
	for _, f := range []func() error{
		r.tooManyOut, r.liveTooEarly, r.pendingIsSound, r.endIsTrue, r.survivesTheJournal,
		func() error { return r.abortHonoured(before, d.Commands) },
		func() error { return r.passedByProof(before) },
		func() error { return r.rehearsedByProof(before) },
		func() error { return r.reconcileIsQuiet(before, e) },
		func() error { return r.toldOnce(before, e, d.Notices) },
	} {
		if err := f(); err != nil {
			return fmt.Errorf("seed %d, event %d: %w", r.Seed, r.Events, err)
		}
	}
	return nil
}

// tooManyOut: no more hosts are out of service at once than the plan allows.
func (r *Run) tooManyOut() error {
	out := 0
	for i, h := range r.world.hosts {
		if r.Plan.Hosts[i].From != "" && h.open != rollout.Live {
			out++
		}
	}
	if out > r.Plan.MaxOut {
		return fmt.Errorf("%d hosts are out of service, the plan allows %d", out, r.Plan.MaxOut)
	}
	return nil
}

// liveTooEarly: no host gets live traffic on a version that has not passed the
// stage before.
func (r *Run) liveTooEarly() error {
	for k, s := range r.Plan.Stages {
		for _, name := range s.Hosts() {
			h := r.truth(name)
			need := k
			if s.Kind == rollout.StageInternal {
				need = k + 1
			}
			if r.Plan.Traffic != nil && h.version == r.Plan.Release.Version && h.open == rollout.Live && r.State.Passed < need {
				return fmt.Errorf("%s is live on the release, and only %d stages have passed", name, r.State.Passed)
			}
		}
	}
	return nil
}

// pendingIsSound: the pending commands and the hosts that they wait for agree.
func (r *Run) pendingIsSound() error {
	waits := map[int]int{}
	for _, h := range r.State.Hosts {
		waits[h.Command]++
	}
	total := 0
	for _, p := range r.State.Pending {
		if p.Kind == rollout.BakeStage && r.State.Phase != rollout.Running {
			return fmt.Errorf("a bake is pending while it is %s", r.State.Phase)
		}
		total += waits[p.ID]
		if p.Kind != rollout.BakeStage && (p.Left == 0 || waits[p.ID] != p.Left) {
			return fmt.Errorf("command %d waits for %d hosts and counts %d", p.ID, waits[p.ID], p.Left)
		}
	}
	if total+waits[0] != len(r.State.Hosts) {
		return fmt.Errorf("a host waits for a command that is not pending")
	}
	if r.State.Phase.Ended() && len(r.State.Pending) > 0 {
		return fmt.Errorf("it is %s with %d commands pending", r.State.Phase, len(r.State.Pending))
	}
	return nil
}

// endIsTrue: what an end state claims holds in the world.
func (r *Run) endIsTrue() error {
	s := r.State
	if s.Phase == rollout.NeedsPerson {
		return r.needIsReal()
	}
	if !s.Phase.Ended() {
		return nil
	}
	if debts := s.Debts(); len(debts) != count(s.Hosts, func(h rollout.HostState) bool { return h.Owed }) {
		return fmt.Errorf("%s, and hosts are owed %+v", s.Phase, debts)
	}
	failed := 0
	for i, h := range s.Hosts {
		is, was := r.world.hosts[i], r.Plan.Hosts[i]
		want := was.From
		if s.Phase == rollout.Completed && !h.Owed {
			want = r.Plan.Release.Version
		}
		if is.version != want {
			return fmt.Errorf("%s, and %s runs %q instead of %q", s.Phase, was.Name, is.version, want)
		}
		if is.open != rollout.Live {
			return fmt.Errorf("%s, and %s is %s", s.Phase, was.Name, is.open)
		}
		if h.Counted {
			failed++
		}
	}
	if s.Phase == rollout.Completed && failed > max(r.Plan.Budget, s.Excused) {
		return fmt.Errorf("completed with %d failures on a budget of %d", failed, r.Plan.Budget)
	}
	return nil
}

func count(hosts []rollout.HostState, is func(rollout.HostState) bool) int {
	n := 0
	for _, h := range hosts {
		if is(h) {
			n++
		}
	}
	return n
}

// needIsReal: a person is only called when something was tried twice on a host and
// did not work.
func (r *Run) needIsReal() error {
	if len(r.State.Debts()) == 0 {
		return fmt.Errorf("a person is needed, and no host is owed anything: %s", r.State.Why)
	}
	for _, h := range r.State.Hosts {
		if h.Tries >= 2 || h.Returns >= 2 {
			return nil
		}
	}
	return fmt.Errorf("a person is needed, and nothing failed twice: %s", r.State.Why)
}

// abortHonoured: once a rollout is being restored it puts the release on no host
// and opens none to more traffic.
func (r *Run) abortHonoured(before rollout.State, commands []rollout.Command) error {
	if r.State.Phase != rollout.Restoring && before.Phase != rollout.Restoring {
		return nil
	}
	for _, c := range commands {
		if c.Kind == rollout.Update || c.Kind == rollout.Expose || c.Kind == rollout.BakeStage {
			return fmt.Errorf("%s of %v while restoring", c.Kind, c.Hosts)
		}
	}
	return nil
}

// passedByProof: a stage passes only when a host of it took the release.
func (r *Run) passedByProof(before rollout.State) error {
	for k := before.Passed; k < r.State.Passed && !r.adopted; k++ {
		hosts := r.Plan.Stages[k].Hosts()
		proof := len(hosts) == 0
		for _, name := range hosts {
			proof = proof || r.truth(name).version == r.Plan.Release.Version
		}
		if !proof {
			return fmt.Errorf("stage %s passed, and no host of it runs the release", r.Plan.Stages[k].Name)
		}
		if r.Plan.Coexists(k) && !r.triedTogether(k) {
			return fmt.Errorf("stage %s passed, and old and new were not tried together", r.Plan.Stages[k].Name)
		}
	}
	return nil
}

// triedTogether reports whether checks of a stage were asked for.
func (r *Run) triedTogether(stage int) bool {
	for _, c := range r.issued {
		if c.Kind == rollout.CheckHosts && c.Stage == stage {
			return true
		}
	}
	return false
}

// survivesTheJournal: what is stored is what is read, checked on some events.
func (r *Run) survivesTheJournal() error {
	if r.Events%16 != 0 {
		return nil
	}
	type stored struct {
		Head  rollout.Head
		Hosts []rollout.HostState
	}
	in := stored{r.State.Head, r.State.Hosts}
	text, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("marshal the state: %w", err)
	}
	var out stored
	if err := json.Unmarshal(text, &out); err != nil {
		return fmt.Errorf("unmarshal the state: %w", err)
	}
	if len(in.Head.Pending) == 0 {
		in.Head.Pending = out.Head.Pending
	}
	if !reflect.DeepEqual(in, out) {
		return fmt.Errorf("the state changes in the journal")
	}
	return nil
}

// atEnd: nothing is left to do, so the rollout must have ended.
func (r *Run) atEnd() error {
	if !r.State.Phase.Ended() {
		return fmt.Errorf("seed %d: nothing is left to happen, and it is %s: %s", r.Seed, r.State.Phase, r.State.Why)
	}
	return nil
}
