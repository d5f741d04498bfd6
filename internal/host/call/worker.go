package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/memory"
	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/work"
)

// workVerb is how the program calls itself.
const workVerb = "work"

const answered = ".answer"

// handOver has a worker do the request in a file and waits for its answer.
func handOver(ctx context.Context, r host.Request, file string) (host.Response, error) {
	ended := start(ctx, r, file)
	response, err := collect(file)
	if errors.Is(err, os.ErrNotExist) {
		// It was ended before it could answer: the same call again goes on.
		return host.Response{}, fmt.Errorf("the worker ended without an answer (%w): call again", errors.Join(ended, ctx.Err()))
	}
	return response, err
}

// leave writes a request where a worker finds it: in a file, since a command line can
// be read by everybody.
func leave(r host.Request) (string, error) {
	if _, err := memory.Open(root.Dir(r.Root), r.Service); err != nil {
		return "", err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	dir := root.Dir(r.Root).Path(memory.Where + "/" + r.Service + "/requests")
	f, err := os.CreateTemp(dir, memory.Of(r).String()+"-")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// start starts a worker and waits for its end, which it survives when this process
// does not.
func start(ctx context.Context, r host.Request, file string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if r.Units != "process" && booted() {
		return run(ctx, exec.CommandContext(ctx, "systemd-run", "--quiet", "--collect", "--wait", "--service-type=exec",
			"--unit="+unitName(r, file), "--description=slipway: "+string(r.Verb)+" of "+r.Service,
			"--property=KillMode=control-group", "--property=OOMScoreAdjust=-500", "--", self, workVerb, file))
	}
	cmd := exec.Command(self, workVerb, file) //nolint:noctx // it outlives its caller on purpose
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return run(ctx, cmd)
}

func run(ctx context.Context, cmd *exec.Cmd) error {
	var problem strings.Builder
	if cmd.Cancel != nil {
		cmd.Stderr = &problem
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	if err != nil && problem.Len() > 0 {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(problem.String()))
	}
	return errors.Join(err, ctx.Err())
}

// booted reports whether systemd runs this host.
func booted() bool {
	_, err := os.Stat("/run/systemd/system")
	return err == nil
}

// unitName names a worker: findable by service and rollout, and each call's its own,
// so that a second call of the same id waits for the first one at the lock.
func unitName(r host.Request, file string) string {
	words := strings.NewReplacer("~", "_", "+", "_") // which systemd does not take
	return words.Replace("slipway-" + r.Service + "-" + filepath.Base(file) + ".service")
}

// worker does the request in a file and leaves the answer beside it.
func worker(ctx context.Context, cfg work.Config, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var r host.Request
	if err := decode(data, &r); err != nil {
		return err
	}
	line, err := json.Marshal(work.Do(ctx, cfg, r))
	if err != nil {
		return err
	}
	return root.Write(file+answered, line, 0o600)
}

// collect takes the answer of a worker, and the request with it.
func collect(file string) (r host.Response, err error) {
	data, err := os.ReadFile(file + answered)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("answer of the worker: %w", err)
	}
	return r, errors.Join(os.Remove(file), os.Remove(file+answered))
}
