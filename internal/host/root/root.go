// Package root is where a host's files begin: "/" on a real host, a directory for
// the hosts of a local fleet. Every path that the helper reads or writes goes
// through a Dir, and every file that must survive a power cut through Write.
//
// The packages beside it call it. It never follows a decision of its own: no
// defaults, no clean-up, no retries.
package root

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Dir is the directory where a host's files begin; "" is "/".
type Dir string

// Path returns where an absolute path of the host lies on this machine. A path
// cannot climb out of the directory with "..".
func (d Dir) Path(p string) string {
	return filepath.Join("/", string(d), filepath.Clean("/"+p))
}

// Of is the inverse of Path: the host's name of a path of this machine. Paths that
// are not below the directory are returned as they are.
func (d Dir) Of(p string) string {
	if d.Real() {
		return p
	}
	base := filepath.Clean(string(d))
	if p == base {
		return "/"
	}
	if rest, ok := strings.CutPrefix(p, base+"/"); ok {
		return "/" + rest
	}
	return p
}

// Real reports whether the directory is the machine's own root.
func (d Dir) Real() bool { return filepath.Clean("/"+string(d)) == "/" }

// Write replaces a file so that a crash leaves the old content or the new one: it
// writes beside it, syncs, renames and syncs the directory.
func Write(path string, data []byte, mode fs.FileMode) error {
	return Replace(path, func(temp string) error {
		f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		if err == nil {
			err = f.Chmod(mode)
		}
		if err == nil {
			err = f.Sync()
		}
		return errors.Join(err, f.Close())
	})
}

// Replace lets create make something at a temporary name beside path, then renames
// it to path in one step and syncs the directory. When create fails nothing is left.
func Replace(path string, create func(temp string) error) error {
	temp := filepath.Join(filepath.Dir(path), ".slipway-"+filepath.Base(path)+".new")
	if err := os.RemoveAll(temp); err != nil {
		return err
	}
	if err := create(temp); err != nil {
		return errors.Join(err, os.RemoveAll(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.RemoveAll(temp))
	}
	return Sync(filepath.Dir(path))
}

// Sync makes the entries of a directory survive a power cut.
func Sync(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Free returns how many bytes can be written at a path, or at the nearest
// directory above it that exists.
func Free(path string) (int64, error) {
	var at syscall.Statfs_t
	for {
		err := syscall.Statfs(path, &at)
		if err == nil {
			return int64(at.Bavail) * at.Bsize, nil //nolint:gosec // a disk has less than 2^63 bytes
		}
		if !errors.Is(err, fs.ErrNotExist) || path == "/" {
			return 0, fmt.Errorf("free space of %s: %w", path, err)
		}
		path = filepath.Dir(path)
	}
}

// Full reports whether an error says that a disk or a quota is full.
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
