package haproxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// tunnelWithin bounds the making of a tunnel: the login and, perhaps, jump hosts.
const tunnelWithin = 20 * time.Second

// pathLimit is what fits into the address of a Unix socket everywhere.
const pathLimit = 100

// tunnel carries connections to a Unix socket on a balancer: one `ssh -N -L` for as
// long as its client lives, started on first use and again when it was lost. It
// needs nothing on the balancer but sshd.
type tunnel struct {
	address Address
	program []string

	mu  sync.Mutex // guards run; held while a tunnel is made, so that there is one
	run *run
}

// run is one ssh process. done is closed when it has ended; err is set before.
type run struct {
	path   string // local end
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

func newTunnel(a Address, program []string) *tunnel {
	if len(program) == 0 {
		program = []string{"ssh"}
	}
	return &tunnel{address: a, program: program}
}

// open returns the local path of the socket.
func (t *tunnel) open(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.run != nil && t.run.alive() {
		return t.run.path, nil
	}
	t.end()
	r, err := t.start(ctx)
	if err != nil {
		return "", err
	}
	t.run = r
	if err := r.ready(ctx); err != nil {
		t.end()
		return "", err
	}
	return r.path, nil
}

// close ends the ssh process and removes the local socket.
func (t *tunnel) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end()
}

func (t *tunnel) end() error {
	if t.run == nil {
		return nil
	}
	r := t.run
	t.run = nil
	r.cancel()
	<-r.done
	return os.RemoveAll(filepath.Dir(r.path))
}

// start runs ssh in the background. Its lifetime is the client's and not the
// caller's, hence a context without the caller's end.
func (t *tunnel) start(ctx context.Context) (*run, error) {
	dir, err := socketDir()
	if err != nil {
		return nil, fmt.Errorf("directory for the local end of the tunnel: %w", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &run{path: filepath.Join(dir, "s"), cancel: cancel, done: make(chan struct{})}
	args := append(append([]string{}, t.program[1:]...), sshArguments(r.path, t.address)...)
	cmd := exec.CommandContext(ctx, t.program[0], args...)
	// Away from the terminal's Ctrl-C: the client decides when the tunnel ends.
	cmd.SysProcAttr = ownGroup()
	cmd.WaitDelay = time.Second
	go r.wait(cmd)
	return r, nil
}

// sshArguments keeps the user's ssh configuration, agent and jump hosts, and turns off
// what would share the connection with other programs, ask questions or run something.
func sshArguments(local string, a Address) []string {
	return []string{
		"-o", "BatchMode=yes",
		"-o", "ExitOnForwardFailure=yes",
		"-o", "ConnectTimeout=10",
		"-o", "ServerAliveInterval=5",
		"-o", "ServerAliveCountMax=3",
		"-o", "ControlMaster=no",
		"-o", "ControlPath=none",
		"-o", "PermitLocalCommand=no",
		"-o", "ForwardAgent=no",
		"-o", "ForwardX11=no",
		"-o", "StreamLocalBindMask=0177",
		"-nNT",
		"-L", local + ":" + a.Path,
		"--", a.Login,
	}
}

// wait starts the process and waits for it on one thread: where the system can end
// the child with its parent, it does so when the thread ends.
func (r *run) wait(cmd *exec.Cmd) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(r.done)
	var said tail
	cmd.Stderr = &said
	err := cmd.Run()
	r.err = fmt.Errorf("ssh: %w", err)
	if err == nil {
		r.err = errors.New("ssh ended")
	}
	if text := oneLine(said.String()); text != "" {
		r.err = fmt.Errorf("%w: %s", r.err, text)
	}
}

func (r *run) alive() bool {
	select {
	case <-r.done:
		return false
	default:
		return true
	}
}

// ready waits until the local end takes connections.
func (r *run) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tunnelWithin)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-r.done:
			return r.err
		case <-ctx.Done():
			return fmt.Errorf("tunnel through ssh: %w", ctx.Err())
		case <-tick.C:
		}
		if _, err := os.Lstat(r.path); err != nil {
			continue
		}
		if conn, err := (&net.Dialer{}).DialContext(ctx, "unix", r.path); err == nil {
			return conn.Close()
		}
	}
}

// socketDir makes a private directory with a path short enough for a socket in it.
func socketDir() (string, error) {
	dir, err := os.MkdirTemp("", "slipway")
	if err != nil || len(dir) < pathLimit {
		return dir, err
	}
	if err := os.Remove(dir); err != nil {
		return "", err
	}
	return os.MkdirTemp("/tmp", "slipway")
}

// tail keeps the end of what a program says.
type tail struct{ bytes.Buffer }

const tailLimit = 4096

func (t *tail) Write(p []byte) (int, error) {
	n, err := t.Buffer.Write(p)
	if over := t.Len() - tailLimit; over > 0 {
		t.Next(over)
	}
	return n, err
}
