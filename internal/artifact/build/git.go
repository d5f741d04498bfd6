package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// source is the state of the project that is built.
type source struct {
	dir    string
	commit string // empty: not in git
	dirty  bool
	time   time.Time
}

// noGitTime stands for the time of a commit where there is none: the first that
// every archive format can hold.
const noGitTime = 315532800 // 1980-01-01T00:00:00Z

// readSource asks git about a project. A project outside git is taken as well.
func readSource(ctx context.Context, dir string) (source, error) {
	s := source{dir: dir, time: time.Unix(noGitTime, 0).UTC()}
	commit, err := git(ctx, dir, "rev-parse", "HEAD")
	if errors.Is(err, errNoRepository) || errors.Is(err, exec.ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	status, err := git(ctx, dir, "status", "--porcelain")
	if err != nil {
		return s, err
	}
	seconds, err := git(ctx, dir, "-c", "log.showSignature=false", "log", "-1", "--format=%ct", "HEAD")
	if err != nil {
		return s, err
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return s, fmt.Errorf("git log: the commit time %q is not a number", seconds)
	}
	s.commit, s.dirty, s.time = commit, status != "", time.Unix(n, 0).UTC()
	return s, nil
}

// stamp is what archives of this source bear. The commit is left out when the tree
// was changed: the archive would not be that commit's.
func (s source) stamp() Stamp {
	if s.dirty {
		return Stamp{Time: s.time}
	}
	return Stamp{Time: s.time, Commit: s.commit}
}

// version makes a version from the newest tag: 1.4.0 on the tag, 1.4.0+3.g1a2b3c4
// three commits later, and +dirty when files were changed since.
func (s source) version(ctx context.Context, name string) (string, error) {
	const hint = "give a version, or tag the commit (git tag v1.0.0)"
	if s.commit == "" {
		return "", fmt.Errorf("the project is not in git, so nothing tells its version: give one")
	}
	described, err := git(ctx, s.dir, "describe", "--tags", "--long", "HEAD")
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil { // git says it in many ways; there is one cause and one cure
		return "", fmt.Errorf("no tag tells the version: %s", hint)
	}
	version, ok := fromTag(described, name)
	if !ok {
		return "", fmt.Errorf("the tag in %q is no version: %s", described, hint)
	}
	if s.dirty {
		version = with(version, "dirty")
	}
	return version, nil
}

// fromTag reads TAG-COMMITS-gHASH. A tag may begin with the service's name and a v;
// a pre-release sorts before its release, which Debian writes with "~".
func fromTag(described, name string) (string, bool) {
	m := regexp.MustCompile(`^(.+)-([0-9]+)-(g[0-9a-f]+)$`).FindStringSubmatch(described)
	if m == nil {
		return "", false
	}
	tag := m[1]
	for _, sep := range []string{"/", "-", "_"} {
		tag = strings.TrimPrefix(tag, name+sep)
	}
	tag = strings.TrimPrefix(tag, "v")
	if tag == "" || tag[0] < '0' || tag[0] > '9' {
		return "", false
	}
	tag = regexp.MustCompile(`-([A-Za-z])`).ReplaceAllString(tag, "~$1")
	if m[2] != "0" {
		tag = with(tag, m[2]+"."+m[3])
	}
	return tag, true
}

// with adds to the part of a version that says where it was built from.
func with(version, what string) string {
	if strings.Contains(version, "+") {
		return version + "." + what
	}
	return version + "+" + what
}

var errNoRepository = errors.New("not a git repository")

// git runs one command and returns what it printed.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	// Inside a hook git names another repository by these.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GIT_DIR=") || strings.HasPrefix(v, "GIT_WORK_TREE=") || strings.HasPrefix(v, "GIT_INDEX_FILE=")
	})
	cmd.Env = append(cmd.Env, "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	said, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil && strings.Contains(said, "not a git repository"):
		return "", errNoRepository
	case err != nil && said != "":
		return "", fmt.Errorf("git %s in %s: %s", verb(args), dir, said)
	case err != nil:
		return "", fmt.Errorf("git %s in %s: %w", verb(args), dir, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// verb is the command in git's arguments, past its options.
func verb(args []string) string {
	for len(args) > 2 && args[0] == "-c" {
		args = args[2:]
	}
	return args[0]
}
