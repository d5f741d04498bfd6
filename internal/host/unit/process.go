package unit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/internal/host/process"
	"github.com/slipway-deploy/slipway/internal/host/root"
)

// Process runs units of a local fleet as process groups on this machine. A unit is
// read from etc/systemd/system below Root. Its pid and start time are kept in run/,
// what it prints goes to var/log/.
type Process struct {
	Root root.Dir
	// Service is the service's directory on the host, /opt/checkout: words of a unit
	// file that lie below it are taken below Root.
	Service string
	// Address is given to processes as ADDRESS in their environment.
	Address string
	// Grace is how long a process may take to end before it is killed; 0: 10 s.
	Grace time.Duration
}

const (
	unitsAt = "/etc/systemd/system"
	look    = 10 * time.Millisecond // how often a process that ends is looked at
)

// Status describes units, in the order of their names.
func (p Process) Status(_ context.Context, names ...string) ([]Status, error) {
	all := make([]Status, 0, len(names))
	for _, name := range names {
		s := Status{Name: name, Load: "loaded", Active: "inactive", Sub: "dead", Result: "success"}
		target, err := os.Readlink(p.Root.Path(unitsAt + "/" + name))
		switch {
		case err == nil && target == "/dev/null":
			s.Load, s.Enabled = "masked", "masked"
		default:
			s.Enabled, err = p.enabled(name)
			if errors.Is(err, fs.ErrNotExist) {
				s.Load = "not-found"
			} else if err != nil {
				return nil, err
			}
		}
		id, err := p.identity(name)
		if err != nil {
			return nil, err
		}
		switch {
		case id.alive():
			s.Active, s.Sub, s.PID = "active", "running", id.pid
			// It may end between the two looks; the next one says so.
			s.Started, _ = process.Started(id.pid)
			s.Identity, _ = process.Identity(id.pid)
		case id.pid != 0:
			s.Active, s.Sub, s.Result = "failed", "failed", "exit-code"
		}
		all = append(all, s)
	}
	return all, nil
}

// enabled says whether a target wants the unit.
func (p Process) enabled(name string) (string, error) {
	if _, err := os.Stat(p.Root.Path(unitsAt + "/" + name)); err != nil {
		return "", err
	}
	links, err := filepath.Glob(filepath.Join(p.Root.Path(unitsAt), "*.wants", name))
	if err != nil {
		return "", fmt.Errorf("look for %s in targets: %w", name, err)
	}
	if len(links) > 0 {
		return "enabled", nil
	}
	return "disabled", nil
}

// Restart stops the unit if it runs, and starts it.
func (p Process) Restart(ctx context.Context, name string) error {
	if err := p.Stop(ctx, name); err != nil {
		return err
	}
	return p.Start(ctx, name)
}

// Start starts the unit's process in a session of its own; a running unit is left alone.
func (p Process) Start(ctx context.Context, name string) error {
	id, err := p.identity(name)
	if err != nil || id.alive() {
		return err
	}
	path := p.Root.Path(unitsAt + "/" + name)
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	file, err := ParseFile(path, text)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	if err := os.MkdirAll(filepath.Dir(p.pidFile(name)), 0o755); err != nil {
		return err
	}
	pid, err := p.spawn(name, file)
	if err == nil {
		err = p.known(ctx, name, pid)
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	return nil
}

// announce writes down which process it is before it becomes the unit's program: when
// the helper is killed meanwhile, nobody has started something that nobody knows of.
// The pid and the start time stay the same; $0 is the file, the rest is what to run.
const announce = `read -r pid name state parent group session tty foreground flags minor cminor major cmajor ` +
	`user system cuser csystem priority nice threads alarm start rest </proc/self/stat && ` +
	`echo "$pid $start" >"$0" && exec "$@"`

func (p Process) spawn(name string, file File) (pid int, err error) {
	logs := p.logFile(name)
	if err := os.MkdirAll(filepath.Dir(logs), 0o755); err != nil {
		return 0, err
	}
	out, err := os.OpenFile(logs, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	argv := make([]string, len(file.Exec))
	for i, word := range file.Exec {
		argv[i] = p.mapped(word)
	}
	if _, err := exec.LookPath(argv[0]); err != nil {
		return 0, err
	}
	// The process outlives the helper on purpose: no context ends it.
	cmd := exec.Command("/bin/sh", append([]string{"-c", announce, p.pidFile(name)}, argv...)...) //nolint:noctx // see above
	cmd.Dir = p.mapped(file.Directory)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "ADDRESS=" + p.Address}
	for _, e := range file.Environment {
		key, value, _ := strings.Cut(e, "=")
		cmd.Env = append(cmd.Env, key+"="+p.mapped(value))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	pid = cmd.Process.Pid // Release forgets it
	return pid, cmd.Process.Release()
}

// mapped takes paths below the service's directory below the root.
func (p Process) mapped(word string) string {
	if p.Service != "" && (word == p.Service || strings.HasPrefix(word, p.Service+"/")) {
		return p.Root.Path(word)
	}
	return word
}

// Stop ends the unit's process group: first politely, then not.
func (p Process) Stop(ctx context.Context, name string) error {
	id, err := p.identity(name)
	if err != nil {
		return err
	}
	if id.alive() {
		if err := id.end(ctx, p.grace()); err != nil {
			return fmt.Errorf("stop %s: %w", name, err)
		}
	}
	err = os.Remove(p.pidFile(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("stop %s: %w", name, err)
	}
	return nil
}

// Reload does nothing: unit files are read when a unit starts.
func (Process) Reload(context.Context) error { return nil }

func (p Process) grace() time.Duration {
	if p.Grace == 0 {
		return 10 * time.Second
	}
	return p.Grace
}
