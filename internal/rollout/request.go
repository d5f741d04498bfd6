package rollout

// request absorbs what a person or the engine asks.
func (t *turn) request(e Event) error {
	switch e.Kind {
	case Start:
		return t.start(e)
	case Promote:
		return t.promote(e)
	case Complete:
		return t.complete(e)
	case Abort, Rollback:
		return t.takeBack(e)
	case Pause:
		return t.pause(e)
	case Resume:
		return t.resume(e)
	case Reconcile:
		return t.reconcile(e)
	case Adopt:
		return t.adopt(e)
	}
	return t.refuse(e, "there is no such event")
}

func (t *turn) start(e Event) error {
	if t.Phase != Planned {
		return t.refuse(e, "it has started already")
	}
	t.Phase, t.Started = Running, e.At
	t.tell(Notice{Kind: NoticeStarted, By: e.By})
	return nil
}

// promote goes on with whatever the rollout waits for: an approval, an unclear
// verdict, a failure that the plan asks about, or a bake that still runs.
func (t *turn) promote(e Event) error {
	switch {
	case t.Phase == Waiting && t.Step == StepApproval:
		t.tellPromoted(e)
		t.Approved = true
		t.carryOn(e)
		t.Step = StepWaves
	case t.Phase == Waiting:
		t.tellPromoted(e)
		t.Excused = t.counted()
		t.carryOn(e)
		if t.Step == StepBake {
			t.leave(e.By)
		}
	case t.Phase == Running && t.baking():
		t.tellPromoted(e)
		t.drop()
		t.leave(e.By)
	case t.Phase == Running:
		return t.refuse(e, "stage %s is still at work on its hosts; promote when it bakes or waits", t.stage().Name)
	case t.Phase == Paused:
		return t.refuse(e, "resume it first")
	default:
		return t.refuse(e, "there is nothing to promote")
	}
	return nil
}

// tellPromoted tells who lets the rollout go on, and past what.
func (t *turn) tellPromoted(e Event) {
	n := Notice{Kind: NoticePromoted, Stage: t.stage().Name, Verdict: t.Stages[t.Stage].Verdict, By: e.By, Why: e.Reason}
	if e.Kind == Complete {
		n.Why = "through all stages, without further bakes and approvals"
	}
	t.tell(n)
}

// complete goes on as promote does, and asks for no bake and no approval any more.
// Checks, the budget and the limit of hosts out of service still hold.
func (t *turn) complete(e Event) error {
	switch t.Phase {
	case Running, Waiting:
	case Paused:
		return t.refuse(e, "resume it first")
	default:
		return t.refuse(e, "there is nothing to complete")
	}
	t.Forced, t.ForcedBy = true, e.By
	if t.Phase == Waiting || t.baking() {
		return t.promote(e)
	}
	t.tellPromoted(e)
	return nil
}

// takeBack begins to restore. An abort is for a rollout on its way forward;
// a rollback also for one that has completed, or that a person was needed for.
func (t *turn) takeBack(e Event) error {
	switch t.Phase {
	case Running, Waiting, Planned:
	case Paused:
		if t.Was == Restoring {
			return t.refuse(e, "it is being restored already; resume it")
		}
	case Completed, NeedsPerson:
		if e.Kind == Abort {
			return t.refuse(e, "it has ended; roll it back instead")
		}
	case Restoring:
		return t.refuse(e, "it is being restored already")
	default:
		return t.refuse(e, "it has been restored already")
	}
	if e.Kind == Abort && t.Reconciling {
		return t.refuse(e, "it had completed, and settles what hosts are owed: pause it, or roll all of it back")
	}
	why := "aborted"
	if e.Kind == Rollback {
		why = "rolled back"
	} else {
		t.tell(Notice{Kind: NoticeAborted, Stage: t.stage().Name, By: e.By, Why: e.Reason})
	}
	t.restore(t.asked(e, why))
	return nil
}

func (t *turn) pause(e Event) error {
	switch t.Phase {
	case Running, Waiting, Restoring:
		t.drop()
		t.Was = t.Phase
		since, seq := t.Since, t.SinceSeq
		t.enterPhase(Paused, nil)
		t.Since, t.SinceSeq = since, seq
		return nil
	case Paused:
		return t.refuse(e, "it is paused already")
	}
	return t.refuse(e, "there is nothing to pause")
}

func (t *turn) resume(e Event) error {
	if t.Phase != Paused {
		return t.refuse(e, "it is not paused")
	}
	t.Phase, t.Was = t.Was, ""
	return nil
}

// carryOn ends a wait.
func (t *turn) carryOn(e Event) {
	t.Phase, t.Why = Running, ""
	t.Stages[t.Stage].By = e.By
}

// baking reports whether the pending command is a bake.
func (t *turn) baking() bool { return len(t.Pending) == 1 && t.Pending[0].Kind == BakeStage }

// drop forgets a pending bake, so that the engine cancels it. Commands for hosts
// are never dropped: what was begun on a host must be known.
func (t *turn) drop() {
	if t.baking() {
		t.Pending = nil
	}
}
