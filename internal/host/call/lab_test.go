//go:build lab

package call

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/lab"
)

// realHosts are real Debian hosts that the tests of these files share: each has a service
// of its own on one of them, which it has for itself while it lasts.
type realHosts struct {
	once sync.Once
	lab  *lab.Lab
	free chan lab.Host // those that nobody has
	err  error
}

var shared realHosts //nolint:gochecknoglobals // booted once, taken down by the last test

func (s *realHosts) boot() {
	const hosts = 2
	s.lab, s.err = lab.Up(context.Background(), lab.Config{
		Name: fmt.Sprintf("helper-%d", os.Getpid()), Hosts: hosts, Dir: filepath.Join(os.TempDir(), fmt.Sprintf("slipway-helper-%d", os.Getpid())),
	}, nil)
	if s.err != nil {
		return
	}
	s.free = make(chan lab.Host, hosts)
	for _, h := range s.lab.Info().Hosts {
		s.free <- h
	}
}

// real is a service on a real host.
type real struct {
	t       *testing.T
	lab     *lab.Lab
	host    string
	root    string // of the host, on this machine
	service string
	port    int
	command int
}

// newReal returns a service on a host that nobody has, as soon as there is one, and has the
// test go on beside others. It boots the hosts if nobody has.
func newReal(t *testing.T, service string, port int) *real {
	t.Helper()
	t.Parallel()
	if err := lab.Supported(t.Context()); err != nil {
		t.Skip(err)
	}
	shared.once.Do(shared.boot)
	must(t, shared.err)
	mine := <-shared.free
	t.Cleanup(func() { shared.free <- mine })
	h := &real{t: t, lab: shared.lab, host: mine.Name, root: mine.Root, service: service, port: port}
	h.copy(helper, "/usr/local/bin/slipway-host")
	h.run("systemctl", "reset-failed") // what the one before had fail
	h.run("systemctl", "is-system-running", "--wait")
	return h
}

func down() error {
	if shared.lab == nil {
		return nil
	}
	return shared.lab.Down(context.Background())
}

func (h *real) copy(from, to string) {
	h.t.Helper()
	data, err := os.ReadFile(from)
	must(h.t, err)
	h.put(to, string(data), 0o755)
}

// put writes a file on the host, under a new inode: a program that runs cannot be
// written to.
func (h *real) put(path, text string, mode os.FileMode) {
	h.t.Helper()
	at := filepath.Join(h.root, path)
	must(h.t, os.MkdirAll(filepath.Dir(at), 0o755))
	must(h.t, os.RemoveAll(at))
	must(h.t, os.WriteFile(at, []byte(text), mode))
	must(h.t, os.Chmod(at, mode))
}

func (h *real) run(argv ...string) string {
	h.t.Helper()
	out, err := h.lab.Run(h.t.Context(), h.host, argv...)
	if err != nil {
		h.t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return string(out)
}

// try runs a command that may fail.
func (h *real) try(argv ...string) string {
	out, _ := h.lab.Run(context.Background(), h.host, argv...)
	return strings.TrimSpace(string(out))
}

func (h *real) request(verb host.Verb, rollout string, spec host.Spec) host.Request {
	h.command++
	return host.Request{
		Protocol: host.Protocol, Verb: verb, Service: h.service, Rollout: rollout, Command: h.command, Token: 1, Spec: spec,
	}
}

func (h *real) call(r host.Request) host.Response {
	h.t.Helper()
	line, err := r.Encode()
	must(h.t, err)
	return parse(h.t, []byte(h.run("/usr/local/bin/slipway-host", "call", base64.StdEncoding.EncodeToString(line))))
}

func (h *real) must(r host.Request, code host.Code) host.Response {
	h.t.Helper()
	answer := h.call(r)
	if answer.Code != code {
		h.t.Fatalf("%s: code %q (%s), expected %q\nsteps %+v\ndifferences %+v\n%s", r.Verb, answer.Code, answer.Reason, code, answer.Steps,
			answer.Differences, h.try("journalctl", "-n", "30", "--no-pager"))
	}
	return answer
}

func (h *real) same(back host.Response) {
	h.t.Helper()
	if !back.Equal || len(back.Differences) > 0 {
		h.t.Fatalf("restore: %+v", back)
	}
}

func TestRealTarball(t *testing.T) {
	h := newReal(t, "balls", 18501)
	spec := host.Spec{
		Format: "tar.gz", Directory: "/opt/balls", Units: []string{"balls.service"},
		Health: &host.Health{HTTP: "http://:18501/_status", Expect: map[string]string{"version": "{{version}}"}, Within: 20 * time.Second},
	}
	h.put("/etc/systemd/system/balls.service", "[Service]\nExecStart=/opt/balls/current/server\nEnvironment=PORT=18501\n[Install]\nWantedBy=multi-user.target\n", 0o644)
	h.run("systemctl", "enable", "--quiet", "balls.service")
	for i, version := range []string{"1.0.0", "1.1.0"} {
		a := artifact(t, version, nil)
		h.copy(a.Path, "/var/tmp/"+filepath.Base(a.Path))
		a.Path = "/var/tmp/" + filepath.Base(a.Path)
		r := h.request(host.Update, fmt.Sprintf("t%d", i), spec)
		r.Artifact = &a
		start := time.Now()
		answer := h.must(r, host.CodeOK)
		t.Logf("update to %s: %v in all, steps %v", version, time.Since(start), answer.Steps)
	}
	h.run("systemctl", "disable", "--quiet", "--now", "balls.service")
	h.put("/etc/systemd/system/balls.service.d/late.conf", "[Service]\nNice=5\n", 0o644)
	start := time.Now()
	back := h.must(h.request(host.Restore, "t1", spec), host.CodeOK)
	t.Logf("restore: %v in all, steps %v", time.Since(start), back.Steps)
	h.same(back)
	if got := h.run("curl", "-s", "http://127.0.0.1:18501/_status"); !strings.Contains(got, `"version":"1.0.0"`) {
		t.Fatalf("after the restore it answers %s", got)
	}
	if got := h.try("systemctl", "is-enabled", "balls.service"); got != "enabled" {
		t.Fatalf("the unit is %s", got)
	}
	facts := h.must(h.request(host.Facts, "", spec), host.CodeOK)
	if f := facts.Facts; f.Version != "1.0.0" || !f.Running || len(f.Stale) > 0 || f.Previous != "kept" || len(f.Problems) > 0 || f.Free == 0 {
		t.Fatalf("facts: %+v", f)
	}
}

// TestRealDiskThatIsFullOnTheWayBack fills the disk after the update.
func TestRealDiskThatIsFullOnTheWayBack(t *testing.T) {
	h := newReal(t, "filled", 18503)
	spec := host.Spec{Format: "tar.gz", Directory: "/opt/filled", Units: []string{"filled.service"}, Config: []string{"/etc/filled"}}
	h.put("/etc/systemd/system/filled.service", "[Service]\nExecStart=/opt/filled/current/server\nEnvironment=PORT=18503\n", 0o644)
	h.put("/etc/filled/a.conf", "one\n", 0o600)
	for i, version := range []string{"1.0.0", "1.1.0"} {
		a := artifact(t, version, nil)
		h.copy(a.Path, "/var/tmp/"+filepath.Base(a.Path))
		a.Path = "/var/tmp/" + filepath.Base(a.Path)
		r := h.request(host.Update, fmt.Sprintf("f%d", i), spec)
		r.Artifact = &a
		h.must(r, host.CodeOK)
	}
	h.run("rm", "/etc/filled/a.conf")
	must(t, h.lab.Fill(t.Context(), h.host, 0))
	r := h.request(host.Restore, "f1", spec)
	r.Token = 2
	back := h.call(r)
	must(t, h.lab.Empty(t.Context(), h.host))
	if back.Code != host.CodeOK {
		t.Fatalf("restore: %+v", back)
	}
	h.same(back)
	if got := h.try("cat", "/etc/filled/a.conf"); got != "one" {
		t.Fatalf("a.conf holds %q", got)
	}
}

// TestRealWorkOutlivesItsCaller ends the caller in the middle and finds the result.
func TestRealWorkOutlivesItsCaller(t *testing.T) {
	h := newReal(t, "outlive", 18502)
	spec := host.Spec{Format: "tar.gz", Directory: "/opt/outlive", Units: []string{"outlive.service"}}
	h.put("/etc/systemd/system/outlive.service", "[Service]\nExecStartPre=/bin/sleep 2\nExecStart=/opt/outlive/current/server\nEnvironment=PORT=18502\n", 0o644)
	a := artifact(t, "1.0.0", nil)
	h.copy(a.Path, "/var/tmp/outlive.tar.gz")
	a.Path = "/var/tmp/outlive.tar.gz"
	r := h.request(host.Update, "o1", spec)
	r.Artifact = &a
	line, err := r.Encode()
	must(t, err)
	// timeout ends the caller and all of its process group, as a dying session does.
	h.try("timeout", "--signal=KILL", "1", "/usr/local/bin/slipway-host", "call", base64.StdEncoding.EncodeToString(line))
	if units := h.try("systemctl", "list-units", "--no-legend", "slipway-outlive-*"); !strings.Contains(units, "slipway-outlive-o1-1-update") {
		t.Fatalf("no worker runs: %q", units)
	}
	answer := h.must(r, host.CodeOK)
	if !answer.Adopted || answer.Version != "1.0.0" {
		t.Fatalf("second call: %+v", answer)
	}
	if n := h.try("systemctl", "show", "-P", "NRestarts", "outlive.service"); n != "0" {
		t.Fatalf("restarted %s times", n)
	}
}
