package deb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// nothing is a script that does nothing.
const nothing = "#!/bin/sh\nexit 0\n"

const info = "/var/lib/dpkg/info"

// Disarm makes the scripts that run when an installed package goes do nothing, so
// that a package can be replaced whose own scripts fail. What they were is kept in a
// directory. The scripts of what replaces it run as ever.
func Disarm(name, keep string) error {
	if err := os.MkdirAll(keep, 0o700); err != nil {
		return fmt.Errorf("disarm %s: %w", name, err)
	}
	for _, script := range []string{"prerm", "postrm"} {
		paths, err := scriptsOf(name, script)
		if err != nil {
			return fmt.Errorf("disarm %s: %w", name, err)
		}
		for _, path := range paths {
			if err := disarm(path, filepath.Join(keep, filepath.Base(path))); err != nil {
				return fmt.Errorf("disarm %s: %w", name, err)
			}
		}
	}
	return nil
}

func scriptsOf(name, script string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(info, name+"*."+script))
	var own []string
	for _, path := range paths {
		base := filepath.Base(path)
		if base == name+"."+script || strings.HasPrefix(base, name+":") {
			own = append(own, path)
		}
	}
	return own, err
}

// disarm replaces a script. One that was replaced before is not kept in place of what
// it was.
func disarm(path, keep string) error {
	text, err := os.ReadFile(path)
	if err != nil || string(text) == nothing {
		return err
	}
	if err := os.WriteFile(keep, text, 0o600); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(nothing), 0o755) //nolint:gosec // a script runs
}

// InstallSilent installs a file with dpkg and without running its scripts: for a version
// that was here, and whose scripts do not bear that a newer one was. Then the scripts are
// put where dpkg keeps them, for the next time. dir is where it is packed anew.
func InstallSilent(ctx context.Context, file, dir string) (err error) {
	work, err := os.MkdirTemp(dir, ".silent-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	tree := filepath.Join(work, "tree")
	if _, err := run(ctx, "", "dpkg-deb", "--raw-extract", file, tree); err != nil {
		return err
	}
	says, err := Inspect(ctx, file)
	if err != nil {
		return err
	}
	was := map[string][]byte{}
	for _, script := range []string{"preinst", "postinst"} {
		path := filepath.Join(tree, "DEBIAN", script)
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			was[script], err = text, os.WriteFile(path, []byte(nothing), 0o755) //nolint:gosec // a script runs
		}
		if err != nil {
			return err
		}
	}
	silent := filepath.Join(work, "silent.deb")
	if _, err := run(ctx, "", "dpkg-deb", "-Znone", "--build", tree, silent); err != nil {
		return err
	}
	if err := InstallAlone(ctx, silent); err != nil {
		return err
	}
	return putScripts(says.Name, was)
}

func putScripts(name string, was map[string][]byte) error {
	for script, text := range was {
		paths, err := scriptsOf(name, script)
		if err != nil {
			return err
		}
		for _, path := range paths {
			if err := os.WriteFile(path, text, 0o755); err != nil { //nolint:gosec // a script runs
				return err
			}
		}
	}
	return nil
}
