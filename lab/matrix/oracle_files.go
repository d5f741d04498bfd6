package matrix

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// addTree adds every file below a directory of a host whose files are at root.
func (s Snapshot) addTree(root, tree string) error {
	return filepath.WalkDir(filepath.Join(root, tree), func(path string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		text, err := describe(path)
		if err == nil {
			s["file /"+name] = text
		}
		return err
	})
}

// describe is a file in one line: what it is, mode, owner, content, target, attributes.
func describe(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", fmt.Errorf("%s has no owner that can be read", path)
	}
	text := fmt.Sprintf("%s %04o %d:%d", info.Mode().Type(), stat.Mode&0o7777, stat.Uid, stat.Gid)
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		return text + " to " + target, err
	}
	if info.Mode().IsRegular() {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		text += fmt.Sprintf(" %x", sha256.Sum256(content))
	}
	attributes, err := attributes(path)
	return text + attributes, err
}

// attributes are the extended attributes of a file or directory, access lists among them.
func attributes(path string) (string, error) {
	size, err := syscall.Listxattr(path, nil)
	if err != nil || size == 0 {
		if errors.Is(err, syscall.ENOTSUP) {
			err = nil
		}
		return "", err
	}
	list := make([]byte, size)
	// An overlay asks for room for names that it then keeps to itself.
	if size, err = syscall.Listxattr(path, list); err != nil || size == 0 {
		return "", err
	}
	names := strings.Split(strings.Trim(string(list[:size]), "\x00"), "\x00")
	slices.Sort(names)
	var text strings.Builder
	for _, name := range names {
		value := make([]byte, 64<<10)
		n, err := syscall.Getxattr(path, name, value)
		if err != nil {
			return "", fmt.Errorf("attribute %s of %s: %w", name, path, err)
		}
		fmt.Fprintf(&text, " %s=%q", name, value[:n])
	}
	return text.String(), nil
}
