package coexist

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat"
	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// asked is how many old hosts are asked at once whether they are up.
const asked = 5

// mostOutput bounds what is kept in the journal of what a test wrote: its end.
const mostOutput = 8 << 10

// Inner is a method that can ask hosts for their facts.
type Inner interface {
	engine.Method
	Facts(ctx context.Context, service string, spec rollout.Spec, hosts []string) (map[string]method.Facts, error)
}

// Method is a method with the test.
type Method struct{ inner Inner }

// New wraps a method.
func New(inner Inner) *Method { return &Method{inner: inner} }

// Run implements engine.Method. A host whose checks the inner method reports as passed is
// reported once old and new were tried together, one host after the other.
func (m *Method) Run(ctx context.Context, job engine.Job, report func(engine.Report)) error {
	if job.Command.Kind != rollout.CheckHosts || !job.Plan.Coexists(job.Command.Stage) {
		return m.inner.Run(ctx, job, report)
	}
	passed, err := m.checks(ctx, job, report)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(passed) == 0 {
		return err
	}
	old, why := m.old(ctx, job.Plan)
	for _, r := range passed {
		r = try(ctx, job.Plan, old, why, r)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		report(r)
	}
	return err
}

// checks runs the stage's own checks, reports hosts that did not pass, and returns the others.
func (m *Method) checks(ctx context.Context, job engine.Job, report func(engine.Report)) ([]engine.Report, error) {
	var passed []engine.Report
	if len(job.Plan.Stages[job.Command.Stage].Checks) == 0 {
		for _, h := range job.Command.Hosts {
			passed = append(passed, engine.Report{Host: h, Outcome: rollout.OK})
		}
		return passed, nil
	}
	err := m.inner.Run(ctx, job, func(r engine.Report) {
		if r.Outcome == rollout.OK {
			passed = append(passed, r)
			return
		}
		report(r)
	})
	return passed, err
}

// old finds a host that runs what it ran before the rollout and is up, or says why there
// is none.
func (m *Method) old(ctx context.Context, p *rollout.Plan) (compat.Side, string) {
	first := p.Stages[0].Hosts()
	var names []string
	from := map[string]string{}
	for _, h := range p.Hosts {
		if h.From != "" && h.From != p.Release.Version && !slices.Contains(first, h.Name) {
			names = append(names, h.Name)
			from[h.Name] = h.From
		}
	}
	if len(names) == 0 {
		return compat.Side{}, "every host of the plan is on the release already, or was without the service"
	}
	why := ""
	for some := range slices.Chunk(names, asked) {
		told, err := m.inner.Facts(ctx, p.Service, p.Spec, some)
		if err != nil {
			return compat.Side{}, "old hosts could not be asked: " + method.Line(err.Error())
		}
		for _, name := range some {
			f := told[name]
			switch {
			case f.Facts == nil:
				why = name + " gave no facts: " + method.Line(f.Reason)
			case f.Facts.Version != from[name]:
				why = fmt.Sprintf("%s runs %q, and the plan found %q", name, f.Facts.Version, from[name])
			case !f.Facts.Running && p.Type != "batch":
				why = "the service is not running on " + name
			default:
				return side(p, name, from[name]), ""
			}
		}
	}
	return compat.Side{}, "no old host is up: " + why
}

// side is a host as the command is told of it.
func side(p *rollout.Plan, name, version string) compat.Side {
	address := p.Coexist.Addresses[name]
	if address == "" {
		address = name
	}
	return compat.Side{Host: name, Address: address, Version: version}
}

// try runs the command with a new host, and makes the report of it.
func try(ctx context.Context, p *rollout.Plan, old compat.Side, none string, r engine.Report) engine.Report {
	if old.Host == "" {
		return failed(r, errors.New("old and new cannot be tried together: "+none))
	}
	result, err := compat.Coexist(ctx, compat.Command{Args: p.Coexist.Run, Dir: p.Project, Within: p.Coexist.Within},
		compat.Pair{Old: old, New: side(p, r.Host, p.Release.Version)})
	if err != nil {
		return failed(r, err)
	}
	r.Detail = detail(old, result)
	if !result.Passed {
		r.Outcome, r.Reason = rollout.Unhealthy, reason(old, result)
	}
	return r
}

// failed is for a test that did not take place: nothing is known of old and new.
func failed(r engine.Report, err error) engine.Report {
	r.Outcome, r.Reason = rollout.Failed, method.Line(err.Error())
	return r
}

// reason is what the command said first.
func reason(old compat.Side, result compat.Result) string {
	how := fmt.Sprintf("exit %d", result.Exit)
	if result.TimedOut {
		how = "its time was up"
	}
	text := fmt.Sprintf("coexistence with %s (%s): %s", old.Host, old.Version, how)
	for line := range strings.Lines(result.Output) {
		if line = method.Line(printable(line)); line != "" && !result.Truncated {
			return method.Line(text + ": " + line)
		}
	}
	return method.Line(text)
}

// printable is a text without what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c != '\n' && c != '\t' && c < ' ' || c >= 0x7f && c < 0xa0 {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, "?"))
}

// detail is what the journal keeps of a test.
func detail(old compat.Side, result compat.Result) string {
	if over := len(result.Output) - mostOutput; over > 0 {
		result.Output, result.Truncated = result.Output[over:], true
	}
	result.Output = printable(result.Output)
	text, err := json.Marshal(struct {
		Coexist compat.Result `json:"coexist"`
		Old     string        `json:"old"`
	}{result, old.Host})
	if err != nil {
		return "" // numbers and texts always encode
	}
	return string(text)
}
