package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/git"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/releasable"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// ReleasableRequest asks which commits may be released.
type ReleasableRequest struct {
	Dir, File string // slipway.yaml, and the directory that its name starts at
	Commit    string // "": what is checked out
	Tip       bool   // instead: the tip of the release branch
	Fetch     bool   // ask the remote first where the branch is
	Most      int    // commits
}

// Releasability is what may be released of a project, and why not.
type Releasability struct {
	Service string `json:"service"`
	Branch  string `json:"branch"`          // origin/master; empty: there is none
	Since   string `json:"since,omitempty"` // tag of the last release; empty: there is none
	Commit  string `json:"commit"`          // that was asked about
	// Commits are those since the last release, the newest first; the one that was asked
	// about is the first.
	Commits []releasable.Verdict `json:"commits"`
	More    bool                 `json:"more,omitempty"` // there are older ones
}

// Newest is the verdict of the commit that was asked about.
func (r Releasability) Newest() releasable.Verdict { return r.Commits[0] }

// Releasable judges each commit since the last release.
func Releasable(ctx context.Context, r ReleasableRequest) (Releasability, error) {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return Releasability{}, err
	}
	t, err := p.trunk(ctx, r.Fetch)
	if err != nil {
		return Releasability{}, err
	}
	return t.releasable(ctx, p, r)
}

func (t *trunk) releasable(ctx context.Context, p project, r ReleasableRequest) (Releasability, error) {
	out := Releasability{Service: p.Service, Branch: t.shown}
	name := r.Commit
	if name == "" {
		name = "HEAD"
	}
	if r.Tip {
		name = t.ref
	}
	var err error
	if out.Commit, err = t.repo.Resolve(ctx, name); err != nil {
		return out, &Error{Kind: Misconfigured, Err: err, Hint: "name a commit, a branch or a tag of the repository"}
	}
	last, ok, err := t.last(ctx, out.Commit)
	if err != nil {
		return out, err
	}
	if ok {
		out.Since = last.Name
	}
	commits, err := t.since(ctx, last, out.Commit, r.Most+1)
	if err != nil {
		return out, err
	}
	if out.More = len(commits) > r.Most; out.More {
		commits = commits[:r.Most]
	}
	if len(commits) == 0 || commits[0].ID != out.Commit { // released already, or without a change of the project
		one, err := t.repo.Log(ctx, "", out.Commit, "", 1)
		if err != nil {
			return out, err
		}
		commits = append([]releasable.Commit{releasable.Commit(one[0])}, commits...)
	}
	out.Commits, err = t.judgeAll(ctx, commits)
	return out, err
}

// judgeAll judges commits, a few at a time: most of it is waiting for answers.
func (t *trunk) judgeAll(ctx context.Context, commits []releasable.Commit) ([]releasable.Verdict, error) {
	head, err := t.repo.Resolve(ctx, "HEAD")
	if err != nil {
		return nil, err
	}
	changed, err := t.repo.Changed(ctx)
	if err != nil {
		return nil, err
	}
	verdicts, errs := make([]releasable.Verdict, len(commits)), make([]error, len(commits))
	var wait sync.WaitGroup
	free := make(chan struct{}, 4)
	for i, c := range commits {
		free <- struct{}{}
		wait.Go(func() {
			defer func() { <-free }()
			differs := changed
			if c.ID != head {
				differs = nil
			}
			verdicts[i], errs[i] = t.judge(ctx, c, differs)
		})
	}
	wait.Wait()
	return verdicts, errors.Join(errs...)
}

// WatchReleasable judges the release branch now, whenever it moves, and as long as
// something has not ended. It returns when ctx ends, with its error. That the remote does
// not answer is told to note, and tried again.
func WatchReleasable(ctx context.Context, r ReleasableRequest, every time.Duration, each func(Releasability) error, note func(error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	r.Tip, r.Fetch = true, true
	said := ""
	for {
		found, err := Releasable(ctx, r)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && said == "":
			return err
		case err != nil:
			note(err)
		case said != found.key():
			said = found.key()
			if err := each(found); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// key is all that people want to hear of again when it is another.
func (r Releasability) key() string {
	var b strings.Builder
	for _, v := range r.Commits {
		fmt.Fprintln(&b, v.ID, v.Answer, v.Why())
	}
	return b.String()
}

// released refuses a release that the project's rules do not let out; a result for the
// plan says what was found. An override, which is a reason, lets it pass.
func (a *App) released(ctx context.Context, p project, r rollout.Release, override string) (*plan.Result, error) {
	if p.Release == nil {
		return nil, nil
	}
	found := plan.Result{Name: "the commit may be released", Answer: plan.Met}
	why, err := p.notReleasable(ctx, a.dirty(p, r), r)
	switch {
	case err != nil:
		return nil, err
	case why == "":
		found.Said = "commit " + releasable.Short(r.Commit) + " is on the release branch, and nothing that is required is red"
	case override == "":
		return nil, &Error{Kind: Refused, Err: fmt.Errorf("release %s may not go out, nothing was changed:\n  %s", r.Version, why),
			Hint: "slipway releasable tells more; --unreleased REASON lets it pass, and keeps the reason in the plan"}
	default:
		found.Answer, found.Said = plan.Waived, why+"; let pass: "+plainText(override)
	}
	return &found, nil
}

// notReleasable is why a release may not go out; "" when it may.
func (p project) notReleasable(ctx context.Context, dirty bool, r rollout.Release) (string, error) {
	switch {
	case r.Commit == "":
		return "it is not known which commit it was built from", nil
	case dirty:
		return "it was built from files that commit " + releasable.Short(r.Commit) + " does not have", nil
	}
	t, err := p.trunk(ctx, false)
	if err != nil {
		return "", err
	}
	id, err := t.repo.Resolve(ctx, r.Commit)
	if errors.Is(err, git.ErrUnknown) {
		return "commit " + releasable.Short(r.Commit) + " is not in this repository: git fetch", nil
	}
	if err != nil {
		return "", err
	}
	v, err := t.judge(ctx, releasable.Commit{ID: id}, nil)
	if err != nil || v.Answer == releasable.Yes {
		return "", err
	}
	return v.Why(), nil
}

// commitLink is where a forge shows a commit.
func commitLink(s *manifest.Statuses) string {
	show := func(f *manifest.Forge, public, path string) string {
		base := f.Address
		if base == "" {
			base = public
		}
		u, err := url.Parse(strings.TrimSuffix(strings.TrimRight(base, "/"), "/api/v3"))
		if err != nil {
			return ""
		}
		if u.Host == "api.github.com" {
			u.Host = "github.com"
		}
		return strings.TrimRight(u.String(), "/") + "/" + f.Repository + path
	}
	switch {
	case s == nil:
	case s.GitHub != nil:
		return show(s.GitHub, "https://github.com", "/commit/{{commit}}")
	case s.GitLab != nil:
		return show(s.GitLab, "https://gitlab.com", "/-/commit/{{commit}}")
	case s.Gitea != nil:
		return show(s.Gitea, "", "/commit/{{commit}}")
	}
	return ""
}
