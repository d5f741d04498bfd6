package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/binary"
	"github.com/slipway-deploy/slipway/internal/method"
)

// incoming is the directory of a host in which artifacts are put.
const incoming = "/var/lib/slipway/.incoming"

// outputWait is how long output is waited for once the helper has ended.
const outputWait = time.Second

const errNotDir = syscall.ENOTDIR

// ask is what the helper of one host is asked.
type ask struct {
	host    string
	request host.Request
}

// answer is what came of it.
type answer struct {
	host     string
	response host.Response
	err      error // no response
	begun    bool  // no response, and the helper was started
}

// call asks the helpers of all hosts, several at a time. each gets one answer a host,
// as it comes and never two at once; once ctx is done the rest have none.
func (f *Fleet) call(ctx context.Context, asks []ask, each func(answer)) error {
	helper, err := f.helperPath()
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	slots, answers := make(chan struct{}, f.cfg.Parallel), make(chan answer)
	for _, a := range asks {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			answers <- f.one(ctx, helper, a)
		})
	}
	go func() {
		wait.Wait()
		close(answers)
	}()
	for a := range answers {
		if a.err != nil && ctx.Err() != nil {
			continue // cut off: nothing is known of it
		}
		each(a)
	}
	return ctx.Err()
}

// one asks one host, and again once the artifact that it lacked is there.
func (f *Fleet) one(ctx context.Context, helper string, a ask) answer {
	out := answer{host: a.host}
	h, err := f.host(a.host)
	if err != nil {
		out.err = err
		return out
	}
	root := filepath.Join(f.cfg.Directory, h.Name)
	q := a.request
	q.Root, q.Address, q.Units = root, h.Address, "process"
	out.response, out.begun, out.err = f.ask(ctx, helper, root, q)
	if out.err != nil || out.response.Code != host.CodeNeedsArtifact {
		return out
	}
	place, err := f.put(ctx, root, q)
	if err != nil {
		out.err, out.begun = err, false
		return out
	}
	out.response, out.begun, out.err = f.ask(ctx, helper, root, q)
	if err := os.Remove(place); err != nil && !errors.Is(err, os.ErrNotExist) {
		f.log.WarnContext(ctx, "an artifact is left on a host", "path", place, "error", err)
	}
	return out
}

// ask runs the helper once. It has a session of its own, and what it hands to its
// worker goes on when this process ends, as on a real host.
func (f *Fleet) ask(ctx context.Context, helper, root string, q host.Request) (r host.Response, begun bool, err error) {
	if err := ctx.Err(); err != nil {
		return host.Response{}, false, err
	}
	line, err := q.Encode()
	if err != nil {
		return host.Response{}, false, err
	}
	var stdout, stderr bytes.Buffer
	cmd, err := started(ctx, func() *exec.Cmd {
		cmd := exec.CommandContext(ctx, helper, "call")
		cmd.Dir = root
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(append(line, '\n')), &stdout, &stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		cmd.WaitDelay = outputWait
		return cmd
	})
	if err != nil {
		return host.Response{}, false, fmt.Errorf("start the helper: %w", err)
	}
	ended := cmd.Wait()
	if err := ctx.Err(); err != nil {
		return host.Response{}, true, err
	}
	// Without an answer how it ended is all that is known; with one it does not matter.
	if out := bytes.TrimSpace(stdout.Bytes()); len(out) > 0 {
		r, err = method.Response(out)
		return r, true, err
	}
	return host.Response{}, true, fmt.Errorf("the helper gave no answer (%w): %s", ended, method.Line(stderr.String()))
}

// started starts a program that was written a moment ago. Another process that was
// forked meanwhile may hold it open for writing until it becomes its own program.
func started(ctx context.Context, command func() *exec.Cmd) (*exec.Cmd, error) {
	for try := 1; ; try++ {
		cmd := command()
		err := cmd.Start()
		if !errors.Is(err, syscall.ETXTBSY) || try == 50 || ctx.Err() != nil {
			return cmd, err
		}
		<-time.After(10 * time.Millisecond)
	}
}

// put puts the artifact that a request lacks where the request says it would be.
func (f *Fleet) put(ctx context.Context, root string, q host.Request) (place string, err error) {
	a := q.Artifact
	if a == nil {
		a = q.Previous
	}
	if a == nil {
		return "", errors.New("the host needs an artifact, and the command comes without one")
	}
	if f.cfg.Store == nil {
		return "", errors.New("the host needs an artifact, and there is no artifact store here")
	}
	from, err := f.cfg.Store.Path(ctx, a.Digest)
	if err != nil {
		return "", fmt.Errorf("the host needs an artifact: %w", err)
	}
	place = filepath.Join(root, a.Path)
	if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
		return "", fmt.Errorf("put the artifact: %w", err)
	}
	if err := replace(from, place); err != nil {
		return "", fmt.Errorf("put the artifact at %s: %w", place, err)
	}
	return place, nil
}

// replace links a file to a place, or copies it where it cannot be linked.
func replace(from, to string) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	temp, err := os.CreateTemp(filepath.Dir(to), ".put-")
	if err != nil {
		return err
	}
	_, err = io.Copy(temp, in)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// helperPath returns the helper to run; the one carried inside is unpacked into the
// fleet's directory, once a version.
func (f *Fleet) helperPath() (string, error) {
	if f.cfg.Helper != "" {
		return f.cfg.Helper, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.helper != "" {
		return f.helper, nil
	}
	p, err := binary.For(runtime.GOARCH)
	if err != nil {
		return "", err
	}
	path := filepath.Join(f.cfg.Directory, ".slipway", "slipway-host-"+p.SHA256)
	if _, err := os.Stat(path); err == nil {
		f.helper = path
		return path, nil
	}
	if err := unpack(p, path); err != nil {
		return "", fmt.Errorf("put the helper at %s: %w", path, err)
	}
	f.helper = path
	return path, nil
}

// unpack writes the helper beside its place and renames it, so that nobody runs half of it.
func unpack(p binary.Program, path string) error {
	b, err := p.Unpack()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	_, err = temp.Write(b)
	err = errors.Join(err, temp.Chmod(0o755), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}
