package ansible

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/binary"
)

// fakeEnv makes the test binary a helper: it keeps the protocol, hands changes to a
// worker that outlives its caller, and adopts results, but what it changes is one file.
// Files in the host's directory make it misbehave: the tests of the real helper need
// systemd, and a real one does not misbehave on demand.
const fakeEnv = "SLIPWAY_TEST_HELPER"

// fakeHelper is the program that Ansible puts on hosts in these tests.
func fakeHelper(t testing.TB) func(string) (binary.Program, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\n%s=$(dirname \"$(dirname \"$0\")\") exec '%s' \"$@\"\n", fakeEnv, self)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, script); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(script))
	return func(arch string) (binary.Program, error) {
		return binary.Program{Arch: arch, SHA256: hex.EncodeToString(sum[:]), Packed: packed.Bytes()}, nil
	}
}

// fake is the state of one fake host: a directory.
type fake struct{ dir string }

func (f fake) path(name string) string { return filepath.Join(f.dir, name) }

func (f fake) read(name string) string {
	b, err := os.ReadFile(f.path(name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (f fake) has(name string) bool {
	_, err := os.Stat(f.path(name))
	return err == nil
}

func (f fake) write(name, text string) error {
	temp := f.path("." + name + strconv.Itoa(os.Getpid()))
	if err := os.WriteFile(temp, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(temp, f.path(name))
}

func fakeMain() int {
	f := fake{dir: os.Getenv(fakeEnv)}
	if len(os.Args) == 3 && os.Args[1] == "work" {
		return f.work(os.Args[2])
	}
	in, err := io.ReadAll(os.Stdin)
	var q host.Request
	if err == nil {
		err = json.Unmarshal(in, &q)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	b, err := json.Marshal(f.answer(q, in))
	if err != nil {
		return 2
	}
	fmt.Printf("%s\n", b)
	return 0
}

func (f fake) answer(q host.Request, in []byte) host.Response {
	r := host.Response{Protocol: host.Protocol, Verb: q.Verb, Code: host.CodeOK}
	if code := f.read("code-" + string(q.Verb)); code != "" {
		r.Code, r.Reason = host.Code(code), "as the test wants it"
		return r
	}
	switch q.Verb {
	case host.Facts:
		r.Facts = &host.FactsOf{Arch: "amd64", Version: f.read("version"), Running: true}
	case host.Observe:
		for _, o := range q.Observe {
			r.Observed = append(r.Observed, host.Observed{Metric: o.Metric, Events: 3, Cursor: o.Cursor + o.What})
		}
	case host.Check:
		for _, c := range q.Checks {
			if !answers(c.HTTP) {
				r.Code, r.Reason = host.CodeCheck, "check "+c.Name
			}
		}
	case host.Verify:
		r.Version = f.read("version")
		if r.Version != q.Version {
			r.Code, r.Reason = host.CodeUnhealthy, "it runs "+r.Version
		}
	case host.Capture:
		name := "captured-" + strconv.Itoa(q.Command)
		r.State, r.Adopted = "sha256:before", f.has(name)
		if err := f.write(name, f.read("version")); err != nil {
			return host.Response{Protocol: host.Protocol, Verb: q.Verb, Code: host.CodeInternal, Reason: err.Error()}
		}
	case host.Update, host.Restore:
		return f.change(q, in)
	}
	return r
}

// change hands the work to a worker in a session of its own and waits for its result.
func (f fake) change(q host.Request, in []byte) host.Response {
	id := fmt.Sprintf("%s-%d-%s", q.Rollout, q.Command, q.Verb)
	r := host.Response{Protocol: host.Protocol, Verb: q.Verb, Code: host.CodeNeedsArtifact}
	adopted := f.has("request-" + id)
	if !adopted {
		a := q.Artifact
		if q.Verb == host.Restore {
			a = q.Previous
		}
		if a != nil {
			b, err := os.ReadFile(a.Path)
			if err != nil {
				if err := f.write("asked", a.Digest); err != nil {
					r.Code, r.Reason = host.CodeInternal, err.Error()
				}
				return r
			}
			if sum := sha256.Sum256(b); a.Digest != "sha256:"+hex.EncodeToString(sum[:]) {
				r.Code, r.Reason = host.CodeInstall, "wrong digest"
				return r
			}
		}
		if err := f.write("request-"+id, string(in)); err != nil {
			r.Code, r.Reason = host.CodeInternal, err.Error()
			return r
		}
		cmd := exec.Command(os.Args[0], "work", id)
		cmd.Env = append(os.Environ(), fakeEnv+"="+f.dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			r.Code, r.Reason = host.CodeInternal, err.Error()
			return r
		}
	}
	f.await("result-" + id)
	if err := json.Unmarshal([]byte(f.read("result-"+id)), &r); err != nil {
		r.Code, r.Reason = host.CodeInternal, err.Error()
	}
	r.Adopted = adopted
	return r
}

// work does a change, once, when nothing holds it.
func (f fake) work(id string) int {
	var q host.Request
	if err := json.Unmarshal([]byte(f.read("request-"+id)), &q); err != nil {
		return 2
	}
	if err := f.write("at-work", id); err != nil {
		return 2
	}
	for f.has("hold") {
		f.await("go")
		if err := os.Remove(f.path("hold")); err != nil {
			return 2
		}
	}
	for q.Spec.Health != nil && !answers(q.Spec.Health.HTTP) {
		<-time.After(5 * time.Millisecond)
	}
	before := f.read("version")
	if q.Verb == host.Restore {
		before = q.Version
	}
	changes, _ := strconv.Atoi(f.read("changes")) // none yet is 0
	r := host.Response{
		Protocol: host.Protocol, Verb: q.Verb, Code: host.CodeOK, Begun: true, Version: q.Version, State: "sha256:" + before,
		Equal: q.Verb == host.Restore, Steps: []host.Step{{Name: "install", Duration: time.Millisecond}},
	}
	b, err := json.Marshal(r)
	if err != nil {
		return 2
	}
	for name, text := range map[string]string{"version": q.Version, "changes": strconv.Itoa(changes + 1)} {
		if err := f.write(name, text); err != nil {
			return 2
		}
	}
	if err := f.write("result-"+id, string(b)); err != nil {
		return 2
	}
	return 0
}

func answers(url string) bool {
	r, err := http.Get(url) //nolint:noctx // as long as the test
	return err == nil && r.StatusCode == http.StatusOK && r.Body.Close() == nil
}

// await waits until a file is there, for as long as a test may take.
func (f fake) await(name string) bool {
	for range time.Minute / (5 * time.Millisecond) {
		if f.has(name) {
			return true
		}
		<-time.After(5 * time.Millisecond)
	}
	return false
}
