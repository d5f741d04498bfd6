//go:build lab

package call

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

// archive makes an archive of packages on the host that apt knows.
func (h *real) archive(packages ...host.Artifact) {
	h.t.Helper()
	var index strings.Builder
	dir := "/srv/" + h.service
	for _, a := range packages {
		data, err := os.ReadFile(a.Path)
		must(h.t, err)
		h.put(dir+"/"+filepath.Base(a.Path), string(data), 0o644)
		fmt.Fprintf(&index, "Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: Test <test@example.org>\nDescription: test service\nFilename: ./%s\nSize: %d\nSHA256: %x\n\n",
			a.Name, a.Version, a.Arch, filepath.Base(a.Path), len(data), sha256.Sum256(data))
	}
	h.put(dir+"/Packages", index.String(), 0o644)
	h.put("/etc/apt/sources.list.d/"+h.service+".list", "deb [trusted=yes] file:"+dir+" ./\n", 0o644)
	h.run("apt-get", "update", "--quiet", "-o", "Dir::Etc::sourcelist=/dev/null", "-o", "APT::Sandbox::User=root")
	h.t.Cleanup(func() { h.try("rm", "-f", "/etc/apt/sources.list.d/"+h.service+".list") })
}

// upgrade does what unattended-upgrades does at night.
func (h *real) upgrade() {
	h.t.Helper()
	h.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes", "--quiet", "-o", "APT::Sandbox::User=root", "upgrade")
}

func (h *real) installed() string {
	return h.try("dpkg-query", "-W", "-f", "${Version} ${db:Status-Want}", h.service)
}

func (h *real) facts() *host.FactsOf {
	h.t.Helper()
	return h.must(h.request(host.Facts, "", h.debSpec()), host.CodeOK).Facts
}

// TestRealRestoreLastsBesideOthers: a nightly upgrade neither undoes a restore nor is
// kept from anything for longer than that.
func TestRealRestoreLastsBesideOthers(t *testing.T) {
	h := newReal(t, "lasting", 18571)
	one := h.send(debOf(t, h.service, "1.0.0", h.port, nil, nil))
	local := debOf(t, h.service, "1.1.0", h.port, nil, nil)
	two := h.send(local)
	three := debOf(t, h.service, "2.0.0", h.port, nil, nil)
	h.update("l1", one, host.CodeOK)
	forward := h.update("l2", two, host.CodeOK)
	if got := h.installed(); got != "1.1.0 install" {
		t.Fatalf("after an update that ended well: %s", got)
	}
	back := h.restore("l2", host.CodeOK)
	h.same(back)
	if got := h.installed(); got != "1.0.0 hold" || back.State != forward.State {
		t.Fatalf("after the restore: %s, %+v", got, back)
	}
	h.archive(three)
	h.upgrade()
	if f := h.facts(); f.Version != "1.0.0" || !f.Last.Held || !f.Last.Restored || f.Last.Rollout != "l2" || len(f.Drift) > 0 {
		t.Fatalf("after a nightly upgrade: %+v, %+v", f, f.Last)
	}

	// An update that ends well gives it back, one that does not keeps it.
	bad := h.send(debOf(t, h.service, "1.2.0", h.port, nil, map[string]string{"postinst": "#!/bin/sh\nexit 3\n"}))
	h.update("l3", bad, host.CodeInstall)
	if got := h.installed(); got != "1.2.0 hold" {
		t.Fatalf("after an update that failed: %s", got)
	}
	h.same(h.restore("l3", host.CodeOK))
	h.update("l4", two, host.CodeOK)
	if got := h.installed(); got != "1.1.0 install" || h.facts().Last.Held {
		t.Fatalf("after the next update: %s", got)
	}
	h.same(h.restore("l4", host.CodeOK))

	// One that somebody else has given back is not there.
	h.run("apt-mark", "unhold", h.service)
	if h.facts().Last.Held {
		t.Fatal("a hold is told of that is not there")
	}
	h.run("apt-mark", "hold", h.service)

	// So does asking for it, as often as one likes.
	for range 2 {
		h.must(h.request(host.Release, "", h.debSpec()), host.CodeOK)
		if f := h.facts(); h.installed() != "1.0.0 install" || f.Last.Held || len(f.Drift) > 0 {
			t.Fatalf("after the hold was given back: %s, %+v", h.installed(), f)
		}
	}
	h.upgrade()
	if f := h.facts(); f.Version != "2.0.0" || len(f.Drift) == 0 || f.Drift[0].Item != "package lasting version" {
		t.Fatalf("after somebody's upgrade: %+v", f)
	}

	// A person's hold stays a person's.
	h.run("apt-mark", "hold", h.service)
	held := h.update("l5", two, host.CodeOK)
	if got := h.installed(); got != "1.1.0 hold" || h.facts().Last.Held {
		t.Fatalf("a person's hold after an update: %s", got)
	}
	h.archive(three, local)
	back = h.restore("l5", host.CodeOK)
	h.same(back)
	h.must(h.request(host.Release, "", h.debSpec()), host.CodeOK)
	if got := h.installed(); got != "2.0.0 hold" || back.State != held.State {
		t.Fatalf("a person's hold after a restore: %s", got)
	}
}

// TestRealLockOfDpkgIsWaitedFor has somebody else hold it.
func TestRealLockOfDpkgIsWaitedFor(t *testing.T) {
	h := newReal(t, "locked", 18572)
	one := h.send(debOf(t, h.service, "1.0.0", h.port, nil, nil))
	hold := func() {
		h.run("rm", "-f", "/run/held")
		h.run("systemd-run", "--quiet", "--collect", "--unit=nightly", "python3", "-c",
			"import fcntl,time\nf=open('/var/lib/dpkg/lock-frontend','r+')\nfcntl.lockf(f,fcntl.LOCK_EX)\nopen('/run/held','w')\ntime.sleep(600)")
		end := time.Now().Add(time.Minute)
		for h.try("ls", "/run/held") == "" {
			if time.Now().After(end) {
				t.Fatal("nobody holds the lock")
			}
		}
	}
	hold()
	t.Cleanup(func() { h.try("systemctl", "stop", "nightly") })
	r := h.request(host.Update, "k1", h.debSpec())
	r.Artifact, r.Wait = &one, 300*time.Millisecond
	answer := h.must(r, host.CodeBusy)
	if answer.Begun || !strings.Contains(answer.Reason, "python3 (process ") || !strings.Contains(answer.Reason, "/var/lib/dpkg/lock-frontend") {
		t.Fatalf("update: %+v", answer)
	}
	h.run("systemd-run", "--quiet", "--collect", "--on-active=1", "--timer-property=AccuracySec=10ms", "systemctl", "stop", "nightly")
	r.Wait = time.Minute
	if answer = h.must(r, host.CodeOK); answer.Steps[0].Name != "wait" || answer.Steps[0].Duration < 200*time.Millisecond {
		t.Fatalf("it did not wait: %+v", answer.Steps)
	}
	hold()
	back := h.request(host.Restore, "k1", h.debSpec())
	back.Wait = 300 * time.Millisecond
	if answer = h.must(back, host.CodeBusy); answer.Begun {
		t.Fatalf("restore: %+v", answer)
	}
	h.run("systemctl", "stop", "nightly")
	h.same(h.must(back, host.CodeOK))
}
