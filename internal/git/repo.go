package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What callers test for.
var (
	// ErrNone means that the directory is in no repository, or that git is not installed.
	ErrNone = errors.New("no git repository")
	// ErrUnknown means that a name is no commit of the repository.
	ErrUnknown = errors.New("git does not know it")
)

// Repo is a directory in a repository with a working tree. It is safe for concurrent use.
type Repo struct {
	dir string // absolute, inside the working tree
	top string // of the working tree
}

// Open finds the repository that a directory is in.
func Open(ctx context.Context, dir string) (*Repo, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	r := &Repo{dir: abs}
	r.top, err = r.line(ctx, "rev-parse", "--show-toplevel")
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("%w: the git program is not installed", ErrNone)
	}
	return r, err
}

// Top is the directory of the working tree.
func (r *Repo) Top() string { return r.top }

// Below is the path of the directory that was opened, from the top: "." at the top.
func (r *Repo) Below() string {
	dir, err := filepath.EvalSymlinks(r.dir)
	if err != nil {
		return "."
	}
	rel, err := filepath.Rel(r.top, dir)
	if err != nil {
		return "."
	}
	return filepath.ToSlash(rel)
}

// Error is git that did not do what it was asked.
type Error struct {
	Verb string // "fetch"
	Dir  string
	Said string // its first line of complaint; without passwords
	Code int    // exit status
}

func (e *Error) Error() string {
	if e.Said == "" {
		return fmt.Sprintf("git %s in %s: exit status %d", e.Verb, e.Dir, e.Code)
	}
	return fmt.Sprintf("git %s in %s: %s", e.Verb, e.Dir, e.Said)
}

// run runs git and returns what it printed.
func (r *Repo) run(ctx context.Context, stdin string, args ...string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = r.dir, environ(), 5*time.Second
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	said := complaint(stderr.String())
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("git %s in %s: %w", args[0], r.dir, ctx.Err())
	case err == nil:
		return string(out), nil
	case strings.Contains(said, "not a git repository"):
		return "", fmt.Errorf("%w in %s", ErrNone, r.dir)
	case errors.As(err, &exit):
		return "", &Error{Verb: args[0], Dir: r.dir, Said: said, Code: exit.ExitCode()}
	}
	return "", fmt.Errorf("git %s in %s: %w", args[0], r.dir, err)
}

// line is the output without its last line break.
func (r *Repo) line(ctx context.Context, args ...string) (string, error) {
	out, err := r.run(ctx, "", args...)
	return strings.TrimSuffix(out, "\n"), err
}

// environ has git speak plainly and ask nobody. Inside a hook git names another
// repository by its variables: they are left out.
func environ() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_CEILING_DIRECTORIES"}, name)
	})
	return append(env, "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_PAGER=cat")
}

// complaint is the line of git's errors that tells most, without what a terminal would
// obey and without the passwords of addresses.
func complaint(stderr string) string {
	best := ""
	for line := range strings.Lines(stderr) {
		line = Printable(strings.TrimSpace(line))
		if best == "" || strings.HasPrefix(line, "fatal:") || strings.HasPrefix(line, "error:") && !strings.HasPrefix(best, "fatal:") {
			best = line
		}
	}
	best = strings.TrimPrefix(strings.TrimPrefix(best, "fatal: "), "error: ")
	return regexp.MustCompile(`[a-z+]+://[^\s'"]+`).ReplaceAllStringFunc(best, redact)
}

func redact(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address"
	}
	return u.Redacted()
}

// withoutUser is an address without a name and a password.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}

// Printable is a text of one line without what a terminal would obey, at a length that
// can be read.
func Printable(s string) string {
	r := []rune(strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "?")))
	return string(r[:min(len(r), 200)])
}

// IsCommit reports whether a text has the form of a commit's id.
func IsCommit(s string) bool {
	return regexp.MustCompile(`^[0-9a-f]{7,64}$`).MatchString(s)
}

// code is the exit status of a git that ran, or -1.
func code(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return -1
}

// Shallow reports whether the repository was cloned without all of its history.
func (r *Repo) Shallow(ctx context.Context) (bool, error) {
	said, err := r.line(ctx, "rev-parse", "--is-shallow-repository")
	return said == "true", err
}
