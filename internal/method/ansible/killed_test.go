//go:build linux

package ansible

import (
	"bufio"
	"os"
	"os/exec"
	signals "os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// asSlipway makes the test program play a slipway that runs the program of a fifo.
const asSlipway = "SLIPWAY_TEST_PLAYS_WITH"

// TestKilledSlipwayInterruptsAnsible: after kill -9 a playbook must not go on by itself.
func TestKilledSlipwayInterruptsAnsible(t *testing.T) {
	if fifo := os.Getenv(asSlipway); fifo != "" {
		// As slipway does: what it starts can then be interrupted, even where a shell that runs
		// this in the background has it ignore that.
		signals.Notify(make(chan os.Signal, 1), os.Interrupt)
		script := `exec 3>"$0"; trap 'echo interrupted >&3; exit' INT; echo up >&3; while :; do sleep 0.1; done`
		_, err := process{name: "sh", args: []string{"-c", script, fifo}, dir: t.TempDir(), env: os.Environ()}.run(t.Context())
		t.Fatalf("it was to be killed: %v", err)
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	child.Env = append(os.Environ(), asSlipway+"="+fifo)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	says, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	defer says.Close()
	lines := bufio.NewScanner(says)
	if !lines.Scan() || lines.Text() != "up" {
		t.Fatalf("the program said %q: %v", lines.Text(), lines.Err())
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	if !lines.Scan() || lines.Text() != "interrupted" {
		t.Fatalf("after the kill the program said %q: %v", lines.Text(), lines.Err())
	}
}
