package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// connections are the SSH connections that Ansible keeps open, in a directory of the
// run's own.
type connections struct{ dir string }

func (b *bench) connections() connections { return connections{filepath.Join(b.dir, "cp")} }

// env makes Ansible, also under Slipway, keep them there. No colour and no settings of
// the user's shell differ between the contenders.
func (c connections) env() []string {
	return []string{"ANSIBLE_SSH_CONTROL_PATH_DIR=" + c.dir, "ANSIBLE_NOCOLOR=1"}
}

// end closes all, so that what comes next has to connect anew.
func (c connections) end(ctx context.Context) error {
	sockets, err := os.ReadDir(c.dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, s := range sockets {
		// The name of the host is not used: the socket says where it leads.
		out, err := exec.CommandContext(ctx, "ssh", "-o", "ControlPath="+filepath.Join(c.dir, s.Name()), "-O", "exit", "any").CombinedOutput()
		if err != nil && !gone(string(out)) {
			return fmt.Errorf("close connection %s: %w: %s", s.Name(), err, out)
		}
	}
	return nil
}

// gone reports whether a connection had ended by itself.
func gone(said string) bool {
	return strings.Contains(said, "Connection refused") || strings.Contains(said, "No such file or directory")
}
