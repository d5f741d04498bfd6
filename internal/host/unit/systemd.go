package unit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host/process"
)

// Systemd runs units with systemctl. The zero value is ready.
type Systemd struct{}

const properties = "Id,LoadState,ActiveState,SubState,Result,NRestarts,ExecMainStatus," +
	"MainPID,UnitFileState,EnvironmentFiles,Type,RemainAfterExit,NeedDaemonReload,InvocationID,MemoryCurrent,ControlGroup"

// Status describes units, in the order of their names, with one call of systemctl.
func (Systemd) Status(ctx context.Context, names ...string) ([]Status, error) {
	if len(names) == 0 {
		return nil, nil
	}
	out, err := systemctl(ctx, append([]string{"show", "--property=" + properties, "--"}, names...)...)
	if err != nil {
		return nil, err
	}
	all, err := parseShow(out, names)
	if err != nil {
		return nil, err
	}
	for i, s := range all {
		if s.Active == "inactive" || s.Active == "failed" {
			continue
		}
		all[i].Identity = s.Invocation
		if s.PID != 0 {
			// A process that is gone by now has no start time; the next look says so.
			all[i].Started, _ = process.Started(s.PID)
			is, _ := process.Identity(s.PID)
			all[i].Identity += "/" + is
		}
	}
	return all, nil
}

// Restart restarts a unit, or starts it, and waits until its job is done.
func (Systemd) Restart(ctx context.Context, name string) error {
	return act(ctx, "restart", name)
}

// Start starts a unit and waits until its job is done.
func (Systemd) Start(ctx context.Context, name string) error { return act(ctx, "start", name) }

// Stop stops a unit and waits until it has. A unit that is not there is stopped.
func (Systemd) Stop(ctx context.Context, name string) error {
	err := act(ctx, "stop", name)
	if err != nil && strings.Contains(err.Error(), "not loaded") {
		return nil
	}
	return err
}

// Reload makes systemd read its unit files again.
func (Systemd) Reload(ctx context.Context) error {
	_, err := systemctl(ctx, "daemon-reload")
	return err
}

func act(ctx context.Context, verb, name string) error {
	_, err := systemctl(ctx, verb, "--", name)
	if err == nil || !strings.Contains(err.Error(), "attempted too often") {
		return err
	}
	// A unit that failed too often does not start until it is forgiven.
	if _, err := systemctl(ctx, "reset-failed", "--", name); err != nil {
		return err
	}
	_, err = systemctl(ctx, verb, "--", name)
	return err
}

func systemctl(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "systemctl", append([]string{"--no-pager", "--no-ask-password"}, args...)...)
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err == nil {
		return out, nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	line, _, _ := strings.Cut(strings.TrimSpace(problem.String()), "\n")
	if line != "" {
		err = errors.New(line)
	}
	return out, fmt.Errorf("systemctl %s %s: %w", args[0], args[len(args)-1], err)
}

// parseShow reads the blocks that systemctl show prints, one a unit and in order.
func parseShow(out []byte, names []string) ([]Status, error) {
	blocks := strings.Split(strings.TrimSpace(string(out)), "\n\n")
	if len(blocks) != len(names) {
		return nil, fmt.Errorf("systemctl show: asked for %d units, got %d", len(names), len(blocks))
	}
	all := make([]Status, len(names))
	for i, block := range blocks {
		all[i] = Status{Name: names[i]}
		kind, remains := "", ""
		for line := range strings.Lines(block) {
			key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "=")
			switch key {
			case "Type":
				kind = value
			case "RemainAfterExit":
				remains = value
			default:
				all[i].set(key, value)
			}
		}
		all[i].Batch = kind == "oneshot" && remains != "yes"
	}
	return all, nil
}

func (s *Status) set(key, value string) {
	switch key {
	case "LoadState":
		s.Load = value
	case "ActiveState":
		s.Active = value
	case "SubState":
		s.Sub = value
	case "Result":
		s.Result = value
	case "UnitFileState":
		s.Enabled = value
	case "NeedDaemonReload":
		s.Outdated = value == "yes"
	case "InvocationID":
		s.Invocation = value
	case "ControlGroup":
		s.Group = value
	case "MemoryCurrent":
		// "[not set]", or the largest number there is, where nobody counts.
		if bytes, err := strconv.ParseInt(value, 10, 64); err == nil {
			s.Memory = bytes
		}
	case "NRestarts":
		s.Restarts = number(value)
	case "ExecMainStatus":
		s.Exit = number(value)
	case "MainPID":
		s.PID = number(value)
	case "EnvironmentFiles":
		// Printed as "/etc/default/x (ignore_errors=yes)", once a file.
		path, _, _ := strings.Cut(value, " (ignore_errors=")
		if path != "" {
			s.Environment = append(s.Environment, path)
		}
	}
}

// number reads a count of systemd's; what is not one is 0, as for a unit without a process.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
