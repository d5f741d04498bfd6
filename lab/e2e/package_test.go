//go:build lab

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
)

// real is a package of Debian's in two versions.
type real struct {
	name     string
	units    string
	old, new string // versions
	files    []string
}

// realPackage fetches two versions of a package that nobody here made: one with a daemon
// if the mirror has it, else one without. What they need is on every host of a lab.
func realPackage(t *testing.T) real {
	t.Helper()
	var why []string
	for _, p := range []real{{name: "nscd", units: "[nscd.service]"}, {name: "tzdata", units: "[]"}} {
		versions, err := offered(t, p.name)
		if err == nil && len(versions) < 2 {
			err = fmt.Errorf("of %s the mirror offers only %q", p.name, versions)
		}
		if err == nil {
			p.new, p.old = versions[0], versions[len(versions)-1]
			p.files, err = fetched(t, p)
		}
		if err == nil {
			return p
		}
		why = append(why, err.Error())
	}
	t.Skipf("no package of Debian's in two versions: %s", strings.Join(why, "; "))
	return real{}
}

// offered lists the versions of a package that apt could fetch, newest first.
func offered(t *testing.T, name string) ([]string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "apt-cache", "madison", name).Output()
	if err != nil {
		return nil, fmt.Errorf("apt-cache madison %s: %w", name, err)
	}
	var versions []string
	for l := range strings.Lines(string(out)) {
		f := strings.Split(l, "|")
		if len(f) != 3 || !strings.Contains(f[2], " Packages") {
			continue
		}
		if v := strings.TrimSpace(f[1]); len(versions) == 0 || versions[len(versions)-1] != v {
			versions = append(versions, v)
		}
	}
	return versions, nil
}

func fetched(t *testing.T, p real) ([]string, error) {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for _, v := range []string{p.old, p.new} {
		at := filepath.Join(dir, strings.NewReplacer(":", "_", "/", "_").Replace(v))
		if err := os.Mkdir(at, 0o755); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, "apt-get", "-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3", "download", p.name+"="+v)
		cmd.Dir = at
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("apt-get download %s=%s: %w: %s", p.name, v, err, out)
		}
		found, err := filepath.Glob(filepath.Join(at, "*.deb"))
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("apt-get download %s=%s left %q", p.name, v, found)
		}
		files = append(files, found[0])
	}
	return files, nil
}

// TestRealPackage takes a package that nobody here made to four hosts, from its old
// version to the new one, and back.
func TestRealPackage(t *testing.T) {
	t.Parallel()
	if err := lab.Supported(t.Context()); err != nil {
		t.Skip(err)
	}
	pkg := realPackage(t)
	l := up(t, lab.Config{Name: "package", Hosts: 4})
	project := t.TempDir()
	text := fmt.Sprintf(`service: %[1]s
type: worker
artifact: {deb: {}}
units: %[2]s
environments:
  lab:
    method: {ansible: {inventory: %[3]q, hosts: checkout}}
    max_out: 2
    stages:
      - canary: {hosts: 1, bake: 0s}
      - complete: {waves: 2}
`, pkg.name, pkg.units, l.Info().Inventory)
	if err := os.WriteFile(filepath.Join(project, "slipway.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p := slipway(t, project)
	for _, file := range pkg.files {
		p.must(t, 0, "build", "--import", file)
	}
	before := packages(t, l)
	deployed := map[string]string{}
	for _, v := range []string{pkg.old, pkg.new} {
		o := p.must(t, 0, "deploy", v, "--yes", "--output", "json")
		pkg.on(t, l, v, "ii")
		deployed[v] = o.summary(t).ID
		t.Logf("%s %s is on 4 hosts after %s", pkg.name, v, o.took.Round(100*time.Millisecond))
	}
	for _, step := range [][2]string{{pkg.new, pkg.old}, {pkg.old, ""}} {
		v, back := step[0], step[1]
		o := p.must(t, 0, "rollback", deployed[v], "--output", "json")
		for _, h := range o.summary(t).Hosts {
			if !h.Restored || h.Now != back {
				t.Errorf("slipway says of %s: %+v", h.Name, h)
			}
		}
		t.Logf("%s is back on %q after %s", pkg.name, back, o.took.Round(100*time.Millisecond))
		if back != "" {
			pkg.on(t, l, back, "hi") // on hold, so that nothing upgrades it
		}
	}
	if after := packages(t, l); after != before {
		t.Errorf("the hosts had these packages:\n%s\nand have now:\n%s", before, after)
	}
}

// on checks on the hosts themselves that a version is installed whole, and runs; status is
// dpkg's.
func (p real) on(t *testing.T, l *lab.Lab, version, status string) {
	t.Helper()
	for _, h := range l.Info().Hosts {
		if got := on(t, l, h.Name, "dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}", p.name); got != status+" "+version {
			t.Errorf("%s has %s %q, want %s %s", h.Name, p.name, got, status, version)
		}
		if p.units == "[]" {
			continue
		}
		if got := on(t, l, h.Name, "systemctl", "show", "-p", "ActiveState", "--value", strings.Trim(p.units, "[]")); got != "active" {
			t.Errorf("%s of %s is %s on %s", p.units, version, got, h.Name)
		}
	}
}

// packages are all packages of all hosts.
func packages(t *testing.T, l *lab.Lab) string {
	t.Helper()
	var b strings.Builder
	for _, h := range l.Info().Hosts {
		b.WriteString(h.Name + "\n" + on(t, l, h.Name, "dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\n") + "\n")
	}
	return b.String()
}
