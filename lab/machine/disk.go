package machine

import (
	"context"
	"fmt"
	"strconv"
	"syscall"
)

// Limit sets the size of its disk, also while it runs; it cannot be less than Used.
func (m Machine) Limit(ctx context.Context, size int64) error {
	if err := run(ctx, "mount", "-o", "remount,size="+strconv.FormatInt(size, 10), m.disk()); err != nil {
		return fmt.Errorf("set disk size of %s: %w", m.Host, err)
	}
	return nil
}

// Used returns how many bytes it has written to its disk.
func (m Machine) Used() (int64, error) {
	used, err := usedBytes(m.disk())
	if err != nil {
		return 0, fmt.Errorf("measure disk of %s: %w", m.Host, err)
	}
	return used, nil
}

// usedBytes returns how much of the file system at a directory is in use.
func usedBytes(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Blocks-s.Bfree) * int64(s.Bsize), nil
}
