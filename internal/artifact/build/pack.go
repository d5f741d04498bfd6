package build

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/slipway-deploy/slipway/internal/artifact"
)

// pack makes the artifact from the staged tree, and returns its file.
func (c Config) pack(ctx context.Context, src source) (string, error) {
	// The tree may be a link to where a build keeps it; a walk would not follow that.
	tree, err := filepath.EvalSymlinks(filepath.Join(c.Dir, c.Tree))
	if st, missing := os.Stat(tree); err != nil || missing != nil || !st.IsDir() {
		return "", fmt.Errorf("the build left no directory %s in %s: correct the name or the build", c.Tree, c.Dir)
	}
	items, err := readTree(ctx, tree)
	if err != nil {
		return "", err
	}
	info := artifact.Info{Format: c.Format, Name: c.Name, Version: c.Version, Arch: c.Arch}
	if info.Arch == "" {
		if info.Arch, err = treeArch(items); err != nil {
			return "", fmt.Errorf("%s: %w", c.Tree, err)
		}
	}
	return c.write(info, func(w io.Writer) error {
		if c.Format == artifact.TarGz {
			return packTarGz(ctx, w, items, src.stamp())
		}
		return c.packDeb(ctx, w, tree, items, info, src.stamp())
	})
}

// write makes a file in Out, whole or not at all.
func (c Config) write(info artifact.Info, fill func(io.Writer) error) (string, error) {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(c.Out, ".slipway-build-")
	if err != nil {
		return "", err
	}
	err = fill(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	file := filepath.Join(c.Out, info.Filename())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error is the one that matters
		return "", fmt.Errorf("pack %s: %w", info.Filename(), err)
	}
	return file, nil
}
