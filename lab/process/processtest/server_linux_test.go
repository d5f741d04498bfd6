package processtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab/process"
)

// serving is a server that says where it works, and an argument that only it has.
func serving(t *testing.T, address string) (s *Server, mark string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	mark = fmt.Sprintf("TCP-LISTEN:%s,bind=%s,fork,reuseaddr", port, host)
	program := Program(t, "socat", "socat")
	return &Server{Address: address, Dir: t.TempDir(), Env: []string{"SAYS=I am in"}, Args: []string{program, mark, "SYSTEM:echo $SAYS $PWD"}}, mark
}

// gone waits until no process has a mark any more, and kills those that have it still.
func gone(t *testing.T, mark string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := process.Gone(ctx, func() []int { return process.With(mark) }, func([]int) {}); err != nil {
		t.Error(err)
		for _, pid := range process.With(mark) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone by now
		}
	}
}

// TestServer: what a server has started ends with it, and it can be started again. The test
// that started it first leaves none of it behind.
func TestServer(t *testing.T) {
	t.Parallel()
	var s *Server
	var mark string
	t.Run("runs", func(t *testing.T) {
		s, mark = serving(t, Free(t, Loopback).String())
		s.Args = append([]string{"/bin/sh", "-c", `"$@" & wait; :`, "sh"}, s.Args...)
		for range 2 {
			s.Start(t)
			if got := said(t, s.Address); got != "I am in "+s.Dir+"\n" {
				t.Errorf("it said %q", got)
			}
			if n := len(process.With(mark)); n < 2 {
				t.Errorf("%d processes run, want a shell and its child", n)
			}
			s.Kill(t)
			gone(t, mark)
			s.Kill(t)
		}
		s.Start(t)
	})
	gone(t, mark)
	if s.end != nil {
		t.Error("it outlived its test")
	}
}

// said is all that a server says to who connects.
func said(t *testing.T, address string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	all, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// blamed is a test that goes on after its errors.
type blamed struct {
	*testing.T
	errors []string
}

func (b *blamed) Errorf(format string, args ...any) {
	b.errors = append(b.errors, fmt.Sprintf(format, args...))
}

func TestAServerThatEndsByItself(t *testing.T) {
	t.Parallel()
	mark := "mark of " + t.TempDir()
	s := &Server{Args: []string{"/bin/sh", "-c", "echo no memory; exit 3", "sh", mark}}
	s.Start(t)
	gone(t, mark)
	b := &blamed{T: t}
	s.Kill(b)
	if len(b.errors) != 1 || b.errors[0] != "/bin/sh has ended by itself: exit status 3\nno memory\n" {
		t.Errorf("said was %q", b.errors)
	}
}

// killedAddress tells TestKilledHalfWay that it is the one to be killed.
const killedAddress = "PROCESSTEST_KILLED_ADDRESS"

// TestKilledHalfWay: no server outlives the process of a test that was killed.
func TestKilledHalfWay(t *testing.T) {
	t.Parallel()
	if address := os.Getenv(killedAddress); address != "" {
		s, _ := serving(t, address)
		s.Start(t)
		t.Fatal(syscall.Kill(os.Getpid(), syscall.SIGKILL))
	}
	address := Free(t, Loopback).String()
	_, mark := serving(t, address)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledHalfWay$")
	cmd.Env = append(os.Environ(), killedAddress+"="+address, "TMPDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("it was to be killed: %v\n%s", err, out)
	}
	gone(t, mark)
}
