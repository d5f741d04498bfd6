package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
)

// Suite is the Debian release of the hosts.
const Suite = "bookworm"

// User is the account of the hosts that logs in and may become root through sudo,
// UID and GID are its numbers there.
const (
	User = "ops"
	UID  = 1000
	GID  = 1000
)

// edition is raised when something else in this package changes what an image holds.
const edition = 1

// usual are the packages that every image has besides the essential ones: an init,
// SSH, what Ansible needs, and what a person looks around with.
func usual() []string {
	return []string{
		"systemd", "systemd-sysv", "dbus", "openssh-server", "sudo",
		"python3-minimal", "python3-apt", "iproute2", "procps", "curl", "ca-certificates",
	}
}

// idle are the units that no lab wants: they would wake up in the middle of a test,
// or wait for a terminal that is not there.
func idle() []string {
	return []string{
		"apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "e2scrub_reap.service",
		"dpkg-db-backup.timer", "fstrim.timer", "console-getty.service", "getty.target",
		"systemd-networkd.service", "systemd-resolved.service", "systemd-timesyncd.service",
	}
}

// Recipe is what an image holds.
type Recipe struct {
	Packages []string // besides the usual ones
}

func (r Recipe) packages() []string {
	all := append(usual(), r.Packages...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Digest names an image: the same recipe has the same one, on one architecture.
func (r Recipe) Digest() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%d %s %s %q %q %q", edition, Suite, runtime.GOARCH, r.packages(), idle(), files())
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
