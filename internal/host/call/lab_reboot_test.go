//go:build lab

package call

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

// TestRealPowerCut cuts the power in the middle of an update, and again in the middle
// of the restore.
func TestRealPowerCut(t *testing.T) {
	h := newReal(t, "powercut", 18551)
	one := h.send(debOf(t, h.service, "1.0.0", h.port, map[string]string{"/etc/powercut/a.conf": "a1\n"}, nil))
	two := h.send(debOf(t, h.service, "1.1.0", h.port, map[string]string{"/etc/powercut/a.conf": "a2\n", "/etc/powercut/b.conf": "b2\n"},
		map[string]string{"preinst": "#!/bin/sh\ntouch /var/tmp/reached\nsleep 600\n"}))
	h.update("p1", one, host.CodeOK)
	before := h.must(h.request(host.Capture, "", h.debSpec()), host.CodeOK)

	r := h.request(host.Update, "p2", h.debSpec())
	r.Artifact = &two
	h.cut(r)
	back := h.restore("p2", host.CodeOK)
	h.same(back)
	if back.Version != "1.0.0" || back.State != before.State {
		t.Fatalf("after the update was cut off: %+v", back)
	}

	// The way back is slow too, until it is cut off.
	three := h.send(debOf(t, h.service, "1.2.0", h.port, map[string]string{"/etc/powercut/a.conf": "a3\n", "/etc/powercut/c.conf": "c3\n"},
		map[string]string{"prerm": "#!/bin/sh\n[ -e /var/tmp/let-go ] && exit 0\ntouch /var/tmp/reached\nsleep 600\n"}))
	h.update("p3", three, host.CodeOK)
	h.cut(h.request(host.Restore, "p3", h.debSpec()))
	h.run("touch", "/var/tmp/let-go")
	back = h.restore("p3", host.CodeOK)
	h.same(back)
	if back.State != before.State {
		t.Fatalf("after the restore was cut off: %+v", back)
	}
}

// cut begins a call and cuts the power once it has reached a script of the package.
func (h *real) cut(r host.Request) {
	h.t.Helper()
	line, err := r.Encode()
	must(h.t, err)
	h.run("rm", "-f", "/var/tmp/reached")
	h.run("systemd-run", "--quiet", "--collect", "/usr/local/bin/slipway-host", "call", base64.StdEncoding.EncodeToString(line))
	end := time.Now().Add(time.Minute)
	for h.try("ls", "/var/tmp/reached") == "" {
		if time.Now().After(end) {
			h.t.Fatalf("it never came to the script: %s", h.try("journalctl", "-n", "20", "--no-pager"))
		}
	}
	must(h.t, h.lab.Kill(h.t.Context(), h.host))
	must(h.t, h.lab.Start(h.t.Context(), h.host))
	h.try("systemctl", "is-system-running", "--wait")
}

// TestRealPackageThatTakesOthersWithIt has an archive of its own, with packages that
// the update upgrades and installs besides the service's.
func TestRealPackageThatTakesOthersWithIt(t *testing.T) {
	h := newReal(t, "depends", 18561)
	h.put("/etc/apt/sources.list.d/depends.list", "deb [trusted=yes] file:/srv/archive ./\n", 0o644)
	t.Cleanup(func() { h.try("rm", "-f", "/etc/apt/sources.list.d/depends.list") })
	var index strings.Builder
	for _, p := range []struct{ name, version string }{{"depends-lib", "1.0"}, {"depends-lib", "2.0"}, {"depends-new", "1.0"}} {
		a := debOf(t, p.name, p.version, 1, nil, map[string]string{
			"postinst": "#!/bin/sh\n", "prerm": "#!/bin/sh\n",
			"control": fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: Test <test@example.org>\nDescription: test\n", p.name, p.version),
		})
		data, err := os.ReadFile(a.Path)
		must(t, err)
		h.put("/srv/archive/"+filepath.Base(a.Path), string(data), 0o644)
		fmt.Fprintf(&index, "Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: Test <test@example.org>\nDescription: test\nFilename: ./%s\nSize: %d\nSHA256: %x\n\n",
			p.name, p.version, filepath.Base(a.Path), len(data), sha256.Sum256(data))
	}
	h.put("/srv/archive/Packages", index.String(), 0o644)
	h.run("apt-get", "update", "--quiet", "-o", "Dir::Etc::sourcelist=/dev/null", "-o", "APT::Sandbox::User=root")

	h.run("apt-get", "install", "--yes", "--quiet", "depends-lib=1.0")
	h.run("apt-mark", "auto", "depends-lib")

	control := func(version, depends string) map[string]string {
		return map[string]string{"control": fmt.Sprintf("Package: depends\nVersion: %s\nArchitecture: amd64\nMaintainer: Test <test@example.org>\nDescription: test\nDepends: %s\n", version, depends)}
	}
	one := h.send(debOf(t, "depends", "1.0.0", h.port, nil, control("1.0.0", "depends-lib (= 1.0)")))
	two := h.send(debOf(t, "depends", "1.1.0", h.port, nil, control("1.1.0", "depends-lib (= 2.0), depends-new")))
	none := h.send(debOf(t, "depends", "1.2.0", h.port, nil, control("1.2.0", "depends-lib (= 3.0)")))
	versions := func() string {
		return h.try("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status};", "depends", "depends-lib", "depends-new")
	}
	h.update("n1", one, host.CodeOK)
	before := versions()
	auto := func() string { return h.try("apt-mark", "showauto", "depends-lib") }
	h.update("n2", two, host.CodeOK)
	if got := auto(); got != "depends-lib" {
		t.Errorf("marks after the update: %q", got)
	}
	if got := versions(); got != "depends 1.1.0 installed;depends-lib 2.0 installed;depends-new 1.0 installed;" {
		t.Fatalf("after the update: %s", got)
	}
	h.same(h.restore("n2", host.CodeOK))
	if got := strings.ReplaceAll(versions(), "depends-new 1.0 config-files;", ""); got != before {
		t.Fatalf("after the restore: %s; before: %s", got, before)
	}

	if got := auto(); got != "depends-lib" {
		t.Errorf("marks after the restore: %q", got)
	}

	answer := h.update("n3", none, host.CodeInstall)
	if !strings.Contains(answer.Reason, "depends : Depends: depends-lib (= 3.0)") {
		t.Errorf("reason: %s", answer.Reason)
	}
	h.same(h.restore("n3", host.CodeOK))
}
