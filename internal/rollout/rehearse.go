package rollout

import "encoding/json"

// rehearse takes the hosts of the internal stage that run the release for the first time
// back, before they are opened to anybody: what follows is the ordinary way, which
// updates them again. Hosts without a balancer are live, and go as the limit allows.
func (t *turn) rehearse() bool {
	var away, live []int
	for _, i := range t.unrehearsed() {
		if t.Hosts[i].Exposure == None {
			away = append(away, i)
		} else if t.Plan.Traffic == nil {
			live = append(live, i)
		}
	}
	if len(away) == 0 && len(live) > 0 {
		if away = t.fit(live); len(away) == 0 {
			t.noRoom()
			return true
		}
	}
	if len(away) == 0 {
		return false
	}
	for _, i := range away {
		t.Hosts[i].Rehearsing, t.Hosts[i].Exposure = true, None
	}
	t.issue(Restore, "", away)
	return true
}

// unrehearsed returns the hosts of internal stages that run the release and have not
// shown that they can go back.
func (t *turn) unrehearsed() []int {
	if !t.Plan.Rehearse {
		return nil
	}
	var hosts []int
	for _, st := range t.Plan.Stages {
		if st.Kind != StageInternal {
			continue
		}
		for _, name := range st.Hosts() {
			i := t.index(name)
			if i >= 0 && t.Hosts[i].Updated && t.Hosts[i].Failure == "" && !t.Hosts[i].Rehearsed {
				hosts = append(hosts, i)
			}
		}
	}
	return hosts
}

// rehearsed takes in how the first restore of a rehearsal ended on a host. One that
// could not be asked has shown nothing, neither way.
func (h *HostState) rehearsed(e Event) {
	h.Rehearsing = false
	switch e.Outcome {
	case OK:
		h.Rehearsed = true
	case Unreachable:
	default:
		h.NoWayBack = true
	}
}

// refused says why the release cannot go on: a rehearsal showed that it cannot go back.
// Once it is live everywhere that is the host's own failure.
func (t *turn) refused() string {
	if !t.Plan.Rehearse || t.Reconciling || t.Step == StepLast {
		return ""
	}
	for i, h := range t.Hosts {
		if h.NoWayBack {
			return "the release cannot go back: " + t.Plan.Hosts[i].Name + ": " + firstDifference(h.Detail, h.Failure)
		}
	}
	return ""
}

// difference is one item of a host's state that is not what it was.
type difference struct {
	Item   string `json:"item"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// differences is how a detail holds them.
type differences struct {
	Differences []difference `json:"differences"`
}

// firstDifference is the first difference of a detail in words; else is said when it has none.
func firstDifference(detail, otherwise string) string {
	var d differences
	if json.Unmarshal([]byte(detail), &d) != nil || len(d.Differences) == 0 {
		return otherwise
	}
	first := d.Differences[0]
	return first.Item + " was " + orNothing(first.Before) + " and is " + orNothing(first.After)
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// secondDiffers makes a failure of an update whose end is not that of the first one: the
// host is not as it was when the release was tried.
func secondDiffers(h HostState, e Event) Event {
	e.Outcome, e.Begun = Failed, true
	e.Reason = "rehearsed, and the state after the second update is not the one after the first"
	if e.Detail == "" {
		d := differences{[]difference{{Item: "state after the update", Before: h.After, After: e.After}}}
		if text, err := json.Marshal(d); err == nil {
			e.Detail = string(text)
		}
	}
	return e
}
