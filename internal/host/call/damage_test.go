package call

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

func TestLinkThatBecameADirectory(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	l.must(l.call(l.updateRequest("r2", artifact(t, "1.1.0", nil))), host.CodeOK)
	must(t, os.Remove(l.at("/opt/demo/current")))
	l.write("/opt/demo/current/precious", "x")
	facts := l.must(l.call(l.request(host.Facts, "")), host.CodeOK).Facts
	if len(facts.Problems) != 1 || !strings.Contains(facts.Problems[0], "is a directory and must be a link") || len(facts.Drift) == 0 {
		t.Fatalf("facts: %+v", facts)
	}
	if answer := l.must(l.call(l.updateRequest("r3", artifact(t, "1.2.0", nil))), host.CodeRefused); answer.Begun {
		t.Fatalf("update: %+v", answer)
	}
	back := l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK)
	if !back.Equal || !strings.Contains(back.Reason, "/opt/demo/current.before-r2") {
		t.Fatalf("restore: %+v", back)
	}
	if text, err := os.ReadFile(l.at("/opt/demo/current.before-r2/precious")); err != nil || string(text) != "x" {
		t.Fatalf("what was there: %q, %v", text, err)
	}
	l.running("1.0.0")
}

func TestDamagedReleaseIsNotGoneBackTo(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	old := artifact(t, "1.0.0", map[string]string{"asset": "asset"})
	l.must(l.call(l.updateRequest("r1", old)), host.CodeOK)
	l.write("/opt/demo/releases/1.0.0/cache/made.by.itself", "x")
	l.must(l.call(l.updateRequest("r2", artifact(t, "1.1.0", nil))), host.CodeOK)
	must(t, os.Remove(l.at("/opt/demo/releases/1.0.0/asset")))
	r := l.request(host.Restore, "r2")
	answer := l.must(l.call(r), host.CodeRefused)
	if answer.Begun || !strings.Contains(answer.Reason, "is damaged (1 files, first asset,") {
		t.Fatalf("restore: %+v", answer)
	}
	l.running("1.1.0")
	r.Previous = &old
	if back := l.must(l.call(r), host.CodeOK); !back.Equal {
		t.Fatalf("restore: %+v", back)
	}
	l.running("1.0.0")
	if _, err := os.Stat(l.at("/opt/demo/releases/1.0.0/asset")); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(l.at("/opt/demo/releases"))
	must(t, err)
	if len(left) != 1 {
		t.Fatalf("left: %v", left)
	}
}

// What the release that runs was made into before the update is how it goes back.
func TestReleaseThatWasChangedBeforeGoesBackAsItWas(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", map[string]string{"asset": "asset"}))), host.CodeOK)
	l.write("/opt/demo/releases/1.0.0/asset", "patched by hand")
	if f := l.must(l.call(l.request(host.Facts, "")), host.CodeOK).Facts; len(f.Drift) != 1 || !strings.Contains(f.Drift[0].After, "1 files, first asset") {
		t.Fatalf("facts: %+v", f)
	}
	l.must(l.call(l.updateRequest("r2", artifact(t, "1.1.0", nil))), host.CodeOK)
	if back := l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK); !back.Equal {
		t.Fatalf("restore: %+v", back)
	}
	if text, err := os.ReadFile(l.at("/opt/demo/releases/1.0.0/asset")); err != nil || string(text) != "patched by hand" {
		t.Fatalf("asset: %q, %v", text, err)
	}
}

// A config path that leads elsewhere since: what is there is somebody else's.
func TestRestoreLeavesAloneWhatALinkLeadsTo(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	l.must(l.call(l.updateRequest("r2", artifact(t, "1.1.0", nil))), host.CodeOK)
	l.write("/srv/precious/file", "x")
	must(t, os.RemoveAll(l.at("/etc/demo")))
	must(t, os.Symlink("../srv/precious", l.at("/etc/demo")))
	if back := l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK); !back.Equal {
		t.Fatalf("restore: %+v", back)
	}
	for path, want := range map[string]string{"/srv/precious/file": "x", "/etc/demo/demo.conf": "one\n"} {
		if text, err := os.ReadFile(l.at(path)); err != nil || string(text) != want {
			t.Errorf("%s holds %q, %v", path, text, err)
		}
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	r := l.request(host.Observe, "")
	r.Observe = []host.Observation{
		{Metric: "again", What: "restarts"}, {Metric: "errors", What: "log", Pattern: "^panic"}, {Metric: "memory", What: "memory"},
		{Metric: "jobs", What: "command", Command: []string{"/bin/echo", "3", "120"}}, {Metric: "queue", What: "command", Command: []string{"/bin/echo", "7.5"}},
		{Metric: "broken", What: "command", Command: []string{"/bin/false"}}, {Metric: "odd", What: "log", Pattern: "("}, {Metric: "what", What: "phase of the moon"},
		{Metric: "oom", What: "oom"},
	}
	seen := l.must(l.call(r), host.CodeOK).Observed
	if len(seen) != len(r.Observe) {
		t.Fatalf("observed: %+v", seen)
	}
	for i, o := range seen {
		if o.Metric != r.Observe[i].Metric || (o.Error != "") != (i >= 5) {
			t.Errorf("%d: %+v", i, o)
		}
	}
	if seen[3].Events != 3 || seen[3].Exposure != 120 || seen[4].Value != 7.5 || seen[2].Value < 1<<16 {
		t.Fatalf("observed: %+v", seen)
	}
	// Lines and a restart that come after.
	log, err := os.OpenFile(l.at("/var/log/demo.service.log"), os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = log.WriteString("panic: one\nfine\npanic: two\nhalf a li")
	must(t, err)
	must(t, log.Close())
	l.stop()
	l.eventually("it is gone", func() bool { v, _ := l.status(); return v == "" })
	l.must(l.call(l.updateRequest("r2", artifact(t, "1.0.1", nil))), host.CodeOK)
	r.Observe = r.Observe[:2]
	for i := range r.Observe {
		r.Observe[i].Cursor = seen[i].Cursor
	}
	again := l.must(l.call(r), host.CodeOK).Observed
	if again[0].Events != 1 || again[1].Events != 2 || again[1].Exposure != 3 || again[0].Since != seen[0].Since {
		t.Fatalf("observed: %+v", again)
	}
	for i := range r.Observe {
		r.Observe[i].Cursor = again[i].Cursor
	}
	if last := l.must(l.call(r), host.CodeOK).Observed; last[0].Events+last[1].Events+last[1].Exposure != 0 {
		t.Fatalf("observed: %+v", last)
	}
}

// The second update comes while the first one's process is a few milliseconds old.
func TestUpdateOfAServiceThatHasJustStarted(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	old := 0
	for i, v := range []string{"1.0.0", "1.0.1", "1.0.2", "1.0.3"} {
		r := l.updateRequest("r"+string(rune('0'+i)), artifact(t, v, nil))
		r.Spec.Health.Within = 5 * time.Second
		l.must(l.call(r), host.CodeOK)
		if pid := l.running(v); pid == old {
			t.Fatalf("%s: the process is still %d", v, pid)
		} else {
			old = pid
		}
	}
}
