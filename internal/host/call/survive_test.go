package call

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/memory"
	"github.com/slipway-deploy/slipway/internal/host/work"
)

// slow is an update that waits for the health of a service that never is healthy, for
// as long as a test needs somebody to be at work.
func (l *local) slow(rollout, version string, within time.Duration) host.Request {
	r := l.updateRequest(rollout, artifact(l.t, version, map[string]string{"sick": ""}))
	r.Spec.Health.Within = within
	return r
}

// begin starts a helper and returns once the new version runs.
func (l *local) begin(r host.Request, version string) *exec.Cmd {
	l.t.Helper()
	line, err := r.Encode()
	must(l.t, err)
	cmd := exec.Command(helper, "call", base64.StdEncoding.EncodeToString(line))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(l.t, cmd.Start())
	l.eventually(version+" runs", func() bool {
		is, _ := l.status() // not the link: the service before may still be running
		return is == version
	})
	return cmd
}

// eventually waits until something holds.
func (l *local) eventually(what string, holds func() bool) {
	l.t.Helper()
	end := time.After(30 * time.Second)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-end:
			l.t.Fatalf("never: %s", what)
		case <-again.C:
		}
	}
}

// worker returns the pid of the worker that is at work.
func (l *local) worker() int {
	l.t.Helper()
	if pid := l.findWorker(); pid != 0 {
		return pid
	}
	l.t.Fatal("no worker is at work")
	return 0
}

func TestWorkOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	r := l.slow("r1", "1.0.0", 3*time.Second)
	cmd := l.begin(r, "1.0.0")
	must(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL))
	_ = cmd.Wait()
	again := l.must(l.call(r), host.CodeUnhealthy)
	if !again.Adopted || !again.Begun {
		t.Fatalf("second call: %+v", again)
	}
}

func TestKilledWorkIsDoneByTheNextCall(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	r := l.slow("r2", "1.1.0", time.Minute)
	cmd := l.begin(r, "1.1.0")
	must(t, syscall.Kill(l.worker(), syscall.SIGKILL))
	_ = cmd.Wait()
	pid := l.running("1.1.0")

	r.Spec.Health.Within = time.Second
	again := l.must(l.call(r), host.CodeUnhealthy)
	if again.Adopted || !again.Begun {
		t.Fatalf("second call: %+v", again)
	}
	if l.running("1.1.0") != pid {
		t.Error("the service was restarted a second time")
	}
	if back := l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK); !back.Equal || back.Version != "1.0.0" {
		t.Fatalf("restore: %+v", back)
	}
	l.running("1.0.0")
}

// TestKilledAnywhere ends the worker at a dozen moments of an update; whatever it
// leaves, the same call again succeeds, and a restore finds what was there before.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r0", artifact(t, "1.0.0", nil))), host.CodeOK)
	next := artifact(t, "1.1.0", nil)
	for i := range 12 {
		rollout := "k" + string(rune('a'+i))
		r := l.updateRequest(rollout, next)
		line, err := r.Encode()
		must(t, err)
		cmd := exec.Command(helper, "call", base64.StdEncoding.EncodeToString(line))
		must(t, cmd.Start())
		<-time.After(time.Duration(i) * 12 * time.Millisecond)
		if pid := l.findWorker(); pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = cmd.Wait()
		if i%2 == 0 {
			l.must(l.call(r), host.CodeOK)
			l.running("1.1.0")
		}
		if back := l.must(l.call(l.request(host.Restore, rollout)), host.CodeOK); !back.Equal || back.Version != "1.0.0" {
			t.Fatalf("restore after a kill at %d ms: %+v", i*12, back)
		}
		l.running("1.0.0")
	}
}

func (l *local) findWorker() int {
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(l.t, err)
	for _, p := range procs {
		line, err := os.ReadFile(p)
		if err == nil && bytes.Contains(line, []byte("\x00"+workVerb+"\x00"+l.root+"/")) {
			pid := 0
			for _, c := range strings.Split(p, "/")[2] {
				pid = pid*10 + int(c-'0')
			}
			return pid
		}
	}
	return 0
}

func TestTwoChangesNeverRunAtOnce(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	r := l.slow("r1", "1.0.0", 20*time.Second)
	cmd := l.begin(r, "1.0.0")
	defer func() { _ = syscall.Kill(l.worker(), syscall.SIGKILL); _ = cmd.Wait() }()
	other := l.updateRequest("r2", artifact(t, "1.1.0", nil))
	answer := work.Do(t.Context(), work.Config{Wait: 50 * time.Millisecond}, other)
	if answer.Code != host.CodeBusy || answer.Begun || !strings.Contains(answer.Reason, "r1-1-update") {
		t.Fatalf("answer: %+v", answer)
	}
}

func TestFullDiskTouchesNothing(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	pid := l.running("1.0.0")
	r := l.updateRequest("r2", artifact(t, "1.1.0", nil))
	small := work.Config{Free: func(string) (int64, error) { return 5 << 20, nil }}
	answer := work.Do(t.Context(), small, r)
	if answer.Code != host.CodeDisk || answer.Begun || l.running("1.0.0") != pid {
		t.Fatalf("answer: %+v", answer)
	}
	if answer = l.call(r); answer.Code != host.CodeOK || answer.Adopted {
		t.Fatalf("after room was made: %+v", answer)
	}
}

// TestDiskThatFillsWhileUnpacking mounts a disk that is really full.
func TestDiskThatFillsWhileUnpacking(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	l := newLocal(t)
	must(t, os.MkdirAll(l.at("/opt/demo/releases"), 0o755))
	if err := syscall.Mount("tmpfs", l.at("/opt/demo/releases"), "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("cannot mount a small disk here: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(l.at("/opt/demo/releases"), 0)) })
	r := l.updateRequest("r1", artifact(t, "1.0.0", nil))
	answer := l.must(l.call(r), host.CodeDisk)
	if answer.Begun {
		t.Fatalf("answer: %+v", answer)
	}
	if left, _ := os.ReadDir(l.at("/opt/demo/releases")); len(left) > 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestNobodyElseCanReadWhatIsRemembered(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	must(t, os.WriteFile(l.at("/etc/demo/secret"), []byte("hunter2"), 0o600))
	answer := l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	info, err := os.Stat(l.at(memory.Where + "/demo"))
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v", info.Mode())
	}
	must(t, os.WriteFile(l.at("/etc/demo/secret"), []byte("swordfish"), 0o644))
	back := l.must(l.call(l.request(host.Restore, "r1")), host.CodeOK)
	for _, text := range []string{answer.Reason, back.Reason} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "swordfish") {
			t.Errorf("a secret is in %q", text)
		}
	}
	data, err := os.ReadFile(l.at("/etc/demo/secret"))
	must(t, err)
	if info, err = os.Stat(l.at("/etc/demo/secret")); err != nil || info.Mode().Perm() != 0o600 || string(data) != "hunter2" {
		t.Errorf("secret is %q, %v, %v", data, info.Mode(), err)
	}
}

func TestDeclaredDataIsNeverTouched(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	spec := l.spec()
	spec.Data = []string{"/etc/demo/data"}
	l.write("/etc/demo/data/db", "before")
	r := l.updateRequest("r1", artifact(t, "1.0.0", nil))
	r.Spec = spec
	l.must(l.call(r), host.CodeOK)
	l.write("/etc/demo/data/db", "after")
	back := l.request(host.Restore, "r1")
	back.Spec = spec
	if answer := l.must(l.call(back), host.CodeOK); !answer.Equal {
		t.Fatalf("restore: %+v", answer)
	}
	if data, _ := os.ReadFile(l.at("/etc/demo/data/db")); string(data) != "after" {
		t.Fatalf("data is %q", data)
	}
}

func TestFactsVerifyAndCheck(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	empty := l.must(l.call(l.request(host.Facts, "")), host.CodeOK).Facts
	if empty.Version != "" || empty.Running || empty.Arch == "" || empty.Free == 0 || len(empty.Problems) > 0 {
		t.Fatalf("facts of an empty host: %+v", empty)
	}
	a := artifact(t, "1.0.0", nil)
	l.must(l.call(l.updateRequest("r1", a)), host.CodeOK)
	facts := l.must(l.call(l.request(host.Facts, "")), host.CodeOK).Facts
	if facts.Version != "1.0.0" || facts.Digest != a.Digest || facts.Previous != "kept" || !facts.Running || len(facts.Stale) > 0 {
		t.Fatalf("facts: %+v", facts)
	}

	verify := l.request(host.Verify, "")
	verify.Version = "1.0.0"
	l.must(l.call(verify), host.CodeOK)
	verify.Version = "1.1.0"
	l.must(l.call(verify), host.CodeDifferent)

	check := l.request(host.Check, "")
	check.Version = "1.0.0"
	check.Checks = []host.CheckOf{
		{Name: "status", HTTP: "http://:" + port + "/_status", Body: `"version":"{{version}}"`, Within: time.Second},
		{Name: "command", Command: []string{"/opt/demo/current/server.sh"}, Within: 5 * time.Second},
	}
	failed := l.must(l.call(check), host.CodeCheck)
	if !strings.Contains(failed.Reason, `check "command"`) {
		t.Errorf("reason %q", failed.Reason)
	}
	l.write("/opt/demo/releases/1.0.0/server.sh", "#!/bin/sh\n[ \"$VERSION\" = 1.0.0 ] && [ -n \"$ADDRESS\" ]\n")
	must(t, os.Chmod(l.at("/opt/demo/releases/1.0.0/server.sh"), 0o755))
	l.must(l.call(check), host.CodeOK)

	// Installed, but the process is of the release before.
	must(t, os.CopyFS(l.at("/opt/demo/releases/1.1.0"), os.DirFS(l.at("/opt/demo/releases/1.0.0"))))
	must(t, os.Remove(l.at("/opt/demo/current")))
	must(t, os.Symlink("releases/1.1.0", l.at("/opt/demo/current")))
	stale := l.must(l.call(l.request(host.Facts, "")), host.CodeOK).Facts
	if stale.Version != "1.1.0" || len(stale.Stale) != 1 || stale.Stale[0] != "demo.service" {
		t.Fatalf("facts: %+v", stale)
	}
	verify.Version = "1.1.0"
	l.must(l.call(verify), host.CodeUnit)
}

func TestCaptureRecordsForWhoeverChangesTheHost(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.must(l.call(l.updateRequest("r1", artifact(t, "1.0.0", nil))), host.CodeOK)
	capture := l.request(host.Capture, "r2")
	before := l.must(l.call(capture), host.CodeOK)
	l.write("/etc/demo/demo.conf", "by a playbook\n")
	if again := l.must(l.call(capture), host.CodeOK); !again.Adopted || again.State != before.State {
		t.Fatalf("repeated: %+v", again)
	}
	if now := l.must(l.call(l.request(host.Capture, "")), host.CodeOK); now.State == before.State {
		t.Fatal("a changed host has the same digest")
	}
	back := l.must(l.call(l.request(host.Restore, "r2")), host.CodeOK)
	if !back.Equal || back.State != before.State {
		t.Fatalf("restore: %+v", back)
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	good := l.updateRequest("r1", artifact(t, "1.0.0", nil))
	for name, spoil := range map[string]struct {
		change func(*host.Request)
		want   string
	}{
		"protocol":  {func(r *host.Request) { r.Protocol = 2 }, "protocol 2; this helper speaks 1"},
		"service":   {func(r *host.Request) { r.Service = "../x" }, `service "../x"`},
		"rollout":   {func(r *host.Request) { r.Rollout = "" }, `rollout ""`},
		"verb":      {func(r *host.Request) { r.Verb = "explode" }, `verb "explode"`},
		"format":    {func(r *host.Request) { r.Spec.Format = "rpm" }, `format "rpm"; it must be deb or tar.gz`},
		"deb":       {func(r *host.Request) { r.Spec.Format, r.Spec.Package = "deb", "x" }, "a local fleet"},
		"directory": {func(r *host.Request) { r.Spec.Directory = "/opt/../etc" }, `directory "/opt/../etc"`},
		"unit":      {func(r *host.Request) { r.Spec.Units = []string{"-x.service"} }, `unit "-x.service"`},
		"config":    {func(r *host.Request) { r.Spec.Config = []string{"etc"} }, `path "etc"`},
		"version":   {func(r *host.Request) { r.Artifact.Version = "../1" }, `version "../1"`},
		"digest":    {func(r *host.Request) { r.Artifact.Digest = "md5:x" }, `digest "md5:x"`},
		"artifact":  {func(r *host.Request) { r.Artifact = nil }, "update without an artifact"},
		"root":      {func(r *host.Request) { r.Units = "" }, "systemd runs those of / only"},
		"check":     {func(r *host.Request) { r.Checks = []host.CheckOf{{Name: "both"}} }, `check "both"`},
	} {
		r := good
		a := *good.Artifact
		r.Artifact = &a
		spoil.change(&r)
		answer := l.must(l.call(r), host.CodeRefused)
		if answer.Begun || !strings.Contains(answer.Reason, spoil.want) {
			t.Errorf("%s: %+v; expected %q", name, answer, spoil.want)
		}
	}
	if _, err := os.Stat(l.at("/opt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("/opt was touched: %v", err)
	}
}

func TestWhatIsNoRequest(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "not JSON", "{": "not JSON", "[]": "not JSON", `{"protocol":1} {}`: "after the request", "{}": "protocol 0"} {
		var out, problems bytes.Buffer
		if code := Main(t.Context(), []string{"call"}, strings.NewReader(in), &out, &problems); code != exitAnswered {
			t.Errorf("%q: exit code %d", in, code)
		}
		if r := parse(t, out.Bytes()); r.Code != host.CodeRefused || !strings.Contains(r.Reason, want) {
			t.Errorf("%q: %+v", in, r)
		}
	}
	var out, problems bytes.Buffer
	if code := Main(t.Context(), []string{"x"}, strings.NewReader(""), &out, &problems); code != exitUsage || problems.Len() == 0 {
		t.Errorf("exit code %d, %q", code, problems.String())
	}
}
