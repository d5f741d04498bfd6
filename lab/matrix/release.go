package matrix

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/lab/pack"
)

// Service is the service of the cases, and the package of those with a .deb.
const Service = "checkout"

// Releases are all releases that cases install, by format and version.
type Releases struct {
	dir   string
	byKey map[string]host.Artifact
}

// Of returns a release; its path is where it is on this machine.
func (r *Releases) Of(format, version string) (host.Artifact, error) {
	a, ok := r.byKey[format+" "+version]
	if !ok {
		return a, fmt.Errorf("there is no release %s as %s", version, format)
	}
	return a, nil
}

// OnHost returns a function that finds releases where a host has them.
func (r *Releases) OnHost(format string) func(version string) (host.Artifact, error) {
	return func(version string) (host.Artifact, error) {
		a, err := r.Of(format, version)
		a.Path = releasesDir + "/" + filepath.Base(a.Path)
		return a, err
	}
}

// Build packs all releases around a program: the sample service.
func Build(ctx context.Context, dir, program string) (*Releases, error) {
	r := &Releases{dir: dir, byKey: map[string]host.Artifact{}}
	for _, d := range debs() {
		if err := r.deb(ctx, d, program); err != nil {
			return nil, fmt.Errorf("pack %s %s: %w", d.name(), d.version, err)
		}
	}
	for _, t := range tarballs() {
		if err := r.tarball(ctx, t, program); err != nil {
			return nil, fmt.Errorf("pack %s: %w", t.version, err)
		}
	}
	return r, nil
}

// add notes down a release that was packed.
func (r *Releases) add(format, name, version, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	r.byKey[format+" "+version] = host.Artifact{
		Format: format, Name: name, Version: version, Arch: pack.Arch(), Path: path,
		Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(text)), Size: int64(len(text)),
	}
	return nil
}

// write lays out files below a directory; scripts and the program may be run.
func write(dir string, files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			return err
		}
	}
	return nil
}

// about is the file by which the sample service knows its version and behaviour.
func about(version, behaviour string) string {
	return fmt.Sprintf(`{"service": %q, "version": %q%s}`+"\n", Service, version, behaviour)
}

func tool(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// Program takes the sample service's program out of one of its archives.
func Program(ctx context.Context, archive, dir string) (string, error) {
	err := tool(ctx, "tar", "--extract", "--gzip", "--file", archive, "--directory", dir, "bin/checkout")
	return filepath.Join(dir, "bin/checkout"), err
}
