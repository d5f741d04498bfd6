package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/git"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/releasable"
	"github.com/slipway-deploy/slipway/internal/releasable/status"
	"github.com/slipway-deploy/slipway/internal/secret"
)

// trunk is the branch of a project that releases are cut from, and who is asked about its
// commits.
type trunk struct {
	repo     *git.Repo
	rules    manifest.Release
	branch   string // master
	remote   string // origin; "": the repository has none
	ref      string // of the branch as it was last seen; "": there is none
	shown    string // origin/master
	source   status.Source
	required []string
}

// trunk finds the release branch. With fetch, the remote is asked first where it is now.
func (p project) trunk(ctx context.Context, fetch bool) (*trunk, error) {
	repo, err := git.Open(ctx, p.dir)
	if errors.Is(err, git.ErrNone) {
		return nil, &Error{Kind: Misconfigured, Err: err, Hint: "releases are cut from commits: git init, and install git where it is missing"}
	}
	if err != nil {
		return nil, err
	}
	t := &trunk{repo: repo, rules: manifest.Release{Tag: "v{{version}}"}}
	if p.Release != nil {
		t.rules = *p.Release
	}
	if err := t.find(ctx, fetch); err != nil {
		return nil, err
	}
	if t.rules.Statuses != nil {
		t.required = t.rules.Statuses.Required
		if t.source, err = sourceOf(*t.rules.Statuses, p); err != nil {
			return nil, &Error{Kind: Misconfigured, Err: fmt.Errorf("release.statuses: %w", err), Hint: "correct it in " + p.File}
		}
	}
	return t, nil
}

// find looks for the branch that the manifest names, or for main and master. With fetch
// the remote is asked where it is now.
func (t *trunk) find(ctx context.Context, fetch bool) error {
	names := []string{t.rules.Branch}
	if t.rules.Branch == "" {
		names = []string{"main", "master"}
	}
	for _, name := range names {
		remote, err := t.repo.Remote(ctx, name)
		if err != nil {
			return err
		}
		ref, _, err := t.repo.Tracking(ctx, remote, name)
		if err != nil {
			return err
		}
		if ref == "" && t.rules.Branch == "" {
			continue
		}
		t.branch, t.remote = name, remote
		if fetch && remote != "" {
			if err := t.repo.Fetch(ctx, remote, name); err != nil {
				return &Error{Kind: Misconfigured, Err: err, Hint: "where " + name + " is on " + remote + " is not known; without asking it, what was fetched last counts"}
			}
		}
		t.ref, t.shown, err = t.repo.Tracking(ctx, remote, name)
		return err
	}
	return nil
}

// sourceOf makes the source of statuses that the manifest names.
func sourceOf(s manifest.Statuses, p project) (status.Source, error) {
	switch {
	case s.GitHub != nil:
		c, err := forge(s.GitHub)
		if err != nil {
			return nil, err
		}
		return status.NewGitHub(c)
	case s.GitLab != nil:
		c, err := forge(s.GitLab)
		if err != nil {
			return nil, err
		}
		return status.NewGitLab(c)
	case s.Gitea != nil:
		c, err := forge(s.Gitea)
		if err != nil {
			return nil, err
		}
		return status.NewGitea(c)
	case len(s.Command) > 0:
		return status.Command{Words: s.Command, Dir: p.dir}, nil
	}
	return status.File{Path: p.path(s.File)}, nil
}

func forge(f *manifest.Forge) (status.Config, error) {
	c := status.Config{Address: f.Address, Repository: f.Repository}
	if f.Token == "" {
		return c, nil
	}
	var err error
	c.Token, err = secret.Resolve(f.Token)
	return c, err
}

// judge gathers what is known of a commit, and weighs it. changed are the files that
// differ from it, where it is what is checked out.
func (t *trunk) judge(ctx context.Context, c releasable.Commit, changed []string) (releasable.Verdict, error) {
	f := releasable.Facts{Commit: c, Branch: t.shown, Changed: changed, Asks: t.source != nil, Required: t.required}
	var err error
	if t.ref != "" {
		if f.OnBranch, err = t.repo.Contains(ctx, t.ref, c.ID); err != nil {
			return releasable.Verdict{}, err
		}
	}
	if !f.OnBranch {
		if f.Shallow, err = t.repo.Shallow(ctx); err != nil {
			return releasable.Verdict{}, err
		}
	}
	if t.source != nil {
		f.Statuses, f.Err = t.source.Statuses(ctx, c.ID)
	}
	return releasable.Judge(f), ctx.Err()
}

// last is the last release in the history of a commit.
func (t *trunk) last(ctx context.Context, commit string) (releasable.Tag, bool, error) {
	found, err := t.repo.Tags(ctx, commit)
	if err != nil {
		return releasable.Tag{}, false, err
	}
	tags := make([]releasable.Tag, len(found))
	for i, f := range found {
		tags[i] = releasable.Tag{Name: f.Name, Commit: f.Commit}
	}
	last, ok := releasable.Last(t.rules.Tag, tags)
	return last, ok, nil
}

// since are the commits after a release, newest first, that touch the project.
func (t *trunk) since(ctx context.Context, last releasable.Tag, commit string, most int) ([]releasable.Commit, error) {
	found, err := t.repo.Log(ctx, last.Commit, commit, t.repo.Below(), most)
	if err != nil {
		return nil, err
	}
	all := make([]releasable.Commit, len(found))
	for i, c := range found {
		all[i] = releasable.Commit(c)
	}
	return all, nil
}

// link is the address of a commit where people can see it, with {{commit}} in it.
func (t *trunk) link() string { return commitLink(t.rules.Statuses) }
