package machine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/lab/mount"
)

// Machine is one host. All its fields are set by whoever makes it.
type Machine struct {
	Name    string       `json:"name"` // unique on this computer: container, network namespace and cgroup are called so
	Host    string       `json:"host"` // what it calls itself
	Dir     string       `json:"dir"`  // its own, made by Make
	Image   string       `json:"image"`
	Address netip.Prefix `json:"address"`
	Gateway netip.Addr   `json:"gateway"`
	Bridge  string       `json:"bridge"`
	Link    string       `json:"link"` // this computer's end of its cable, at most 15 letters
	Disk    int64        `json:"disk"` // bytes it may write
}

// Root is where its files are, as this computer sees them.
func (m Machine) Root() string { return filepath.Join(m.Dir, "root") }

// Console is the file with what it printed while it booted.
func (m Machine) Console() string { return filepath.Join(m.Dir, "console.log") }

func (m Machine) disk() string { return filepath.Join(m.Dir, "disk") }

// Make makes its disk and plugs it into the bridge; it does not boot yet, so that its
// files can be prepared under Root.
func (m Machine) Make(ctx context.Context) error {
	if err := m.makeDisk(ctx); err != nil {
		return fmt.Errorf("make disk of %s: %w", m.Host, err)
	}
	if err := m.plug(ctx); err != nil {
		return fmt.Errorf("plug %s into %s: %w", m.Host, m.Bridge, err)
	}
	return nil
}

// makeDisk lays a writable layer of limited size over the image. The layer is in
// memory: it costs what is written to it, and is gone with its mount.
func (m Machine) makeDisk(ctx context.Context) error {
	for _, dir := range []string{m.disk(), m.Root()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := run(ctx, "mount", "-t", "tmpfs", "-o", "mode=755,size="+strconv.FormatInt(m.Disk, 10), m.Name, m.disk()); err != nil {
		return err
	}
	upper, work := filepath.Join(m.disk(), "upper"), filepath.Join(m.disk(), "work")
	for _, dir := range []string{upper, work} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	return run(ctx, "mount", "-t", "overlay", "-o",
		"lowerdir="+m.Image+",upperdir="+upper+",workdir="+work, m.Name, m.Root())
}

// plug makes its network namespace, configured before it boots, so that it has its
// address from the first moment and keeps it over a stop and a start.
func (m Machine) plug(ctx context.Context) error {
	if err := run(ctx, "ip", "netns", "add", m.Name); err != nil {
		return err
	}
	outside := fmt.Sprintf("link add %s type veth peer name host0 netns %s\nlink set %s master %s up\n", m.Link, m.Name, m.Link, m.Bridge)
	if err := feed(ctx, outside, "ip", "-batch", "-"); err != nil {
		return err
	}
	inside := fmt.Sprintf("link set lo up\naddr add %s dev host0\nlink set host0 up\nroute add default via %s\n", m.Address, m.Gateway)
	return feed(ctx, inside, "ip", "-netns", m.Name, "-batch", "-")
}

// Remove takes everything of it away; it must have ended (see Kill). What is not
// there is no error, so that a Make that was cut off can be removed too.
func (m Machine) Remove(ctx context.Context) error {
	return errors.Join(m.unplug(ctx), m.leaveCgroups(ctx), m.removeDisk(ctx))
}

func (m Machine) removeDisk(ctx context.Context) error {
	if err := mount.Detach(ctx, m.Dir); err != nil {
		return err
	}
	return os.RemoveAll(m.Dir)
}

func (m Machine) unplug(ctx context.Context) error {
	var errs []error
	if exists("/sys/class/net/" + m.Link) {
		errs = append(errs, run(ctx, "ip", "link", "delete", m.Link))
	}
	if exists("/run/netns/" + m.Name) {
		errs = append(errs, run(ctx, "ip", "netns", "delete", m.Name))
	}
	return errors.Join(errs...)
}

// Cut pulls its network cable.
func (m Machine) Cut(ctx context.Context) error { return run(ctx, "ip", "link", "set", m.Link, "down") }

// Heal plugs the cable in again.
func (m Machine) Heal(ctx context.Context) error { return run(ctx, "ip", "link", "set", m.Link, "up") }

// run runs a program and returns an error with what it said.
func run(ctx context.Context, name string, args ...string) error { return feed(ctx, "", name, args...) }

func feed(ctx context.Context, input, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(append([]string{name}, args...), " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
