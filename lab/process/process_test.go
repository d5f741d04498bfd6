package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// sleeper starts a process that waits, with a mark as its last argument.
func sleeper(t *testing.T, program, mark string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program, "-c", "read nothing", mark)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

func TestWithAndGone(t *testing.T) {
	t.Parallel()
	mark := "mark of " + t.TempDir()
	find := func() []int { return With(mark) }
	if pids := find(); len(pids) != 0 {
		t.Fatalf("found %v before the start", pids)
	}
	cmd := sleeper(t, "/bin/sh", mark)
	sleeper(t, "/bin/sh", mark+"er") // only whole arguments count
	if pids := find(); !slices.Equal(pids, []int{cmd.Process.Pid}) {
		t.Errorf("found %v, want %d", pids, cmd.Process.Pid)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := Gone(ctx, find, func([]int) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
	err := Gone(t.Context(), find, func(pids []int) {
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGKILL) // it becomes a zombie, which counts as gone
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestBelow(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	shell, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "sh")
	if err := os.WriteFile(program, shell, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := sleeper(t, program, "x")
	if pids := Below(dir); !slices.Equal(pids, []int{cmd.Process.Pid}) {
		t.Errorf("found %v, want %d", pids, cmd.Process.Pid)
	}
	if pids := Below(dir + "/s"); len(pids) != 0 {
		t.Errorf("found %v below a part of a name", pids)
	}
}
