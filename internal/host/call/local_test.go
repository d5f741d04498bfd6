package call

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/memory"
	"github.com/slipway-deploy/slipway/internal/host/root"
)

// local is a host of a local fleet: a directory, an address on loopback, and the real
// helper.
type local struct {
	t       *testing.T
	root    string
	address string
	command int
	token   int64
}

const port = "18480"

var next atomic.Int64 //nolint:gochecknoglobals // gives every test an address of its own

func newLocal(t *testing.T) *local {
	t.Helper()
	n := next.Add(1)
	l := &local{t: t, root: t.TempDir(), token: 1}
	l.address = fmt.Sprintf("127.%d.%d.%d", 80+os.Getpid()%100, 1+os.Getpid()/100%250, n)
	l.write("/etc/systemd/system/demo.service", "[Unit]\nDescription=demo\n[Service]\nExecStart=/opt/demo/current/server\nEnvironment=PORT="+port+"\n[Install]\nWantedBy=multi-user.target\n")
	l.write("/etc/demo/demo.conf", "one\n")
	t.Cleanup(l.stop)
	return l
}

// stop ends the service of the host, if the test left it running.
func (l *local) stop() {
	data, err := os.ReadFile(l.at("/run/demo.service.pid"))
	if err != nil {
		return
	}
	var pid int
	if _, err := fmt.Sscan(string(data), &pid); err == nil {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

func (l *local) at(path string) string { return filepath.Join(l.root, path) }

func (l *local) write(path, text string) {
	l.t.Helper()
	must(l.t, os.MkdirAll(filepath.Dir(l.at(path)), 0o755))
	must(l.t, os.WriteFile(l.at(path), []byte(text), 0o644))
}

func (l *local) spec() host.Spec {
	return host.Spec{
		Format: "tar.gz", Directory: "/opt/demo", Keep: 3, Units: []string{"demo.service"}, Config: []string{"/etc/demo"},
		Health: &host.Health{HTTP: "http://:" + port + "/_status", Expect: map[string]string{"version": "{{version}}"}, Within: 20 * time.Second},
	}
}

func (l *local) request(verb host.Verb, rollout string) host.Request {
	l.command++
	return host.Request{
		Protocol: host.Protocol, Verb: verb, Service: "demo", Rollout: rollout, Command: l.command, Token: l.token,
		Root: l.root, Address: l.address, Units: "process", Spec: l.spec(),
	}
}

func (l *local) updateRequest(rollout string, a host.Artifact) host.Request {
	r := l.request(host.Update, rollout)
	r.Artifact = &a
	return r
}

// call runs the real helper and returns its answer.
func (l *local) call(r host.Request) host.Response {
	l.t.Helper()
	return callHelper(l.t, r)
}

func callHelper(t *testing.T, r host.Request) host.Response {
	t.Helper()
	line, err := r.Encode()
	must(t, err)
	cmd := exec.Command(helper, "call")
	cmd.Stdin = bytes.NewReader(line)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil || problems.Len() > 0 {
		t.Fatalf("helper: %v\n%s", err, problems.String())
	}
	return parse(t, out)
}

func parse(t *testing.T, out []byte) host.Response {
	t.Helper()
	if bytes.Count(out, []byte("\n")) != 1 {
		t.Fatalf("answer is not one line: %q", out)
	}
	var r host.Response
	must(t, json.Unmarshal(out, &r))
	return r
}

func (l *local) must(r host.Response, code host.Code) host.Response {
	l.t.Helper()
	if r.Code != code {
		l.t.Fatalf("%s: code %q (%s), expected %q; differences %+v", r.Verb, r.Code, r.Reason, code, r.Differences)
	}
	return r
}

// status asks the service itself; empty when it does not answer.
func (l *local) status() (version string, pid int) {
	c, err := net.DialTimeout("tcp", net.JoinHostPort(l.address, port), time.Second)
	if err != nil {
		return "", 0
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /_status HTTP/1.0\r\n\r\n")
	var b bytes.Buffer
	_, _ = b.ReadFrom(c)
	_, body, _ := strings.Cut(b.String(), "\r\n\r\n")
	var s struct {
		Version string
		PID     int
	}
	if json.Unmarshal([]byte(body), &s) != nil {
		return "", 0 // it was ended before it could answer
	}
	return s.Version, s.PID
}

func (l *local) running(version string) int {
	l.t.Helper()
	is, pid := l.status()
	if is != version {
		l.t.Fatalf("version %q answers, expected %q", is, version)
	}
	return pid
}

func (l *local) memory() *memory.Service {
	l.t.Helper()
	m, err := memory.Open(root.Dir(l.root), "demo")
	must(l.t, err)
	return m
}

// artifact makes a release of the test service, with further files in it.
func artifact(t *testing.T, version string, files map[string]string) host.Artifact {
	t.Helper()
	program, err := os.ReadFile(server)
	must(t, err)
	all := map[string]string{"server": string(program), "VERSION": version + "\n"}
	maps.Copy(all, files)
	return pack(t, version, all)
}

func pack(t *testing.T, version string, files map[string]string) host.Artifact {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	must(t, err)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		must(t, w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(files[name])), ModTime: time.Unix(1700000000, 0)}))
		_, err := w.Write([]byte(files[name]))
		must(t, err)
	}
	must(t, w.Close())
	must(t, z.Close())
	path := filepath.Join(t.TempDir(), "demo_"+version+".tar.gz")
	must(t, os.WriteFile(path, b.Bytes(), 0o644))
	return host.Artifact{
		Format: "tar.gz", Name: "demo", Version: version, Arch: runtime.GOARCH, Size: int64(b.Len()), Path: path,
		Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(b.Bytes())),
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
