package call

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/host"
)

func TestUpdateInstallsAndRestoreTakesItBack(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	first := l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	if first.Version != "1.0.0" || !first.Begun || first.State == "" || first.Adopted {
		t.Fatalf("first update: %+v", first)
	}
	old := l.running("1.0.0")
	second := l.must(l.call(l.updateRequest("r2", artifact(t, "1.1.0", nil))), host.CodeOK)
	if l.running("1.1.0") == old {
		t.Fatal("the service was not restarted")
	}
	l.write("/etc/demo/demo.conf", "two\n")
	l.write("/etc/demo/new.d/added.conf", "added\n")
	must(t, os.Chmod(l.at("/etc/demo"), 0o700))

	back := l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK)
	if !back.Equal || back.Version != "1.0.0" || back.State != second.State || len(back.Differences) > 0 {
		t.Fatalf("restore: %+v; recorded %s", back, second.State)
	}
	l.running("1.0.0")
	conf, err := os.ReadFile(l.at("/etc/demo/demo.conf"))
	if err != nil || string(conf) != "one\n" {
		t.Fatalf("demo.conf holds %q, %v", conf, err)
	}
	for _, gone := range []string{"/etc/demo/new.d", "/opt/demo/releases/1.1.0"} {
		if _, err := os.Lstat(l.at(gone)); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", gone, err)
		}
	}
	again := l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK)
	if !again.Equal || again.State != back.State {
		t.Fatalf("second restore: %+v", again)
	}
}

func TestRestoreOfAFirstInstallRemovesIt(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	back := l.must(l.call(l.request(host.Restore, "r1")), host.CodeOK)
	if !back.Equal || back.Version != "" {
		t.Fatalf("restore: %+v", back)
	}
	if version, _ := l.status(); version != "" {
		t.Fatalf("version %s still answers", version)
	}
	for _, gone := range []string{"/opt/demo/current", "/opt/demo/releases"} {
		if _, err := os.Lstat(l.at(gone)); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", gone, err)
		}
	}
}

func TestRepeatedCallIsAnsweredWithTheFirstResult(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	r := l.updateRequest("r1", artifact(t, "1.0.0", nil))
	first := l.must(l.call(r), host.CodeOK)
	pid := l.running("1.0.0")
	again := l.must(l.call(r), host.CodeOK)
	if !again.Adopted || again.State != first.State || again.Version != first.Version {
		t.Fatalf("again: %+v", again)
	}
	if l.running("1.0.0") != pid {
		t.Fatal("the second call changed the host")
	}
}

func TestFailureIsAdoptedToo(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	r := l.updateRequest("r2", artifact(t, "1.1.0", map[string]string{"exit": ""}))
	first := l.must(l.call(r), host.CodeUnit)
	if !first.Begun || !strings.Contains(first.Reason, "demo.service is failed") {
		t.Fatalf("first: %+v", first)
	}
	if again := l.must(l.call(r), host.CodeUnit); !again.Adopted || !again.Begun {
		t.Fatalf("again: %+v", again)
	}
	if back := l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK); !back.Equal {
		t.Fatalf("restore: %+v", back)
	}
	l.running("1.0.0")
}

func TestUnhealthyReleaseIsNamedAndRestored(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	r := l.updateRequest("r2", artifact(t, "1.1.0", map[string]string{"sick": ""}))
	r.Spec.Health.Within = 1e9
	bad := l.must(l.call(r), host.CodeUnhealthy)
	if !bad.Begun || !strings.Contains(bad.Reason, "status 500, expected 200") {
		t.Fatalf("update: %+v", bad)
	}
	l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK)
	l.running("1.0.0")
}

func TestStaleOwnerCanDoNothing(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.token = 7
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	pid := l.running("1.0.0")
	l.token = 6
	for _, r := range []host.Request{l.updateRequest("r2", artifact(t, "1.1.0", nil)), l.request(host.Restore, "r1")} {
		if answer := l.must(l.call(r), host.CodeStale); answer.Begun {
			t.Fatalf("%s begun: %+v", r.Verb, answer)
		}
	}
	if l.running("1.0.0") != pid {
		t.Fatal("a stale owner changed the host")
	}
}

func TestWhatTouchesNothingMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	a := artifact(t, "1.0.0", nil)
	r := l.updateRequest("r1", a)
	r.Artifact.Path += ".elsewhere"
	if missing := l.must(l.call(r), host.CodeNeedsArtifact); missing.Begun {
		t.Fatalf("begun: %+v", missing)
	}
	r.Artifact.Path = a.Path
	wrong := r
	other := a
	other.Digest = "sha256:" + strings.Repeat("0", 64)
	wrong.Artifact = &other
	if refused := l.must(l.call(wrong), host.CodeRefused); refused.Begun || !strings.Contains(refused.Reason, other.Digest) {
		t.Fatalf("wrong digest: %+v", refused)
	}
	if left, _ := filepath.Glob(l.at("/opt/demo/releases/*")); len(left) > 0 {
		t.Fatalf("left behind: %v", left)
	}
	if ok := l.must(l.call(r), host.CodeOK); ok.Adopted {
		t.Fatalf("adopted: %+v", ok)
	}
}

func TestSameVersionFromAnotherArtifactIsRefused(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	answer := l.must(l.call(l.updateRequest("r2", artifact(t, "1.0.0", map[string]string{"x": "y"}))), host.CodeRefused)
	if answer.Begun || !strings.Contains(answer.Reason, "as another version") {
		t.Fatalf("answer: %+v", answer)
	}
}

func TestOldReleasesArePrunedButNeverOneThatAStateNeeds(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	versions := []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0"}
	for i, v := range versions {
		l.must(l.call(l.updateRequest("r"+string(rune('0'+i)), artifact(t, v, nil))), host.CodeOK)
	}
	entries, err := os.ReadDir(l.at("/opt/demo/releases"))
	must(t, err)
	var kept []string
	for _, e := range entries {
		kept = append(kept, e.Name())
	}
	// Five states are kept, those before 1.3.0 to 1.7.0: they need 1.2.0 to 1.6.0.
	// When 1.7.0 came the state before 1.2.0 was still one of them.
	if want := versions[1:]; !slices.Equal(kept, want) {
		t.Fatalf("kept %v, expected %v", kept, want)
	}
	if back := l.must(l.call(l.request(host.Restore, "r7")), host.CodeOK); !back.Equal {
		t.Fatalf("restore: %+v", back)
	}
	if gone := l.must(l.call(l.request(host.Restore, "r0")), host.CodeRefused); gone.Begun {
		t.Fatalf("restore of a forgotten rollout: %+v", gone)
	}
}

func TestRestoreOfARolloutThatNeverCame(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	pid := l.running("1.0.0")
	back := l.must(l.call(l.request(host.Restore, "r9")), host.CodeOK)
	if !back.Equal || back.Begun || back.Version != "1.0.0" || l.running("1.0.0") != pid {
		t.Fatalf("restore: %+v", back)
	}
}

func TestRestoreNeedsTheArtifactOfAReleaseThatWent(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	first := artifact(t, "1.0.0", nil)
	l.must(l.call(l.updateRequest("r1", first)), host.CodeOK)
	l.must(l.call(l.updateRequest("r2", artifact(t, "1.1.0", nil))), host.CodeOK)
	must(t, os.RemoveAll(l.at("/opt/demo/releases/1.0.0")))
	r := l.request(host.Restore, "r2")
	if answer := l.must(l.call(r), host.CodeRefused); answer.Begun {
		t.Fatalf("answer: %+v", answer)
	}
	path := first.Path
	first.Path += ".elsewhere"
	r.Previous = &first
	l.must(l.call(r), host.CodeNeedsArtifact)
	first.Path = path
	back := l.must(l.call(r), host.CodeOK)
	if !back.Equal {
		t.Fatalf("restore: %+v", back)
	}
	l.running("1.0.0")
}

func TestRestoreSaysWhatIsNotAsItWas(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	l.must(l.call(l.updateRequest("r2", artifact(t, "1.1.0", nil))), host.CodeOK)
	must(t, os.MkdirAll(l.at("/opt/demo/releases/by-hand"), 0o755))
	back := l.must(l.call(l.request(host.Restore, "r2")), host.CodeDifferent)
	want := host.Difference{Item: "release by-hand", Before: "false", After: "true"}
	if back.Equal || len(back.Differences) != 1 || back.Differences[0] != want {
		t.Fatalf("restore: %+v", back)
	}
	l.running("1.0.0")
}
