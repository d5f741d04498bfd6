package ansible

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// own does a command by the project's own playbook. The helper records the state of
// every host before it and judges every host after it: a playbook that ends well has
// proven nothing.
type own struct {
	r      *Runner
	w      where
	job    engine.Job
	report func(engine.Report)
}

// update captures, plays, verifies. Each step goes on with the hosts that came
// through the one before; the others are reported at once.
func (o own) update(ctx context.Context) error {
	digests, hosts, err := o.capture(ctx)
	if err != nil || len(hosts) == 0 {
		return err
	}
	hosts, err = o.play(ctx, host.Update, hosts, o.report)
	if err != nil || len(hosts) == 0 {
		return err
	}
	return o.call(ctx, hosts, o.verify, func(a answer) {
		out := a.report(host.Update)
		out.Begun, out.Digest = true, digests[a.host]
		o.report(out)
	})
}

// restore puts hosts back by the helper, which has what it recorded. Where the
// project asks for it the playbook goes first, and the helper then settles and
// compares what the playbook left: whatever became of it, every host is restored.
func (o own) restore(ctx context.Context) error {
	if o.w.Variables[restoreOption] == byPlaybook {
		_, err := o.play(ctx, host.Restore, o.job.Command.Hosts, func(failed engine.Report) {
			o.r.log.WarnContext(ctx, "the playbook did not restore a host; the helper does", "host", failed.Host, "reason", failed.Reason)
		})
		if errors.Is(err, ErrAnsible) {
			o.r.log.WarnContext(ctx, "the playbook did not restore; the helper does", "error", err)
		} else if err != nil {
			return err
		}
	}
	return o.r.builtin(ctx, o.w, o.job, host.Restore, o.report)
}

// capture has the state of every host recorded, and returns its digest and the hosts
// to go on with. A host that an earlier run of this command had captured may have been
// changed by it: it is done when it verifies, and played again when not.
func (o own) capture(ctx context.Context) (digests map[string]string, hosts []string, err error) {
	digests = map[string]string{}
	earlier, fresh := map[string]bool{}, map[string]bool{}
	err = o.call(ctx, o.job.Command.Hosts, o.before, func(a answer) {
		if a.response == nil || a.response.Code != host.CodeOK {
			o.report(a.report(host.Capture))
			return
		}
		digests[a.host] = a.response.State
		fresh[a.host], earlier[a.host] = !a.response.Adopted, a.response.Adopted
	})
	if err != nil {
		return nil, nil, err
	}
	again := o.ordered(earlier)
	if len(again) > 0 {
		err = o.call(ctx, again, o.verify, func(a answer) {
			if a.response == nil || a.response.Code != host.CodeOK {
				fresh[a.host] = true
				return
			}
			out := a.report(host.Update)
			out.Begun, out.Adopted, out.Digest = true, true, digests[a.host]
			o.report(out)
		})
	}
	return digests, o.ordered(fresh), err
}

// play runs the playbook on hosts and returns those on which it went through; the
// others are given to failed.
func (o own) play(ctx context.Context, verb host.Verb, hosts []string, failed func(engine.Report)) (_ []string, err error) {
	vars, err := o.variables(ctx, verb, hosts)
	if err != nil {
		return nil, err
	}
	ws, err := o.r.workspace()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ws.remove()) }()
	wrapper, err := importing(o.w.Playbook)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(ws.hosts(hosts), os.WriteFile(ws.path("vars.json"), vars, 0o600), os.WriteFile(ws.path("own.yml"), wrapper, 0o600)); err != nil {
		return nil, err
	}
	c := newCourse()
	e, err := process{
		name: "ansible-playbook",
		args: []string{
			"-i", o.w.Inventory, "--limit", "@" + ws.path("limit"), "--forks", forks(o.w, len(hosts)),
			"--extra-vars", "@" + ws.path("vars.json"), ws.path("own.yml"),
		},
		dir:    o.w.project,
		env:    o.r.environ(o.w, false),
		events: c.hear,
	}.run(ctx)
	if err != nil {
		return nil, err
	}
	if len(c.started) == 0 && !c.counted() && !nobody(e) {
		return nil, broken("ansible-playbook", e, "see that "+o.w.Playbook+" runs by itself")
	}
	var through []string
	for _, h := range hosts {
		if out, ok := c.trouble(h, verb, e); ok {
			failed(out)
			continue
		}
		through = append(through, h)
	}
	return through, nil
}

// before asks for a capture under the command's id, so that a repeated one finds it.
func (o own) before(h rollout.Host) host.Request {
	return host.Request{
		Protocol: host.Protocol, Verb: host.Capture, Service: o.job.Plan.Service,
		Rollout: o.job.Plan.ID, Command: o.job.Command.ID, Token: o.job.Token, Spec: method.Spec(o.job.Plan.Spec),
	}
}

// verify asks what runs now. It has no id: its answer must be new every time.
func (o own) verify(h rollout.Host) host.Request {
	return host.Request{
		Protocol: host.Protocol, Verb: host.Verify, Service: o.job.Plan.Service, Token: o.job.Token,
		Spec: method.Spec(o.job.Plan.Spec), Version: released(o.job.Plan, h).Version,
	}
}

func (o own) call(ctx context.Context, hosts []string, request func(rollout.Host) host.Request, each func(answer)) error {
	asks := make([]ask, 0, len(hosts))
	for _, name := range hosts {
		h, err := method.Find(o.job.Plan, name)
		if err != nil {
			return err
		}
		asks = append(asks, ask{host: name, request: request(h)})
	}
	return o.r.call(ctx, o.w, asks, each)
}

// ordered returns the hosts of a set in the order of the command.
func (o own) ordered(set map[string]bool) []string {
	var out []string
	for _, h := range o.job.Command.Hosts {
		if set[h] {
			out = append(out, h)
		}
	}
	return out
}

// released is the artifact of a host; a playbook may fetch a release by itself, which
// then has a version only.
func released(p *rollout.Plan, h rollout.Host) rollout.Artifact {
	if a, ok := p.Release.For(h.Arch); ok {
		return a
	}
	return rollout.Artifact{Version: p.Release.Version}
}

// course is how a playbook of the project's went.
type course struct {
	started map[string]bool
	failed  map[string]string // the last task that failed on a host, and its words
	stats   map[string]count
}

func newCourse() *course { return &course{started: map[string]bool{}, failed: map[string]string{}} }

func (c *course) counted() bool { return c.stats != nil }

// hear takes one event.
func (c *course) hear(e event) {
	switch {
	case e.Event == "start":
		c.started[e.Host] = true
	case e.Event == "stats":
		c.stats = e.Stats
	case e.State != "ok" && !e.Ignored:
		c.failed[e.Host] = fmt.Sprintf("task %q: %s", e.Task, plain(e.Message))
	}
}

// trouble says what kept the playbook from going through on a host; ok is false when
// nothing did. A host on which a task was started may have been changed.
func (c *course) trouble(name string, verb host.Verb, e ended) (out engine.Report, ok bool) {
	n, counted := c.stats[name]
	begun := c.started[name]
	switch {
	case !c.counted():
		return method.Failure(name, verb, "Ansible ended before the playbook did: "+complaint(e), begun), true
	case !counted:
		return method.Failure(name, verb, "the playbook has no play for this host, or the inventory no longer has the host", begun), true
	case n.Unreachable > 0:
		return method.Lost(name, verb, c.failed[name], begun), true
	case n.Failures > 0:
		return method.Failure(name, verb, c.failed[name], begun), true
	case n.OK == 0:
		return method.Failure(name, verb, "the playbook did nothing on this host: every task was skipped", false), true
	}
	return engine.Report{}, false
}
