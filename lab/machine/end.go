package machine

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/slipway-deploy/slipway/lab/process"
)

// poweroff is what a systemd that is PID 1 takes as the order to shut down: SIGRTMIN+4.
const poweroff = syscall.Signal(34 + 4)

// Stop shuts it down cleanly and waits for the end.
func (m Machine) Stop(ctx context.Context) error {
	if pid := m.PID(); pid != 0 {
		if err := syscall.Kill(pid, poweroff); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop %s: %w", m.Host, err)
		}
	}
	if err := process.Gone(ctx, m.processes, func([]int) {}); err != nil {
		return fmt.Errorf("stop %s: %w", m.Host, err)
	}
	return nil
}

// Kill ends it at once, as a power cut would, and waits for the end.
func (m Machine) Kill(ctx context.Context) error {
	err := process.Gone(ctx, m.processes, func(supervisors []int) {
		// When its init is dead, all of it is, and the supervisor ends by itself.
		// One without an init is on its way up or hangs.
		victims := supervisors
		if pid := m.PID(); pid != 0 {
			victims = []int{pid}
		}
		for _, pid := range victims {
			syscall.Kill(pid, syscall.SIGKILL) //nolint:errcheck // it may just have ended: looked at again
		}
	})
	if err != nil {
		return fmt.Errorf("kill %s: %w", m.Host, err)
	}
	return nil
}
