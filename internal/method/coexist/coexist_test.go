package coexist

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// fleet is hosts in memory: the checks of those in sick fail, those in away give no facts.
type fleet struct {
	sick, away map[string]bool
	ran        int
	err        error
}

func (f *fleet) Run(_ context.Context, job engine.Job, report func(engine.Report)) error {
	f.ran++
	for _, h := range job.Command.Hosts {
		r := engine.Report{Host: h, Outcome: rollout.OK}
		if f.sick[h] {
			r.Outcome, r.Reason = rollout.Unhealthy, "check cart: status 500"
		}
		report(r)
	}
	return f.err
}

func (f *fleet) Facts(_ context.Context, _ string, _ rollout.Spec, hosts []string) (map[string]method.Facts, error) {
	told := map[string]method.Facts{}
	for _, h := range hosts {
		if f.away[h] {
			told[h] = method.Facts{Outcome: rollout.Unreachable, Reason: "no route to host"}
			continue
		}
		told[h] = method.Facts{Outcome: rollout.OK, Facts: &host.FactsOf{Version: "1.0.0", Running: true}}
	}
	return told, nil
}

// planned is a plan of four hosts, two of them in the first stage.
func planned(t *testing.T, script string) *rollout.Plan {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "coexist.sh"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	p := &rollout.Plan{ID: "r1", Service: "checkout", Type: "listener", Project: dir, Release: rollout.Release{Version: "1.1.0"},
		Coexist: &rollout.Coexist{Run: []string{"./coexist.sh"}, Within: time.Minute, Addresses: map[string]string{"web1": "10.0.0.1", "web4": "10.0.0.4"}},
		Stages: []rollout.Stage{
			{Kind: rollout.StageInternal, Waves: [][]string{{"web1", "web2"}}, Checks: []rollout.Check{{Name: "cart"}}},
			{Kind: rollout.StageComplete, Waves: [][]string{{"web3", "web4"}}},
		}}
	for _, name := range []string{"web1", "web2", "web3", "web4"} {
		p.Hosts = append(p.Hosts, rollout.Host{Name: name, From: "1.0.0"})
	}
	return p
}

// check runs the checks of a stage, and returns what was reported by host.
func check(ctx context.Context, t *testing.T, f *fleet, p *rollout.Plan, stage int) (map[string]engine.Report, error) {
	t.Helper()
	got := map[string]engine.Report{}
	job := engine.Job{Plan: p, Command: rollout.Command{ID: 7, Kind: rollout.CheckHosts, Stage: stage, Hosts: []string{"web1", "web2"}}}
	err := New(f).Run(ctx, job, func(r engine.Report) {
		if _, twice := got[r.Host]; twice {
			t.Errorf("%s is reported twice", r.Host)
		}
		got[r.Host] = r
	})
	return got, err
}

// TestPasses: the command is told an old host that is up and the new one, in the directory
// of the project; a host whose own checks fail is not tried.
func TestPasses(t *testing.T) {
	t.Parallel()
	p := planned(t, `echo "$SLIPWAY_OLD_HOST $SLIPWAY_OLD_ADDRESS $SLIPWAY_OLD_VERSION $SLIPWAY_NEW_HOST $SLIPWAY_NEW_ADDRESS $SLIPWAY_NEW_VERSION" >> told`)
	f := &fleet{sick: map[string]bool{"web2": true}, away: map[string]bool{"web3": true}}
	got, err := check(t.Context(), t, f, p, 0)
	if err != nil || got["web1"].Outcome != rollout.OK || got["web2"].Reason != "check cart: status 500" {
		t.Fatalf("%+v, %v", got, err)
	}
	told, err := os.ReadFile(filepath.Join(p.Project, "told"))
	if want := "web4 10.0.0.4 1.0.0 web1 10.0.0.1 1.1.0\n"; err != nil || string(told) != want {
		t.Errorf("it was told %q, want %q; %v", told, want, err)
	}
	if !strings.Contains(got["web1"].Detail, `"passed":true`) {
		t.Errorf("detail %s", got["web1"].Detail)
	}
}

// TestOnlyThere: in later stages, for other commands and without a test it is the method itself.
func TestOnlyThere(t *testing.T) {
	t.Parallel()
	p := planned(t, "exit 1")
	if got, err := check(t.Context(), t, &fleet{}, p, 1); err != nil || got["web1"].Outcome != rollout.OK {
		t.Errorf("in the second stage: %+v, %v", got, err)
	}
	p.Coexist = nil
	if got, err := check(t.Context(), t, &fleet{}, p, 0); err != nil || got["web1"].Outcome != rollout.OK {
		t.Errorf("without a test: %+v, %v", got, err)
	}
}

// TestFails: what the command says makes the host unhealthy; what it wrote is kept, bounded.
func TestFails(t *testing.T) {
	t.Parallel()
	p := planned(t, "printf '\\033[31mold cannot read note\\033[0m\\nsecond line\\n'; exit 3")
	p.Stages[0].Checks = nil
	f := &fleet{}
	got, err := check(t.Context(), t, f, p, 0)
	if want := "coexistence with web3 (1.0.0): exit 3: [31mold cannot read note[0m"; err != nil || got["web1"].Outcome != rollout.Unhealthy || got["web1"].Reason != want {
		t.Errorf("%+v, %v; want %s", got["web1"], err, want)
	}
	if !strings.Contains(got["web1"].Detail, `second line`) || f.ran != 0 {
		t.Errorf("detail %s, and the method was run %d times for no checks", got["web1"].Detail, f.ran)
	}
	p = planned(t, "yes | head -c 200000; exit 1")
	if got, _ = check(t.Context(), t, f, p, 0); len(got["web2"].Detail) > 3*mostOutput || got["web2"].Outcome != rollout.Unhealthy {
		t.Errorf("%d bytes are kept, %s", len(got["web2"].Detail), got["web2"].Outcome)
	}
}

// TestCannot: a test that does not take place is a failure with its reason, never a pass.
func TestCannot(t *testing.T) {
	t.Parallel()
	gone := planned(t, "")
	gone.Coexist.Run = []string{"./nowhere.sh"}
	slow := planned(t, "echo begun; exec sleep 60")
	slow.Coexist.Within = 300 * time.Millisecond
	all := map[string]bool{"web3": true, "web4": true}
	fresh := planned(t, "")
	for i := range fresh.Hosts {
		fresh.Hosts[i].From = ""
	}
	for _, c := range []struct {
		name string
		plan *rollout.Plan
		away map[string]bool
		out  rollout.Outcome
		want string
	}{
		{"no such program", gone, nil, rollout.Failed, "no such file"},
		{"time is up", slow, nil, rollout.Unhealthy, "its time was up: begun"},
		{"no old host is up", planned(t, ""), all, rollout.Failed, "web4 gave no facts: no route to host"},
		{"no old host", fresh, nil, rollout.Failed, "was without the service"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := check(t.Context(), t, &fleet{away: c.away}, c.plan, 0)
			if r := got["web1"]; err != nil || r.Outcome != c.out || !strings.Contains(r.Reason, c.want) {
				t.Errorf("%+v, %v; want %s with %q", r, err, c.out, c.want)
			}
		})
	}
}

// TestCutOff: a job that is cancelled reports nothing of hosts that it did not finish, and
// what the method itself could not do is told.
func TestCutOff(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := planned(t, "echo x > begun; exec sleep 60")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(p.Project, "begun")); err == nil {
				cancel()
			}
			<-time.After(5 * time.Millisecond)
		}
	}()
	if got, err := check(ctx, t, &fleet{}, p, 0); !errors.Is(err, context.Canceled) || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	<-done
	broken := errors.New("no ansible-playbook")
	if got, err := check(t.Context(), t, &fleet{err: broken}, planned(t, ""), 0); !errors.Is(err, broken) || len(got) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}
