package unit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host/process"
	"github.com/slipway-deploy/slipway/internal/host/root"
)

const name = "demo.service"

// newProcess returns a host with one unit that runs a script.
func newProcess(t *testing.T, script string) Process {
	t.Helper()
	p := Process{Root: root.Dir(t.TempDir()), Service: "/opt/demo", Address: "127.0.0.9", Grace: 300 * time.Millisecond}
	write(t, p.Root.Path("/opt/demo/run"), "#!/bin/sh\n"+script, 0o755)
	write(t, p.Root.Path(unitsAt+"/"+name), "[Service]\nExecStart=/opt/demo/run\n", 0o644)
	// The context of the test has ended by then.
	t.Cleanup(func() { must(t, p.Stop(context.WithoutCancel(t.Context()), name)) })
	return p
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	// By another process: a file that this one holds open for writing, in a child of
	// another test too, cannot be run.
	cmd := exec.Command("tee", path)
	cmd.Stdin = strings.NewReader(text)
	must(t, cmd.Run())
	must(t, os.Chmod(path, mode))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func status(t *testing.T, p Process) Status {
	t.Helper()
	all, err := p.Status(t.Context(), name)
	must(t, err)
	return all[0]
}

func TestProcessStartsAndStops(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "echo $ADDRESS\nexec sleep 1000\n")
	if s := status(t, p); s.Active != "inactive" || s.Enabled != "disabled" || s.Load != "loaded" {
		t.Fatalf("before: %+v", s)
	}
	must(t, p.Start(t.Context(), name))
	first := status(t, p)
	if !first.Up() || first.PID == 0 || time.Since(first.Started) > time.Minute {
		t.Fatalf("started: %+v", first)
	}
	must(t, p.Start(t.Context(), name))
	if again := status(t, p); again.PID != first.PID {
		t.Fatal("a running unit was started again")
	}
	must(t, p.Restart(t.Context(), name))
	second := status(t, p)
	if second.PID == first.PID || !second.Up() {
		t.Fatalf("restarted: %+v", second)
	}
	must(t, p.Stop(t.Context(), name))
	must(t, p.Stop(t.Context(), name))
	if s := status(t, p); s.Active != "inactive" {
		t.Fatalf("stopped: %+v", s)
	}
	if _, err := process.Ticks(second.PID); err == nil {
		t.Fatal("the process is still there")
	}
}

func TestProcessThatIgnoresTermIsKilledWithItsGroup(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "trap '' TERM\nsleep 1000 &\necho $! > $0.child\nwait\n")
	must(t, p.Start(t.Context(), name))
	child := 0
	for end := time.Now().Add(10 * time.Second); child == 0 && time.Now().Before(end); {
		data, _ := os.ReadFile(p.Root.Path("/opt/demo/run.child"))
		child, _ = strconv.Atoi(strings.TrimSpace(string(data)))
	}
	must(t, p.Stop(t.Context(), name))
	for end := time.Now().Add(10 * time.Second); ; {
		if _, err := process.Ticks(child); err != nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("child %d outlived its group", child)
		}
	}
}

func TestProcessNeverTouchesAPidThatIsSomebodyElses(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "exec sleep 1000\n")
	other := exec.Command("sleep", "1000")
	other.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, other.Start())
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	ticks, err := process.Ticks(other.Process.Pid)
	must(t, err)
	write(t, p.pidFile(name), fmt.Sprintf("%d %d\n", other.Process.Pid, ticks-1), 0o644)
	if s := status(t, p); s.Up() || s.Active != "failed" {
		t.Fatalf("status: %+v", s)
	}
	must(t, p.Stop(t.Context(), name))
	if _, err := process.Ticks(other.Process.Pid); err != nil {
		t.Fatal("the other process was ended")
	}
}

func TestProcessThatEndsHasFailed(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "exit 3\n")
	must(t, p.Start(t.Context(), name))
	for end := time.Now().Add(10 * time.Second); status(t, p).Active != "failed"; {
		if time.Now().After(end) {
			t.Fatalf("status: %+v", status(t, p))
		}
	}
}

func TestProcessStates(t *testing.T) {
	t.Parallel()
	p := newProcess(t, "exec sleep 1000\n")
	unit := p.Root.Path(unitsAt + "/" + name)
	must(t, os.MkdirAll(p.Root.Path(unitsAt+"/multi-user.target.wants"), 0o755))
	must(t, os.Symlink("../"+name, p.Root.Path(unitsAt+"/multi-user.target.wants/"+name)))
	if s := status(t, p); s.Enabled != "enabled" {
		t.Errorf("enabled: %+v", s)
	}
	must(t, os.Remove(unit))
	if s := status(t, p); !s.Missing() {
		t.Errorf("missing: %+v", s)
	}
	must(t, os.Symlink("/dev/null", unit))
	if s := status(t, p); s.Enabled != "masked" {
		t.Errorf("masked: %+v", s)
	}
	if err := p.Start(t.Context(), name); err == nil {
		t.Error("a masked unit was started")
	}
	write(t, p.pidFile(name), "nonsense", 0o644)
	if _, err := p.Status(t.Context(), name); err == nil || !strings.Contains(err.Error(), "should hold a pid") {
		t.Errorf("nonsense in the pid file: %v", err)
	}
	must(t, os.Remove(p.pidFile(name)))
}

// TestHalfWrittenPid: one look that comes between the file's beginning and its content waits.
func TestHalfWrittenPid(t *testing.T) {
	t.Parallel()
	p := Process{Root: root.Dir(t.TempDir())}
	file := p.pidFile(name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	time.AfterFunc(30*time.Millisecond, func() { written <- os.WriteFile(file, []byte("4711 12\n"), 0o644) })
	if id, err := p.identity(name); err != nil || id.pid != 4711 {
		t.Errorf("%+v, %v", id, err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}
