package traffic

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// wants checks one host's report.
func wants(t *testing.T, r engine.Report, o rollout.Outcome, words ...string) {
	t.Helper()
	if r.Outcome != o {
		t.Fatalf("%s: %s (%s), want %s", r.Host, r.Outcome, r.Reason, o)
	}
	for _, w := range words {
		if !strings.Contains(r.Reason+r.Detail, w) {
			t.Errorf("%s: %q %s has no %q", r.Host, r.Reason, r.Detail, w)
		}
	}
	if o != rollout.OK && (r.Reason == "" || strings.Contains(r.Reason, "\n")) {
		t.Errorf("%s: reason %q", r.Host, r.Reason)
	}
}

func TestEveryCommandCanBeRepeated(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 2, drain: time.Second})
	before := f.states(t, 0)
	was := f.record(t, "w1")
	for _, step := range []struct {
		kind     rollout.CommandKind
		exposure rollout.Exposure
		public   string
		internal string
	}{
		{rollout.Drain, "", "maint 100", "maint 1"},
		{rollout.Expose, rollout.Internal, "maint 100", "ready 1"},
		{rollout.Expose, rollout.Live, "ready 100", "maint 1"},
		{rollout.Expose, rollout.Internal, "maint 100", "ready 1"},
		{rollout.Expose, rollout.None, "maint 100", "maint 1"},
		{rollout.Return, "", before["checkout/w1"], before["checkout_internal/w1"]},
	} {
		for range 2 {
			f.must(t, step.kind, step.exposure, was, "w1")
			got := f.states(t, 0)
			if got["checkout/w1"] != step.public || got["checkout_internal/w1"] != step.internal {
				t.Fatalf("after %s %s: %v", step.kind, step.exposure, got)
			}
			if got["checkout/w2"] != before["checkout/w2"] {
				t.Fatalf("after %s %s of w1, w2 is %s", step.kind, step.exposure, got["checkout/w2"])
			}
		}
	}
}

func TestAnUnhealthyHostStaysOut(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 2, balancers: 2, drain: time.Second})
	f.traffic.upLeast = 0
	f.plan.Spec.Health.Within = 1500 * time.Millisecond
	was := f.record(t, "w1")
	f.must(t, rollout.Drain, "", was, "w1")
	f.hosts["w1"].stop()
	r := f.run(t, rollout.Expose, rollout.Live, was, "w1")["w1"]
	wants(t, r, rollout.Unhealthy, "checkout/w1 on "+f.balancers[0].Socket, "HAProxy says DOWN", "L4CON", "1.5s")
	for i := range f.balancers {
		if got := f.states(t, i)["checkout/w1"]; got != "maint 100" {
			t.Errorf("balancer %d: w1 is %s", i+1, got)
		}
	}
	for range 2 { // it is set as it was, and left to the checks
		r = f.run(t, rollout.Return, "", was, "w1")["w1"]
		wants(t, r, rollout.Unhealthy, "HAProxy says DOWN")
		if !r.Equal {
			t.Error("not read back equal")
		}
		for i, b := range f.balancers {
			if got := f.states(t, i)["checkout/w1"]; got != "ready 100" || !strings.Contains(b.Ask("show stat checkout 4 1"), ",DOWN,") {
				t.Errorf("balancer %d: w1 is %s, and not down", i+1, got)
			}
		}
	}
	f.hosts["w1"].start(t)
	if r := f.must(t, rollout.Return, "", was, "w1")["w1"]; !r.Equal {
		t.Error("not read back equal")
	}
}

func TestABalancerThatCannotBeReached(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 2, balancers: 2, drain: time.Second})
	was := f.record(t, "w1", "w2")
	f.balancers[1].Stop()
	for _, step := range []struct {
		kind     rollout.CommandKind
		exposure rollout.Exposure
	}{{rollout.Record, ""}, {rollout.Drain, ""}, {rollout.Expose, rollout.Internal}, {rollout.Expose, rollout.Live}, {rollout.Return, ""}} {
		for _, r := range f.run(t, step.kind, step.exposure, was, "w1", "w2") {
			wants(t, r, rollout.Unreachable, f.balancers[1].Socket)
			if strings.Contains(r.Reason, f.balancers[0].Socket) {
				t.Errorf("%s names the balancer that answers: %s", step.kind, r.Reason)
			}
		}
	}
}

// A host that could not be opened everywhere is about to be put back: no balancer may go
// on sending it requests, not even one that an earlier try had opened.
func TestAHostThatIsNotOpenEverywhereIsClosed(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 2, balancers: 2, drain: time.Second})
	was := f.record(t, "w1")
	f.must(t, rollout.Drain, "", was, "w1")
	f.must(t, rollout.Expose, rollout.Live, was, "w1") // cut off before it was journalled
	f.balancers[1].Stop()
	wants(t, f.run(t, rollout.Expose, rollout.Live, was, "w1")["w1"], rollout.Unreachable, f.balancers[1].Socket)
	if got := f.states(t, 0)["checkout/w1"]; got != "maint 100" {
		t.Errorf("w1 is %s at the balancer that answers", got)
	}
}

// The same when its place in the internal backend cannot be put back.
func TestAHostWhoseInternalPlaceIsLostIsClosed(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 2, drain: time.Second})
	was := f.record(t, "w1")
	f.must(t, rollout.Drain, "", was, "w1")
	f.plan.Spec.Health.Within, f.traffic.upLeast = time.Second, 0
	// It was open to staff, and would have to be seen healthy there at an address
	// where nothing is.
	was["w1"] = strings.ReplaceAll(was["w1"], `"state":"maint","weight":1,"up":false`, `"state":"ready","weight":1,"up":true`)
	f.balancers[0].Ask("set server checkout_internal/w1 addr 127.0.0.1 port 1")
	wants(t, f.run(t, rollout.Expose, rollout.Live, was, "w1")["w1"], rollout.Unhealthy, "checkout_internal/w1")
	if got := f.states(t, 0)["checkout/w1"]; got != "maint 100" {
		t.Errorf("w1 is %s for the public, and not in its place for staff", got)
	}
}

func TestWhatAPersonHadClosedStaysClosed(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 3, drain: time.Second})
	f.balancers[0].Ask("set server checkout/w1 state maint")
	f.balancers[0].Ask("set server checkout/w2 state drain; set server checkout/w2 weight 0")
	before := f.states(t, 0)
	was := f.record(t, "w1", "w2")
	f.must(t, rollout.Drain, "", was, "w1", "w2")
	f.must(t, rollout.Expose, rollout.Internal, was, "w1", "w2")
	reports := f.must(t, rollout.Expose, rollout.Live, was, "w1", "w2")
	wants(t, reports["w1"], rollout.OK, "stays in maint, as it was before the rollout")
	wants(t, reports["w2"], rollout.OK, "stays in drain")
	f.must(t, rollout.Return, "", was, "w1", "w2")
	after := f.states(t, 0)
	for name, state := range before {
		if after[name] != state {
			t.Errorf("%s was %s, is %s", name, state, after[name])
		}
	}
}

// A server that was ready but down when it was recorded goes back to that: HAProxy's
// checks and not Slipway decide when it gets requests.
func TestReadyButDownGoesBackToThat(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 2, drain: time.Second})
	f.hosts["w1"].stop()
	until(t, "w1 is down", func() bool {
		return strings.Contains(f.balancers[0].Ask("show stat checkout 4 1"), ",DOWN,")
	})
	was := f.record(t, "w1")
	f.must(t, rollout.Drain, "", was, "w1")
	if r := f.must(t, rollout.Return, "", was, "w1")["w1"]; !r.Equal {
		t.Error("not read back equal")
	}
	if got := f.states(t, 0)["checkout/w1"]; got != "ready 100" {
		t.Errorf("w1 is %s", got)
	}
	if !strings.Contains(f.balancers[0].Ask("show stat checkout 4 1"), ",DOWN,") {
		t.Error("w1 is up although nothing answers there")
	}
}

func TestBalancersOfManyKinds(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]options{
		"no checks":   {publicServer: "weight 7", internalServer: "disabled"},
		"one failure": {publicServer: "check inter 100ms fall 1 rise 2"},
		"fixed table": {public: "  balance static-rr\n"},
		"slow start":  {publicServer: "check inter 100ms slowstart 5s"},
		"source":      {public: "  balance source\n"},
		"stick table": {public: "  stick-table type ip size 1k\n  stick on src\n"},
		"close":       {public: "  option http-server-close\n"},
		"one success": {publicServer: "check inter 50ms rise 1 fall 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o.hosts, o.drain = 2, time.Second
			f := newFleet(t, o)
			before := f.states(t, 0)
			was := f.record(t, "w1")
			f.must(t, rollout.Drain, "", was, "w1")
			f.restart(t, "w1")
			f.must(t, rollout.Expose, rollout.Internal, was, "w1")
			f.must(t, rollout.Expose, rollout.Live, was, "w1")
			f.must(t, rollout.Drain, "", was, "w1")
			f.balancers[0].Ask("set server checkout/w1 weight 100%")
			if r := f.must(t, rollout.Return, "", was, "w1")["w1"]; !r.Equal {
				t.Error("not read back equal")
			}
			after := f.states(t, 0)
			for server, state := range before {
				if after[server] != state {
					t.Errorf("%s was %s, is %s", server, state, after[server])
				}
			}
		})
	}
}

func TestSessionsAreWaitedFor(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 1, drain: 20 * time.Second})
	was := f.record(t, "w1")
	answers := hold(t, f)
	reports, _ := f.begin(t, t.Context(), rollout.Drain, was)
	until(t, "w1 drains", func() bool { return f.states(t, 0)["checkout/w1"] == "drain 100" })
	select {
	case r := <-reports:
		t.Fatalf("drained with a session open: %+v", r)
	default:
	}
	close(f.hosts["w1"].hold)
	r := <-reports
	wants(t, r, rollout.OK)
	if r.Detail != "" {
		t.Errorf("detail %s of a clean drain", r.Detail)
	}
	if status := <-answers; status != http.StatusOK {
		t.Errorf("the session that was waited for ended with %d", status)
	}
}

func TestSessionsThatOutlastTheDrainAreTold(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 1, drain: 400 * time.Millisecond})
	was := f.record(t, "w1")
	answers := hold(t, f)
	r := f.run(t, rollout.Drain, "", was, "w1")["w1"]
	wants(t, r, rollout.OK, "checkout/w1 on "+f.balancers[0].Socket+": sessions still open after 400ms: 1")
	if got := f.states(t, 0)["checkout/w1"]; got != "maint 100" {
		t.Errorf("w1 is %s", got)
	}
	close(f.hosts["w1"].hold)
	if status := <-answers; status != http.StatusOK {
		t.Errorf("maint itself cut the session: %d", status)
	}
}

// hold opens a session on w1 that lasts until its hold channel is closed.
func hold(t *testing.T, f *fleet) <-chan int {
	t.Helper()
	status := make(chan int, 1)
	go func() {
		response, err := http.Get(f.public[0] + "/hold")
		if err != nil {
			status <- 0
			return
		}
		response.Body.Close()
		status <- response.StatusCode
	}()
	until(t, "the session reaches w1", func() bool { return f.hosts["w1"].public.Load() > 0 })
	return status
}

func TestReloadDuringADrainIsTold(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 1, drain: 20 * time.Second})
	was := f.record(t, "w1")
	answers := hold(t, f)
	reports, _ := f.begin(t, t.Context(), rollout.Drain, was)
	until(t, "w1 drains", func() bool { return f.states(t, 0)["checkout/w1"] == "drain 100" })
	f.balancers[0].Reload()
	wants(t, <-reports, rollout.OK, "was reloaded during the drain")
	if got := f.states(t, 0)["checkout/w1"]; got != "maint 100" {
		t.Errorf("w1 is %s", got)
	}
	close(f.hosts["w1"].hold)
	if status := <-answers; status != http.StatusOK {
		t.Errorf("the session of the old process ended with %d", status)
	}
}

func TestCommandsThatCannotWork(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 2, drain: time.Second, internalServer: "track checkout/NAME"})
	was := f.record(t, "w1")
	wants(t, f.run(t, rollout.Record, "", nil, "w9")["w9"], rollout.Failed, "checkout/w9 on "+f.balancers[0].Socket, "no such server", "traffic.haproxy.server")
	wants(t, f.run(t, rollout.Drain, "", nil, "w9")["w9"], rollout.Failed, "no such server")
	wants(t, f.run(t, rollout.Record, "", nil, "w 1;x")["w 1;x"], rollout.Failed, "allowed are letters")
	wants(t, f.run(t, rollout.Return, "", nil, "w1")["w1"], rollout.Failed, "no recorded balancer state")
	wants(t, f.run(t, rollout.Return, "", map[string]string{"w1": `{"v":2}`}, "w1")["w1"], rollout.Failed, "version 2, expected 1")
	wants(t, f.run(t, rollout.Return, "", map[string]string{"w1": `{"v":1}`}, "w1")["w1"], rollout.Failed, "nothing of checkout/w1")
	wants(t, f.run(t, rollout.Expose, "world", was, "w1")["w1"], rollout.Failed, `exposure "world"`)
	f.must(t, rollout.Drain, "", was, "w1")
	wants(t, f.run(t, rollout.Expose, rollout.Internal, was, "w1")["w1"], rollout.Failed, "maint of a tracked server")
	f.balancers[0].Stop()
}

func TestPlansThatCannotWork(t *testing.T) {
	t.Parallel()
	h := NewHAProxy(&haproxy.Pool{})
	setup := func(s rollout.HAProxy) *rollout.Plan {
		return &rollout.Plan{Traffic: &rollout.Traffic{HAProxy: &s}}
	}
	for _, c := range []struct {
		plan *rollout.Plan
		kind rollout.CommandKind
		want string
	}{
		{&rollout.Plan{}, rollout.Drain, "names no HAProxy"},
		{setup(rollout.HAProxy{Public: "a"}), rollout.Drain, "no runtime socket"},
		{setup(rollout.HAProxy{Public: "a b", Sockets: []string{"/s"}}), rollout.Drain, "public backend"},
		{setup(rollout.HAProxy{Public: "a", Internal: "a", Sockets: []string{"/s"}}), rollout.Drain, "it must be another"},
		{setup(rollout.HAProxy{Public: "a", Sockets: []string{"lb1"}}), rollout.Drain, `balancer "lb1"`},
		{setup(rollout.HAProxy{Public: "a", Sockets: []string{"/s"}}), rollout.Update, "not a command for balancers"},
	} {
		err := h.Run(t.Context(), engine.Job{Plan: c.plan, Command: rollout.Command{Kind: c.kind, Hosts: []string{"w1"}}}, func(engine.Report) {
			t.Errorf("%s: reported", c.want)
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

func TestACancelledCommandReportsNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 1, drain: time.Minute})
	was := f.record(t, "w1")
	hold(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reports, ended := f.begin(t, ctx, rollout.Drain, was)
	until(t, "w1 drains", func() bool { return f.states(t, 0)["checkout/w1"] == "drain 100" })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || len(reports) != 0 {
		t.Errorf("got %v and %d reports", err, len(reports))
	}
	close(f.hosts["w1"].hold)
	f.must(t, rollout.Drain, "", was, "w1")
}

// A process that stood still while another one took the rollout over must not open what
// that one has closed.
func TestNothingIsOpenedForALostRollout(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 1, drain: time.Second})
	was := f.record(t, "w1")
	f.must(t, rollout.Drain, "", was, "w1")
	f.check = func(context.Context) error { return errors.New("another process has it") }
	for _, step := range []struct {
		kind     rollout.CommandKind
		exposure rollout.Exposure
	}{{rollout.Expose, rollout.Internal}, {rollout.Expose, rollout.Live}, {rollout.Return, ""}} {
		r := f.run(t, step.kind, step.exposure, was, "w1")["w1"]
		if r.Outcome == rollout.OK || !strings.Contains(r.Reason, "another process has it") {
			t.Errorf("%s %s: got %+v", step.kind, step.exposure, r)
		}
		if got := f.states(t, 0); got["checkout/w1"] != "maint 100" || got["checkout_internal/w1"] != "maint 1" {
			t.Errorf("after %s %s: %v", step.kind, step.exposure, got)
		}
	}
	f.check = nil
	f.must(t, rollout.Return, "", was, "w1")
}

func TestShow(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 2, balancers: 2, drain: time.Second})
	f.balancers[1].Stop()
	f.balancers[0].Ask("set server checkout/w2 state drain")
	f.plan.Hosts = append(f.plan.Hosts, rollout.Host{Name: "w9"})
	all, err := f.traffic.Show(t.Context(), f.plan)
	if err != nil || len(all) != 12 {
		t.Fatalf("%d standings, %v", len(all), err)
	}
	if s := all[4]; s.Host != "w2" || s.State != haproxy.Drain || s.Weight != 100 || s.Status != "DRAIN" || s.Error != "" {
		t.Errorf("w2 in public: %+v", s)
	}
	if s := all[2]; s.Balancer != f.balancers[1].Socket || !strings.Contains(s.Error, "cannot be reached") {
		t.Errorf("w1 on the stopped balancer: %+v", s)
	}
	if s := all[8]; s.Host != "w9" || s.Error != "no such server" {
		t.Errorf("w9: %+v", s)
	}
}
