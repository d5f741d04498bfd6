//go:build lab

package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-deploy/slipway/lab"
)

// bakingStages bake for longer than any test waits.
const bakingStages = `    max_out: 2
    stages:
      - internal: {hosts: 1, checks: [{http: "http://:%[1]d/cart", status: 200}]}
      - canary: {hosts: 1, bake: 1h, judge: {}}
      - complete: {waves: 1}
`

// TestInterrupted stops slipway with Ctrl-C, takes the rollout up again, and steers one
// from other processes.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	l := up(t, lab.Config{Name: "ctrlc", Hosts: 4})
	p := slipway(t, l.Info().Project)
	p.keep(t, l.Info(), "1.0.0", "1.1.0")
	p.first(t, l.Info(), "1.0.0")
	before := standing(t, l.Info())
	plan(t, l.Info(), fmt.Sprintf(bakingStages, l.Info().Port))
	t.Run("and resumed", func(t *testing.T) { interrupted(t, l, p) })
	stands(t, l.Info(), before)
	t.Run("by a second process", func(t *testing.T) { aborted(t, l, p) })
	stands(t, l.Info(), before)
}

func interrupted(t *testing.T, l *lab.Lab, p program) {
	r := p.start(t, "deploy", "1.1.0", "--yes")
	r.until(t, "the first host is at work", func(l line) bool { return l.says("started by") })
	check(t, r.cmd.Process.Signal(syscall.SIGINT))
	o := r.end(t)
	sum := o.summary(t)
	if o.code != 130 || sum.Phase != "paused" {
		t.Fatalf("it was to be paused: %s", o)
	}
	if len(sum.Next) == 0 || !strings.HasPrefix(sum.Next[0], "slipway resume ") {
		t.Errorf("it does not say how to go on: %q", sum.Next)
	}
	text := p.must(t, 0, "status").out
	if !strings.Contains(text, "paused") || !strings.Contains(text, "next: slipway resume") {
		t.Errorf("status does not say how to go on:\n%s", text)
	}
	if now := p.status(t); now.Driver != "" || now.Active == nil || now.Active.ID != sum.ID {
		t.Errorf("nobody was to drive rollout %s: %+v", sum.ID, now)
	}
	steered(t, p)
	runs(t, l, "1.1.0")
}

// steered takes the paused rollout up, and promotes it from another process while it
// bakes. Both follow it to its end.
func steered(t *testing.T, p program) {
	t.Helper()
	r := p.start(t, "resume")
	r.until(t, "canary is watched", func(l line) bool { return l.says("canary is watched") })
	if now := p.status(t); now.Driver == "" {
		t.Error("status does not say who drives")
	}
	o := p.must(t, 0, "promote", "--reason", "seen enough", "--output", "json")
	for _, o := range []outcome{o, r.end(t)} {
		sum := o.summary(t)
		if o.code != 0 || sum.Phase != "completed" {
			t.Errorf("it was to complete: %s", o)
		}
	}
}

// aborted aborts a rollout from another process while it bakes.
func aborted(t *testing.T, l *lab.Lab, p program) {
	r := p.start(t, "deploy", "1.0.0", "--yes")
	r.until(t, "canary is watched", func(l line) bool { return l.says("canary is watched") })
	o := p.must(t, 0, "abort", "--reason", "not today", "--output", "json")
	if sum := o.summary(t); sum.Phase != "restored" {
		t.Errorf("abort: %s", o)
	}
	if o := r.end(t); o.code != 1 || !strings.Contains(o.summary(t).Why, "not today") {
		t.Errorf("the deploy was to end restored, with the reason: %s", o)
	}
	runs(t, l, "1.1.0")
}
