package metric

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy/haproxytest"
)

// process is a real server of a test, which can be killed and started again.
type process struct {
	args []string
	dir  string
	env  []string
	port int

	cmd  *exec.Cmd
	kept bool // somebody's cleanup kills it
	out  locked
}

// locked is what a process prints.
type locked struct {
	mu  sync.Mutex
	all bytes.Buffer // not embedded: its ReadFrom would pass the mutex by
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// program is where a program is; a test that needs it is skipped without it.
func program(t *testing.T, path, pkg string) string {
	t.Helper()
	found, err := exec.LookPath(path)
	if err != nil {
		t.Skipf("%s is not installed: apt-get install %s", path, pkg)
	}
	return found
}

// start starts the process, and waits until it listens.
func (p *process) start(t *testing.T) {
	t.Helper()
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.dir, append(os.Environ(), p.env...), &p.out, &p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !p.kept {
		p.kept = true
		t.Cleanup(p.kill)
	}
	until(t, func() error {
		c, err := net.Dial("tcp", p.address())
		if err != nil {
			return fmt.Errorf("%w\n%s", err, p.out.String())
		}
		return c.Close()
	})
}

func (p *process) address() string { return fmt.Sprintf("127.0.0.1:%d", p.port) }

// kill kills the process and what it started; it may be called twice.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	// It may be gone already.
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait()
	p.cmd = nil
}

// until tries again until something works.
func until(t *testing.T, try func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-tick.C:
		}
	}
}

// sums adds up what looks say, and is right when it comes to what is wanted and never
// to more.
type sums map[string][2]float64

func (s sums) expect(t *testing.T, source engine.Source, hosts []string, want sums) {
	t.Helper()
	until(t, func() error {
		samples, err := source.Sample(t.Context(), hosts)
		var gaps engine.Gaps
		if err != nil && !errors.As(err, &gaps) {
			return err
		}
		for _, x := range samples {
			s[x.Host] = [2]float64{s[x.Host][0] + x.Events, s[x.Host][1] + x.Exposure}
			if s[x.Host][0] > want[x.Host][0] || s[x.Host][1] > want[x.Host][1] {
				t.Fatalf("%s has %v, more than %v", x.Host, s[x.Host], want[x.Host])
			}
		}
		if fmt.Sprint(s) != fmt.Sprint(want) {
			return fmt.Errorf("counted %v, want %v (%v)", s, want, err)
		}
		return nil
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func port(t *testing.T) int { return haproxytest.Port(t) }
