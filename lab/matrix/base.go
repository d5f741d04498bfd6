package matrix

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-deploy/slipway/lab/image"
	"github.com/slipway-deploy/slipway/lab/pack"
)

// Layers makes what hosts have at the beginning of a case, once for each base and tool.
type Layers struct {
	Dir      string
	Releases *Releases
	common   string
}

// NewLayers lays out what every host has: the helper, all releases, and two archives.
// archive has the version of the beginning, so that it can vanish, and releases the rest.
func NewLayers(ctx context.Context, dir, helper string, releases *Releases) (*Layers, error) {
	l := &Layers{Dir: dir, Releases: releases, common: filepath.Join(dir, "common")}
	files := map[string]string{
		"etc/apt/sources.list.d/lab.list": "deb [trusted=yes] file:" + releasesDir + " ./\ndeb [trusted=yes] file:" + archiveDir + " ./\n",
	}
	if err := write(l.common, files); err != nil {
		return nil, err
	}
	at := func(path string) string { return filepath.Join(l.common, path) }
	for _, d := range []string{filepath.Dir(helperPath), releasesDir, archiveDir} {
		if err := os.MkdirAll(at(d), 0o755); err != nil {
			return nil, err
		}
	}
	if err := tool(ctx, "cp", helper, at(helperPath)); err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(releases.dir, Service+"*.*"))
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		if err := os.Link(p, at(releasesDir+"/"+filepath.Base(p))); err != nil {
			return nil, err
		}
	}
	first := Service + "_1.0.0_" + pack.Arch() + ".deb"
	if err := os.Link(filepath.Join(releases.dir, first), at(archiveDir+"/"+first)); err != nil {
		return nil, err
	}
	if err := image.Index(ctx, at(archiveDir)); err != nil {
		return nil, err
	}
	return l, image.Index(ctx, at(releasesDir), first)
}

// Make prepares hosts of one base: a script and a deploy on a host, whose disk is then
// the layer. The host is down after that.
func (l *Layers) Make(ctx context.Context, h *Host, name, script string, below []string, t Tool) error {
	if err := h.Renew(ctx, append(append([]string(nil), below...), l.common)...); err != nil {
		return err
	}
	if err := h.Script(ctx, script); err != nil {
		return fmt.Errorf("make base %s: %w", name, err)
	}
	if t != nil {
		if err := t.Deploy(ctx, "1.0.0"); err != nil {
			return fmt.Errorf("make base %s: %w", name, err)
		}
	}
	return h.Lab.Layer(ctx, h.Name, filepath.Join(l.Dir, name))
}

// Of are the layers of a base that was made, the topmost first.
func (l *Layers) Of(name string, below ...string) []string {
	return append(append([]string{filepath.Join(l.Dir, name)}, below...), l.common)
}

// setUpDeb and setUpTar are what hosts have before any version of the service. owner
// may write releases.
const setUpDeb = "apt-get update -qq"

func setUpTar(owner string, enabled bool) string {
	unit := strings.Replace(pack.Unit("/opt/checkout/current/bin/checkout"), "[Service]\n", "[Service]\nEnvironmentFile=-/etc/default/checkout\n", 1)
	text := `mkdir -p /etc/checkout /opt/checkout/shared /var/lib/checkout
printf 'PORT=8080\nCURRENCY=EUR\n' >/etc/checkout/checkout.conf
echo a >/etc/checkout/a.conf
echo v1 >/opt/checkout/shared/state
echo one >/var/lib/checkout/data
chown -R daemon: /etc/checkout /opt/checkout/shared /var/lib/checkout
cat >/etc/systemd/system/checkout.service <<'END'
` + unit + `END
systemctl daemon-reload
chown ` + owner + `: /opt/checkout
`
	if enabled {
		text += "systemctl enable --quiet checkout\n"
	}
	return text
}
