package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/slipway-deploy/slipway/lab/process"
)

// Down takes the fleet away: its services, its balancer, its files.
func (f *Fleet) Down(ctx context.Context) error {
	err := f.end(ctx, f.info.Directory)
	if err == nil {
		err = os.RemoveAll(f.info.Directory)
	}
	if err != nil {
		return fmt.Errorf("take the local fleet in %s away: %w", f.info.Directory, err)
	}
	return nil
}

// Down takes the fleet in a directory away that another process brought up.
func Down(ctx context.Context, dir string) error {
	i, err := Open(dir)
	if err != nil {
		return err
	}
	return (&Fleet{info: i}).Down(ctx)
}

// end ends whatever of the fleet in a directory runs.
func (f *Fleet) end(ctx context.Context, dir string) error {
	var errs []error
	if f.stop != nil {
		errs = append(errs, f.stop())
		f.stop = nil
	}
	if f.child != nil {
		f.child.Process.Kill() //nolint:errcheck // it may have ended by itself
		f.child.Wait()         //nolint:errcheck // killed is how it should end
		f.child = nil
	}
	errs = append(errs, process.Gone(ctx, func() []int { return processes(dir) }, func(pids []int) {
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGKILL) //nolint:errcheck // it may just have ended: looked at again
		}
	}))
	return errors.Join(errs...)
}

// processes are those of the services below a fleet's directory, and its balancer's.
func processes(dir string) []int {
	pids := process.Below(filepath.Join(dir, "fleet"))
	text, err := os.ReadFile(filepath.Join(dir, pidFile))
	if err != nil {
		return pids
	}
	noted, err := strconv.Atoi(strings.TrimSpace(string(text)))
	for _, pid := range process.With(filepath.Join(dir, configFile)) {
		if err == nil && pid == noted { // and not somebody who looks at the file
			pids = append(pids, pid)
		}
	}
	return pids
}
