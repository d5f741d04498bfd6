package deb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// keepOld answers every question about a changed configuration file: keep the one
// that is there, and take the new one where nobody changed it.
func keepOld() []string { return []string{"--force-confdef", "--force-confold"} }

// Configure finishes what an interrupted dpkg left half done.
func Configure(ctx context.Context) error {
	_, err := dpkg(ctx, "", append(keepOld(), "--configure", "-a")...)
	return err
}

// Interrupted reports whether dpkg was cut off before it could write its database.
func Interrupted() bool {
	left, err := filepath.Glob("/var/lib/dpkg/updates/[0-9]*")
	return err == nil && len(left) > 0
}

// Install installs a file with apt, which gets what the package depends on, in
// whatever direction the version changes. A package on hold is let go: put the hold
// back afterwards. Further arguments are packages, as "name=version" or "name-".
func Install(ctx context.Context, what ...string) error {
	return apt(ctx, append([]string{"install"}, what...)...)
}

// InstallAlone installs a file with dpkg and asks no archive: for when apt refuses
// because of packages that have nothing to do with this one.
func InstallAlone(ctx context.Context, file string) error {
	_, err := dpkg(ctx, "", append(keepOld(), "--install", "--", file)...)
	return err
}

// Remove removes a package; with purge its configuration too, and whatever else its
// scripts remove then.
func Remove(ctx context.Context, name string, purge bool) error {
	verb := "remove"
	if purge {
		verb = "purge"
	}
	return apt(ctx, verb, name)
}

// RemoveAlone removes a package with dpkg and asks nobody.
func RemoveAlone(ctx context.Context, name string, purge bool) error {
	verb := "--remove"
	if purge {
		verb = "--purge"
	}
	_, err := dpkg(ctx, "", "--force-remove-reinstreq", verb, "--", name)
	return err
}

// Hold puts a package on hold, or lets it go.
func Hold(ctx context.Context, name string, hold bool) error {
	word := "install"
	if hold {
		word = "hold"
	}
	_, err := dpkg(ctx, name+" "+word+"\n", "--set-selections")
	return err
}

// Mark says whether a package counts as installed for the sake of others.
func Mark(ctx context.Context, name string, auto bool) error {
	word := "manual"
	if auto {
		word = "auto"
	}
	_, err := run(ctx, "", "apt-mark", waits(), word, "--", name)
	return err
}

// Auto reports whether a package counts as installed for the sake of others.
func Auto(name string) (bool, error) {
	all, err := automatic()
	return all[name], err
}

// automatic returns the names of all packages that apt would remove when nothing
// depends on them any more.
func automatic() (map[string]bool, error) {
	data, err := os.ReadFile("/var/lib/apt/extended_states")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	all := map[string]bool{}
	for block := range strings.SplitSeq(string(data), "\n\n") {
		first, rest, _ := strings.Cut(block, "\n")
		if name, ok := strings.CutPrefix(first, "Package: "); ok && strings.Contains("\n"+rest+"\n", "\nAuto-Installed: 1\n") {
			all[name] = true
		}
	}
	return all, nil
}

func apt(ctx context.Context, args ...string) error {
	options := []string{
		"--yes", "--quiet", "--allow-downgrades", "--allow-change-held-packages", "--no-auto-remove",
		waits(),
		"--option=APT::Sandbox::User=root", // the artifact is readable by root only
		"--option=Acquire::Retries=2",
	}
	for _, o := range keepOld() {
		options = append(options, "--option=Dpkg::Options::="+o)
	}
	_, err := run(ctx, "", "apt-get", append(options, args...)...)
	return err
}

// waits has apt wait for the lock.
func waits() string { return "--option=DPkg::Lock::Timeout=" + fmt.Sprint(int(lock/time.Second)) }

// dpkg runs dpkg, and again while another run holds its lock: unlike apt it does
// not wait.
func dpkg(ctx context.Context, input string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, lock)
	defer cancel()
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		out, err := run(ctx, input, "dpkg", args...)
		if err == nil || !strings.Contains(err.Error(), "locked by another process") {
			return out, err
		}
		select {
		case <-ctx.Done():
			return out, err
		case <-again.C:
		}
	}
}
