package machine

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// Run runs a command as root on it, without a shell.
func (m Machine) Run(ctx context.Context, argv ...string) ([]byte, error) {
	pid := m.PID()
	if pid == 0 {
		return nil, fmt.Errorf("run %s on %s: the host is not running", argv[0], m.Host)
	}
	enter := append([]string{"--target", strconv.Itoa(pid), "--all", "--"}, argv...)
	cmd := exec.CommandContext(ctx, "nsenter", enter...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.Bytes(), fmt.Errorf("run %s on %s: %w: %s", strings.Join(argv, " "), m.Host, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}
