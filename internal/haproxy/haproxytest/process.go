package haproxytest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Process is a running HAProxy.
type Process struct {
	Socket string // runtime socket, level admin
	t      testing.TB
	dir    string
	bin    string
	cmd    *exec.Cmd
	old    []*exec.Cmd // replaced by a reload, ending by themselves
	out    *bytes.Buffer
}

// Start runs HAProxy with a configuration: body follows a global and a defaults
// section (HTTP, short timeouts). It returns once the runtime socket answers.
func Start(t testing.TB, body string) *Process {
	t.Helper()
	bin, err := exec.LookPath("haproxy")
	if err != nil {
		bin = "/usr/sbin/haproxy"
	}
	if _, err := os.Stat(bin); err != nil {
		t.Skip("haproxy is not installed: apt-get install haproxy")
	}
	// The paths of sockets are short; a test's own directory may not be.
	dir, err := os.MkdirTemp("", "hap")
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{t: t, dir: dir, bin: bin, Socket: filepath.Join(dir, "admin.sock")}
	t.Cleanup(func() {
		p.Stop()
		os.RemoveAll(dir)
	})
	p.write(body)
	p.start()
	return p
}

func (p *Process) write(body string) {
	p.t.Helper()
	config := fmt.Sprintf(`global
  stats socket %s mode 600 level admin expose-fd listeners
  stats socket %s mode 600 level operator
  server-state-file %s
  hard-stop-after 10s
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
  timeout queue 5s
  load-server-state-from-file global
%s`, p.Socket, p.Operator(), filepath.Join(p.dir, "state"), body)
	if err := os.WriteFile(filepath.Join(p.dir, "haproxy.cfg"), []byte(config), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "state"), nil, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// Operator is a second runtime socket, which may not change states.
func (p *Process) Operator() string { return filepath.Join(p.dir, "operator.sock") }

func (p *Process) start(more ...string) {
	p.t.Helper()
	p.out = &bytes.Buffer{}
	args := append([]string{"-db", "-f", filepath.Join(p.dir, "haproxy.cfg")}, more...)
	p.cmd = exec.Command(p.bin, args...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.await(fmt.Sprintf("Pid: %d\n", p.cmd.Process.Pid))
}

// await waits until the process that answers on the socket says what is expected.
func (p *Process) await(want string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if answer, err := p.ask("show info"); err == nil && strings.Contains(answer, want) {
			return
		}
		select {
		case <-ctx.Done():
			p.t.Fatalf("haproxy did not answer within 10 s: %s", p.out)
		case <-tick.C:
		}
	}
}

// Ask sends one line to the runtime socket, as a person would, and returns the answer.
func (p *Process) Ask(line string) string {
	p.t.Helper()
	answer, err := p.ask(line)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer
}

func (p *Process) ask(line string) (string, error) {
	conn, err := net.Dial("unix", p.Socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, line); err != nil {
		return "", err
	}
	var b bytes.Buffer
	_, err = b.ReadFrom(conn)
	return b.String(), err
}

// Reload replaces the process by a new one the way packages do: states saved first,
// listening sockets handed over, the old process ends when its sessions have. It
// returns once the new process answers.
func (p *Process) Reload() {
	p.t.Helper()
	state := p.Ask("show servers state")
	if err := os.WriteFile(filepath.Join(p.dir, "state"), []byte(state), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.old = append(p.old, p.cmd)
	p.start("-x", p.Socket, "-sf", fmt.Sprint(p.cmd.Process.Pid))
}

// Stop ends the process, and those that a reload has replaced, at once. It may be called twice.
func (p *Process) Stop() {
	for _, cmd := range append(p.old, p.cmd) {
		if cmd != nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	}
	p.old, p.cmd = nil, nil
}
