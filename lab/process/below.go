package process

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Below returns the pids of the running processes whose program lies below a
// directory, as far as this user may see them.
func Below(dir string) []int {
	paths, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return nil // the pattern is constant and well formed
	}
	var pids []int
	for _, path := range paths {
		program, err := os.Readlink(path) // of others, and of those that have ended, it cannot be read
		if err != nil || !strings.HasPrefix(program, strings.TrimSuffix(dir, "/")+"/") {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
