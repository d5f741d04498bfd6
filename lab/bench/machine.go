package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Machine is what everything ran on, hosts included.
type Machine struct {
	Cores      int
	Processor  string
	Kernel     string
	Load       string // load averages when the run began
	Go         string
	Ansible    string
	Capistrano string
	SSH        string
}

// describe asks the machine for what it is. Only the versions of what is measured must
// be known.
func describe(ctx context.Context) (m Machine, err error) {
	m = Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), Processor: processor(), Kernel: "unknown", Load: "unknown"}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(text))
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		if f := strings.Fields(string(text)); len(f) > 2 {
			m.Load = strings.Join(f[:3], " ")
		}
	}
	for _, tool := range []struct {
		version *string
		argv    []string
	}{
		{&m.Ansible, []string{"ansible", "--version"}},
		{&m.Capistrano, []string{"cap", "--version"}},
		{&m.SSH, []string{"ssh", "-V"}},
	} {
		cmd := exec.CommandContext(ctx, tool.argv[0], tool.argv[1:]...)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		out, err := cmd.CombinedOutput()
		if err != nil {
			return m, fmt.Errorf("ask %s for its version: %w: %s", tool.argv[0], err, tail(string(out)))
		}
		*tool.version, _, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
	}
	return m, nil
}

// processor is what the kernel calls it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
