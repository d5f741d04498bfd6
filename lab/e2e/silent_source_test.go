//go:build !lab

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/load"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// judgedByIt watches a canary for a time at least, and at most.
const judgedByIt = `    rehearse: false
    stages:
      - canary:
          hosts: 1
          bake: {least: %s, most: %s}
          judge: {errors: {source: {%s}, worse_by: 1.1x, at_most: 20%%}}
      - complete: {waves: 100%%}
`

// source is a system that counts what the hosts of a fleet do.
type source struct {
	manifest string              // the source: of slipway.yaml
	part     *processtest.Server // what is stopped of it
	// kept is what it has of a host; nil when it misses nothing, whatever is stopped.
	kept func(t *testing.T, host string) counts
}

// What is said of a source that is not there, and of one that has nothing to say.
const (
	refused = "connection refused"
	noValue = "it has no complete value since "
)

// TestASourceThatFallsSilent stops what counts a canary's errors half way through the watch,
// while requests come and some fail. The rollout is held, and says so to whoever asks. When
// the source is back it goes on, with all that the source kept, to the right verdict.
func TestASourceThatFallsSilent(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a source is silent once it has not answered for half a minute")
	}
	for _, c := range []silence{
		{"prometheus", newPrometheus, refused, false},
		{"graphite", graphiteWeb, refused, true},
		{"carbon", carbonCache, noValue, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fallsSilent(t, c)
		})
	}
}

// silence is a source that is stopped, what is said of it, and what the release is found to be
// when it is back.
type silence struct {
	name string
	open func(*testing.T, lab.Info) source
	says string
	bad  bool
}

func fallsSilent(t *testing.T, c silence) {
	p, info, s := sourced(t, c.open)
	plan(t, info, fmt.Sprintf(judgedByIt, "150s", "1h", s.manifest))
	r := p.start(t, "deploy", "1.1.0", "--yes")
	// The first look is what later ones are counted from. Requests come when that is over, so
	// that all of them must be counted.
	looks := 0
	r.until(t, "two looks", func(l line) bool {
		if l.Type == "finding" {
			looks++
		}
		return looks == 2
	})
	requests := requested(t, info.Public+"/cart", 40)
	someBroken(t, info)
	seen := r.until(t, "the judge counts", func(l line) bool { return l.canary().Requests > 50 })

	s.part.Kill(t)
	killed := time.Now()
	silent := r.next(t, "the judge has no data", func(l line) bool { return l.Verdict == "no data" })
	after := time.Since(killed)
	holds(t, p, silent.Reason, "errors: no answer for ", c.says)
	someBroken(t, info)
	s.part.Start(t)
	started := time.Now()
	back := r.next(t, "the judge counts again", func(l line) bool {
		return l.canary().Requests > seen.canary().Requests && l.Verdict != "no data"
	})
	t.Logf("silent after %s: %q; counts again %s after its start: %s", after.Round(time.Second), silent.Reason, time.Since(started).Round(time.Second), back.Reason)

	requests.Stop()
	right(t, r, s, info)
	decided := time.Now()
	o := decides(t, r, info, c.bad)
	t.Logf("%s, %s later: %s", o.summary(t).Stages[0].Verdict, time.Since(decided).Round(time.Second), o.summary(t).Stages[0].Reason)
}

// TestASourceThatStaysSilent has a watch end while Carbon is down, and Graphite has nothing but
// times without a value: that is no pass and no fail. A person is asked, who promotes.
func TestASourceThatStaysSilent(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a source is silent once it has not answered for half a minute")
	}
	p, info, s := sourced(t, carbonCache)
	plan(t, info, fmt.Sprintf(judgedByIt, "1s", "45s", s.manifest))
	s.part.Kill(t)
	r := p.start(t, "deploy", "1.1.0", "--yes")
	r.until(t, "it asks a person", func(l line) bool { return l.Phase == "waiting" })
	now := p.status(t).Active
	if canary := now.Stages[0]; now.Phase != "waiting" || canary.Verdict != "no data" || !strings.Contains(canary.Reason, noValue) {
		t.Errorf("it was to wait for want of data: %s (%s); %+v", now.Phase, now.Why, canary)
	}
	t.Logf("it waits: %s", now.Why)
	s.part.Start(t)
	p.must(t, 0, "promote", "--no-wait", "--output", "json")
	if o := r.end(t); o.code != 0 || o.summary(t).Phase != "completed" {
		t.Errorf("it was to complete: %s", o)
	}
}

// sourced is a fleet that runs 1.0.0, with a source that counts.
func sourced(t *testing.T, open func(*testing.T, lab.Info) source) (program, lab.Info, source) {
	t.Helper()
	p, info := onLocalFleet(t)
	plan(t, info, "    stages: [{complete: {waves: 100%}}]\n")
	p.must(t, 0, "deploy", "1.0.0", "--yes", "--output", "json")
	return p, info, open(t, info)
}

// requested sends so many requests a second until it is stopped.
func requested(t *testing.T, url string, rate int) *load.Generator {
	t.Helper()
	g, err := load.Start(t.Context(), load.Config{URL: url, Rate: rate}, "all")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Stop() })
	return g
}

// someBroken sends every host some requests that no version can answer: as many each, so that
// they are no reason to fail.
func someBroken(t *testing.T, info lab.Info) {
	t.Helper()
	for _, h := range info.Hosts {
		g := requested(t, fmt.Sprintf("http://%s:%d/cart?broken", h.Address, info.Port), 5)
		eventually(t, "errors of "+h.Name, func() error {
			if n := g.Report().Failed; n < 4 {
				return fmt.Errorf("there are %d", n)
			}
			return nil
		})
		g.Stop()
	}
}

// holds checks that nothing was decided, and that all who ask are told why.
func holds(t *testing.T, p program, reason string, words ...string) {
	t.Helper()
	now, text := p.status(t), p.must(t, 0, "status").out
	if now.Active == nil || now.Active.Phase != "running" || now.Active.Stages[0].Verdict != "" || now.Finding.Verdict != "no data" {
		t.Fatalf("the rollout was to be held where it is: %+v", now)
	}
	for _, h := range now.Active.Hosts {
		if h.Restored || h.Changed != (h.Now == "1.1.0") {
			t.Errorf("%s was to be left alone: %+v", h.Name, h)
		}
	}
	for _, w := range words {
		for from, said := range map[string]string{"deploy": reason, "status": text, "status as JSON": now.Finding.Reason} {
			if !strings.Contains(said, w) {
				t.Errorf("%s says %q, without %q", from, said, w)
			}
		}
	}
}

// right waits until the judge has counted all that the source has of the hosts, and no more.
func right(t *testing.T, r *running, s source, info lab.Info) {
	t.Helper()
	l := r.next(t, "the judge has counted all", func(l line) bool {
		if l.Type != "finding" {
			return false
		}
		canary, baseline := s.counted(t, info)
		if l.canary().Requests > canary.Requests || l.canary().Events > canary.Events {
			t.Errorf("counted are %v of the canary, more than the %v there are", l.canary(), canary)
		}
		return l.canary() == canary && l.Metrics[0].Baseline == baseline
	})
	t.Logf("counted are %v of the canary and %v of the baseline, all there are", l.canary(), l.Metrics[0].Baseline)
}

// counted is what there is of the two sides.
func (s source) counted(t *testing.T, info lab.Info) (canary, baseline counts) {
	t.Helper()
	for _, h := range info.Hosts {
		d, err := does(t.Context(), info, h)
		if err != nil {
			t.Fatal(err)
		}
		all := d.counts()
		if s.kept != nil {
			has := s.kept(t, h.Name)
			if has.Requests == 0 || has.Requests >= all.Requests {
				t.Errorf("of %s, which had %v, there was to be a part, and is %v", h.Name, all, has)
			}
			all = has
		}
		side := &baseline
		if d.Version == "1.1.0" {
			side = &canary
		}
		side.Events, side.Requests = side.Events+all.Events, side.Requests+all.Requests
	}
	return canary, baseline
}

// decides has requests come again, in numbers that decide: those to a bad canary fail.
func decides(t *testing.T, r *running, info lab.Info, bad bool) outcome {
	t.Helper()
	broken := 10
	if bad {
		broken = 2
		for _, h := range info.Hosts {
			d, err := does(t.Context(), info, h)
			if err == nil && d.Version == "1.1.0" {
				err = fetch(t.Context(), fmt.Sprintf("http://%s:%d/_set?fail=0.5", h.Address, info.Port), nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	requested(t, info.Public+"/cart", 200)
	requested(t, info.Public+"/cart?broken", broken)
	o := r.end(t)
	code, phase, verdict, version := 0, "completed", "pass", "1.1.0"
	if bad {
		code, phase, verdict, version = 1, "restored", "fail", "1.0.0"
	}
	if sum := o.summary(t); o.code != code || sum.Phase != phase || sum.Stages[0].Verdict != verdict {
		t.Errorf("it was to end %s, after a %s: %s", phase, verdict, o)
	}
	for i, v := range answering(t, info) {
		if v != version {
			t.Errorf("%s answers with %s, want %s", info.Hosts[i].Name, v, version)
		}
	}
	return o
}

// canary is what a finding says of the canary.
func (l line) canary() counts {
	if l.Type != "finding" || len(l.Metrics) == 0 {
		return counts{}
	}
	return l.Metrics[0].Canary
}
