package lab

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/manifest"
)

func TestWrongConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{Name: "a b"}, `lab name "a b"`},
		{Config{Name: "../x"}, `lab name "../x"`},
		{Config{Name: "-x"}, `lab name "-x"`},
		{Config{Name: strings.Repeat("x", 25)}, "up to 24"},
		{Config{Hosts: -1}, "a lab of -1 hosts: it can have 1 to 100"},
		{Config{Hosts: 101}, "a lab of 101 hosts"},
		{Config{Format: "rpm"}, `format "rpm": a lab's hosts take tar.gz or deb`},
		{Config{Balancers: 3}, "1 or 2"},
		{Config{Disk: 1}, "64 MiB or more"},
		{Config{Pad: -1}, "an artifact of -1 bytes"},
		{Config{Packages: []string{"nginx; rm -rf /"}}, "names of Debian packages"},
		{Config{Dir: "relative"}, `directory "relative"`},
		{Config{Dir: "/a b"}, `directory "/a b"`},
		{Config{Dir: "/a/../b"}, `directory "/a/../b"`},
		{Config{Dir: "/" + strings.Repeat("x", 80)}, "has 81 letters"},
	} {
		if _, err := Up(t.Context(), c.cfg, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.want)
		}
	}
	if err := (Config{}).withDefaults().check(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
}

func TestNoSuchLab(t *testing.T) {
	t.Parallel()
	if _, err := Open("nobody-has-this"); !errors.Is(err, ErrNone) {
		t.Errorf("%v, want ErrNone", err)
	}
	if err := Down(t.Context(), "nobody-has-this"); !errors.Is(err, ErrNone) {
		t.Errorf("%v, want ErrNone", err)
	}
	if err := Down(t.Context(), "../etc/passwd"); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("a name that is a path: %v", err)
	}
}

// Interfaces keep to the kernel's 15 letters, addresses to the network, at the limits.
func TestLayout(t *testing.T) {
	t.Parallel()
	r := layout(Config{Name: "x", Hosts: mostHosts, Balancers: 2}.withDefaults(), 254)
	links, addresses := map[string]bool{r.Info.Bridge: true}, map[string]bool{}
	for _, b := range r.Info.Balancers {
		addresses[b.Address] = true
	}
	for _, m := range r.Machines {
		if len(m.Link) > 15 || links[m.Link] {
			t.Errorf("interface %s is too long or there twice", m.Link)
		}
		at := m.Address.Addr().String()
		if addresses[at] || !strings.HasPrefix(at, "10.231.254.") || strings.HasSuffix(at, ".255") {
			t.Errorf("address %s of %s", at, m.Host)
		}
		links[m.Link], addresses[at] = true, true
	}
	if len(r.Info.Bridge) > 15 || r.Info.Network != "10.231.254.0/24" {
		t.Errorf("bridge %s, network %s", r.Info.Bridge, r.Info.Network)
	}
}

// What a lab writes is what Slipway, Ansible and HAProxy read.
func TestFilesAreReadable(t *testing.T) {
	t.Parallel()
	for _, format := range []string{Tarball, Deb} {
		dir := t.TempDir()
		r := layout(Config{Name: "x", Hosts: 4, Balancers: 2, Format: format, Dir: dir}.withDefaults(), 7)
		if err := r.Info.WriteProject(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(r.Info.Project, manifest.Name))
		if err != nil {
			t.Fatal(err)
		}
		m, err := manifest.Parse(manifest.Name, text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		env, err := m.Environment(Environment)
		if err != nil || env.Method.Ansible.Inventory != r.Info.Inventory || len(env.Traffic.HAProxy.Sockets) != 2 {
			t.Errorf("environment %+v: %v", env, err)
		}
		if (m.Artifact.Deb != nil) != (format == Deb) {
			t.Errorf("artifact %+v for hosts that take %s", m.Artifact, format)
		}
		t.Run("ansible "+format, func(t *testing.T) { ansibleReads(t, r.Info) })
		t.Run("haproxy "+format, func(t *testing.T) { haproxyReads(t, r) })
	}
}

func ansibleReads(t *testing.T, i Info) {
	program, err := exec.LookPath("ansible-inventory")
	if err != nil {
		t.Skip("ansible is not installed")
	}
	cmd := exec.CommandContext(t.Context(), program, "-i", i.Inventory, "--host", "web4")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.Output()
	for _, want := range []string{`"ansible_host": "10.231.7.14"`, `"slipway_zone": "a"`, `"ansible_user": "ops"`, `"ansible_become": true`} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("no %s: %v\n%s", want, err, out)
		}
	}
}

func haproxyReads(t *testing.T, r record) {
	program, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skip("haproxy is not installed")
	}
	b := r.Info.Balancers[1]
	if err := writeFile(b.Config, r.haproxyConfig(b)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), program, "-c", "-f", b.Config).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
