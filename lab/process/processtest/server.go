package processtest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long the output of a killed server may be held open by what left its group.
const patience = 10 * time.Second

// Server is a program that can be killed and started again. One goroutine uses it at a time.
type Server struct {
	Args    []string
	Env     []string // beside the test's own
	Dir     string
	Address string // where it listens once it has started; nobody waits for one without

	printed printed
	end     chan struct{}         // closed to have it killed; nil while it does not run
	ended   chan *os.ProcessState // how it ended
	kept    bool                  // a test's end kills it
}

// printed is what a server prints, whoever writes it.
type printed struct {
	mu  sync.Mutex   // guards all
	all bytes.Buffer // not embedded: its ReadFrom would pass the mutex by
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.String()
}

// Start starts it, with what it kept in its directory, and waits until it listens. The end
// of the test that starts it first kills it.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if s.end != nil {
		t.Fatalf("%s runs already", s.Args[0])
	}
	cmd := exec.Command(s.Args[0], s.Args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.Dir, append(os.Environ(), s.Env...), &s.printed, &s.printed
	cmd.SysProcAttr, cmd.WaitDelay = ownGroup(), patience
	started, end, ended := make(chan error), make(chan struct{}), make(chan *os.ProcessState)
	go hold(cmd, started, end, ended)
	if err := <-started; err != nil {
		t.Fatalf("start %s: %v", s.Args[0], err)
	}
	s.end, s.ended = end, ended
	if !s.kept {
		s.kept = true
		t.Cleanup(func() { s.Kill(t) })
	}
	if s.Address == "" {
		return
	}
	Until(t, func() error {
		c, err := net.Dial("tcp", s.Address)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, s.printed.String())
		}
		return c.Close()
	})
}

// hold starts a command; when end is closed it kills it, with what it started, and says how
// it ended. It keeps its thread for as long: the kernel kills the command with that one.
func hold(cmd *exec.Cmd, started chan<- error, end <-chan struct{}, ended chan<- *os.ProcessState) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	started <- err
	if err != nil {
		return
	}
	<-end
	// Nobody has waited for it yet, so that its group cannot be another one's by now.
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Wait() // how it ended is in the state
	ended <- cmd.ProcessState
}

// Kill kills it and what it started; it may have been before. A server that has ended by
// itself is an error: what the test saw since then was not of it.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.end == nil {
		return
	}
	close(s.end)
	state := <-s.ended
	s.end = nil
	if status, ok := state.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Errorf("%s has ended by itself: %s\n%s", s.Args[0], state, s.printed.String())
	}
}
