// Package deb installs and removes one Debian package, and asks dpkg and apt what
// they know of it.
//
// work and capture call it. Every run of apt and dpkg answers questions by keeping
// what is on the host, waits for dpkg's lock, and keeps needrestart from restarting
// things meanwhile. It never decides which version should be there, and never lets a
// package's name or version near a shell.
package deb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// ErrUnknown means that dpkg has never heard of a package.
var ErrUnknown = errors.New("no such package")

// lock is how long apt waits for another run of apt or dpkg.
const lock = 300 * time.Second

// Package is what dpkg knows of an installed package.
type Package struct {
	Name, Version, Arch string
	Status              string // not-installed, config-files, half-installed, unpacked, half-configured, triggers-awaited, triggers-pending, installed
	Hold                bool
	Size                int64    // bytes it takes
	Conffiles           []string // absolute paths, obsolete ones too
}

// Installed reports whether something of the package but its configuration is there.
func (p Package) Installed() bool {
	return p.Status != "" && p.Status != "not-installed" && p.Status != "config-files"
}

// Broken reports whether dpkg was interrupted in the middle of the package.
func (p Package) Broken() bool {
	return p.Installed() && p.Status != "installed" && !strings.HasPrefix(p.Status, "triggers-")
}

// Query asks dpkg for a package. A package that it does not know has the status
// not-installed.
func Query(ctx context.Context, name string) (Package, error) {
	const format = "${Package}\t${db:Status-Want}\t${db:Status-Status}\t${Version}\t${Architecture}\t${Installed-Size}\n${Conffiles}\n\f\n"
	out, err := run(ctx, "", "dpkg-query", "--show", "--showformat="+format, "--", name)
	if err != nil {
		if strings.Contains(err.Error(), "no packages found") {
			return Package{Name: name, Status: "not-installed"}, nil
		}
		return Package{}, err
	}
	return parseQuery(name, string(out))
}

// parseQuery reads the packages that dpkg-query printed; of the same package for
// several architectures it takes the one that is installed.
func parseQuery(name, out string) (Package, error) {
	found := Package{Name: name, Status: "not-installed"}
	for block := range strings.SplitSeq(out, "\f\n") {
		if strings.TrimSpace(block) == "" {
			continue
		}
		head, rest, _ := strings.Cut(block, "\n")
		fields := strings.Split(head, "\t")
		if len(fields) != 6 {
			return Package{}, fmt.Errorf("dpkg-query %s: found %q; expected six fields", name, head)
		}
		// Optional, so that one that is no number is as good as none.
		kib, _ := strconv.ParseInt(fields[5], 10, 64)
		p := Package{Name: fields[0], Hold: fields[1] == "hold", Status: fields[2], Version: fields[3], Arch: fields[4], Size: kib << 10}
		for line := range strings.Lines(rest) {
			if words := strings.Fields(line); len(words) >= 2 {
				p.Conffiles = append(p.Conffiles, words[0])
			}
		}
		if p.Installed() || !found.Installed() {
			found = p
		}
	}
	return found, nil
}

// Other is what is remembered of the packages that are not the service's own.
type Other struct {
	Version string `json:"version"`
	Hold    bool   `json:"hold,omitempty"`
	Auto    bool   `json:"auto,omitempty"`
}

// All returns every package that is installed, by name:architecture.
func All(ctx context.Context) (map[string]Other, error) {
	const format = "${Package}:${Architecture}\t${db:Status-Want}\t${db:Status-Status}\t${Version}\n"
	out, err := run(ctx, "", "dpkg-query", "--show", "--showformat="+format)
	if err != nil {
		return nil, err
	}
	auto, err := automatic()
	if err != nil {
		return nil, err
	}
	all := map[string]Other{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) == 4 && fields[2] != "not-installed" && fields[2] != "config-files" {
			name, _, _ := strings.Cut(fields[0], ":")
			all[fields[0]] = Other{Version: fields[3], Hold: fields[1] == "hold", Auto: auto[name]}
		}
	}
	return all, nil
}

// run runs a program of dpkg or apt. An error carries the line of its output that
// says why.
func run(ctx context.Context, input, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(),
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"DEBIAN_FRONTEND=noninteractive", "DEBCONF_NONINTERACTIVE_SEEN=true",
		"NEEDRESTART_SUSPEND=1", "APT_LISTCHANGES_FRONTEND=none", "LC_ALL=C.UTF-8")
	cmd.Stdin = strings.NewReader(input)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	err := cmd.Run()
	if err == nil {
		return out.Bytes(), nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if why := reason(problem.String()+"\n"+out.String(), problem.String()); why != "" {
		return out.Bytes(), fmt.Errorf("%s: %s (%w)", name, why, err)
	}
	return out.Bytes(), fmt.Errorf("%s: %w", name, err)
}

// reason finds the line that says why apt or dpkg gave up. The last lines rarely do:
// "Sub-process /usr/bin/dpkg returned an error code (1)".
func reason(all, problem string) string {
	lines := strings.Split(all, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "dpkg: error processing") {
			next := ""
			if i+1 < len(lines) {
				next = " " + strings.TrimSpace(lines[i+1])
			}
			return strings.TrimPrefix(line, "dpkg: ") + next
		}
	}
	for _, mark := range []string{"Depends:", "dpkg: error: ", "dpkg-deb: error: ", "E: "} {
		for _, line := range lines {
			if at := strings.Index(line, mark); at >= 0 {
				return strings.TrimPrefix(strings.TrimSpace(line), "E: ")
			}
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(problem), "\n")
	return first
}
