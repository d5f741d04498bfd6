package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/releasable"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// CutRequest asks for a release of what is checked out.
type CutRequest struct {
	Dir, File string // slipway.yaml, and the directory that its name starts at
	Version   string // "": the one that the commits since the last release make
	DryRun    bool   // say what would be done
	Push      bool   // push the tag
	Offline   bool   // do not ask the remote
	Changelog string // file that the section is put into; "": none
	Program   string // version of slipway
	Output    io.Writer
}

// Cut is a release that was cut, or would be.
type Cut struct {
	Service    string          `json:"service"`
	Version    string          `json:"version"`
	Why        string          `json:"why"` // of the version
	Tag        string          `json:"tag"`
	Commit     string          `json:"commit"`
	Since      string          `json:"since,omitempty"` // tag of the release before
	Changelog  string          `json:"changelog"`       // its section
	DryRun     bool            `json:"dry_run,omitempty"`
	Release    rollout.Release `json:"release"`
	Provenance string          `json:"provenance,omitempty"` // file
	Signed     bool            `json:"signed,omitempty"`     // the provenance is
	Pushed     bool            `json:"pushed,omitempty"`
	Remote     string          `json:"remote,omitempty"`

	section releasable.Release
	before  releasable.Tag // the release before; zero: there is none
	here    bool           // the commit is released, or was begun to be
	tagged  bool           // the tag was there already
	kept    bool           // the artifacts were
}

// Cut cuts a release: it refuses a commit that may not be released, picks the version,
// builds, keeps the artifacts, states where they come from, and tags. Done again after it
// was cut off, it goes on where it was: what is there already is not made again.
func (a *App) Cut(ctx context.Context, r CutRequest) (Cut, error) {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return Cut{}, err
	}
	t, err := p.trunk(ctx, !r.Offline)
	if err != nil {
		return Cut{}, err
	}
	c, err := a.consider(ctx, p, t, r)
	if err != nil || r.DryRun {
		return c, err
	}
	if err := a.buildCut(ctx, p, t, r, &c); err != nil {
		return c, err
	}
	if err := a.finish(ctx, t, r, &c); err != nil {
		return c, err
	}
	return c, writeChangelog(r, c)
}

// consider refuses what must not be cut, and decides the rest.
func (a *App) consider(ctx context.Context, p project, t *trunk, r CutRequest) (Cut, error) {
	found, err := t.releasable(ctx, p, ReleasableRequest{Most: 1})
	if err != nil {
		return Cut{}, err
	}
	if v := found.Newest(); v.Answer != releasable.Yes {
		return Cut{}, refusedCut(v)
	}
	c := Cut{Service: p.Service, Commit: found.Commit, DryRun: r.DryRun, Remote: t.remote}
	if err := a.pick(ctx, p, t, r, &c); err != nil {
		return c, err
	}
	if c.tagged, err = t.untouched(ctx, r, c); err != nil {
		return c, err
	}
	if err := c.above(); err != nil {
		return c, err
	}
	return c, a.keptAlready(p, &c)
}

// refusedCut says everything that stands in the way.
func refusedCut(v releasable.Verdict) error {
	var b strings.Builder
	fmt.Fprintf(&b, "no release is cut from commit %s, nothing was changed:", releasable.Short(v.ID))
	for _, r := range v.Reasons {
		fmt.Fprintf(&b, "\n  %s: %s\n      %s", r.Rule, r.Found, r.Next)
	}
	return &Error{Kind: Refused, Err: errors.New(b.String())}
}

// mostCommits bounds the commits of one release.
const mostCommits = 5000

// pick decides the version, its tag, and what is written about it.
func (a *App) pick(ctx context.Context, p project, t *trunk, r CutRequest, c *Cut) error {
	last, ok, err := t.last(ctx, c.Commit)
	if err != nil {
		return err
	}
	c.before = last
	c.here = ok && last.Commit == c.Commit
	if c.here {
		if c.before, ok, err = t.before(ctx, last); err != nil {
			return err
		}
	}
	if ok {
		c.Since = c.before.Name
	}
	commits, err := t.since(ctx, c.before, c.Commit, mostCommits)
	if err != nil {
		return err
	}
	changes := releasable.ParseChanges(commits)
	switch {
	case c.here:
		err = a.goOn(p, r, c, last)
	case len(commits) == 0:
		err = &Error{Kind: Refused, Err: fmt.Errorf("nothing of the project has changed since %s", c.before.Name)}
	case r.Version != "":
		c.Version, c.Why = r.Version, "it was asked for"
	default:
		err = c.next(c.before, ok, changes)
	}
	if err != nil {
		return err
	}
	if err := artifact.CheckVersion(p.format(), c.Version); err != nil {
		return &Error{Kind: Misconfigured, Err: err, Hint: "name another, as in: slipway release cut 1.4.0"}
	}
	c.Tag = releasable.TagFor(t.rules.Tag, c.Version)
	c.section = releasable.Release{Version: c.Version, At: a.cfg.Now(), Changes: changes, Link: t.link()}
	c.Changelog = c.section.Section()
	return nil
}

// goOn takes up the release that the commit has a tag of, unless all of it is there.
func (a *App) goOn(p project, r CutRequest, c *Cut, last releasable.Tag) error {
	id, hint := releasable.Short(c.Commit), "slipway deploy "+last.Version+" brings it to hosts"
	if r.Version != "" && r.Version != last.Version {
		return &Error{Kind: Refused, Err: fmt.Errorf("nothing has changed since %s: commit %s is that release", last.Name, id), Hint: hint}
	}
	if a.whole(p, last.Version, c.Commit) && !r.Push && r.Changelog == "" {
		return &Error{Kind: Refused, Err: fmt.Errorf("nothing has changed since %s: commit %s is that release, and all of it is there", last.Name, id), Hint: hint}
	}
	c.Version, c.Why = last.Version, "it was begun already"
	return nil
}

// next is the version that the changes make.
func (c *Cut) next(before releasable.Tag, ok bool, changes []releasable.Change) error {
	if !ok {
		c.Version, c.Why = "0.1.0", "it is the first release"
		return nil
	}
	v, semver := releasable.ParseVersion(before.Version)
	if !semver {
		return &Error{Kind: Misconfigured, Err: fmt.Errorf("the last release, %s, has no version as semver.org has it, so that nothing tells the next", before.Name),
			Hint: "name it, as in: slipway release cut 1.4.0"}
	}
	next, bump, why := releasable.Next(v, changes)
	c.Version, c.Why = next.String(), fmt.Sprintf("%s after %s: %s", bump, before.Version, why)
	return nil
}

// above refuses a version that is not above the one before.
func (c *Cut) above() error {
	old, one := releasable.ParseVersion(c.before.Version)
	v, two := releasable.ParseVersion(c.Version)
	if c.here || !one || !two || v.Compare(old) > 0 {
		return nil
	}
	return &Error{Kind: Refused, Err: fmt.Errorf("version %s is not above %s, which was released before it", c.Version, c.before.Version),
		Hint: "without a version, slipway release cut picks one"}
}

// before is the release before one.
func (t *trunk) before(ctx context.Context, tag releasable.Tag) (releasable.Tag, bool, error) {
	found, err := t.repo.Tags(ctx, tag.Commit)
	if err != nil {
		return releasable.Tag{}, false, err
	}
	var tags []releasable.Tag
	for _, f := range found {
		if f.Commit != tag.Commit {
			tags = append(tags, releasable.Tag{Name: f.Name, Commit: f.Commit})
		}
	}
	last, ok := releasable.Last(t.rules.Tag, tags)
	return last, ok, nil
}

// untouched refuses a tag that is elsewhere, here or on the remote, and reports whether
// it is there already.
func (t *trunk) untouched(ctx context.Context, r CutRequest, c Cut) (bool, error) {
	if good, err := t.repo.CheckTag(ctx, c.Tag); err != nil || !good {
		return false, errors.Join(err, &Error{Kind: Misconfigured, Err: fmt.Errorf("git does not take %q for a tag", c.Tag), Hint: "name another version, or correct release.tag in slipway.yaml"})
	}
	here, err := t.repo.TagCommit(ctx, c.Tag)
	if err != nil {
		return false, err
	}
	there := ""
	if t.remote != "" && !r.Offline {
		if there, err = t.repo.RemoteTag(ctx, t.remote, c.Tag); err != nil {
			return false, &Error{Kind: Misconfigured, Err: err, Hint: "what tags the remote has is not known: --offline goes without it"}
		}
	}
	for _, found := range [][2]string{{"here", here}, {"on " + t.remote, there}} {
		place, commit := found[0], found[1]
		if commit != "" && commit != c.Commit {
			return false, &Error{Kind: Refused, Err: fmt.Errorf("tag %s stands for commit %s %s, and not for %s: a release is never moved, nothing was changed", c.Tag, releasable.Short(commit), place, releasable.Short(c.Commit)),
				Hint: "take another version; git show " + c.Tag + " tells who made the tag"}
		}
	}
	if here == "" && there != "" {
		return false, &Error{Kind: Refused, Err: fmt.Errorf("tag %s is on %s already and not here", c.Tag, t.remote), Hint: "git fetch " + t.remote + " tag " + c.Tag + ", and then once more"}
	}
	return here != "", nil
}

// folder is where what is written about a release is kept.
func (a *App) folder(name, version string) string {
	return filepath.Join(a.cfg.State, "releases", name, strings.ReplaceAll(version, "/", "_"))
}

// writeChangelog puts the section into the project's changelog, for a commit to come.
func writeChangelog(r CutRequest, c Cut) error {
	if r.Changelog == "" {
		return nil
	}
	path := r.Changelog
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.Dir, path)
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &Error{Kind: Misconfigured, Err: fmt.Errorf("read the changelog: %w", err)}
	}
	text := c.section.Changelog(string(old))
	if text == string(old) {
		return nil
	}
	if err := replaceFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the changelog: %w", err)
	}
	return nil
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".slipway-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error is the one that matters
	}
	return err
}
