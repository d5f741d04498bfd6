package process

import (
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestIdentity(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "1000")
	before := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	ticks, err := Ticks(pid)
	if err != nil || ticks <= 0 {
		t.Fatalf("%d, %v", ticks, err)
	}
	started, err := Started(pid)
	// A tick of slack on either side: that is how exact it is.
	if err != nil || started.Before(before.Add(-2*tick)) || started.After(time.Now().Add(2*tick)) {
		t.Fatalf("started %v, %v; began %v", started, err, before)
	}
	if own, err := Ticks(os.Getpid()); err != nil || own > ticks {
		t.Fatalf("this process started at %d, its child at %d; %v", own, ticks, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if _, err := Ticks(pid); !errors.Is(err, ErrGone) {
		t.Fatalf("after its end: %v", err)
	}
	if _, err := Started(pid); !errors.Is(err, ErrGone) {
		t.Fatalf("after its end: %v", err)
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if file, dir, deleted := Program(os.Getpid()); file != self || dir != wd || deleted {
		t.Fatalf("%q in %q, deleted %v; expected %q in %q", file, dir, deleted, self, wd)
	}
}
