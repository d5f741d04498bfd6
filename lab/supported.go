package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// trial mounts what a host's disk is made of and makes a network, all in namespaces
// that end with it: whether this machine lets us is known only by trying.
const trial = `set -e
mount -t tmpfs trial /mnt
mkdir /mnt/lower /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work trial /mnt/root
ip link add trial type bridge
ip link add trial0 type veth peer name trial1`

// Supported says in one line why this machine cannot boot hosts, and what to do about
// it; nil when it can. The error wraps ErrUnsupported.
func Supported(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("%w: it runs %s, and hosts are Linux containers", ErrUnsupported, runtime.GOOS)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: that needs root; run it with sudo", ErrUnsupported)
	}
	if missing := missingPackages(); len(missing) > 0 {
		return fmt.Errorf("%w: programs are missing; install them: apt-get install %s", ErrUnsupported, strings.Join(missing, " "))
	}
	out, err := exec.CommandContext(ctx, "unshare", "--mount", "--net", "sh", "-c", trial).CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%w: it does not let root mount overlays or make networks (%s); run it outside of a restricted container", ErrUnsupported, strings.TrimSpace(string(out)))
	}
	return nil
}

// missingPackages names the Debian packages whose programs are not there.
func missingPackages() []string {
	var missing []string
	for _, need := range []struct{ program, of string }{
		{"systemd-nspawn", "systemd-container"},
		{"debootstrap", "debootstrap"},
		{"haproxy", "haproxy"},
		{"ip", "iproute2"},
		{"ssh-keygen", "openssh-client"},
		{"nsenter", "util-linux"},
		{"unshare", "util-linux"},
		{"setsid", "util-linux"},
		{"mount", "mount"},
		{"chroot", "coreutils"},
	} {
		if _, err := exec.LookPath(need.program); err != nil && !slices.Contains(missing, need.of) {
			missing = append(missing, need.of)
		}
	}
	return missing
}
