package ansible

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/method"
)

// silent is the reason where nobody gave one.
const silent = "Ansible gave neither a result nor a reason"

// ask is what the helper of one host is asked.
type ask struct {
	host    string
	request host.Request
}

// answer is what came of it: a response, or why there is none.
type answer struct {
	host     string
	response *host.Response
	lost     bool   // nobody could be asked, or the connection went away
	begun    bool   // without a response: the helper may have started
	reason   string // without a response
}

// report is what an answer means to the engine.
func (a answer) report(verb host.Verb) engine.Report {
	switch {
	case a.response != nil:
		return method.Report(a.host, verb, *a.response)
	case a.lost:
		return method.Lost(a.host, verb, a.reason, a.begun)
	}
	return method.Failure(a.host, verb, a.reason, a.begun)
}

// call asks the helpers of all hosts in one run of ansible-playbook. each gets one
// answer a host, as it comes; after an error or the end of ctx some may be missing.
func (r *Runner) call(ctx context.Context, w where, asks []ask, each func(answer)) (err error) {
	ws, err := r.workspace()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ws.remove()) }()
	names := make([]string, 0, len(asks))
	for _, a := range asks {
		names = append(names, a.host)
	}
	if err := errors.Join(ws.hosts(names), ws.requests(ctx, r, asks), ws.helpers(r)); err != nil {
		return err
	}
	t := newTally(names, each)
	e, err := process{
		name:   "ansible-playbook",
		args:   []string{"-i", w.Inventory, "--limit", "@" + ws.path("limit"), "--forks", forks(w, len(asks)), ws.path("call.yml")},
		dir:    w.project,
		env:    r.environ(w, true),
		events: t.hear,
	}.run(ctx)
	if err != nil {
		return err
	}
	r.log.DebugContext(ctx, "ansible ended", "code", e.code, "hosts", len(asks), "unanswered", len(t.open))
	return t.close(w, e)
}

// tally turns the events of one run into one answer a host.
type tally struct {
	names   []string // in order
	open    map[string]bool
	started map[string]bool
	counted bool // the stats came: Ansible went through to its end
	each    func(answer)
}

func newTally(names []string, each func(answer)) *tally {
	t := &tally{names: names, open: make(map[string]bool, len(names)), started: map[string]bool{}, each: each}
	for _, n := range names {
		t.open[n] = true
	}
	return t
}

// hear takes one event.
func (t *tally) hear(e event) {
	switch e.Event {
	case "start":
		t.started[e.Host] = true
	case "stats":
		t.counted = true
	case "result":
		if t.open[e.Host] {
			delete(t.open, e.Host)
			t.each(answerOf(e))
		}
	}
}

// close gives every host without an answer one that says so. When Ansible did not get
// to its end nothing is known of them, and that is an error.
func (t *tally) close(w where, e ended) error {
	if len(t.open) == 0 {
		return nil
	}
	if !t.counted && !nobody(e) {
		return broken("ansible-playbook", e, fmt.Sprintf("%d of %d hosts have no result: see that ansible-playbook works in %s", len(t.open), len(t.names), w.project))
	}
	for _, n := range t.names {
		if !t.open[n] {
			continue
		}
		a := answer{host: n, lost: true, begun: t.started[n], reason: "Ansible gave no result for it: " + complaint(e)}
		if !t.started[n] {
			a.reason = "not in the inventory " + w.Inventory
		}
		t.each(a)
	}
	return nil
}

// answerOf reads the result of the one task of a host.
func answerOf(e event) answer {
	a := answer{host: e.Host, lost: e.State == "unreachable", reason: plain(e.Message)}
	if e.Message == "" && !a.lost {
		a.reason = silent
	}
	k := e.Slipway
	if k == nil {
		// Ansible did not get as far as our task: a variable that is not defined, say.
		return a
	}
	a.begun = k.Begun
	switch {
	case k.Answer != "":
		r, err := method.Response([]byte(k.Answer))
		if err != nil {
			a.lost, a.begun, a.reason = false, true, err.Error()
			return a
		}
		a.response, a.lost = &r, false
	case k.Lost != "":
		a.reason = plain(k.Lost)
		if k.Begun {
			a.reason = "lost while the helper was at work: " + a.reason
		}
	case k.Problem != "":
		a.reason = method.Line(k.Problem)
	}
	return a
}
