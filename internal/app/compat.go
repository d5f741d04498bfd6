package app

import (
	"cmp"
	"context"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/compat"
	"github.com/slipway-deploy/slipway/internal/git"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/releasable"
)

// CompatRequest asks whether two commits of a project can live together.
type CompatRequest struct {
	Dir, File string // slipway.yaml, and the directory that its name starts at
	From      string // tag or commit of what is live; "": the last release before To
	To        string // "": what is checked out
}

// Compatibility is what came of comparing the contracts of two commits.
type Compatibility struct {
	Service string   `json:"service"`
	From    Compared `json:"from"`
	To      Compared `json:"to"`
	compat.Verdict
}

// Compared is one side of a comparison.
type Compared struct {
	Version string `json:"version"` // or the name that was given
	Commit  string `json:"commit"`
}

// Compatible compares the contracts of two commits. It asks git, and nobody else.
func Compatible(ctx context.Context, r CompatRequest) (Compatibility, error) {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return Compatibility{}, err
	}
	out := Compatibility{Service: p.Service}
	if !p.declares() {
		return out, &Error{Kind: Misconfigured, Err: fmt.Errorf("%s declares no contract to compare", r.File),
			Hint: "list them under compat: docs/manifest.md tells how"}
	}
	repo, err := git.Open(ctx, p.dir)
	if err != nil {
		return out, &Error{Kind: Misconfigured, Err: err, Hint: "contracts are compared between commits: the project must be in git"}
	}
	unknown := func(err error) error {
		return &Error{Kind: Misconfigured, Err: err, Hint: "name a commit, a branch or a tag of the repository"}
	}
	out.To.Version = cmp.Or(r.To, "HEAD")
	if out.To.Commit, err = repo.Resolve(ctx, out.To.Version); err != nil {
		return out, unknown(err)
	}
	if r.From == "" {
		if out.From, err = p.lastRelease(ctx, repo, out.To.Commit); err != nil {
			return out, err
		}
	} else {
		out.From.Version = p.versionOf(r.From)
		if out.From.Commit, err = repo.Resolve(ctx, r.From); err != nil {
			return out, unknown(err)
		}
	}
	found, err := p.compare(ctx, repo, out.From, out.To, nil)
	out.Verdict = compat.Judge(found)
	return out, err
}

// lastRelease is the last release before a commit, by its tag.
func (p project) lastRelease(ctx context.Context, repo *git.Repo, commit string) (Compared, error) {
	found, err := repo.Tags(ctx, commit)
	if err != nil {
		return Compared{}, err
	}
	var tags []releasable.Tag
	for _, t := range found {
		if t.Commit != commit {
			tags = append(tags, releasable.Tag{Name: t.Name, Commit: t.Commit})
		}
	}
	last, ok := releasable.Last(p.tagPattern(), tags)
	if !ok {
		return Compared{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("no release comes before commit %s: there is no tag like %s", releasable.Short(commit), p.tagPattern()),
			Hint: "name what is live: slipway compat --from TAG"}
	}
	return Compared{Version: last.Version, Commit: last.Commit}, nil
}

func (p project) tagPattern() string {
	if p.Release != nil {
		return p.Release.Tag
	}
	return "v{{version}}"
}

// versionOf is the version that a tag stands for, or the name itself.
func (p project) versionOf(name string) string {
	if v, ok := releasable.VersionOf(p.tagPattern(), name); ok {
		return v
	}
	return name
}

// declares reports whether there is a contract to compare.
func (p project) declares() bool {
	c := p.Compat
	return c != nil && len(c.OpenAPI)+len(c.Proto)+len(c.JSONSchema)+len(c.Avro)+len(c.Migrations)+len(c.Config) > 0
}

// gatesOf are the manifest's contracts in the words of the gates.
func gatesOf(c *manifest.Compat, running []string) compat.Spec {
	s := compat.Spec{Running: running}
	for _, o := range c.OpenAPI {
		s.OpenAPI = append(s.OpenAPI, compat.OpenAPI(o))
	}
	for _, o := range c.Proto {
		s.Proto = append(s.Proto, compat.Proto(o))
	}
	for _, o := range c.JSONSchema {
		s.JSONSchema = append(s.JSONSchema, compat.Messages{Files: o.Files, Direction: compat.Direction(o.Direction)})
	}
	for _, o := range c.Avro {
		s.Avro = append(s.Avro, compat.Messages{Files: o.Files, Direction: compat.Direction(o.Direction)})
	}
	for _, o := range c.Migrations {
		s.Migrations = append(s.Migrations, compat.Migrations{Dir: o.Dir, Dialect: compat.Dialect(o.Dialect)})
	}
	for _, o := range c.Config {
		s.Config = append(s.Config, compat.Config(o))
	}
	return s
}

// compare holds the contracts of two commits against each other.
func (p project) compare(ctx context.Context, repo *git.Repo, from, to Compared, running []string) ([]compat.Finding, error) {
	old, err := repo.Tree(ctx, from.Commit)
	if err != nil {
		return nil, err
	}
	now, err := repo.Tree(ctx, to.Commit)
	if err != nil {
		return nil, err
	}
	found, err := compat.Check(ctx, compat.Tree{Version: from.Version, FS: old}, compat.Tree{Version: to.Version, FS: now}, gatesOf(p.Compat, running))
	if err != nil && ctx.Err() == nil {
		err = &Error{Kind: Misconfigured, Err: fmt.Errorf("compare the contracts of %s and %s: %w", from.Version, to.Version, err), Hint: "correct compat in " + p.File}
	}
	return found, err
}
