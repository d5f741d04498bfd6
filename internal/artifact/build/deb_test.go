package build_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/artifact/build"
)

func TestDeb(t *testing.T) {
	t.Parallel()
	needs(t, "dpkg-deb")
	p := newProject(t, map[string]string{"ops/checkout.service": "[Service]\nExecStart=/opt/bin/checkout\n", "ops/postinst": "#!/bin/sh\nexit 0\n"})
	commit := p.git(t, "rev-parse", "HEAD")
	for _, compression := range []string{"", "xz"} {
		c := p.config(artifact.Deb)
		c.Version, c.Arch = "1:1.4.0-2", "amd64"
		c.Deb = build.Package{
			Description: "takes the money\n\nand keeps it", Maintainer: "Staff <staff@example.com>", Depends: []string{"libc6 (>= 2.36)", "adduser"}, Provides: []string{"shop"},
			Conffiles: []string{"/opt/built"}, Units: []string{"ops/checkout.service"}, Scripts: build.Scripts{Postinst: "ops/postinst"}, Compression: compression,
		}
		r := mustRun(t, c)
		if filepath.Base(r.File) != "checkout_1.4.0-2_amd64.deb" || r.Info.Commit != commit || !slices.Equal(r.Info.Conffiles, []string{"/etc/checkout/config.yaml", "/opt/built"}) || !slices.Equal(r.Info.Units, []string{"checkout.service"}) {
			t.Errorf("got %+v", r)
		}
		want := `Package: checkout
Version: 1:1.4.0-2
Section: misc
Priority: optional
Architecture: amd64
Maintainer: Staff <staff@example.com>
Installed-Size: 0
Provides: shop
Depends: libc6 (>= 2.36), adduser
Description: takes the money
 .
 and keeps it
Slipway-Commit: ` + commit + "\n"
		if got := output(t, "dpkg-deb", "-f", r.File); got != want {
			t.Errorf("dpkg reads\n%swant\n%s", got, want)
		}
		listing := output(t, "dpkg-deb", "-c", r.File)
		for _, line := range []string{
			"-rw-r--r-- root/root        13 2023-11-14 22:13 ./etc/checkout/config.yaml",
			"-rwxr-xr-x root/root        72 2023-11-14 22:13 ./opt/bin/checkout",
			"lrwxrwxrwx root/root         0 2023-11-14 22:13 ./opt/run -> bin/checkout",
			"drwxr-xr-x root/root         0 2023-11-14 22:13 ./opt/empty/",
			"-rw-r--r-- root/root         0 2023-11-14 22:13 ./opt/odd [name]*",
			"-rw-r--r-- root/root        38 2023-11-14 22:13 ./usr/lib/systemd/system/checkout.service",
		} {
			if !strings.Contains(listing, line+"\n") {
				t.Errorf("%q is missing in\n%s", line, listing)
			}
		}
		if got := output(t, "dpkg-deb", "-I", r.File, "postinst"); got != "#!/bin/sh\nexit 0\n" {
			t.Errorf("postinst is %q", got)
		}
		output(t, "dpkg-deb", "--info", r.File)
		root := t.TempDir()
		output(t, "dpkg-deb", "-x", r.File, root)
		output(t, "diff", "-r", "--no-dereference", filepath.Join(p.dir, "stage/opt"), filepath.Join(root, "opt"))
	}
}

// TestDebInstalls lets dpkg itself install, upgrade and remove what was built.
func TestDebInstalls(t *testing.T) {
	t.Parallel()
	needs(t, "dpkg")
	if os.Geteuid() != 0 {
		t.Skip("dpkg installs as root only")
	}
	p := newProject(t, nil)
	root := t.TempDir()
	for _, d := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"var/lib/dpkg/status", "var/lib/dpkg/available"} {
		if err := os.WriteFile(filepath.Join(root, f), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dpkg := func(args ...string) string {
		return output(t, "dpkg", append([]string{"--root=" + root, "--force-not-root", "--force-script-chrootless", "--log=/dev/null"}, args...)...)
	}
	for _, version := range []string{"1.4.0", "1.5.0"} {
		c := p.config(artifact.Deb)
		c.Version = version
		dpkg("-i", mustRun(t, c).File)
		if got := dpkg("-s", "checkout"); !strings.Contains(got, "Status: install ok installed\n") || !strings.Contains(got, "Version: "+version+"\n") || !strings.Contains(got, " /etc/checkout/config.yaml ") {
			t.Errorf("dpkg has\n%s", got)
		}
		dpkg("--verify", "checkout")
	}
	dpkg("-P", "checkout")
	if _, err := os.Stat(filepath.Join(root, "opt")); !os.IsNotExist(err) {
		t.Errorf("something is left: %v", err)
	}
}

// TestDebianDirectory holds that what the tree's own DEBIAN directory says is kept.
func TestDebianDirectory(t *testing.T) {
	t.Parallel()
	needs(t, "dpkg-deb")
	p := newProject(t, map[string]string{
		"debian/control":   "Package: checkout\nArchitecture: all\nMaintainer: Staff <staff@example.com>\nSection: net\nDepends: adduser,\n libc6\nXB-Team: money\nDescription: takes the money\n quickly\n",
		"debian/conffiles": "/opt/built\n",
		"debian/postinst":  "#!/bin/sh\nexit 0\n",
		"debian/triggers":  "# none of ours\ninterest-noawait /opt/plugins\nactivate-noawait ldconfig\n",
	})
	c := p.config(artifact.Deb)
	c.Command += " && cp -r debian stage/DEBIAN"
	c.Deb = build.Package{Section: "misc", Homepage: "https://example.com", Description: "not this one"}
	r := mustRun(t, c)
	want := `Package: checkout
Version: 1.4.0
Section: net
Priority: optional
Architecture: all
Maintainer: Staff <staff@example.com>
Installed-Size: 0
Depends: adduser, libc6
Homepage: https://example.com
Description: takes the money
 quickly
Slipway-Commit: ` + r.Info.Commit + "\nXB-Team: money\n"
	if got := output(t, "dpkg-deb", "-f", r.File); got != want {
		t.Errorf("dpkg reads\n%swant\n%s", got, want)
	}
	if !slices.Equal(r.Info.Conffiles, []string{"/opt/built"}) {
		t.Errorf("conffiles %q", r.Info.Conffiles)
	}
	if got := output(t, "dpkg-deb", "-I", r.File, "triggers"); got != "interest-noawait /opt/plugins\nactivate-noawait ldconfig\n" {
		t.Errorf("triggers %q", got)
	}
	if got := output(t, "dpkg-deb", "-c", r.File); strings.Contains(got, "DEBIAN") {
		t.Errorf("DEBIAN is packed:\n%s", got)
	}
}

func TestDebianDirectoryBad(t *testing.T) {
	t.Parallel()
	for says, command := range map[string]string{
		`DEBIAN/control: Package is "basket", and this build is "checkout": correct it or leave the field out`:                                                                   "echo Package: basket > stage/DEBIAN/control",
		`DEBIAN/control: Version is "1.3", and this build is "1.4.0": correct it or leave the field out`:                                                                         "echo Version: 1.3 > stage/DEBIAN/control",
		`DEBIAN/control: Architecture is "amd64", and this build is "all": correct it or leave the field out`:                                                                    "echo Architecture: amd64 > stage/DEBIAN/control",
		`DEBIAN/control: line 1: "nonsense" is no field; a field is Name: value`:                                                                                                 "echo nonsense > stage/DEBIAN/control",
		`DEBIAN/triggers: the directive "await" is not known; interest and activate, with -await or -noawait, are`:                                                               "echo await x > stage/DEBIAN/triggers",
		`DEBIAN/shlibs: it is not known; control, conffiles, triggers, templates, config and maintainer scripts are: build the .deb with dpkg-deb and name it as the built file`: "touch stage/DEBIAN/shlibs",
		`the conffile /etc/none is not in the tree: correct the list or the build`:                                                                                               "echo /etc/none > stage/DEBIAN/conffiles",
	} {
		dir := t.TempDir()
		c := build.Config{Dir: dir, Format: artifact.Deb, Name: "checkout", Version: "1.4.0", Tree: "stage", Out: filepath.Join(dir, "dist"), Command: "mkdir -p stage/DEBIAN && touch stage/x && " + command}
		runFails(t, c, "build checkout 1.4.0: pack checkout_1.4.0_all.deb: "+says)
		if left, _ := filepath.Glob(filepath.Join(dir, "dist", "*")); len(left) != 0 {
			t.Errorf("left behind %v", left)
		}
	}
}
