package call

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

func TestRehearsal(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	next := artifact(t, "1.1.0", nil)
	first := l.must(l.call(l.updateRequest("r2", next)), host.CodeOK)
	if first.After == "" || first.After == first.State {
		t.Fatalf("first update: %+v", first)
	}
	l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK)
	second := l.must(l.call(l.updateRequest("r2", next)), host.CodeOK)
	if second.After != first.After || second.State != first.State {
		t.Fatalf("second update: %+v; first %+v", second, first)
	}
	if back := l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK); !back.Equal || back.State != first.State {
		t.Fatalf("second restore: %+v", back)
	}
	l.running("1.0.0")
}

func TestRehearsalThatDoesNotEndAsItBegan(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	next := artifact(t, "1.1.0", nil)
	l.must(l.call(l.updateRequest("r2", next)), host.CodeOK)
	l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK)
	l.write("/etc/demo/demo.conf", "by hand\n")
	bad := l.must(l.call(l.updateRequest("r2", next)), host.CodeDifferent)
	if !bad.Begun || len(bad.Differences) != 1 || bad.Differences[0].Item != "file /etc/demo/demo.conf" || !strings.Contains(bad.Reason, "first update of this rollout") {
		t.Fatalf("second update: %+v", bad)
	}
	if back := l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK); !back.Equal {
		t.Fatalf("restore: %+v", back)
	}
}

func TestFactsSayWhoChangedTheHostAndWhatDrifted(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	facts := func() *host.FactsOf {
		t.Helper()
		return l.must(l.call(l.request(host.Facts, "")), host.CodeOK).Facts
	}
	if f := facts(); f.Last != nil || len(f.Drift) > 0 {
		t.Fatalf("untouched: %+v", f)
	}
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	begun := time.Now()
	l.must(l.call(l.updateRequest("r2", artifact(t, "1.1.0", nil))), host.CodeOK)
	f := facts()
	if f.Last == nil || f.Last.Rollout != "r2" || f.Last.From != "1.0.0" || f.Last.To != "1.1.0" || f.Last.Restored || f.Last.At.Before(begun.Add(-time.Minute)) || len(f.Drift)+len(f.Stale) > 0 {
		t.Fatalf("after an update: %+v, %+v", f, f.Last)
	}
	l.write("/etc/demo/demo.conf", "by hand\n")
	must(t, os.Remove(l.at("/etc/systemd/system/demo.service")))
	var items []string
	for _, d := range facts().Drift {
		items = append(items, d.Item)
	}
	want := "file /etc/demo/demo.conf, file /etc/systemd/system/demo.service, unit demo.service enabled"
	if got := strings.Join(items, ", "); got != want {
		t.Fatalf("drift: %s", got)
	}
	l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK)
	if f := facts(); f.Last.Rollout != "r2" || !f.Last.Restored || len(f.Drift) > 0 {
		t.Fatalf("after a restore: %+v, %+v", f, f.Last)
	}
	r := l.updateRequest("r3", artifact(t, "1.2.0", map[string]string{"exit": ""}))
	l.must(l.call(r), host.CodeUnit)
	if f := facts(); f.Last.Rollout != "r3" || f.Last.To != "1.2.0" || f.Last.Restored || len(f.Drift) > 0 {
		t.Fatalf("after an update that failed: %+v, %+v", f, f.Last)
	}
}

// Going back before an earlier rollout takes the later ones with it.
func TestRestoreOfAnEarlierRolloutSupersedesTheLater(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r0", artifact(t, "1.0.0", nil))), host.CodeOK)
	first := l.must(l.call(l.updateRequest("r1", artifact(t, "1.1.0", nil))), host.CodeOK)
	third := artifact(t, "1.2.0", nil)
	l.must(l.call(l.updateRequest("r2", third)), host.CodeOK)
	back := l.must(l.call(l.request(host.Restore, "r1")), host.CodeOK)
	if !back.Equal || back.Version != "1.0.0" || back.State != first.State {
		t.Fatalf("restore: %+v", back)
	}
	pid := l.running("1.0.0")
	for _, r := range []host.Request{l.request(host.Restore, "r2"), l.updateRequest("r2", third)} {
		answer := l.must(l.call(r), host.CodeRefused)
		if answer.Equal || answer.Reason != "superseded: the host is back before rollout r1, which came before rollout r2" {
			t.Fatalf("%s: %+v", r.Verb, answer)
		}
	}
	if l.running("1.0.0") != pid {
		t.Fatal("a superseded rollout changed the host")
	}
	if f := l.must(l.call(l.request(host.Facts, "")), host.CodeOK).Facts; f.Last.Rollout != "r1" || !f.Last.Restored || len(f.Drift) > 0 {
		t.Fatalf("facts: %+v, %+v", f, f.Last)
	}
	l.must(l.call(l.updateRequest("r3", third)), host.CodeOK)
	l.must(l.call(l.request(host.Restore, "r3")), host.CodeOK)
	l.running("1.0.0")
}
