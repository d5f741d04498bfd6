package compat

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// match says whether a slash path fits a pattern: path.Match within a name, and ** for any
// number of directories.
func match(pattern, name string) bool {
	return matchParts(strings.Split(pattern, "/"), strings.Split(name, "/"))
}

func matchParts(pattern, name []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			for i := range len(name) + 1 {
				if matchParts(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, err := path.Match(pattern[0], name[0]); err != nil || !ok {
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	return len(name) == 0
}

// valid refuses patterns that could not fit anything.
func valid(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil || !fs.ValidPath(pattern) || strings.Count(pattern, "**") > 4 {
		return fmt.Errorf("pattern %q: want a slash path inside the project such as api/*.yaml or proto/**/*.proto", pattern)
	}
	return nil
}

// listing is the names of both trees' files.
type listing struct {
	old, new []string
}

func list(ctx context.Context, old, new Tree) (l listing, err error) {
	if l.old, err = names(ctx, old); err != nil {
		return l, err
	}
	l.new, err = names(ctx, new)
	return l, err
}

// skipped are directories that hold other people's contracts or none.
var skipped = []string{".git", "node_modules", "vendor"}

func names(ctx context.Context, t Tree) ([]string, error) {
	var out []string
	err := fs.WalkDir(t.FS, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case d.IsDir() && slices.Contains(skipped, d.Name()):
			return fs.SkipDir
		case d.Type().IsRegular():
			out = append(out, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the files of version %s: %w", t.Version, err)
	}
	return out, nil
}

// find gives the files of each tree that fit the patterns, in order.
func (l listing) find(section string, patterns []string) (old, new []string, err error) {
	for _, p := range patterns {
		if err := valid(p); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", section, err)
		}
		a, b := pick(l.old, p), pick(l.new, p)
		if len(a)+len(b) == 0 {
			return nil, nil, fmt.Errorf("%s: pattern %q fits no file of either version: mend the pattern or take it out", section, p)
		}
		old, new = append(old, a...), append(new, b...)
	}
	return unique(old), unique(new), nil
}

func pick(names []string, pattern string) []string {
	var out []string
	for _, n := range names {
		if match(pattern, n) {
			out = append(out, n)
		}
	}
	return out
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
