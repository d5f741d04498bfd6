package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/slipway-deploy/slipway/lab/machine"
	"github.com/slipway-deploy/slipway/lab/mount"
)

// Down takes the lab of a name away: processes, mounts, network, files. It works on
// what a crashed Up left too; a lab that does not exist is ErrNone. Run again after
// an error, it goes on where it ended.
func Down(ctx context.Context, name string) error {
	r, err := load(name)
	if err != nil {
		return err
	}
	unlock, err := r.lock()
	if err != nil {
		return fmt.Errorf("take lab %s away: %w", name, err)
	}
	defer unlock()
	if err := r.remove(ctx); err != nil {
		return fmt.Errorf("take lab %s away: %w", name, err)
	}
	return nil
}

// remove takes away everything that a record tells of, whether it was made or not.
// The record goes last: as long as anything is left, the lab can be found.
func (r record) remove(ctx context.Context) error {
	var errs []error
	for _, b := range r.Info.Balancers {
		errs = append(errs, r.endBalancer(ctx, b))
	}
	errs = append(errs, r.removeMachines(ctx))
	if exists("/sys/class/net/" + r.Info.Bridge) {
		out, err := exec.CommandContext(ctx, "ip", "link", "delete", r.Info.Bridge).CombinedOutput()
		if err != nil {
			errs = append(errs, fmt.Errorf("delete bridge %s: %w: %s", r.Info.Bridge, err, strings.TrimSpace(string(out))))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	// Whatever somebody mounted below it must not be removed with it.
	if err := mount.Detach(ctx, r.Info.Directory); err != nil {
		return err
	}
	if err := os.RemoveAll(r.Info.Directory); err != nil {
		return err
	}
	return r.forget()
}

// removeMachines ends all hosts, and takes them away all the same when one will not end.
func (r record) removeMachines(ctx context.Context) error {
	results := make(chan error, len(r.Machines))
	for _, m := range r.Machines {
		go func() { results <- removeMachine(ctx, m) }()
	}
	var errs []error
	for range r.Machines {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}

func removeMachine(ctx context.Context, m machine.Machine) error {
	if err := m.Kill(ctx); err != nil {
		return err
	}
	return m.Remove(ctx)
}
