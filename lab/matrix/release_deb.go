package matrix

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/lab/pack"
)

// deb is one release as a package.
type deb struct {
	pkg       string // the service's when empty; others have no program
	version   string
	behaviour string
	depends   string
	files     map[string]string // conffiles and others, besides those of every release
	scripts   map[string]string // lines at the beginning of maintainer scripts
	norestart bool              // its scripts leave the running process alone
}

func (d deb) name() string { return cmp.Or(d.pkg, Service) }

// Lines for scripts of packages that fail, or wait to be stopped half way.
const (
	scriptFails = "echo 'this script fails' >&2; exit 3\n"
	scriptWaits = "touch " + reached + "; while ! [ -e " + letGo + " ]; do sleep 0.1; done\n"
)

// newFiles is what a version does to configuration: one file is changed, one comes and
// one (gone.conf) goes.
func newFiles() map[string]string {
	return map[string]string{
		"etc/checkout/a.conf": "a of the new version\n", "etc/checkout/new.conf": "new\n",
		"usr/share/checkout/banner": "new banner\n", "usr/share/checkout/more/text": "more\n",
	}
}

func oldFiles() map[string]string {
	return map[string]string{
		"etc/checkout/a.conf": "a\n", "etc/checkout/gone.conf": "gone in the next version\n",
		"usr/share/checkout/banner": "banner\n",
	}
}

func withTimer() map[string]string {
	files := newFiles()
	files["lib/systemd/system/checkout-report.timer"] = "[Timer]\nOnCalendar=yearly\n[Install]\nWantedBy=timers.target\n"
	files["lib/systemd/system/checkout-report.service"] = "[Service]\nType=oneshot\nExecStart=/bin/true\n"
	return files
}

func debs() []deb {
	script := func(name, text string) map[string]string { return map[string]string{name: text} }
	return []deb{
		{version: "0.9.0", files: oldFiles()},
		{version: "1.0.0", files: oldFiles()},
		{version: "1.0.1", files: oldFiles(), norestart: true},
		{version: "1.0.0+hard", files: oldFiles(), scripts: script("postinst", `if [ -n "$2" ] && dpkg --compare-versions "$2" gt "1.0.0+hard"; then `+strings.TrimSpace(scriptFails)+"; fi\n")},
		{version: "1.0.0+needs", files: oldFiles(), depends: "checkout-lib (= 1.0)"},
		{version: "1.0.1+quiet", files: oldFiles()},
		{version: "1.1.0", files: newFiles()},
		{version: "1.1.0+postinst", files: newFiles(), scripts: script("postinst", scriptFails)},
		{version: "1.1.0+prerm", files: newFiles(), scripts: script("prerm", scriptFails)},
		{version: "1.1.0+postrm", files: newFiles(), scripts: script("postrm", scriptFails)},
		{version: "1.1.0+all", files: newFiles(), scripts: map[string]string{"postinst": scriptFails, "prerm": scriptFails, "postrm": scriptFails}},
		{version: "1.1.0+down", files: newFiles(), scripts: map[string]string{"prerm": scriptFails, "postrm": scriptFails}},
		{version: "1.1.0+waits", files: newFiles(), scripts: script("preinst", scriptWaits)},
		{version: "1.1.0+lingers", files: newFiles(), scripts: script("prerm", scriptWaits)},
		{version: "1.1.0+timer", files: withTimer(), scripts: script("postinst", "deb-systemd-helper enable checkout-report.timer >/dev/null; systemctl daemon-reload; systemctl start checkout-report.timer\n")},
		{version: "1.1.0+user", files: newFiles(), scripts: script("postinst", "id checkout >/dev/null 2>&1 || useradd --system checkout\n")},
		{version: "1.1.0+needs", files: newFiles(), depends: "checkout-lib (= 2.0), checkout-new"},
		{version: "1.1.0+broken", files: newFiles(), behaviour: `, "broken": true`},
		{version: "1.1.0+unhealthy", files: newFiles(), behaviour: `, "unhealthy": true`},
		{version: "1.2.0", files: newFiles()},
		{pkg: "checkout-lib", version: "1.0"},
		{pkg: "checkout-lib", version: "2.0"},
		{pkg: "checkout-new", version: "1.0"},
	}
}

func (r *Releases) deb(ctx context.Context, d deb, program string) error {
	dir := filepath.Join(r.dir, "deb-"+d.name()+"-"+d.version)
	files := map[string]string{"DEBIAN/control": d.control(0)}
	if d.pkg == "" {
		info, err := os.Stat(program)
		if err != nil {
			return err
		}
		files["DEBIAN/control"] = d.control(info.Size()/1024 + 64)
		maps.Copy(files, d.service())
	}
	if err := write(dir, files); err != nil {
		return err
	}
	if d.pkg == "" {
		if err := linkProgram(program, filepath.Join(dir, "usr/lib/checkout/bin/checkout")); err != nil {
			return err
		}
	}
	file := filepath.Join(r.dir, fmt.Sprintf("%s_%s_%s.deb", d.name(), d.version, pack.Arch()))
	if err := tool(ctx, "dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "--build", dir, file); err != nil {
		return err
	}
	if d.pkg != "" {
		return nil // only apt installs it
	}
	return r.add("deb", Service, d.version, file)
}

// control is the control file of a package that takes so many KiB.
func (d deb) control(size int64) string {
	text := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: Slipway <slipway@localhost>\nSection: misc\nPriority: optional\nInstalled-Size: %d\nDescription: package of a case\n", d.name(), d.version, pack.Arch(), size)
	if d.depends != "" {
		text += "Depends: " + d.depends + "\n"
	}
	return text
}

// service are the files of a package of the service.
func (d deb) service() map[string]string {
	unit := pack.Unit("/usr/lib/checkout/bin/checkout")
	unit = strings.Replace(unit, "[Service]\n", "[Service]\nEnvironmentFile=-/etc/default/checkout\n", 1)
	files := map[string]string{
		"etc/checkout/checkout.conf":          "PORT=8080\nCURRENCY=EUR\n",
		"lib/systemd/system/checkout.service": unit,
		"usr/lib/checkout/release.json":       about(d.version, d.behaviour),
	}
	maps.Copy(files, d.files)
	var conffiles strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(name, "etc/") {
			fmt.Fprintf(&conffiles, "/%s\n", name)
		}
	}
	files["DEBIAN/conffiles"] = conffiles.String()
	action := `if [ -n "$2" ]; then action=restart; else action=start; fi`
	if d.norestart {
		action = `if [ -n "$2" ]; then exit 0; else action=start; fi`
	}
	for script, text := range map[string]string{"preinst": "", "postinst": strings.Replace(postinst, "ACTION", action, 1), "prerm": prerm, "postrm": postrm} {
		files["DEBIAN/"+script] = "#!/bin/sh\nset -e\n" + d.scripts[script] + text
	}
	return files
}

// What the scripts of a package with a unit usually do.
const (
	postinst = `if [ "$1" = configure ]; then
	deb-systemd-helper unmask checkout.service >/dev/null || true
	if deb-systemd-helper --quiet was-enabled checkout.service; then
		deb-systemd-helper enable checkout.service >/dev/null || true
	else
		deb-systemd-helper update-state checkout.service >/dev/null || true
	fi
	systemctl --system daemon-reload >/dev/null || true
	ACTION
	deb-systemd-invoke $action checkout.service >/dev/null || true
fi
`
	prerm = `if [ "$1" = remove ]; then
	deb-systemd-invoke stop checkout.service >/dev/null || true
fi
`
	postrm = `systemctl --system daemon-reload >/dev/null || true
if [ "$1" = remove ]; then
	deb-systemd-helper mask checkout.service >/dev/null || true
fi
if [ "$1" = purge ]; then
	deb-systemd-helper purge checkout.service >/dev/null || true
	deb-systemd-helper unmask checkout.service >/dev/null || true
	rm -rf /var/lib/checkout
fi
`
)
