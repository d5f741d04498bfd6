package deb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// holds names the file that this program locks when it is run by a test.
const holds = "SLIPWAY_TEST_HOLDS"

func TestMain(m *testing.M) {
	if path := os.Getenv(holds); path != "" {
		os.Exit(hold(path))
	}
	os.Exit(m.Run())
}

// hold locks a file as dpkg does, says so, and keeps it until its input ends.
func hold(path string) int {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err == nil {
		err = syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK})
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("held")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	return 0
}

// holder starts a process that holds a lock; let ends it.
func holder(t *testing.T, path string) (let func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holds+"="+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}
	var once sync.Once
	let = func() {
		once.Do(func() {
			_ = in.Close()
			_ = cmd.Wait()
		})
	}
	t.Cleanup(let)
	return let
}

func TestWait(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "none"), filepath.Join(dir, "free"), filepath.Join(dir, "lock")}
	if err := os.WriteFile(paths[1], nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := waitFor(t.Context(), paths, time.Millisecond); err != nil {
		t.Fatalf("nobody: %v", err)
	}
	let := holder(t, paths[2])
	err := waitFor(t.Context(), paths, time.Millisecond)
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "deb.test (process ") || !strings.Contains(err.Error(), paths[2]) {
		t.Fatalf("held: %v", err)
	}
	if strings.Contains(err.Error(), holds) {
		t.Fatalf("the error shows more than the program: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := waitFor(ctx, paths, time.Minute); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	go let()
	if err := waitFor(t.Context(), paths, time.Minute); err != nil {
		t.Fatalf("let go: %v", err)
	}
}
