package matrix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/lab"
)

// soon is how long anything on a host may take before a case gives up on it.
const soon = 2 * time.Minute

// beat is how often a host is looked at while a case waits for it.
const beat = 20 * time.Millisecond

// Host is one lab host that cases run on, one after the other.
type Host struct {
	lab.Host
	Lab *lab.Lab
}

// Run runs a command as root.
func (h *Host) Run(ctx context.Context, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	return h.Lab.Run(ctx, h.Name, append([]string{name}, args...)...)
}

// Script runs a shell script as root; "" does nothing.
func (h *Host) Script(ctx context.Context, text string) error {
	if text == "" {
		return nil
	}
	out, err := h.Run(ctx, "sh", "-ec", text)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// Renew gives the host a fresh disk over layers, and waits until it has booted.
func (h *Host) Renew(ctx context.Context, layers ...string) error {
	if err := h.Lab.Renew(ctx, h.Name, layers...); err != nil {
		return err
	}
	return h.booted(ctx)
}

// booted waits until all that starts with the host has started, or has failed to.
func (h *Host) booted(ctx context.Context) error {
	out, err := h.Run(ctx, "systemctl", "is-system-running", "--wait")
	if state := strings.TrimSpace(string(out)); state != "running" && state != "degraded" {
		return fmt.Errorf("%s is %q after it booted: %w", h.Name, state, err)
	}
	return nil
}

// Reboot cuts the power and boots the host again. What waited to be let go on does not
// wait again.
func (h *Host) Reboot(ctx context.Context) error {
	if err := h.Lab.Kill(ctx, h.Name); err != nil {
		return err
	}
	if err := os.WriteFile(h.at(letGo), nil, 0o644); err != nil {
		return err
	}
	if err := h.Lab.Start(ctx, h.Name); err != nil {
		return err
	}
	return h.booted(ctx)
}

// at is where a file of the host is on this machine.
func (h *Host) at(path string) string { return filepath.Join(h.Root, path) }

// put copies a file of this machine to the host.
func (h *Host) put(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(h.at(to)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(h.at(to), text, 0o644)
}

// Where a script of a release says that it was reached, and waits to be let go on.
const (
	reached = "/var/tmp/reached"
	letGo   = "/var/tmp/let-go"
)

// waitUntil waits until a file is on the host, or done is closed first.
func (h *Host) waitUntil(ctx context.Context, path string, done <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		if _, err := os.Lstat(h.at(path)); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-done:
			return errors.New("it ended before it came to where it was to be stopped")
		case <-ctx.Done():
			return fmt.Errorf("wait for %s on %s: %w", path, h.Name, ctx.Err())
		}
	}
}
