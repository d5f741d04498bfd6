package standard

import (
	"path"
	"strings"
)

// releaseRules are about the commit that goes out.
func releaseRules() []Rule {
	return []Rule{
		{ID: "release.declared", Severity: Warning, check: releaseDeclared,
			Wants: "The manifest says which branch releases are cut from.",
			Why:   "Without it any commit may be deployed, and nobody asks whether it is on the branch and green.",
			Mend:  "Add `release: {branch: master}`, and `statuses:` with who tests commits."},
		{ID: "release.branch", Severity: Error, Release: true, Deploy: true, check: onBranch,
			Wants: "A release is cut from a commit that is on the release branch.",
			Why:   "What was never merged was never reviewed with what is live. The history of the branch is asked, not its name.",
			Mend:  "Merge the change, and release from the branch."},
		{ID: "release.clean", Severity: Error, Release: true, Deploy: true, check: cleanTree,
			Wants: "A release is cut from a tree with nothing in it that git does not have.",
			Why:   "A release that cannot be built again cannot be explained, or rolled back to with any certainty.",
			Mend:  "Commit what belongs to the release, and ignore or remove the rest."},
		{ID: "release.green", Severity: Error, Release: true, Deploy: true, check: greenCommit,
			Wants: "The required statuses of the commit are green.",
			Why:   "The branch is always releasable only if what is red stops there.",
			Mend:  "Mend what is red, or wait until it has run."},
	}
}

func releaseDeclared(l *look) {
	if l.Manifest.Release == nil {
		l.found(l.written("service"), "add release: {branch: master}", "any commit of %s may be deployed", l.Manifest.Service)
	}
}

func onBranch(l *look) {
	g := l.Git
	if g == nil {
		return
	}
	at := l.written("release.branch")
	switch {
	case g.Branch == "":
		l.found(at, "name the branch that releases are cut from", "git has no release branch that could be found")
	case !g.OnBranch:
		l.found(at, "merge it into "+g.Branch+" first, and release what is there", "commit %s is not on %s", g.Commit, g.Branch)
	}
}

func cleanTree(l *look) {
	if l.Git == nil || len(l.Git.Changed) == 0 {
		return
	}
	others := ""
	if n := len(l.Git.Changed) - 1; n > 0 {
		others = " (and " + plural(n, "other") + ")"
	}
	l.found(place{file: l.Git.Changed[0]}, "commit it, or add it to .gitignore", "%s%s is not as commit %s has it", l.Git.Changed[0], others, l.Git.Commit)
}

func greenCommit(l *look) {
	if l.Git == nil || l.Git.Status == nil || l.Git.Status.Green {
		return
	}
	l.found(l.written("release"), "mend it, or wait until it has run; slipway releasable tells more", "commit %s is not green: %s", l.Git.Commit, l.Git.Status.Why)
}

// artifactRules are about what goes out.
func artifactRules() []Rule {
	return []Rule{
		{ID: "artifact.format", Severity: Error, Deploy: true, check: artifactFormat,
			Wants: "The build makes a Debian package or a tar.gz, and the manifest says which.",
			Why:   "Two formats that every host, every mirror and every colleague knows how to install, inspect and put back.",
			Mend:  "Have the build make what the manifest says, and name that file."},
		{ID: "artifact.build", Severity: Warning, check: artifactBuild,
			Wants: "The manifest says how the artifact is built.",
			Why:   "What only one machine or one person can build cannot be built again on the day it matters.",
			Mend:  "Add `build:` with the command; `tree:` when Slipway shall pack what it leaves."},
		{ID: "compat.declared", Severity: Warning, check: contractsDeclared,
			Wants: "The contracts that are in the project are declared in the manifest.",
			Why:   "Old and new live side by side in each rollout. A contract that is not declared is not compared with the live version's.",
			Mend:  "List interface documents, message schemas and migrations under `compat:`."},
	}
}

func artifactFormat(l *look) {
	name, key, want := "", "", ""
	if d := l.Manifest.Artifact.Deb; d != nil {
		name, key, want = d.File, "artifact.deb.file", ".deb"
	} else if t := l.Manifest.Artifact.TarGz; t != nil {
		name, key, want = t.File, "artifact.tar.gz.file", ".tar.gz"
	}
	if name != "" && !strings.HasSuffix(name, want) && !strings.HasSuffix(name, "*") {
		l.found(l.written(key), "have the build leave a file that ends in "+want+", or name the other kind of artifact", "%q is no %s", name, strings.TrimPrefix(want, "."))
	}
}

func artifactBuild(l *look) {
	d, t := l.Manifest.Artifact.Deb, l.Manifest.Artifact.TarGz
	key, says := "artifact", false
	if d != nil {
		key, says = "artifact.deb", d.Build != "" || d.Tree != ""
	}
	if t != nil {
		key, says = "artifact.tar.gz", t.Build != "" || t.Tree != ""
	}
	if !says {
		l.found(l.written(key), "add build: with the command that makes it, such as build: make dist", "nothing says how %s is built", l.Manifest.Service)
	}
}

func contractsDeclared(l *look) {
	if l.Contract == nil {
		return
	}
	told := map[string]bool{} // one finding for the files of a directory
	for _, f := range l.tree.of(contract) {
		dir := path.Dir(f.path)
		if told[dir] || l.Contract.covers(f.path) {
			continue
		}
		told[dir] = true
		l.found(place{file: f.path}, "add it to compat: in "+l.File, "nothing compares this contract with that of the live version")
	}
}

func (c Contract) covers(name string) bool {
	for _, p := range c.Covers {
		if covers(p, name) || doubleStar(p, name) {
			return true
		}
	}
	return false
}

// doubleStar matches a pattern with one ** in it, which stands for any directories.
func doubleStar(pattern, name string) bool {
	before, after, ok := strings.Cut(pattern, "**")
	if !ok || !strings.HasPrefix(name, before) {
		return false
	}
	match, err := path.Match(strings.TrimPrefix(after, "/"), path.Base(name))
	return err == nil && match
}
