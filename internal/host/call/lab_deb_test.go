//go:build lab

package call

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

// debOf makes a package of the test service with configuration files and scripts.
func debOf(t *testing.T, name, version string, port int, files map[string]string, scripts map[string]string) host.Artifact {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	program, err := os.ReadFile(server)
	must(t, err)
	base := "/usr/lib/" + name
	all := map[string]string{
		base + "/server": string(program), base + "/VERSION": version,
		"/lib/systemd/system/" + name + ".service": fmt.Sprintf("[Service]\nExecStart=%s/server\nEnvironment=PORT=%d\nEnvironmentFile=-/etc/default/%s\n[Install]\nWantedBy=multi-user.target\n", base, port, name),
		"/DEBIAN/control":                          fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: Test <test@example.org>\nDescription: test service\n", name, version, runtime.GOARCH),
		"/DEBIAN/postinst":                         "#!/bin/sh\nset -e\nif [ \"$1\" = configure ]; then systemctl daemon-reload; if [ -z \"$2\" ]; then systemctl enable --quiet " + name + "; fi; systemctl restart " + name + "; fi\n",
		"/DEBIAN/prerm":                            "#!/bin/sh\nset -e\nif [ \"$1\" = remove ]; then systemctl disable --quiet --now " + name + "; fi\n",
		"/DEBIAN/postrm":                           "#!/bin/sh\nset -e\nif [ \"$1\" = purge ]; then rm -rf /var/lib/" + name + "; fi\n",
	}
	var conffiles strings.Builder
	for path, text := range files {
		all[path] = text
		if strings.HasPrefix(path, "/etc/") {
			conffiles.WriteString(path + "\n")
		}
	}
	all["/DEBIAN/conffiles"] = conffiles.String()
	for script, text := range scripts {
		all["/DEBIAN/"+script] = text
	}
	for path, text := range maps.All(all) {
		at := filepath.Join(dir, path)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		mode := os.FileMode(0o644)
		if strings.HasSuffix(path, "/server") || strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		must(t, os.WriteFile(at, []byte(text), mode))
	}
	file := filepath.Join(t.TempDir(), fmt.Sprintf("%s_%s_%s.deb", name, version, runtime.GOARCH))
	if out, err := exec.Command("dpkg-deb", "-Znone", "--root-owner-group", "--build", dir, file).CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	must(t, err)
	return host.Artifact{
		Format: "deb", Name: name, Version: version, Arch: runtime.GOARCH, Size: int64(len(data)), Path: file,
		Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(data)),
	}
}

// send puts an artifact on the host.
func (h *real) send(a host.Artifact) host.Artifact {
	h.t.Helper()
	to := "/var/tmp/" + filepath.Base(a.Path)
	h.copy(a.Path, to)
	a.Path = to
	return a
}

func (h *real) debSpec() host.Spec {
	return host.Spec{
		Format: "deb", Package: h.service, Units: []string{h.service + ".service"},
		Health: &host.Health{HTTP: fmt.Sprintf("http://:%d/_status", h.port), Expect: map[string]string{"version": "{{version}}"}, Within: 10 * time.Second},
	}
}

func (h *real) update(rollout string, a host.Artifact, code host.Code) host.Response {
	h.t.Helper()
	r := h.request(host.Update, rollout, h.debSpec())
	r.Artifact = &a
	start := time.Now()
	answer := h.must(r, code)
	h.t.Logf("update to %s: %v in all, steps %v", a.Version, time.Since(start), answer.Steps)
	return answer
}

func (h *real) restore(rollout string, code host.Code) host.Response {
	h.t.Helper()
	start := time.Now()
	answer := h.must(h.request(host.Restore, rollout, h.debSpec()), code)
	h.t.Logf("restore: %v in all, steps %v", time.Since(start), answer.Steps)
	return answer
}

func TestRealPackage(t *testing.T) {
	h := newReal(t, "boxed", 18511)
	one := h.send(debOf(t, "boxed", "1.0.0", h.port, map[string]string{"/etc/boxed/a.conf": "a1\n", "/etc/boxed/b.conf": "b1\n"}, nil))
	two := h.send(debOf(t, "boxed", "1.1.0", h.port, map[string]string{"/etc/boxed/a.conf": "a2\n", "/etc/boxed/c.conf": "c2\n", "/etc/boxed/b.conf": "b2\n"}, nil))

	h.update("d1", one, host.CodeOK)
	h.put("/etc/boxed/b.conf", "b1 by hand\n", 0o600)
	h.put("/etc/default/boxed", "NAME=value\n", 0o644)
	h.put("/etc/systemd/system/boxed.service.d/nice.conf", "[Service]\nNice=5\n", 0o644)
	h.run("systemctl", "daemon-reload")
	h.run("apt-mark", "hold", "boxed")
	h.run("apt-mark", "auto", "boxed")
	pid := h.try("systemctl", "show", "-P", "MainPID", "boxed")

	forward := h.update("d2", two, host.CodeOK)
	if forward.Version != "1.1.0" || h.try("systemctl", "show", "-P", "MainPID", "boxed") == pid {
		t.Fatalf("update: %+v", forward)
	}
	if h.try("cat", "/etc/boxed/b.conf") != "b1 by hand" || h.try("cat", "/etc/boxed/c.conf") != "c2" {
		t.Fatal("the update did not keep a file that was edited by hand, or did not bring the new one")
	}
	if h.try("apt-mark", "showhold", "boxed") != "boxed" {
		t.Fatal("the update let go of the hold")
	}
	facts := h.must(h.request(host.Facts, "", h.debSpec()), host.CodeOK).Facts
	if facts.Version != "1.1.0" || facts.Digest != two.Digest || facts.Previous != "kept" || !facts.Running || len(facts.Stale)+len(facts.Problems) > 0 {
		t.Fatalf("facts: %+v", facts)
	}
	h.run("systemctl", "disable", "--quiet", "--now", "boxed")
	h.try("sh", "-c", "rm /etc/default/boxed; echo x > /etc/boxed/b.conf.dpkg-dist; apt-mark unhold boxed; apt-mark manual boxed")

	back := h.restore("d2", host.CodeOK)
	h.same(back)
	if back.Version != "1.0.0" || back.State != forward.State {
		t.Fatalf("restore: %+v", back)
	}
	for file, want := range map[string]string{"/etc/boxed/a.conf": "a1", "/etc/boxed/b.conf": "b1 by hand", "/etc/boxed/c.conf": "", "/etc/boxed/b.conf.dpkg-dist": "", "/etc/default/boxed": "NAME=value"} {
		if got := h.try("cat", file); got != want {
			t.Errorf("%s holds %q, expected %q", file, got, want)
		}
	}
	if h.try("apt-mark", "showhold", "boxed") != "boxed" || h.try("apt-mark", "showauto", "boxed") != "boxed" {
		t.Error("hold or automatic mark is not as it was")
	}
	if !strings.Contains(h.try("curl", "-s", "http://127.0.0.1:18511/_status"), "1.0.0") {
		t.Error("1.0.0 does not answer")
	}
	h.same(h.restore("d2", host.CodeOK))

	h.same(h.restore("d1", host.CodeOK))
	if got := h.try("dpkg-query", "-W", "-f", "${db:Status-Status}", "boxed"); got != "" && got != "not-installed" {
		t.Errorf("the package is %s", got)
	}
}

func TestRealPackageWhoseScriptsFail(t *testing.T) {
	const broken = "#!/bin/sh\necho 'no way' >&2\nexit 3\n"
	for name, scripts := range map[string]map[string]string{
		"going-up":   {"postinst": broken},
		"going-down": {"prerm": broken, "postrm": broken},
		"both":       {"postinst": broken, "prerm": broken, "postrm": broken},
	} {
		t.Run(name, func(t *testing.T) {
			port := 18520 + len(name)
			h := newReal(t, "fails-"+name, port)
			one := h.send(debOf(t, h.service, "1.0.0", port, map[string]string{"/etc/" + h.service + "/a.conf": "a1\n"}, nil))
			two := h.send(debOf(t, h.service, "1.1.0", port, map[string]string{"/etc/" + h.service + "/a.conf": "a2\n"}, scripts))
			h.update("f1", one, host.CodeOK)
			code := host.CodeOK
			if scripts["postinst"] != "" {
				code = host.CodeInstall
			}
			answer := h.update("f2", two, code)
			if !answer.Begun {
				t.Fatalf("update: %+v", answer)
			}
			if code != host.CodeOK && !strings.Contains(answer.Reason, "post-installation script subprocess returned error exit status 3") {
				t.Errorf("reason: %s", answer.Reason)
			}
			h.same(h.restore("f2", host.CodeOK))
			if got := h.try("dpkg-query", "-W", "-f", "${Version} ${db:Status-Status}", h.service); got != "1.0.0 installed" {
				t.Errorf("dpkg says %s", got)
			}
			// And a first install that fails goes away again.
			h.same(h.restore("f1", host.CodeOK))
		})
	}
}

func TestRealPackageIsRefusedUntouched(t *testing.T) {
	h := newReal(t, "refused", 18541)
	one := h.send(debOf(t, "refused", "1.0.0", h.port, nil, nil))
	wrong := one
	wrong.Version = "1.0.1"
	answer := h.update("x1", wrong, host.CodeRefused)
	if answer.Begun || !strings.Contains(answer.Reason, "the package says it is refused 1.0.0") {
		t.Errorf("wrong version: %+v", answer)
	}
	h.run("systemctl", "mask", "--quiet", "refused.service")
	answer = h.update("x2", one, host.CodeRefused)
	if answer.Begun || !strings.Contains(answer.Reason, "unit refused.service is masked") {
		t.Errorf("masked: %+v", answer)
	}
	h.run("systemctl", "unmask", "--quiet", "refused.service")
	must(t, h.lab.Fill(t.Context(), h.host, 4<<20))
	answer = h.update("x3", one, host.CodeDisk)
	must(t, h.lab.Empty(t.Context(), h.host))
	if answer.Begun {
		t.Errorf("disk full: %+v", answer)
	}
	h.update("x3", one, host.CodeOK)
}
