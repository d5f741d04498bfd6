package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// cgroups are the control groups it runs in, one in each hierarchy that its systemd
// tracks services by. Without one of its own, all hosts would share theirs, and
// stopping a service on one would wait for the same service of the others.
func (m Machine) cgroups() []string {
	var groups []string
	for _, hierarchy := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"} {
		if exists(filepath.Join(hierarchy, "cgroup.procs")) {
			groups = append(groups, filepath.Join(hierarchy, m.Name))
		}
	}
	return groups
}

// enterCgroups makes the control groups, and returns the files that a process writes
// its pid to in order to join them.
func (m Machine) enterCgroups() ([]string, error) {
	var files []string
	for _, g := range m.cgroups() {
		if err := os.MkdirAll(g, 0o755); err != nil {
			return nil, fmt.Errorf("make control group: %w", err)
		}
		files = append(files, filepath.Join(g, "cgroup.procs"))
	}
	return files, nil
}

// leaveCgroups removes the control groups. The kernel keeps one busy for a moment
// after its last process has ended.
func (m Machine) leaveCgroups(ctx context.Context) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		err := m.removeCgroups()
		if !errors.Is(err, syscall.EBUSY) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("remove control groups of %s: %w", m.Host, err)
		}
	}
}

// removeCgroups removes the control groups, the innermost first.
func (m Machine) removeCgroups() error {
	var errs []error
	for _, g := range m.cgroups() {
		var dirs []string
		err := filepath.WalkDir(g, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil // what vanishes meanwhile needs no removing
		})
		errs = append(errs, err)
		for _, dir := range slices.Backward(dirs) {
			if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
