package rollout

import "fmt"

// forward issues the next command of a rollout on its way to completed, or moves
// it to its next step. It returns false when nothing moved.
func (t *turn) forward() bool {
	if why := t.refused(); why != "" {
		t.restore(why)
		return true
	}
	if t.overBudget() {
		t.fail(t.blamed())
		return true
	}
	if t.mendFailed() {
		return true
	}
	switch t.Step {
	case StepRecord:
		return t.record()
	case StepApproval, StepWaves:
		return t.waves()
	case StepChecks:
		return t.checks()
	case StepBake:
		return t.bake()
	}
	return t.last()
}

// record reads the balancers once, before anything is touched.
func (t *turn) record() bool {
	if !t.recordMissing() {
		t.enter(0)
	}
	return true
}

// recordMissing reads the balancers' state of hosts that have none recorded, and are still
// to be changed: without it nobody could open them again.
func (t *turn) recordMissing() bool {
	var hosts []int
	for i, h := range t.Hosts {
		if t.Plan.Traffic != nil && h.Balancer == "" && h.Failure == "" && !h.Updated {
			hosts = append(hosts, i)
		}
	}
	if len(hosts) == 0 {
		return false
	}
	t.issue(Record, "", hosts)
	return true
}

// enter begins a stage.
func (t *turn) enter(stage int) {
	t.Stage, t.Step, t.Approved = stage, StepWaves, false
	t.Stages[stage].Entered = t.at
	t.tell(Notice{Kind: NoticeEntered, Stage: t.stage().Name}, t.stage().Name)
}

// waves changes the hosts of the stage, wave by wave.
func (t *turn) waves() bool {
	if t.stage().Approval && !t.Approved && !t.Forced {
		t.Step = StepApproval
		t.wait(fmt.Sprintf("stage %s needs an approval", t.stage().Name))
		return true
	}
	if t.rehearse() || t.expose(t.exposure()) {
		return true
	}
	for _, wave := range t.stage().Waves {
		todo := t.untouched(wave)
		if len(todo) > 0 {
			return t.change(todo)
		}
	}
	t.Step = StepChecks
	return true
}

// exposure is what the hosts of the stage are opened to.
func (t *turn) exposure() Exposure {
	if t.stage().Kind == StageInternal {
		return Internal
	}
	return Live
}

// expose opens the hosts that run the release and are not yet open to what the
// stage allows; hosts of the internal stage become live when the next one begins.
func (t *turn) expose(to Exposure) bool {
	var hosts []int
	for i, h := range t.Hosts {
		if h.Updated && h.Failure == "" && h.Exposure != Live && h.Exposure != to {
			hosts = append(hosts, i)
		}
	}
	if len(hosts) == 0 {
		return false
	}
	t.issue(Expose, to, hosts)
	return true
}

// untouched returns the hosts of a wave that are still to be changed.
func (t *turn) untouched(wave []string) []int {
	var todo []int
	for _, name := range wave {
		i := t.index(name)
		if i >= 0 && !t.Hosts[i].Updated && t.Hosts[i].Failure == "" {
			todo = append(todo, i)
		}
	}
	return todo
}

// change updates those hosts that are out of service, or else takes as many out as
// the plan has room for.
func (t *turn) change(todo []int) bool {
	var away, ajar []int
	for _, i := range todo {
		if h := t.Hosts[i]; h.Exposure == None && h.Ajar {
			ajar = append(ajar, i)
		} else if h.Exposure == None {
			away = append(away, i)
		}
	}
	if len(ajar) > 0 {
		t.issue(Drain, "", ajar)
		return true
	}
	if len(away) > 0 {
		t.issue(Update, "", away)
		return true
	}
	batch := t.fit(todo)
	if len(batch) == 0 {
		t.noRoom()
		return true
	}
	t.takeOut(batch, Update)
	return true
}

// noRoom ends the way forward when hosts that cannot be mended hold all the room there
// is. Hosts that are only owed the release stay so.
func (t *turn) noRoom() {
	if t.Reconciling {
		t.finish()
		return
	}
	t.fail(fmt.Sprintf("no host can be taken out of service: %d are out and the plan allows %d", t.out(), t.Plan.MaxOut))
}

// takeOut drains hosts. Without a balancer there is nothing to drain: the change
// itself takes the service away for a moment, and is issued at once.
func (t *turn) takeOut(batch []int, then CommandKind) {
	if t.Plan.Traffic != nil {
		t.issue(Drain, "", batch)
		return
	}
	for _, i := range batch {
		t.Hosts[i].Exposure = None
	}
	t.issue(then, "", batch)
}

// checks runs the stage's checks on every host that runs the release, and in the first
// stage whatever old and new are tried together with.
func (t *turn) checks() bool {
	hosts := t.running()
	if t.stageIsBarren() {
		t.fail(fmt.Sprintf("stage %s: no host of it took the release: %s", t.stage().Name, t.blamed()))
		return true
	}
	t.Step = StepBake
	if (len(t.stage().Checks) > 0 || t.Plan.Coexists(t.Stage)) && len(hosts) > 0 {
		t.issue(CheckHosts, "", hosts)
	}
	return true
}

// bake watches the stage, unless a person asked for complete or there is nothing
// to wait for.
func (t *turn) bake() bool {
	if t.stageIsBarren() {
		t.Step = StepChecks
		return true
	}
	switch st := t.stage(); {
	case st.Bake.Most <= 0 && len(st.Metrics) == 0:
		t.Stages[t.Stage].Verdict = Pass
		t.leave("")
		return true
	case t.Forced:
		t.leave(t.ForcedBy)
		return true
	}
	t.issue(BakeStage, "", nil)
	return true
}

// leave goes on to the next stage, or to the end. When by whose word is not empty, the
// stage has the verdict that it had by then: what nobody judged is no pass.
func (t *turn) leave(by string) {
	st := &t.Stages[t.Stage]
	st.Left = t.at
	if by != "" {
		st.By = by
	}
	t.tell(Notice{Kind: NoticeLeft, Stage: t.stage().Name, Verdict: st.Verdict, Why: st.Reason, By: st.By, Took: t.at.Sub(st.Entered)}, t.stage().Name)
	t.Passed = t.Stage + 1
	if t.Passed < len(t.Plan.Stages) {
		t.enter(t.Passed)
		return
	}
	t.Step = StepLast
}

// last gives hosts that could not be reached a second chance, then ends.
func (t *turn) last() bool {
	if t.rehearse() || t.expose(Live) {
		return true
	}
	var todo []int
	for i := range t.Hosts {
		h := &t.Hosts[i]
		if !h.Retried && !h.Updated && h.Outcome == Unreachable && (!h.Begun || h.Restored) && h.Exposure == Live {
			h.Retried, h.Failure = true, ""
		}
		if h.Retried && !h.Updated && h.Failure == "" {
			todo = append(todo, i)
		}
	}
	if t.recordMissing() {
		return true
	}
	if len(todo) > 0 {
		return t.change(todo)
	}
	t.finish()
	return true
}

// finish ends a rollout that went through all of its stages.
func (t *turn) finish() {
	var stuck, owed []int
	for i := range t.Hosts {
		h := &t.Hosts[i]
		switch {
		case !t.settled(i):
			stuck = append(stuck, i)
		case !h.Updated:
			h.Owed = true
			owed = append(owed, i)
		}
	}
	if len(stuck) > 0 {
		t.end(NeedsPerson, "neither updated nor restored: "+t.names(stuck), stuck)
		return
	}
	why := ""
	if len(owed) > 0 {
		why = "owed the change: " + t.names(owed)
	}
	t.end(Completed, why, owed)
}
