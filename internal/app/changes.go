package app

import (
	"cmp"
	"context"
	"os/exec"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/git"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/releasable"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// mostChanges is how many commits a plan holds.
const mostChanges = 50

// changes are the commits that a release brings to what most hosts run now, the newest
// first. What is not known, of the versions or of git, is left out: a plan needs none.
func (a *App) changes(ctx context.Context, p project, release rollout.Release, facts map[string]plan.Facts) []rollout.Change {
	from := a.commitOf(ctx, p, common(facts))
	to := cmp.Or(commit(release.Commit), a.commitOf(ctx, p, release.Version))
	if from == "" || to == "" {
		return nil
	}
	repo, err := git.Open(ctx, p.dir)
	if err != nil {
		return nil
	}
	commits, err := repo.Log(ctx, from, to, "", mostChanges)
	if err != nil {
		return nil
	}
	var all []rollout.Change
	for _, c := range commits {
		all = append(all, rollout.Change{Commit: c.ID, By: c.By, Subject: c.Subject})
	}
	return all
}

// common is the version that most hosts run; "" when they run none.
func common(facts map[string]plan.Facts) string {
	count := map[string]int{}
	var versions []string
	for _, f := range facts {
		if f.Err != nil || f.Version == "" {
			continue
		}
		if count[f.Version] == 0 {
			versions = append(versions, f.Version)
		}
		count[f.Version]++
	}
	slices.Sort(versions)
	best := ""
	for _, v := range versions {
		if count[v] > count[best] {
			best = v
		}
	}
	return best
}

// commitOf is the commit that a version was built from: as the store knows it, or as a
// tag of the project says.
func (a *App) commitOf(ctx context.Context, p project, version string) string {
	if version == "" {
		return ""
	}
	kept, err := a.store.List(artifact.Want{Name: p.artifactName(), Version: version})
	for _, info := range kept {
		if c := commit(info.Commit); err == nil && c != "" {
			return c
		}
	}
	repo, err := git.Open(ctx, p.dir)
	if err != nil {
		return ""
	}
	tags := []string{version, "v" + version}
	if p.Release != nil {
		tags = append([]string{releasable.TagFor(p.Release.Tag, version)}, tags...)
	}
	for _, tag := range tags {
		if c, err := repo.TagCommit(ctx, tag); err == nil && commit(c) != "" {
			return c
		}
	}
	return ""
}

// commit is a text when it is the id of a commit.
func commit(s string) string {
	if git.IsCommit(s) {
		return s
	}
	return ""
}

// git runs the git program in the project's directory; "" when that does not work.
func (p project) git(ctx context.Context, args ...string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, "git", args...)
	c.Dir = p.dir
	out, err := c.Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// plainText is a text without what a terminal would obey, at a length that can be read.
func plainText(s string) string { return git.Printable(s) }
