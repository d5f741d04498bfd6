package app

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/traffic"
)

// completed journals a rollout that completed, as one that hosts remember.
func completed(t *testing.T, a *App, id, from, to string, hosts ...string) {
	t.Helper()
	p := small(id, "production")
	p.Release.Version, p.Hosts, p.Stages[0].Waves = to, nil, [][]string{hosts}
	for _, h := range hosts {
		p.Hosts = append(p.Hosts, rollout.Host{Name: h, Arch: "amd64", From: from, Back: rollout.Back{How: "relink"}})
	}
	if err := a.Adopt(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

// TestBackTo finds the rollout that leads to a version in one step.
func TestBackTo(t *testing.T) {
	t.Parallel()
	a := fresh(t)
	completed(t, a, "01A", "", "1.0.0", "web1", "web2")
	completed(t, a, "01B", "1.0.0", "1.1.0", "web1", "web2")
	completed(t, a, "01C", "1.1.0", "1.2.0", "web1", "web2")
	for version, want := range map[string]string{"1.1.0": "01C", "1.0.0": "01B"} {
		if rec, err := a.BackTo(t.Context(), "", "", version); err != nil || rec.State.Plan.ID != want {
			t.Errorf("%s: got %v, %v; want %s", version, rec.State.Plan, err, want)
		}
	}
	const want = "no rollout found every host at 0.9.0\n  it can go back to 1.1.0, 1.0.0; slipway deploy 0.9.0 brings any other version, as a release"
	if _, err := a.BackTo(t.Context(), "checkout", "production", "0.9.0"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	completed(t, a, "01D", "1.2.0", "1.3.0", "web1", "web2", "web3")
	_, err := a.BackTo(t.Context(), "", "", "1.0.0")
	if person := (*Error)(nil); !errors.As(err, &person) || person.Kind != Refused || !strings.Contains(err.Error(), "web3 (1.3.0) would stay") {
		t.Errorf("got %v", err)
	}
}

// TestBackToLeavesNoHostBehind: one host that was put right later, or before the others, is
// not all of them.
func TestBackToLeavesNoHostBehind(t *testing.T) {
	t.Parallel()
	a := fresh(t)
	completed(t, a, "01A", "0.9.0", "1.0.0", "web1", "web2", "web9")
	completed(t, a, "01B", "1.0.0", "1.1.0", "web1", "web2")
	completed(t, a, "01C", "1.0.0", "1.1.0", "web2") // reconciled, after somebody had linked it back
	if rec, err := a.BackTo(t.Context(), "", "", "1.0.0"); err != nil || rec.State.Plan.ID != "01B" {
		t.Errorf("got %v, %v; want 01B", rec.State.Plan, err)
	}

	a = fresh(t)
	completed(t, a, "01A", "0.9.0", "1.0.0", "web1", "web2")
	completed(t, a, "01B", "1.0.0", "1.1.0", "web1")
	completed(t, a, "01C", "1.0.0", "1.1.0", "web2")
	_, err := a.BackTo(t.Context(), "", "", "1.0.0")
	if person := (*Error)(nil); !errors.As(err, &person) || person.Kind != Refused || !strings.Contains(err.Error(), "web1 (1.1.0) would stay") {
		t.Errorf("got %v", err)
	}
}

// TestNewest: what an older rollout owes hosts is not given to them once a later one came.
func TestNewest(t *testing.T) {
	t.Parallel()
	a := fresh(t)
	completed(t, a, "01A", "", "1.0.0", "web1", "web2")
	if _, err := a.Request(t.Context(), "01A", rollout.Reconcile, ""); err == nil || strings.Contains(err.Error(), "not the last") {
		t.Errorf("the last one: %v", err)
	}
	completed(t, a, "01B", "1.0.0", "1.1.0", "web1", "web2")
	_, err := a.Request(t.Context(), "01A", rollout.Reconcile, "")
	if person := (*Error)(nil); !errors.As(err, &person) || person.Kind != Refused || !strings.Contains(err.Error(), "rollout 01A, of 1.0.0, is not the last one: 01B, of 1.1.0") {
		t.Errorf("an older one: %v", err)
	}
}

// TestSuperseded: what a later rollback of an older rollout has gone past does not stand.
func TestSuperseded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	summary := func(id string, phase rollout.Phase, ended int) journal.Summary {
		at := now.Add(time.Duration(ended) * time.Hour)
		return journal.Summary{ID: id, Service: "checkout", Environment: "production", Head: rollout.Head{Phase: phase, Ended: at, Changed: at}}
	}
	for name, c := range map[string]struct {
		all  []journal.Summary // the newest first
		want string
	}{
		"all stand":          {[]journal.Summary{summary("c", rollout.Completed, 3), summary("a", rollout.Completed, 1)}, "c a"},
		"the last went back": {[]journal.Summary{summary("c", rollout.Restored, 4), summary("a", rollout.Completed, 1)}, "a"},
		"past the last": {[]journal.Summary{summary("c", rollout.Completed, 3), summary("b", rollout.Restored, 4), summary("a", rollout.Completed, 1)},
			"a"},
		"failed long ago": {[]journal.Summary{summary("c", rollout.Completed, 3), summary("b", rollout.Restored, 2)}, "c"},
	} {
		var got []string
		for _, s := range upright(c.all) {
			got = append(got, s.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v stand, want %s", name, got, c.want)
		}
	}
}

// TestNewestOf: hosts that a rollout never came to remember the one before it.
func TestNewestOf(t *testing.T) {
	t.Parallel()
	of := func(id string, restored bool) plan.Facts {
		return plan.Facts{FactsOf: host.FactsOf{Last: &host.LastChange{Rollout: id, From: "1.0.0", To: "1.1.0", Restored: restored}}}
	}
	silent := plan.Facts{Err: errors.New("timed out")}
	for name, c := range map[string]struct {
		facts map[string]plan.Facts
		want  string
	}{
		"all":             {map[string]plan.Facts{"a": of("1", false), "b": of("1", false)}, "1"},
		"one is silent":   {map[string]plan.Facts{"a": of("1", false), "b": silent}, "1"},
		"one went back":   {map[string]plan.Facts{"a": of("1", false), "b": of("2", true)}, "1"},
		"none":            {map[string]plan.Facts{"a": {}, "b": of("2", true)}, "no host remembers one that can be taken back"},
		"different ones":  {map[string]plan.Facts{"a": of("1", false), "b": of("2", false)}, "2"},
		"half way":        {map[string]plan.Facts{"a": of("2", false), "b": of("1", false), "c": of("3", true)}, "2"},
		"nobody answered": {map[string]plan.Facts{"a": silent}, "no host remembers one that can be taken back"},
	} {
		last, err := newestOf(c.facts)
		got := fmt.Sprint(err)
		if err == nil {
			got = last.Rollout
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// TestClosed: hosts that get no requests before a remembered rollout is taken back are named.
func TestClosed(t *testing.T) {
	t.Parallel()
	standing := func(host, backend string, state haproxy.Admin) traffic.Standing {
		return traffic.Standing{Host: host, Backend: backend, State: state}
	}
	all := []traffic.Standing{
		standing("web1", "shop", haproxy.Maint), standing("web1", "shop", haproxy.Maint), standing("web2", "shop", haproxy.Ready),
		standing("web2", "staff", haproxy.Maint), standing("web3", "shop", haproxy.Drain), standing("web4", "shop", ""),
	}
	got := closed(all, &rollout.Traffic{HAProxy: &rollout.HAProxy{Public: "shop"}})
	if len(got) != 1 || !strings.HasPrefix(got[0], "web1, web3: closed at a balancer now") {
		t.Errorf("got %q", got)
	}
	if got := closed(all[2:3], &rollout.Traffic{HAProxy: &rollout.HAProxy{Public: "shop"}}); got != nil {
		t.Errorf("got %q", got)
	}
}

// TestSameAgain: hosts that got the recorded release once more are as recorded.
func TestSameAgain(t *testing.T) {
	t.Parallel()
	a := fresh(t)
	completed(t, a, "01A", "1.0.0", "1.1.0", "web1", "web2")
	completed(t, a, "01B", "1.0.0", "1.1.0", "web2")
	completed(t, a, "01C", "1.1.0", "1.2.0", "web2")
	rec, err := a.Rollout(t.Context(), "01A")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{"01B": true, "01C": false, "01Z": false} {
		if got := a.sameAgain(t.Context(), rec.State.Plan, id); got != want {
			t.Errorf("%s: %v", id, got)
		}
	}
}

// TestDriftOf compares a host with its record.
func TestDriftOf(t *testing.T) {
	t.Parallel()
	p := small("01A", "production")
	st := rollout.New(p)
	st.Hosts[0].Begun, st.Hosts[0].Updated, st.Hosts[0].Version = true, true, "1.1.0"
	fine := host.FactsOf{Version: "1.1.0", Last: &host.LastChange{Rollout: "01A", To: "1.1.0"}}
	for name, c := range map[string]struct {
		change func(*plan.Facts)
		want   string
	}{
		"as recorded":    {func(*plan.Facts) {}, ""},
		"version":        {func(f *plan.Facts) { f.Version = "1.0.0" }, "version 1.1.0 1.0.0"},
		"process":        {func(f *plan.Facts) { f.Stale = []string{"a.service"} }, "process of a.service of what is installed older than what is installed"},
		"elsewhere":      {func(f *plan.Facts) { f.Last = &host.LastChange{Rollout: "01Z"} }, "rollout 01A 01Z"},
		"there and back": {func(f *plan.Facts) { f.Last = &host.LastChange{Rollout: "01Z", Restored: true} }, ""},
		"conffile": {func(f *plan.Facts) {
			f.FactsOf.Drift = []host.Difference{{Item: "conffile /etc/x", Before: "a", After: "b"}}
		}, "conffile /etc/x a b"},
		"unreachable": {func(f *plan.Facts) { f.Err = errors.New("timed out") }, "unreachable  timed out"},
		"hold": {func(f *plan.Facts) { f.Last = &host.LastChange{Rollout: "01A", Held: true} },
			"hold  on hold since Slipway put it back, so that nothing upgrades it"},
	} {
		f := plan.Facts{FactsOf: fine}
		c.change(&f)
		var got []string
		for _, d := range driftOf(st, 0, f) {
			got = append(got, d.Item+" "+d.Record+" "+d.Found)
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestChanges lists the commits between two versions, by their tags.
func TestChanges(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	a, p := fresh(t), project{Manifest: valid(t, "five-lines.yaml"), dir: t.TempDir()}
	facts := map[string]plan.Facts{
		"web1": {FactsOf: host.FactsOf{Version: "1.0.0"}}, "web2": {FactsOf: host.FactsOf{Version: "1.0.0"}}, "web3": {FactsOf: host.FactsOf{Version: "0.9.0"}},
	}
	release := rollout.Release{Version: "1.1.0"}
	if got := a.changes(t.Context(), p, release, facts); got != nil {
		t.Errorf("without a repository: %v", got)
	}
	git := func(args ...string) {
		c := exec.Command("git", append([]string{"-c", "user.name=Ann \x1b[31m", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"}, args...)...)
		c.Dir = p.dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	for i, tag := range []string{"v1.0.0", "", "1.1.0"} {
		git("commit", "-q", "--allow-empty", "-m", fmt.Sprintf("change %d\n\nbody", i))
		if tag != "" {
			git("tag", tag)
		}
	}
	got := a.changes(t.Context(), p, release, facts)
	if len(got) != 2 || got[0].Subject != "change 2" || got[1].Subject != "change 1" || strings.ContainsRune(got[0].By, 0x1b) || !strings.HasPrefix(got[0].By, "Ann") {
		t.Errorf("got %+v", got)
	}
	if got := a.changes(t.Context(), p, rollout.Release{Version: "9.9.9"}, facts); got != nil {
		t.Errorf("a version without a tag: %v", got)
	}
}
