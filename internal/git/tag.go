package git

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// Tag is one tag and the commit that it stands for.
type Tag struct {
	Name   string
	Commit string
}

// Tags lists the tags in the history of a commit, the newest first. Tags of what is no
// commit are left out.
func (r *Repo) Tags(ctx context.Context, commit string) ([]Tag, error) {
	out, err := r.run(ctx, "", "for-each-ref", "--merged="+commit, "--sort=-version:refname", "--sort=-creatordate",
		"--format=%(refname:strip=2)%1f%(objecttype)%1f%(objectname)%1f%(*objecttype)%1f%(*objectname)", "refs/tags/")
	if err != nil {
		return nil, err
	}
	var tags []Tag
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\x1f")
		switch {
		case len(f) != 5:
		case f[1] == "commit":
			tags = append(tags, Tag{f[0], f[2]})
		case f[3] == "commit":
			tags = append(tags, Tag{f[0], f[4]})
		}
	}
	return tags, nil
}

// TagCommit is the commit of a tag in the repository; "" when there is no such tag.
func (r *Repo) TagCommit(ctx context.Context, name string) (string, error) {
	id, err := r.line(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", "refs/tags/"+name+"^{}")
	if code(err) >= 0 {
		return "", nil
	}
	return id, err
}

// RemoteTag is the commit of a tag on a remote, which is asked; "" when it has none.
func (r *Repo) RemoteTag(ctx context.Context, remote, name string) (string, error) {
	ref := "refs/tags/" + name
	out, err := r.run(ctx, "", "ls-remote", "--quiet", "--end-of-options", remote, ref, ref+"^{}")
	if err != nil {
		return "", err
	}
	commit := ""
	for line := range strings.Lines(out) {
		id, found, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if found == ref+"^{}" || found == ref && commit == "" {
			commit = id
		}
	}
	return commit, nil
}

// AddTag makes an annotated tag; git signs it when it is set up so. It is an error when
// there is such a tag, and then nothing is changed.
func (r *Repo) AddTag(ctx context.Context, name, commit, message string) error {
	_, err := r.run(ctx, message, "tag", "--annotate", "--cleanup=verbatim", "--file=-", "--end-of-options", name, commit)
	if err != nil {
		return err
	}
	sign, err := r.line(ctx, "config", "--type=bool", "--get", "tag.gpgSign")
	if code(err) >= 0 || err == nil && sign != "true" {
		return nil
	}
	if err != nil {
		return err
	}
	return r.signed(ctx, name)
}

// signed takes a tag back that should be signed and is not: where the key of SSH is
// missing git complains, and makes the tag without.
func (r *Repo) signed(ctx context.Context, name string) error {
	ref := "refs/tags/" + name
	text, err := r.run(ctx, "", "cat-file", "tag", ref)
	if err != nil {
		return err
	}
	if regexp.MustCompile(`(?m)^-----BEGIN (PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----$`).MatchString(text) {
		return nil
	}
	if _, err := r.line(ctx, "update-ref", "-d", ref); err != nil {
		return err
	}
	return fmt.Errorf("git tag in %s: tag.gpgSign is set, and %s was not signed: see that the key in user.signingKey is there", r.dir, name)
}

// PushTag pushes a tag, and only that. A tag of that name that the remote has elsewhere
// is an error.
func (r *Repo) PushTag(ctx context.Context, remote, name string) error {
	_, err := r.run(ctx, "", "push", "--quiet", "--end-of-options", remote, "refs/tags/"+name+":refs/tags/"+name)
	return err
}

// CheckTag reports whether git takes a name for a tag.
func (r *Repo) CheckTag(ctx context.Context, name string) (bool, error) {
	_, err := r.line(ctx, "check-ref-format", "refs/tags/"+name)
	if code(err) >= 0 {
		return false, nil
	}
	return err == nil, err
}
