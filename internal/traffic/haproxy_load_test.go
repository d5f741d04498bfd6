package traffic

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// none checks that no request of a load failed.
func none(t *testing.T, l *load, least int64) {
	t.Helper()
	sent := l.stop()
	if failed := l.failed.Load(); failed != 0 {
		t.Errorf("%d of %d requests failed, the first: %s", failed, sent, l.first)
	}
	if sent < least {
		t.Errorf("only %d requests were sent: this shows nothing", sent)
	}
	t.Logf("%d requests, %d failed", sent, l.failed.Load())
}

// A whole rollout and its rollback under load: internal, canary, the rest, all back.
func TestNoRequestFailsDuringARollout(t *testing.T) {
	t.Parallel()
	for _, balancers := range []int{1, 2} {
		for _, slow := range []bool{false, true} {
			if slow && testing.Short() {
				continue
			}
			inter := map[bool]string{false: "100ms", true: "1s"}[slow]
			t.Run(fmt.Sprintf("balancers=%d/inter=%s", balancers, inter), func(t *testing.T) {
				t.Parallel()
				f := newFleet(t, options{hosts: 4, balancers: balancers, drain: 5 * time.Second,
					publicServer: "check inter " + inter, internalServer: "check disabled inter " + inter})
				wholeRollout(t, f)
			})
		}
	}
}

func wholeRollout(t *testing.T, f *fleet) {
	t.Helper()
	all := []string{"w1", "w2", "w3", "w4"}
	f.balancers[0].Ask("set server checkout/w2 weight 40")
	before := f.states(t, 0)
	l := startLoad(t, 300, "", f.public...)
	was := f.record(t, all...)

	// Internal: staff reach it, the public does not.
	first := f.hosts["w1"]
	f.must(t, rollout.Drain, "", was, "w1")
	first.shut.Store(true)
	f.restart(t, "w1")
	f.must(t, rollout.Expose, rollout.Internal, was, "w1")
	staff := startLoad(t, 50, "", f.internal...)
	until(t, "an internal request reaches w1", func() bool { return first.internal.Load() > 20 })
	none(t, staff, 20)

	// Canary, then the rest.
	first.shut.Store(false)
	seen := first.public.Load()
	f.must(t, rollout.Expose, rollout.Live, was, "w1")
	until(t, "w1 gets its share", func() bool { return first.public.Load() > seen+20 })
	for _, wave := range [][]string{{"w2"}, {"w3", "w4"}} {
		f.must(t, rollout.Drain, "", was, wave...)
		for _, host := range wave {
			f.hosts[host].shut.Store(true)
		}
		f.restart(t, wave...)
		for _, host := range wave {
			f.hosts[host].shut.Store(false)
		}
		f.must(t, rollout.Expose, rollout.Live, was, wave...)
	}

	// And back.
	for _, wave := range [][]string{{"w1", "w2"}, {"w3", "w4"}} {
		f.must(t, rollout.Drain, "", was, wave...)
		f.restart(t, wave...)
		for host, r := range f.must(t, rollout.Return, "", was, wave...) {
			if !r.Equal {
				t.Errorf("%s was not read back equal", host)
			}
		}
	}
	none(t, l, 200)
	for _, b := range f.hosts {
		if n := b.strays.Load(); n != 0 {
			t.Errorf("%d public requests reached %s while it was closed", n, b.name)
		}
	}
	if after := f.states(t, 0); !maps.Equal(before, after) {
		t.Errorf("the balancer's state\n was %v\n  is %v", before, after)
	}
}

// Clients that are bound to one host by a cookie never notice that it was restarted.
func TestCookiesDoNotReachARestartingHost(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 3, drain: 2 * time.Second,
		public: "  cookie SRV insert indirect nocache\n", publicServer: "check inter 200ms cookie NAME"})
	was := f.record(t, "w1")
	l := startLoad(t, 300, "SRV=w1", f.public...)
	b := f.hosts["w1"]
	until(t, "requests with the cookie reach w1", func() bool { return b.public.Load() > 30 })
	for range 2 {
		f.must(t, rollout.Drain, "", was, "w1")
		b.shut.Store(true)
		f.restart(t, "w1")
		b.shut.Store(false)
		f.must(t, rollout.Expose, rollout.Live, was, "w1")
		seen := b.public.Load()
		until(t, "requests with the cookie reach w1 again", func() bool { return b.public.Load() > seen+30 })
	}
	none(t, l, 100)
	if n := b.strays.Load(); n != 0 {
		t.Errorf("%d requests reached the host while it was closed", n)
	}
}

// A reload in between, with the states saved as docs/haproxy.md asks, opens nothing.
func TestReloadWhileAHostIsOut(t *testing.T) {
	t.Parallel()
	f := newFleet(t, options{hosts: 3, drain: 5 * time.Second})
	before := f.states(t, 0)
	was := f.record(t, "w1")
	l := startLoad(t, 200, "", f.public...)
	until(t, "requests are sent", func() bool { return l.sent.Load() > 50 })
	f.must(t, rollout.Drain, "", was, "w1")
	f.hosts["w1"].shut.Store(true)
	f.hosts["w1"].stop()
	f.balancers[0].Reload()
	if got := f.states(t, 0)["checkout/w1"]; got != "maint 100" {
		t.Errorf("after the reload w1 is %s", got)
	}
	reloaded := l.sent.Load()
	until(t, "the new process has served requests", func() bool { return l.sent.Load() > reloaded+100 })
	f.hosts["w1"].start(t)
	f.hosts["w1"].shut.Store(false)
	for host, r := range f.must(t, rollout.Return, "", was, "w1") {
		if !r.Equal {
			t.Errorf("%s was not read back equal", host)
		}
	}
	none(t, l, 50)
	if n := f.hosts["w1"].strays.Load(); n != 0 {
		t.Errorf("%d requests reached the host while it was closed", n)
	}
	if after := f.states(t, 0); !maps.Equal(before, after) {
		t.Errorf("the balancer's state\n was %v\n  is %v", before, after)
	}
}
