package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// hookMark tells a hook that this command wrote.
const hookMark = "# Written by slipway check --install-hook."

// installHook has git run the check before each push. A hook that somebody else wrote is
// never touched, nor one outside of the repository, which other projects would share.
func installHook(ctx context.Context, dir string, opts checkOptions, env Env) error {
	top, err := gitSays(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return usagef("%s is in no git repository: there is no push to hook into", dir)
	}
	hooks, err := gitSays(ctx, dir, "rev-parse", "--path-format=absolute", "--git-path", "hooks")
	if err != nil {
		return fmt.Errorf("find the hooks of git: %w", err)
	}
	common, err := gitSays(ctx, dir, "rev-parse", "--path-format=absolute", "--git-common-dir")
	if err != nil {
		return fmt.Errorf("find the repository: %w", err)
	}
	line, err := hookLine(top, dir, opts.file)
	if err != nil {
		return err
	}
	if !below(hooks, common) && !below(hooks, top) {
		return usagef("git takes its hooks from %s, which other repositories may share; add this line to the pre-push hook there yourself:\n  %s", hooks, line)
	}
	path := filepath.Join(hooks, "pre-push")
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the hook: %w", err)
	}
	if err == nil && !strings.Contains(string(before), hookMark) {
		return usagef("there is a hook already, and it was not touched; add this line to %s:\n  %s", path, line)
	}
	if err := os.MkdirAll(hooks, 0o755); err != nil {
		return fmt.Errorf("make the directory of hooks: %w", err)
	}
	// The variables by which git names its repository to hooks would mislead git when it is
	// called in another directory.
	text := "#!/bin/sh\n" + hookMark + "\nunset $(git rev-parse --local-env-vars)\n" + line + "\n"
	if err := writeWhole(path, text); err != nil {
		return fmt.Errorf("write the hook: %w", err)
	}
	fmt.Fprintf(env.Out, "wrote %s; git push --no-verify passes by it\n", path)
	return nil
}

// writeWhole puts an executable file in place at once: a push meanwhile sees the old one or
// the new one.
func writeWhole(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".pre-push-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Chmod(0o755), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// hookLine is the call, from the top of the repository.
func hookLine(top, dir, file string) (string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", fmt.Errorf("find the project: %w", err)
	}
	below, err := filepath.Rel(top, real)
	if err != nil {
		return "", fmt.Errorf("find the project: %w", err)
	}
	line := "slipway check"
	if file != "slipway.yaml" {
		line += " --file " + quoted(file)
	}
	if below != "." {
		line += " -- " + quoted(below)
	}
	return line, nil
}

// quoted is a word that a shell takes as it is.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func below(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

func gitSays(ctx context.Context, dir string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "git", args...)
	c.Dir = dir
	out, err := c.Output()
	return strings.TrimRight(string(out), "\n"), err
}
