package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/artifact"
)

// item is one thing in a staged tree, with the mode that it is packed with.
type item struct {
	path string // relative, with slashes
	file string // where it is
	mode fs.FileMode
	link string // of a symbolic link
	size int64
	arch string // of a program
}

// modes are normalised, so that the umask of whoever builds does not show.
const (
	dirMode     = fs.ModeDir | 0o755
	fileMode    = 0o644
	programMode = 0o755
	linkMode    = fs.ModeSymlink | 0o777
)

// readTree lists a staged tree by path, bytewise.
func readTree(ctx context.Context, dir string) ([]item, error) {
	var items []item
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil || rel == "." {
			return err
		}
		it, err := newItem(file, filepath.ToSlash(rel), d)
		if err != nil {
			return err
		}
		items = append(items, it)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what the build left: %w", err)
	}
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.path, b.path) })
	return items, nil
}

func newItem(file, rel string, d fs.DirEntry) (item, error) {
	it := item{path: rel, file: file}
	st, err := d.Info()
	if err != nil {
		return it, err
	}
	if st.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 && st.Mode().IsRegular() {
		return it, fmt.Errorf("%s is setuid or setgid; such files are not allowed: chmod u-s,g-s in the build", rel)
	}
	switch st.Mode().Type() {
	case fs.ModeDir:
		it.mode = dirMode
	case fs.ModeSymlink:
		it.mode = linkMode
		it.link, err = os.Readlink(file)
	case 0:
		it.mode, it.size = fileMode, st.Size()
		if st.Mode()&0o100 != 0 {
			it.mode = programMode
			it.arch, err = archOf(file)
		}
	default:
		err = fmt.Errorf("%s is a device, pipe or socket; files, directories and links are allowed: leave it out", rel)
	}
	return it, err
}

// archOf reads the architecture of a program; "" for what is none, as scripts.
func archOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	return artifact.ProgramArch(head[:n]), nil
}

// treeArch is what a tree is for, by its programs.
func treeArch(items []item) (string, error) {
	found := ""
	for _, it := range items {
		if it.arch == "" || it.arch == found {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("it holds programs for %s and for %s: say which architecture it is for", found, it.arch)
		}
		found = it.arch
	}
	switch found {
	case "":
		return artifact.All, nil
	case "arm":
		return "armhf", nil
	}
	return found, nil
}
