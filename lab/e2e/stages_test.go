//go:build lab

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/load"
)

// rate is twice the 200 requests a second that must be had: the judge is sure sooner.
const rate = 400

// threeStages judges the canary, and asks before it, so that a test can look at the
// internal stage as long as it likes.
const threeStages = `    stages:
      - internal: {hosts: 1, checks: [{http: "http://:%[1]d/cart", status: 200}]}
      - canary: {hosts: 2, approval: required, bake: {least: 3s, most: 2m}, judge: {errors: {source: haproxy, at_most: 2%%}}}
      - complete: {waves: 50%%}
`

// TestThreeStages takes a good release through all stages, has a bad one taken back, and
// takes the good one back, all of it with load on the public frontend. Both formats go on
// side by side, for most of it is waiting; no other test does beside them.
func TestThreeStages(t *testing.T) {
	for _, format := range []string{lab.Tarball, lab.Deb} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			l := up(t, lab.Config{Name: "stages-" + strings.ReplaceAll(format, ".", ""), Hosts: 6, Format: format})
			p := slipway(t, l.Info().Project)
			p.keep(t, l.Info(), "1.0.0", "1.1.0", "1.2.0")
			p.first(t, l.Info(), "1.0.0")
			installed(t, l, "1.0.0")
			plan(t, l.Info(), fmt.Sprintf(threeStages, l.Info().Port))

			s := stages{lab: l, program: p, started: time.Now()}
			s.begin(t)
			before := standing(t, l.Info())
			s.good(t, "1.1.0")
			runs(t, l, "1.1.0")
			held(t, l, func(string) bool { return false })
			stands(t, l.Info(), before)
			s.bad(t, "1.2.0")
			runs(t, l, "1.1.0")
			stands(t, l.Info(), before)
			s.back(t)
			runs(t, l, "1.0.0")
			held(t, l, func(string) bool { return true })
			stands(t, l.Info(), before)
			s.finish(t)
		})
	}
}

// stages is a lab under load.
type stages struct {
	lab *lab.Lab
	program
	load    *load.Generator
	started time.Time
}

func (s *stages) begin(t *testing.T) {
	t.Helper()
	var err error
	s.load, err = load.Start(t.Context(), load.Config{URL: s.lab.Info().Public + "/cart", Rate: rate, New: 0.2}, "before")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.load.Stop() })
	s.started = time.Now()
	s.more(t)
}

// more waits for two seconds' worth of requests to be answered in this phase.
func (s *stages) more(t *testing.T) {
	t.Helper()
	count := func() int {
		phases := s.load.Report().Phases
		last := phases[len(phases)-1]
		return last.OK + last.Failures()
	}
	from := count()
	eventually(t, "more requests", func() error {
		if n := count() - from; n < 2*rate {
			return fmt.Errorf("only %d were answered", n)
		}
		return nil
	})
}

// toCanary deploys a version and stops before the canary: the internal frontend has it,
// and nobody else.
func (s *stages) toCanary(t *testing.T, version string) *running {
	t.Helper()
	s.load.Mark(version + " internal")
	r := s.start(t, "deploy", version, "--yes")
	r.asksFor(t, "canary")
	for range 10 {
		if got := answered(t, s.lab.Info().Internal+"/_status"); got != version {
			t.Errorf("the internal frontend is answered by %s, want %s", got, version)
		}
	}
	s.more(t)
	s.load.Mark(version + " canary and on")
	return r
}

func (s *stages) good(t *testing.T, version string) {
	t.Helper()
	r := s.toCanary(t, version)
	s.must(t, 0, "promote", "--no-wait", "--reason", "the internal stage looks good")
	if s.lab.Info().Format == lab.Deb {
		// Once is enough to see the judge be sure: here a person is.
		r.until(t, "canary is watched", func(l line) bool { return l.says("canary is watched") })
		s.more(t)
		s.must(t, 0, "promote", "--reason", "the canary looks good")
	}
	o := r.end(t)
	s.load.Mark("after " + version)
	sum := o.summary(t)
	if o.code != 0 || sum.Phase != "completed" {
		t.Fatalf("%s was to complete: %s", version, o)
	}
	s.tell(t, sum, o.took)
}

func (s *stages) bad(t *testing.T, version string) {
	t.Helper()
	r := s.toCanary(t, version)
	s.must(t, 1, "promote")
	o := r.end(t)
	s.load.Mark("after " + version)
	sum := o.summary(t)
	if o.code != 1 || sum.Phase != "restored" {
		t.Fatalf("%s was to be restored: %s", version, o)
	}
	s.tell(t, sum, o.took)
	canary := sum.Stages[1]
	if canary.Verdict != "fail" || !strings.Contains(canary.Reason, "errors") {
		t.Errorf("the canary ended with %s: %s", canary.Verdict, canary.Reason)
	}
	for _, h := range sum.Hosts {
		if h.Changed && !h.Restored || h.Exposure != "live" || h.Now != h.Before {
			t.Errorf("slipway says of %s: %+v", h.Name, h)
		}
	}
}

// back rolls the last completed release back.
func (s *stages) back(t *testing.T) {
	t.Helper()
	s.load.Mark("rollback")
	o := s.must(t, 0, "rollback", "--reason", "we changed our mind", "--output", "json")
	s.load.Mark("after the rollback")
	if sum := o.summary(t); sum.Phase != "restored" {
		t.Errorf("the rollback ended %s", sum.Phase)
	}
	t.Logf("rollback of 6 hosts: %s", o.took.Round(100*time.Millisecond))
	s.more(t)
}

func (s *stages) tell(t *testing.T, sum summary, took time.Duration) {
	t.Helper()
	t.Logf("%s to %s: %s after %s", sum.From, sum.To, sum.Phase, took.Round(100*time.Millisecond))
	for _, st := range sum.Stages {
		t.Logf("  %s: %d of %d hosts, %s, %.1f s %s", st.Name, st.Updated, st.Hosts, st.Verdict, st.Seconds, st.Reason)
	}
}

// finish counts what became of all the requests.
func (s *stages) finish(t *testing.T) {
	t.Helper()
	took := time.Since(s.started)
	r := s.load.Stop()
	for _, p := range r.Phases {
		t.Logf("%-22s %6d sent, %6d ok, failed %v, p99 %s, by version %v",
			p.Name, p.Sent, p.OK, p.Failed, p.Latency.P99.Round(time.Millisecond), p.Versions)
		for _, why := range slices.Sorted(maps.Keys(p.Reasons)) {
			t.Logf("    %d: %s", p.Reasons[why], why)
		}
	}
	t.Logf("%d requests in %s, %d failed, %d of them not by the bad version", r.Sent, took.Round(time.Second), r.Failed, r.Failed-r.Version("1.2.0").Failed)
	if per := float64(r.Sent) / took.Seconds(); per < 200 {
		t.Errorf("%.0f requests a second, want 200", per)
	}
	if r.Lost() != 0 || r.Failed != r.Version("1.2.0").Failed {
		t.Errorf("%d requests failed that 1.2.0 did not answer with an error", r.Failed-r.Version("1.2.0").Failed)
	}
	if bad := r.Version("1.2.0"); bad.Failed == 0 || bad.OK == 0 {
		t.Errorf("1.2.0 answered %d requests well and %d badly; it was to be seen failing", bad.OK, bad.Failed)
	}
	for _, version := range []string{"1.1.0", "1.2.0"} {
		p, ok := r.Phase(version + " internal")
		if v := p.Versions[version]; !ok || v.OK+v.Failed != 0 || p.OK < 2*rate {
			t.Errorf("while the internal stage of %s lasted, it answered %d of %d public requests, want 0", version, v.OK+v.Failed, p.Sent)
		}
	}
}
