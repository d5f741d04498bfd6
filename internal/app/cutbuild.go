package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/releasable"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/secret"
)

// kept are the artifacts of a version in the store.
func (a *App) kept(p project, version string) ([]artifact.Info, error) {
	return a.store.List(artifact.Want{Name: p.artifactName(), Version: version, Format: p.format()})
}

// dirty reports whether an artifact of a release was built from changed files.
func (a *App) dirty(p project, r rollout.Release) bool {
	all, err := a.kept(p, r.Version)
	for _, i := range all {
		if err == nil && i.Dirty {
			return true
		}
	}
	return false
}

// keptAlready takes the artifacts that an earlier attempt has built, and refuses those of
// another commit.
func (a *App) keptAlready(p project, c *Cut) error {
	all, err := a.kept(p, c.Version)
	if err != nil {
		return err
	}
	c.Release = rollout.Release{Version: c.Version, Commit: c.Commit}
	have := map[string]bool{}
	for _, i := range all {
		if i.Commit != c.Commit || i.Dirty {
			from := "from an unknown commit"
			if i.Commit != "" {
				from = "from commit " + releasable.Short(i.Commit)
			}
			if i.Dirty {
				from += " with changed files"
			}
			return &Error{Kind: Refused, Err: fmt.Errorf("%s is in the store already, built %s, and this is commit %s: a release is never changed", i.Filename(), from, releasable.Short(c.Commit)),
				Hint: "take another version"}
		}
		have[i.Arch] = true
		c.Release.Artifacts = append(c.Release.Artifacts, asArtifact(i))
	}
	c.kept = len(all) > 0
	for _, arch := range p.architectures(nil) {
		c.kept = c.kept && (arch == "" || have[arch] || have[artifact.All])
	}
	return nil
}

// whole reports whether all of a release is there: artifacts of the commit, and the
// statement about them.
func (a *App) whole(p project, version, commit string) bool {
	c := Cut{Version: version, Commit: commit}
	if err := a.keptAlready(p, &c); err != nil || !c.kept {
		return false
	}
	_, err := os.Stat(filepath.Join(a.folder(p.artifactName(), version), provenanceName))
	return err == nil
}

// provenanceName is the file with the statement, one a line.
const provenanceName = "provenance.intoto.jsonl"

// buildCut builds what is not kept yet, and states where it comes from.
func (a *App) buildCut(ctx context.Context, p project, t *trunk, r CutRequest, c *Cut) error {
	began := a.cfg.Now()
	if !c.kept {
		release, err := a.built(ctx, p, BuildRequest{Dir: r.Dir, File: r.File, Version: c.Version, Output: r.Output})
		if err != nil {
			return err
		}
		head, err := t.repo.Resolve(ctx, "HEAD")
		if err != nil {
			return err
		}
		if head != c.Commit || release.Commit != c.Commit {
			return &Error{Kind: Refused, Err: fmt.Errorf("the project moved to commit %s while %s was built from %s; it is not tagged", releasable.Short(head), c.Version, releasable.Short(c.Commit))}
		}
		if err := a.keptAlready(p, c); err != nil {
			return err
		}
	}
	return a.state(ctx, p, t, r, c, began)
}

// state writes the provenance beside the notes of the release.
func (a *App) state(ctx context.Context, p project, t *trunk, r CutRequest, c *Cut, began time.Time) error {
	dir := a.folder(p.artifactName(), c.Version)
	c.Provenance = filepath.Join(dir, provenanceName)
	c.Signed = t.rules.Key != ""
	if _, err := os.Stat(c.Provenance); err == nil {
		return nil // of the same bytes: a version is never changed
	}
	source, err := t.repo.Address(ctx, t.remote)
	if err != nil {
		return err
	}
	name := filepath.Base(r.File)
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	b := releasable.Build{
		Service: c.Service, Version: c.Version, Source: source, Branch: t.branch, Commit: c.Commit,
		Manifest: path.Join(t.repo.Below(), name), ManifestDigest: "sha256:" + hex.EncodeToString(sum[:]), Command: p.command(),
		Builder: a.cfg.By, Program: r.Program, Started: began, Ended: a.cfg.Now(),
	}
	all, err := a.kept(p, c.Version)
	if err != nil {
		return err
	}
	for _, i := range all {
		b.Artifacts = append(b.Artifacts, releasable.Built{File: i.Filename(), Digest: i.Digest})
	}
	line, err := b.Statement()
	if err == nil && c.Signed {
		line, err = signed(line, t.rules.Key)
	}
	if err != nil {
		return &Error{Kind: Misconfigured, Err: err, Hint: "correct it, and cut the release again: it goes on from here"}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("keep the provenance: %w", err)
	}
	return replaceFile(c.Provenance, line, 0o644)
}

func signed(statement []byte, ref string) ([]byte, error) {
	key, err := secret.Resolve(ref)
	if err != nil {
		return nil, fmt.Errorf("release.key: %w", err)
	}
	return releasable.Sign(bytes.TrimSpace(statement), key)
}

// command is what the project builds with.
func (p project) command() string {
	if d := p.Artifact.Deb; d != nil {
		return d.Build
	}
	return p.Artifact.TarGz.Build
}

// finish tags, and pushes the tag where that is asked for.
func (a *App) finish(ctx context.Context, t *trunk, r CutRequest, c *Cut) error {
	if !c.tagged {
		if err := t.repo.AddTag(ctx, c.Tag, c.Commit, c.section.Message(c.Service)); err != nil {
			return &Error{Kind: Misconfigured, Err: err, Hint: "correct it, and cut the release again: it goes on from here"}
		}
	}
	if !r.Push {
		return nil
	}
	if t.remote == "" {
		return &Error{Kind: Misconfigured, Err: fmt.Errorf("tag %s is made, and there is no remote to push it to", c.Tag), Hint: "git remote add, and cut the release again with --push"}
	}
	if err := t.repo.PushTag(ctx, t.remote, c.Tag); err != nil {
		return &Error{Kind: Misconfigured, Err: err, Hint: "the release is cut, and only its tag is not pushed: git push " + t.remote + " " + c.Tag}
	}
	c.Pushed = true
	return nil
}
