package machine

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/lab/process"
)

// PID returns the pid that its init has on this computer; 0 when it does not run.
func (m Machine) PID() int {
	for _, supervisor := range m.processes() {
		for _, child := range children(supervisor) {
			if firstInNamespace(child) {
				return child
			}
		}
	}
	return 0
}

// processes are the pids of what supervises it on this computer.
func (m Machine) processes() []int { return process.With(m.argument()) }

func children(pid int) []int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	var pids []int
	for _, f := range strings.Fields(string(text)) {
		if child, err := strconv.Atoi(f); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

// firstInNamespace tells whether a process is PID 1 in a namespace of its own.
func firstInNamespace(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if ids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			f := strings.Fields(ids)
			return len(f) > 1 && f[len(f)-1] == "1"
		}
	}
	return false
}
