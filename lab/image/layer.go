package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/lab/lock"
	"github.com/slipway-deploy/slipway/lab/mount"
)

// Archive is where a host with a layer has its packages, as an archive for apt.
const Archive = "/srv/debian"

// layerEdition is raised when something else in this file changes what a layer holds.
const layerEdition = 1

// Layer is what some hosts have above their image. Hosts reach no archive, so a layer
// brings one with everything that its packages need.
type Layer struct {
	Base    Recipe
	Install []string // packages that are installed
	Offer   []string // packages that a host can install, each in two versions
	Leave   []string // what those need and a host installs with them, since it needs one of them
}

// digest names a layer, like Recipe.Digest.
func (l Layer) digest() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%d %s %q %q %q", layerEdition, l.Base.Digest(), l.Install, l.Offer, l.Leave)
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// EnsureLayer returns the directory of a layer in a cache, and builds it first when it
// is not there, as Ensure does with an image. It needs the image of its base.
func EnsureLayer(ctx context.Context, cache string, l Layer, progress func(string)) (string, error) {
	base, err := Ensure(ctx, cache, l.Base, progress)
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, "layer-"+l.digest())
	unlock, err := lock.Take(ctx, path+".lock", func() { progress("waiting for another lab that builds the same layer") })
	if err != nil {
		return "", fmt.Errorf("wait for layer %s: %w", path, err)
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	progress("building a layer with " + strings.Join(slices.Concat(l.Install, l.Offer), ", ") + " (once, about a minute)")
	if err := l.build(ctx, base, path); err != nil {
		return "", fmt.Errorf("build layer %s: %w", path, err)
	}
	return path, nil
}

// build makes a layer beside its place and moves it there whole.
func (l Layer) build(ctx context.Context, base, path string) (err error) {
	tmp := path + ".building"
	if err := discard(ctx, tmp); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, discard(context.WithoutCancel(ctx), tmp)) }()
	upper, work, root := filepath.Join(tmp, "upper"), filepath.Join(tmp, "work"), filepath.Join(tmp, "root")
	for _, dir := range []string{upper, work, root} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if _, err := call(ctx, "", "mount", "-t", "overlay", "-o", "lowerdir="+base+",upperdir="+upper+",workdir="+work, "layer", root); err != nil {
		return err
	}
	if err := l.fill(ctx, root); err != nil {
		return err
	}
	if err := mount.Detach(ctx, root); err != nil {
		return err
	}
	return os.Rename(upper, path)
}

// fill fetches packages with this machine's apt, which knows the archives, and installs
// in the system at root what is to be installed and what the others need.
func (l Layer) fill(ctx context.Context, root string) error {
	archive := filepath.Join(root, Archive)
	if err := os.MkdirAll(filepath.Join(archive, "partial"), 0o755); err != nil {
		return err
	}
	get := []string{"-qq", "-y", "-o", "APT::Sandbox::User=root", "-o", "APT::Install-Recommends=false", "-o", "Dir::State::status=" + filepath.Join(root, "var/lib/dpkg/status"), "-o", "Dir::Cache::archives=" + archive}
	if _, err := call(ctx, "", "apt-get", slices.Concat(get, []string{"--download-only", "install"}, l.Install, l.Offer)...); err != nil {
		return fmt.Errorf("fetch packages (is apt-get update due?): %w", err)
	}
	needed, err := l.needed(ctx, archive)
	if err != nil {
		return err
	}
	if err := l.olden(ctx, archive); err != nil {
		return err
	}
	if err := Index(ctx, archive); err != nil {
		return err
	}
	return install(ctx, root, needed)
}

// needed lists the packages that were fetched to be installed.
func (l Layer) needed(ctx context.Context, archive string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(archive, "*.deb"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range paths {
		name, err := call(ctx, "", "dpkg-deb", "--field", p, "Package")
		if err != nil {
			return nil, err
		}
		if name = strings.TrimSpace(name); !slices.Contains(l.Offer, name) && !slices.Contains(l.Leave, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// install installs packages from the archive in a system that is not booted.
func install(ctx context.Context, root string, names []string) error {
	policy := file{"/usr/sbin/policy-rc.d", 0o755, "#!/bin/sh\nexit 101\n"}
	source := file{"/etc/apt/sources.list.d/debian.list", 0o644, "deb [trusted=yes] file:" + Archive + " ./\n"}
	for _, f := range []file{policy, source} {
		if err := f.write(root); err != nil {
			return err
		}
	}
	for _, args := range [][]string{{"update"}, append([]string{"install"}, names...), {"clean"}} {
		if _, err := call(ctx, "", "chroot", append([]string{root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y", "-o", "APT::Sandbox::User=root"}, args...)...); err != nil {
			return err
		}
	}
	return os.Remove(filepath.Join(root, policy.Path))
}

// Index writes the list by which apt knows the packages in a directory. It leaves out
// those that skip names.
func Index(ctx context.Context, dir string, skip ...string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, p := range paths {
		if slices.Contains(skip, filepath.Base(p)) {
			continue
		}
		fields, err := call(ctx, "", "dpkg-deb", "--field", p)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%sFilename: ./%s\nSize: %d\nSHA256: %x\n\n", fields, filepath.Base(p), len(content), sha256.Sum256(content))
	}
	return os.WriteFile(filepath.Join(dir, "Packages"), []byte(text.String()), 0o644)
}

// call runs a program, in a directory when one is named, and returns what it printed.
func call(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, lastLine([]byte(said.String())))
	}
	return string(out), nil
}
