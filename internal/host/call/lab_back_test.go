//go:build lab

package call

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

func TestRealRehearsalOfAPackage(t *testing.T) {
	h := newReal(t, "rehearse", 18581)
	one := h.send(debOf(t, h.service, "1.0.0", h.port, map[string]string{"/etc/rehearse/a.conf": "a1\n"}, nil))
	two := h.send(debOf(t, h.service, "1.1.0", h.port, map[string]string{"/etc/rehearse/a.conf": "a2\n", "/etc/rehearse/sub/b.conf": "b2\n"}, nil))
	h.update("h1", one, host.CodeOK)
	first := h.update("h2", two, host.CodeOK)
	h.same(h.restore("h2", host.CodeOK))
	second := h.update("h2", two, host.CodeOK)
	if first.After == "" || second.After != first.After || second.State != first.State {
		t.Fatalf("first %+v, second %+v", first, second)
	}
	h.same(h.restore("h2", host.CodeOK))

	// One that leaves something behind that changes what comes next.
	odd := h.send(debOf(t, h.service, "1.2.0", h.port, map[string]string{"/etc/rehearse/a.conf": "a3\n"}, map[string]string{
		"postinst": "#!/bin/sh\nset -e\necho x >>/var/tmp/rehearse.count\ncat /var/tmp/rehearse.count >/etc/rehearse/a.conf\nsystemctl daemon-reload\nsystemctl restart rehearse\n",
	}))
	h.update("h3", odd, host.CodeOK)
	h.same(h.restore("h3", host.CodeOK))
	bad := h.update("h3", odd, host.CodeDifferent)
	if !bad.Begun || len(bad.Differences) != 1 || bad.Differences[0].Item != "file /etc/rehearse/a.conf" {
		t.Fatalf("second update: %+v", bad)
	}
	h.same(h.restore("h3", host.CodeOK))
}

// TestRealWayBackOverWhatSomebodyDid does something to the host after the update, and
// goes back all the same.
func TestRealWayBackOverWhatSomebodyDid(t *testing.T) {
	h := newReal(t, "meddled", 18582)
	// Its own script does not bear that a newer version was there.
	picky := map[string]string{"preinst": "#!/bin/sh\nif [ -e /var/tmp/picky ] && [ \"$1\" = upgrade ] && dpkg --compare-versions \"$2\" gt 1.0.0; then echo 'no downgrades' >&2; exit 9; fi\n"}
	one := h.send(debOf(t, h.service, "1.0.0", h.port, map[string]string{"/etc/meddled/a.conf": "a1\n", "/etc/meddled/sub/s.conf": "s1\n"}, picky))
	two := h.send(debOf(t, h.service, "1.1.0", h.port, map[string]string{"/etc/meddled/a.conf": "a2\n"}, nil))
	h.update("b0", one, host.CodeOK)
	h.run("chmod", "0710", "/etc/meddled")
	h.run("chgrp", "daemon", "/etc/meddled/sub")
	before := ""
	for i, c := range []struct{ name, command string }{
		{"own script fails", "touch /var/tmp/picky"},
		{"masked until the next boot", "systemctl mask --runtime --now --quiet meddled"},
		{"memory limited until the next boot", "systemctl set-property --runtime meddled.service MemoryHigh=900M"},
		{"configuration gone", "rm -rf /etc/meddled"},
		{"configuration elsewhere", "mv /etc/meddled /srv/meddled.moved && ln -s /srv/meddled.moved /etc/meddled"},
		{"purged", "dpkg --purge meddled"},
		{"scripts gone", "rm /var/lib/dpkg/info/meddled.p*"},
		{"half installed", "dpkg --unpack --force-all /var/tmp/meddled_1.1.0_*.deb; rm -f /etc/meddled/a.conf"},
	} {
		rollout := "b" + string(rune('a'+i))
		forward := h.update(rollout, two, host.CodeOK)
		if before != "" && forward.State != before {
			t.Fatalf("%s: before the update it was not as it was", c.name)
		}
		h.run("sh", "-c", "rm -f /var/tmp/picky; "+c.command)
		back := h.restore(rollout, host.CodeOK)
		h.same(back)
		if before = forward.State; back.State != before || h.try("stat", "-c", "%a", "/etc/meddled") != "710" || h.try("stat", "-c", "%G", "/etc/meddled/sub") != "daemon" {
			t.Fatalf("%s: %+v", c.name, back)
		}
		if got := h.run("curl", "-s", "http://127.0.0.1:18582/_status"); !strings.Contains(got, `"version":"1.0.0"`) {
			t.Fatalf("%s: it answers %s", c.name, got)
		}
		if got := h.try("cat", "/var/lib/dpkg/info/meddled.preinst"); !strings.Contains(got, "no downgrades") {
			t.Fatalf("%s: the package's script is %q", c.name, got)
		}
	}
	if got := h.try("ls", "/srv/meddled.moved"); !strings.Contains(got, "a.conf") {
		t.Errorf("what a link led to is gone: %q", got)
	}
}

func TestRealEarlierRolloutTakesTheLaterWithIt(t *testing.T) {
	h := newReal(t, "earlier", 18583)
	one := h.send(debOf(t, h.service, "1.0.0", h.port, map[string]string{"/etc/earlier/a.conf": "a1\n"}, nil))
	two := h.send(debOf(t, h.service, "1.1.0", h.port, map[string]string{"/etc/earlier/b.conf": "b2\n"}, nil))
	three := h.send(debOf(t, h.service, "1.2.0", h.port, map[string]string{"/etc/earlier/c.conf": "c3\n"}, nil))
	h.update("e0", one, host.CodeOK)
	forward := h.update("e1", two, host.CodeOK)
	h.update("e2", three, host.CodeOK)
	h.put("/etc/earlier/c.conf.dpkg-dist", "left\n", 0o644)
	back := h.restore("e1", host.CodeOK)
	h.same(back)
	if back.State != forward.State || h.try("sh", "-c", "ls /etc/earlier") != "a.conf" {
		t.Fatalf("restore: %+v, %s", back, h.try("ls", "/etc/earlier"))
	}
	if answer := h.restore("e2", host.CodeRefused); !strings.HasPrefix(answer.Reason, "superseded: the host is back before rollout e1") {
		t.Fatalf("restore: %+v", answer)
	}
}

func TestRealObservations(t *testing.T) {
	h := newReal(t, "observed", 18584)
	spec := host.Spec{Format: "tar.gz", Directory: "/opt/observed", Units: []string{"observed.service"}}
	h.put("/etc/systemd/system/observed.service", "[Service]\nExecStart=/bin/sh -c 'echo started; exec sleep 1000'\nRestart=always\nRestartSec=0\nMemoryAccounting=yes\n", 0o644)
	h.run("systemctl", "daemon-reload")
	h.run("systemctl", "start", "observed")
	t.Cleanup(func() { h.try("systemctl", "stop", "observed") })
	r := h.request(host.Observe, "", spec)
	r.Observe = []host.Observation{{Metric: "again", What: "restarts"}, {Metric: "starts", What: "log", Pattern: "^started$"}, {Metric: "memory", What: "memory"}, {Metric: "oom", What: "oom"}}
	look := func() []host.Observed {
		t.Helper()
		start := time.Now()
		seen := h.must(r, host.CodeOK).Observed
		t.Logf("observe: %v in all: %+v", time.Since(start), seen)
		for i, o := range seen {
			if o.Error != "" && !strings.Contains(o.Error, "control groups v2") {
				t.Fatalf("%s: %s", o.Metric, o.Error)
			}
			r.Observe[i].Cursor = o.Cursor
		}
		return seen
	}
	if seen := look(); seen[0].Events+seen[1].Events+seen[3].Events != 0 || seen[2].Value <= 0 {
		t.Fatalf("first look: %+v", seen)
	}
	for range 2 {
		pid := h.run("systemctl", "show", "-P", "MainPID", "observed")
		h.run("kill", "-KILL", strings.TrimSpace(pid))
		end := time.Now().Add(time.Minute)
		for got := pid; got == pid || strings.TrimSpace(got) == "0"; got = h.run("systemctl", "show", "-P", "MainPID", "observed") {
			if time.Now().After(end) {
				t.Fatal("it was never restarted")
			}
		}
	}
	h.run("systemctl", "restart", "observed")
	// systemd has started the shell by now, which may not have come to say so.
	end := time.Now().Add(time.Minute)
	for strings.Count(h.run("journalctl", "-u", "observed", "-o", "cat"), "started\n") < 4 {
		if time.Now().After(end) {
			t.Fatal("it never said that it started")
		}
	}
	h.run("journalctl", "--sync")
	if seen := look(); seen[0].Events < 1 || seen[0].Events > 3 || seen[1].Events != 3 || seen[1].Exposure != 3 {
		t.Fatalf("after three restarts: %+v", seen)
	}
	if seen := look(); seen[3].Error != "" {
		return // nobody counts it on this machine, and it says so
	}
	h.put("/etc/systemd/system/observed.service.d/greedy.conf", "[Service]\nMemoryMax=30M\nMemorySwapMax=0\nRestart=no\nExecStart=\nExecStart=/usr/bin/python3 -c 'x=bytearray(200000000)'\n", 0o644)
	h.run("systemctl", "daemon-reload")
	h.try("systemctl", "restart", "observed")
	h.try("sh", "-c", "for i in $(seq 100); do systemctl is-failed --quiet observed && break; sleep 0.1; done")
	if got := h.try("systemctl", "show", "-P", "Result", "observed"); got != "oom-kill" {
		t.Skipf("memory is not limited here: the result is %q", got)
	}
	h.run("journalctl", "--sync")
	if seen := look(); seen[3].Events != 1 {
		t.Fatalf("after it ran out of memory: %+v", seen)
	}
}

// TestRealRecordOfAnOlderHelper: a package that was updated by a helper which noted no
// directories of conffiles goes back by one that does.
func TestRealRecordOfAnOlderHelper(t *testing.T) {
	h := newReal(t, "older", 18591)
	one := h.send(debOf(t, h.service, "1.0.0", h.port, map[string]string{"/etc/older/a.conf": "a1\n"}, nil))
	two := h.send(debOf(t, h.service, "1.1.0", h.port, map[string]string{"/etc/older/a.conf": "a2\n", "/etc/older/b.conf": "b2\n"}, nil))
	h.update("o1", one, host.CodeOK)
	h.update("o2", two, host.CodeOK)
	forgetLooks(t, filepath.Join(h.root, "/var/lib/slipway/older/states/o2/record.json"), "/etc/older")
	h.same(h.restore("o2", host.CodeOK))
	if f := h.facts(); f.Version != "1.0.0" || len(f.Drift) > 0 {
		t.Errorf("after it: %+v", f)
	}
}
