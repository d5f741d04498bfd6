package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/artifact/build"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// BuildRequest asks for a release of the project.
type BuildRequest struct {
	Dir, File string   // slipway.yaml, and the directory that its name starts at
	Version   string   // "": the one that the commit or the files name
	Arch      []string // Debian's names; empty: what the manifest lists
	Import    []string // artifacts that somebody else built; empty: build
	Output    io.Writer
}

// Build builds or imports a release and keeps it in the store.
func (a *App) Build(ctx context.Context, r BuildRequest) (rollout.Release, error) {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return rollout.Release{}, err
	}
	if len(r.Import) > 0 {
		return a.imported(ctx, p, r)
	}
	return a.built(ctx, p, r)
}

// imported keeps files that somebody else built, all of one version.
func (a *App) imported(ctx context.Context, p project, r BuildRequest) (rollout.Release, error) {
	version := r.Version
	var release rollout.Release
	for i, file := range r.Import {
		want := artifact.Want{Format: p.format(), Name: p.artifactName(), Version: version}
		if p.format() == artifact.TarGz {
			want.Arch = at(r.Arch, i)
		}
		info, err := a.store.Import(ctx, file, want, false)
		if err != nil {
			return rollout.Release{}, keeping(err)
		}
		version = info.Version
		release.Version, release.Commit = info.Version, info.Commit
		release.Artifacts = append(release.Artifacts, asArtifact(info))
	}
	return release, nil
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// keeping says what to do about an artifact that was not taken.
func keeping(err error) error {
	e := &Error{Kind: Misconfigured, Err: err}
	if errors.Is(err, fs.ErrNotExist) {
		e.Hint = "name the .deb or .tar.gz file that was built, as in: slipway build 1.4.0 --import dist/checkout_1.4.0_amd64.tar.gz"
	}
	return e
}

// built runs the project's build command, once an architecture, and keeps what it
// made once all of it is there.
func (a *App) built(ctx context.Context, p project, r BuildRequest) (rollout.Release, error) {
	if !builds(p.Manifest) {
		return rollout.Release{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("%s names no build command and no file", r.File),
			Hint: "slipway build " + r.Version + " --import FILE takes what was built elsewhere"}
	}
	out, err := os.MkdirTemp("", "slipway-build-")
	if err != nil {
		return rollout.Release{}, err
	}
	defer os.RemoveAll(out)
	var results []build.Result
	for _, arch := range p.architectures(r.Arch) {
		config, err := p.buildConfig(r, arch, out)
		if err != nil {
			return rollout.Release{}, err
		}
		result, err := build.Run(ctx, config)
		if err != nil {
			return rollout.Release{}, &Error{Kind: Misconfigured, Err: err}
		}
		r.Version = result.Info.Version
		results = append(results, result)
	}
	return a.keep(ctx, results)
}

// buildConfig is the manifest in the words of a build.
func (p project) buildConfig(r BuildRequest, arch, out string) (build.Config, error) {
	c := build.Config{
		Dir: p.dir, Format: p.format(), Name: p.artifactName(), Version: r.Version, Arch: arch, Out: out, Log: r.Output,
	}
	if d := p.Artifact.Deb; d != nil {
		c.Command, c.File, c.Tree = d.Build, d.File, d.Tree
		c.Deb = build.Package{Description: d.Description, Maintainer: d.Maintainer, Depends: d.Depends}
	} else {
		c.Command, c.File, c.Tree = p.Artifact.TarGz.Build, p.Artifact.TarGz.File, p.Artifact.TarGz.Tree
	}
	if left := cmp.Or(c.File, c.Tree); r.Version == "" && strings.Contains(left, "{{version}}") {
		return c, &Error{Kind: Misconfigured, Err: fmt.Errorf("which version? %s, which the build leaves, has it in its name", left),
			Hint: "give it, as in: slipway build 1.4.0"}
	}
	fill := strings.NewReplacer("{{version}}", r.Version, "{{arch}}", cmp.Or(arch, runtime.GOARCH))
	c.File, c.Tree = fill.Replace(c.File), fill.Replace(c.Tree)
	return c, nil
}

// architectures are those asked for, or the manifest's; "" leaves it to the build.
func (p project) architectures(asked []string) []string {
	switch {
	case len(asked) > 0:
		return asked
	case p.Artifact.TarGz != nil && len(p.Artifact.TarGz.Architectures) > 0:
		return p.Artifact.TarGz.Architectures
	}
	return []string{""}
}

// keep puts what was built into the store.
func (a *App) keep(ctx context.Context, results []build.Result) (rollout.Release, error) {
	var release rollout.Release
	for _, b := range results {
		f, err := os.Open(b.File)
		if err != nil {
			return rollout.Release{}, err
		}
		info, err := a.store.Put(ctx, f, b.Info, false)
		if err := errors.Join(err, f.Close()); err != nil {
			return rollout.Release{}, keeping(err)
		}
		release.Version, release.Commit = info.Version, info.Commit
		release.Artifacts = append(release.Artifacts, asArtifact(info))
	}
	return release, nil
}
