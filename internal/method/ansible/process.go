package ansible

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
)

// How long a cancelled Ansible has after SIGINT and after SIGTERM, and how long its
// output is waited for once it has ended.
const (
	interruptWait = 5 * time.Second
	terminateWait = 3 * time.Second
	outputWait    = 2 * time.Second
)

// process is one program of Ansible's, ready to be run once.
type process struct {
	name   string
	args   []string
	dir    string
	env    []string
	events func(event) // nil: it has no events; called by one goroutine, never after run returns
}

// ended is how it ended and what it said.
type ended struct {
	code   int // -1: by a signal
	stdout []byte
	stderr []byte
}

// run runs the program in a process group of its own and waits for it and for all of
// its output. A cancelled ctx interrupts, then terminates, then kills the group; the
// error is then ctx's. Another error means that it could not be run at all.
func (p process) run(ctx context.Context) (ended, error) {
	path, err := exec.LookPath(p.name)
	if err != nil {
		return ended{}, fmt.Errorf("%w: %s is not installed here: install ansible-core (apt install ansible-core); %w: %w", ErrAnsible, p.name, engine.ErrUntouched, err)
	}
	if err := ctx.Err(); err != nil {
		return ended{}, err
	}
	var stdout, stderr tail
	cmd := exec.Command(path, p.args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = ownGroup()
	// The signal for a slipway that was killed comes when the thread that started the
	// program ends: this one stays until the program has.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.WaitDelay = outputWait
	heard, err := p.start(cmd)
	if err != nil {
		return ended{}, fmt.Errorf("%w: start %s: %w", ErrAnsible, p.name, err)
	}
	exited, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		stop(ctx, cmd.Process.Pid, exited)
	}()
	err = cmd.Wait()
	close(exited)
	<-stopped
	lost := heard()
	if err := ctx.Err(); err != nil {
		return ended{}, err
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return ended{}, fmt.Errorf("%w: wait for %s: %w", ErrAnsible, p.name, err)
	}
	if lost != nil {
		// Not final: a host whose event was lost has no result, and is judged so.
		stderr.Write([]byte("\n" + lost.Error()))
	}
	return ended{code: cmd.ProcessState.ExitCode(), stdout: stdout.bytes(), stderr: stderr.bytes()}, nil
}

// start starts the program with its pipe of events on descriptor 3. The function it
// returns waits until all events were heard.
func (p process) start(cmd *exec.Cmd) (func() error, error) {
	if p.events == nil {
		return func() error { return nil }, cmd.Start()
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{w}
	err = cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	result := make(chan error, 1)
	go func() { result <- read(r, p.events) }()
	return func() error {
		defer r.Close()
		// A stray worker may still hold the pipe; what it has to say is no more wanted.
		if err := r.SetReadDeadline(time.Now().Add(outputWait)); err != nil {
			return err
		}
		if err := <-result; !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		return nil
	}, nil
}

// stop ends a process group once ctx is done, unless its leader exits first. It goes
// to the group, since Ansible's workers outlive a leader that is killed alone.
func stop(ctx context.Context, group int, exited <-chan struct{}) {
	select {
	case <-exited:
		return
	case <-ctx.Done():
	}
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, interruptWait}, {syscall.SIGTERM, terminateWait}} {
		signal(group, step.signal)
		t := time.NewTimer(step.wait)
		select {
		case <-exited:
			t.Stop()
			signal(group, syscall.SIGKILL)
			return
		case <-t.C:
		}
	}
	signal(group, syscall.SIGKILL)
	<-exited
}

// signal ignores the error: it can only be that the group is gone, which is wanted.
func signal(group int, s syscall.Signal) { _ = syscall.Kill(-group, s) }

// tail is what a program said; of a very long text the beginning is forgotten.
type tail struct{ b []byte }

const tailMost = 64 << 20

var _ io.Writer = (*tail)(nil)

// Write adds to the text.
func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - tailMost; over > 0 {
		t.b = t.b[over:]
	}
	return len(p), nil
}

func (t *tail) bytes() []byte { return t.b }
