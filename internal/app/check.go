package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/runbook"
	"github.com/slipway-deploy/slipway/internal/standard"
)

// CheckRequest asks how a project stands to the standard.
type CheckRequest struct {
	Dir, File string // slipway.yaml, and the directory that its name starts at
	Artifact  string // what was built, to be looked into as well; "" for nothing
	Releasing bool   // a release is to be cut or deployed from what is checked out
	Now       time.Time
}

// Check holds a project to the rules of the standard. It asks git, and nobody else.
func Check(ctx context.Context, r CheckRequest) (standard.Report, error) {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return standard.Report{}, err
	}
	facts := standard.Project{Now: r.Now, Releasing: r.Releasing, Git: p.commitFacts(ctx)}
	if r.Artifact != "" {
		if facts.Artifact, err = p.peek(ctx, r.Dir, r.Artifact, artifact.Want{Format: p.format(), Name: p.artifactName()}); err != nil {
			return standard.Report{}, err
		}
	}
	return p.stands(ctx, facts)
}

// heldToStandard refuses a deploy to an environment that the rules about deploys do not let
// out, when the manifest wants that. Rules about the commit are the release's own gate.
func (a *App) heldToStandard(ctx context.Context, p project, env *manifest.Environment, release rollout.Release) error {
	if p.Standard.Gate != manifest.GateErrors || env.Method.Local != nil {
		return nil
	}
	facts := standard.Project{Now: a.cfg.Now(), Releasing: true, Environment: env.Name}
	for _, one := range release.Artifacts {
		path, err := a.store.Path(ctx, one.Digest)
		if err != nil {
			return err
		}
		if facts.Artifact, err = p.peek(ctx, p.dir, path, artifact.Want{Format: one.Format, Name: one.Name, Version: one.Version, Arch: one.Arch}); err != nil {
			return err
		}
		facts.Artifact.File = fmt.Sprintf("%s_%s_%s.%s", one.Name, one.Version, one.Arch, one.Format)
		report, err := p.stands(ctx, facts)
		if err != nil {
			return err
		}
		if err := standard.Gate(report.Findings); err != nil {
			return &Error{Kind: Refused, Err: err, Hint: "slipway check tells all of it; a rule can be waived in " + p.File + " with a reason and a last day"}
		}
	}
	return nil
}

// stands adds what the project's own files say to facts, and holds it to the standard.
func (p project) stands(ctx context.Context, facts standard.Project) (standard.Report, error) {
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		return standard.Report{}, fmt.Errorf("look at the project: %w", err)
	}
	defer root.Close()
	facts.Files, facts.File, facts.Manifest, facts.Paths = root.FS(), filepath.Base(p.File), p.Manifest, p.listed(ctx)
	facts.Prefix = strings.TrimSuffix(p.prefix(ctx), "/")
	facts.Contract = contracts(p.Compat)
	if facts.Runbook, err = p.runbookStands(); err != nil {
		return standard.Report{}, err
	}
	report, err := standard.Check(facts)
	if err != nil {
		return standard.Report{}, &Error{Kind: Misconfigured, Err: err, Hint: "make it readable, or have git ignore it"}
	}
	return report, ctx.Err()
}

// contracts are what the manifest has compared with the live version.
func contracts(c *manifest.Compat) *standard.Contract {
	all := &standard.Contract{}
	if c == nil {
		return all
	}
	for _, one := range c.OpenAPI {
		all.Covers = append(all.Covers, one.Files...)
	}
	for _, one := range c.Proto {
		all.Covers = append(all.Covers, one.Files...)
	}
	for _, one := range slices.Concat(c.JSONSchema, c.Avro) {
		all.Covers = append(all.Covers, one.Files...)
	}
	for _, one := range c.Migrations {
		all.Covers = append(all.Covers, one.Dir)
	}
	return all
}

// listed are the files that git has or would take; nil when it has none of the project.
func (p project) listed(ctx context.Context) []string {
	out := p.git(ctx, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	if out == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
}

// commitFacts are what git says of what is checked out; nil without a commit.
func (p project) commitFacts(ctx context.Context) *standard.Git {
	head := strings.TrimSpace(p.git(ctx, "rev-parse", "--short", "--verify", "--quiet", "HEAD"))
	if head == "" {
		return nil
	}
	g := &standard.Git{Commit: head, Branch: p.releaseBranch(ctx)}
	if g.Branch != "" {
		g.OnBranch = p.git(ctx, "for-each-ref", "--count=1", "--contains=HEAD", "--format=%(refname)", g.Branch) != ""
	}
	prefix := p.prefix(ctx) // git names changed files from the top of the repository
	for entry := range strings.SplitSeq(p.git(ctx, "status", "--porcelain=v1", "-z", "--no-renames", "--", "."), "\x00") {
		if len(entry) > 3 {
			g.Changed = append(g.Changed, plainText(strings.TrimPrefix(entry[3:], prefix)))
		}
	}
	g.Branch = strings.TrimPrefix(strings.TrimPrefix(g.Branch, "refs/remotes/"), "refs/heads/")
	return g
}

// prefix is where the project is in its repository: "" for the top, or a path and a slash.
func (p project) prefix(ctx context.Context) string {
	return strings.TrimSuffix(p.git(ctx, "rev-parse", "--show-prefix"), "\n")
}

// releaseBranch is the ref of the branch that releases are cut from, as the remote has it
// when there is one: what was not pushed is not on it.
func (p project) releaseBranch(ctx context.Context) string {
	if p.Release != nil && p.Release.Branch != "" {
		return p.firstRef(ctx, "refs/remotes/origin/"+p.Release.Branch, "refs/heads/"+p.Release.Branch)
	}
	if ref := strings.TrimSpace(p.git(ctx, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")); ref != "" {
		return ref
	}
	return p.firstRef(ctx, "refs/remotes/origin/master", "refs/remotes/origin/main", "refs/heads/master", "refs/heads/main")
}

// firstRef is the first of some refs that is there, or "".
func (p project) firstRef(ctx context.Context, refs ...string) string {
	for _, ref := range refs {
		if p.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", ref) != "" {
			return ref
		}
	}
	return ""
}

// runbookStands reads the runbook, and holds it against the manifest and the files beside it.
func (p project) runbookStands() (standard.Runbook, error) {
	data, err := os.ReadFile(p.runbook())
	if errors.Is(err, fs.ErrNotExist) {
		return standard.ReadRunbook(p.runbookName(), nil, nil), nil
	}
	if err != nil {
		return standard.Runbook{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("read the runbook: %w", err)}
	}
	doc, err := runbook.Parse(p.runbookName(), data)
	if errors.Is(err, runbook.ErrEmpty) {
		return standard.ReadRunbook(p.runbookName(), nil, nil), nil
	}
	if err != nil {
		return standard.Runbook{}, &Error{Kind: Misconfigured, Err: err}
	}
	facts := p.runbookFacts()
	facts.Exists = func(beside string) bool {
		_, err := os.Stat(filepath.Join(filepath.Dir(p.runbook()), filepath.FromSlash(beside)))
		return err == nil
	}
	return standard.ReadRunbook(p.runbookName(), doc, runbook.Lint(doc, facts)), nil
}

// mostPeeked bounds a file of an artifact that is looked into: what people write is smaller.
const mostPeeked = 1 << 20

// peek reads what in an artifact may have to do with cron.
func (p project) peek(ctx context.Context, dir, file string, want artifact.Want) (*standard.Artifact, error) {
	at := file
	if !filepath.IsAbs(at) {
		at = filepath.Join(dir, file)
	}
	found := &standard.Artifact{File: filepath.Base(at), Files: map[string][]byte{}}
	if rel, err := filepath.Rel(p.dir, at); err == nil && filepath.IsLocal(rel) {
		found.File = filepath.ToSlash(rel)
	}
	info, err := artifact.Peek(ctx, at, want, func(e artifact.Entry, content io.Reader) error {
		if e.Type != 'f' || e.Size > mostPeeked {
			return nil
		}
		data, err := io.ReadAll(content)
		if err == nil && (strings.Contains(path.Dir(e.Path), "cron") || bytes.Contains(data, []byte("cron")) || strings.Contains(path.Base(e.Path), "cron")) {
			found.Files[e.Path] = data
		}
		return err
	})
	if err != nil {
		return nil, &Error{Kind: Misconfigured, Err: err, Hint: "name the file that the build made"}
	}
	found.Units = info.Units
	return found, nil
}
