package methodtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// limit is how long one command of the suite may take.
const limit = 2 * time.Minute

// Site is a fleet that the suite changes as it likes: at least three hosts, on which
// the service is not installed and its unit file is.
type Site struct {
	Method  engine.Method
	Hosts   []string // by name
	Project string
	Place   rollout.Method
	// Changes returns how often a host was changed.
	Changes func(t testing.TB, host string) int
	// Cut makes a host unreachable, for good.
	Cut func(t testing.TB, host string)
}

// Exercise runs the suite. address is where hosts reach this machine; open makes a new
// fleet for a service, and takes it away when the test ends.
func Exercise(t *testing.T, address string, open func(t *testing.T, s *Service) Site) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *Service, Site){
		"each host once":                    once,
		"a repeated command is adopted":     adopted,
		"only the hosts of the command":     part,
		"back to what was there":            restored,
		"checks":                            checked,
		"a cancel leaves work to adopt":     cancelled,
		"a host that cannot be reached":     unreachable,
		"an artifact that is not to be had": without,
		"commands that make no sense":       senseless,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := NewService(t, address)
			test(t, s, open(t, s))
		})
	}
}

func once(t *testing.T, s *Service, site Site) {
	p := s.plan(site, "first", "", "1.0.0")
	got := run(t, site, update(p, 1, site.Hosts...))
	for _, h := range site.Hosts {
		r := got[h]
		expect(t, r, rollout.OK)
		if r.Version != "1.0.0" || !r.Begun || r.Adopted || r.Digest == "" || !strings.Contains(r.Detail, `"steps"`) {
			t.Errorf("%s: got %+v", h, r)
		}
		changes(t, site, h, 1)
	}
}

func adopted(t *testing.T, s *Service, site Site) {
	p := s.plan(site, "first", "", "1.0.0")
	first := run(t, site, update(p, 1, site.Hosts[:2]...))
	again := run(t, site, update(p, 1, site.Hosts...))
	for i, h := range site.Hosts {
		expect(t, again[h], rollout.OK)
		if r := again[h]; r.Adopted != (i < 2) || i < 2 && r.Digest != first[h].Digest {
			t.Errorf("%s: got %+v, at first %+v", h, r, first[h])
		}
		changes(t, site, h, 1)
	}
}

func part(t *testing.T, s *Service, site Site) {
	p := s.plan(site, "first", "", "1.0.0")
	got := run(t, site, update(p, 1, site.Hosts[1]))
	if len(got) != 1 {
		t.Errorf("got %v, want one report", got)
	}
	for i, h := range site.Hosts {
		changes(t, site, h, map[bool]int{true: 1}[i == 1])
	}
}

func restored(t *testing.T, s *Service, site Site) {
	run(t, site, update(s.plan(site, "first", "", "1.0.0"), 1, site.Hosts...))
	// The next update comes as soon as a process runs: it must be replaced all the same.
	for _, h := range site.Hosts {
		changes(t, site, h, 1)
	}
	p := s.plan(site, "second", "1.0.0", "1.1.0")
	before := run(t, site, update(p, 1, site.Hosts...))
	for _, h := range site.Hosts {
		changes(t, site, h, 2)
	}
	back := engine.Job{Plan: p, Command: rollout.Command{ID: 2, Kind: rollout.Restore, Hosts: site.Hosts}, Token: 1}
	for _, again := range []bool{false, true} {
		got := run(t, site, back)
		for _, h := range site.Hosts {
			expect(t, got[h], rollout.OK)
			if r := got[h]; r.Version != "1.0.0" || !r.Equal || r.Adopted != again || r.Digest != before[h].Digest {
				t.Errorf("%s: got %+v, before %+v", h, r, before[h])
			}
			changes(t, site, h, 3)
		}
	}
}

func checked(t *testing.T, s *Service, site Site) {
	p := s.plan(site, "first", "", "1.0.0")
	run(t, site, update(p, 1, site.Hosts...))
	check := engine.Job{Plan: p, Command: rollout.Command{ID: 2, Kind: rollout.CheckHosts, Hosts: site.Hosts}, Token: 1}
	for _, r := range run(t, site, check) {
		expect(t, r, rollout.OK)
	}
	s.Gate.Shut()
	check.Command.ID = 3
	for _, r := range run(t, site, check) {
		expect(t, r, rollout.Unhealthy)
		if r.Begun {
			t.Errorf("a check changes nothing: got %+v", r)
		}
	}
}

func cancelled(t *testing.T, s *Service, site Site) {
	p := s.plan(site, "first", "", "1.0.0")
	job := update(p, 1, site.Hosts[0])
	asked := s.Gate.Shut()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-asked:
		case <-ctx.Done():
		}
		cancel()
	}()
	err := site.Method.Run(ctx, job, func(r engine.Report) { t.Errorf("got %+v of a host that is not done", r) })
	<-stopped
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it cancelled", err)
	}
	s.Gate.Open()
	r := run(t, site, job)[site.Hosts[0]]
	expect(t, r, rollout.OK)
	if !r.Adopted {
		t.Errorf("got %+v, want it adopted", r)
	}
	changes(t, site, site.Hosts[0], 1)
}

func unreachable(t *testing.T, s *Service, site Site) {
	gone := site.Hosts[1]
	site.Cut(t, gone)
	got := run(t, site, update(s.plan(site, "first", "", "1.0.0"), 1, site.Hosts...))
	for _, h := range site.Hosts {
		if h != gone {
			expect(t, got[h], rollout.OK)
			continue
		}
		expect(t, got[h], rollout.Unreachable)
		if got[h].Begun {
			t.Errorf("nothing was begun on %s: got %+v", h, got[h])
		}
	}
}

func without(t *testing.T, s *Service, site Site) {
	p := s.plan(site, "first", "", "1.0.0")
	p.Release.Artifacts[0].Digest = "sha256:" + strings.Repeat("0", 64)
	for h, r := range run(t, site, update(p, 1, site.Hosts...)) {
		expect(t, r, rollout.Failed)
		if r.Begun || !strings.Contains(r.Reason, "not in the store") {
			t.Errorf("%s: got %+v", h, r)
		}
		changes(t, site, h, 0)
	}
}

func senseless(t *testing.T, s *Service, site Site) {
	p := s.plan(site, "first", "", "1.0.0")
	for name, c := range map[string]rollout.Command{
		"another's command": {ID: 1, Kind: rollout.Drain, Hosts: site.Hosts},
		"another's host":    {ID: 1, Kind: rollout.Update, Hosts: []string{"nobody"}},
		"no such stage":     {ID: 1, Kind: rollout.CheckHosts, Stage: 9, Hosts: site.Hosts},
	} {
		err := site.Method.Run(t.Context(), engine.Job{Plan: p, Command: c, Token: 1}, func(r engine.Report) {
			t.Errorf("%s: got %+v, want no report", name, r)
		})
		if err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}

func update(p *rollout.Plan, id int, hosts ...string) engine.Job {
	return engine.Job{Plan: p, Command: rollout.Command{ID: id, Kind: rollout.Update, Hosts: hosts}, Token: 1}
}

// run runs a job and holds it to what every job is held to: one report for each of
// its hosts, never two at the same time, none after the end.
func run(t *testing.T, site Site, job engine.Job) map[string]engine.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	got := map[string]engine.Report{}
	var inside, over atomic.Bool
	err := site.Method.Run(ctx, job, func(r engine.Report) {
		if !inside.CompareAndSwap(false, true) || over.Load() {
			t.Errorf("%s was reported beside another one, or after the end", r.Host)
		}
		if _, twice := got[r.Host]; twice || !slices.Contains(job.Command.Hosts, r.Host) {
			t.Errorf("%s was reported twice, or is not of this command", r.Host)
		}
		got[r.Host] = r
		inside.Store(false)
	})
	over.Store(true)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", job.Command.Kind, err))
	}
	if len(got) != len(job.Command.Hosts) {
		t.Fatalf("%s: %d of %d hosts were reported: %v", job.Command.Kind, len(got), len(job.Command.Hosts), got)
	}
	return got
}

func expect(t *testing.T, r engine.Report, want rollout.Outcome) {
	t.Helper()
	if r.Outcome != want || (r.Reason == "") != (want == rollout.OK) {
		t.Errorf("%s: got %+v, want it %s", r.Host, r, want)
	}
}

// changes waits a little for a count: a service leaves its mark after it was started.
func changes(t *testing.T, site Site, host string, want int) {
	t.Helper()
	n := site.Changes(t, host)
	for range 200 {
		if n >= want {
			break
		}
		<-time.After(10 * time.Millisecond)
		n = site.Changes(t, host)
	}
	if n != want {
		t.Errorf("%s was changed %d times, want %d", host, n, want)
	}
}
