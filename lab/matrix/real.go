package matrix

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/lab/image"
)

// Real is a package of Debian's with its conffiles and scripts, as a service.
type Real struct {
	Service string
	Spec    host.Spec
	With    []string // packages that go with it, in a version of their own
	Edit    string   // a conffile that somebody has edited
}

// Reals are the cases of packages that nobody here made, from their older version in
// Debian to the newer one and back, and of one that was made to fail on the way down.
func Reals() []Row {
	real := func(pkg, unit, edit, config, data string, with ...string) *Real {
		return &Real{Service: pkg, With: with, Edit: edit, Spec: host.Spec{
			Format: "deb", Package: pkg, Units: []string{unit}, Config: []string{config}, Data: []string{data},
		}}
	}
	rows := []Row{
		{ID: "redis-server", Real: real("redis-server", "redis-server.service", "/etc/redis/redis.conf", "/etc/redis", "/var/lib/redis", "redis-tools")},
		{ID: "nginx-light", Real: real("nginx-light", "nginx.service", "/etc/nginx/nginx.conf", "/etc/nginx", "/var/www", "nginx", "nginx-common")},
		{ID: "haproxy", Real: real("haproxy", "haproxy.service", "/etc/haproxy/haproxy.cfg", "/etc/haproxy", "/var/lib/haproxy")},
		{ID: "rsyslog", Real: real("rsyslog", "rsyslog.service", "/etc/rsyslog.conf", "/etc/rsyslog.d", "/var/log")},
	}
	for i := range rows {
		r := &rows[i]
		r.Changed = "a conffile edited by hand; needrestart and unattended-upgrades on the host"
		r.Fails = "nothing"
		r.Base = Debian
	}
	rows = append(rows, Row{ID: "made-to-fail", Changed: "a conffile edited by hand", Fails: "prerm and postrm of the new version, which was made so, on the way down",
		New: "1.1.0+down", Before: "echo '# by hand' >>/etc/checkout/a.conf"})
	for i := range rows {
		rows[i].Format, rows[i].ID = "deb", "real-"+rows[i].ID
	}
	return rows
}

// Debians is the layer of hosts that have those packages to install.
func Debians() image.Layer {
	l := image.Layer{Install: []string{"needrestart", "unattended-upgrades"}, Leave: []string{"libnginx-mod-http-echo"}}
	for _, r := range Reals() {
		if r.Real != nil {
			l.Offer = append(l.Offer, append([]string{r.Real.Spec.Package}, r.Real.With...)...)
		}
	}
	return l
}

// Versions finds the two versions of a package that a layer has, older first.
func Versions(ctx context.Context, layer, pkg string) ([]host.Artifact, error) {
	paths, err := filepath.Glob(filepath.Join(layer, image.Archive, pkg+"_*.deb"))
	if err != nil || len(paths) != 2 {
		return nil, fmt.Errorf("find two versions of %s: there are %q: %w", pkg, paths, err)
	}
	var all []host.Artifact
	for _, p := range paths {
		out, err := exec.CommandContext(ctx, "dpkg-deb", "--showformat=${Version} ${Architecture}", "--show", p).Output()
		if err != nil {
			return nil, err
		}
		content, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		version, arch, _ := strings.Cut(string(out), " ")
		all = append(all, host.Artifact{
			Format: "deb", Name: pkg, Version: version, Arch: arch, Path: image.Archive + "/" + filepath.Base(p),
			Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(content)), Size: int64(len(content)),
		})
	}
	if exec.CommandContext(ctx, "dpkg", "--compare-versions", all[0].Version, "gt", all[1].Version).Run() == nil {
		slices.Reverse(all)
	}
	return all, nil
}

// prepare says what a case of a package needs: which versions, and how the older one
// comes to the host with those that go with it.
func (r Row) prepare(ctx context.Context, layer string) (Row, []host.Artifact, error) {
	install := "apt-get install -y -qq -o Dpkg::Use-Pty=0"
	var of []host.Artifact
	for _, pkg := range append([]string{r.Real.Spec.Package}, r.Real.With...) {
		versions, err := Versions(ctx, layer, pkg)
		if err != nil {
			return r, nil, err
		}
		if of == nil {
			of = versions
		}
		install += " " + pkg + "=" + versions[0].Version
	}
	r.New = of[1].Version
	r.Before = fmt.Sprintf("%s >/dev/null\necho '# by hand' >>%s\nsystemctl restart %s\n", install, r.Real.Edit, r.Real.Spec.Units[0])
	return r, of, nil
}
