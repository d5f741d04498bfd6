package git

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Commit is one commit.
type Commit struct {
	ID      string
	By      string // author
	At      time.Time
	Subject string
	Body    string // the message after the subject
}

// Resolve finds the commit that a name stands for: an id, a tag, a branch. ErrUnknown is
// wrapped when it stands for none.
func (r *Repo) Resolve(ctx context.Context, name string) (string, error) {
	id, err := r.line(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if code(err) >= 0 {
		return "", fmt.Errorf("commit %q: %w", Printable(name), ErrUnknown)
	}
	return id, err
}

// Branch is the name of the branch that is checked out; "" when none is.
func (r *Repo) Branch(ctx context.Context) (string, error) {
	name, err := r.line(ctx, "symbolic-ref", "--quiet", "--short", "HEAD")
	if code(err) >= 0 {
		return "", nil
	}
	return name, err
}

// Contains reports whether a commit is in the history of another one, or is it.
func (r *Repo) Contains(ctx context.Context, history, commit string) (bool, error) {
	_, err := r.line(ctx, "merge-base", "--is-ancestor", "--end-of-options", commit, history)
	if code(err) == 1 {
		return false, nil
	}
	return err == nil, err
}

// Changed lists the files that differ from the commit that is checked out, or are new and
// not ignored; names begin at the top.
func (r *Repo) Changed(ctx context.Context) ([]string, error) {
	out, err := r.run(ctx, "", "status", "--porcelain=v1", "-z", "--untracked-files=normal", "--no-renames", "--ignore-submodules=none")
	if err != nil {
		return nil, err
	}
	var names []string
	for entry := range strings.SplitSeq(out, "\x00") {
		if len(entry) > 3 {
			names = append(names, Printable(entry[3:]))
		}
	}
	return names, nil
}

// Log lists the commits in the history of one and not in that of another, newest first.
// An empty from takes all; below, when not "." or "", takes those that touch that path.
func (r *Repo) Log(ctx context.Context, from, to, below string, most int) ([]Commit, error) {
	span := to
	if from != "" {
		span = from + ".." + to
	}
	args := []string{"-c", "log.showSignature=false", "log", "--format=%H%x1f%an%x1f%at%x1f%s%x1f%b%x1e", "--max-count=" + strconv.Itoa(most), "--end-of-options", span, "--"}
	if below != "" && below != "." {
		args = append(args, ":(top,literal)"+below)
	}
	out, err := r.run(ctx, "", args...)
	if err != nil {
		return nil, err
	}
	var all []Commit
	for record := range strings.SplitSeq(out, "\x1e") {
		parts := strings.SplitN(strings.TrimPrefix(record, "\n"), "\x1f", 5)
		if len(parts) != 5 {
			continue
		}
		seconds, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("git log: the time of %s, %q, is no number", parts[0], parts[2])
		}
		all = append(all, Commit{ID: parts[0], By: Printable(parts[1]), At: time.Unix(seconds, 0).UTC(), Subject: Printable(parts[3]), Body: strings.TrimSpace(parts[4])})
	}
	return all, nil
}
