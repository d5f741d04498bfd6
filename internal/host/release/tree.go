package release

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Entry is one file of a release, as it was unpacked. Directories are not entries: what
// is added beside the files of a release is not its own.
type Entry struct {
	Path   string `json:"path"` // below the release
	Mode   uint32 `json:"mode,omitempty"`
	Size   int64  `json:"size,omitempty"`
	Time   int64  `json:"time,omitempty"` // of the last change, in nanoseconds
	UID    int    `json:"uid,omitempty"`
	GID    int    `json:"gid,omitempty"`
	Target string `json:"target,omitempty"` // of a link, which has nothing else
}

// StagedTree returns the files of a release that was staged and not yet named.
func (d Dir) StagedTree(ctx context.Context, version string) ([]Entry, error) {
	var all []Entry
	base := d.At(version) + unfinished
	err := filepath.WalkDir(base, func(at string, e fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(base, at)
		if err != nil {
			return err
		}
		entry, err := look(at, name)
		all = append(all, entry)
		return err
	})
	return all, err
}

// Altered says what of a release is not as it was unpacked: how much, what first, and a
// digest of all of it; empty when nothing is. It looks at files and reads none.
func (d Dir) Altered(ctx context.Context, version string, unpacked []Entry) (string, error) {
	sum, n, first := sha256.New(), 0, ""
	for _, was := range unpacked {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		is, err := look(filepath.Join(d.At(version), was.Path), was.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
			is = Entry{Path: was.Path}
		case err != nil:
			return "", err
		case is == was:
			continue
		}
		if n++; n == 1 {
			first = was.Path
		}
		fmt.Fprintf(sum, "%+q\n", fmt.Sprint(is))
	}
	if n == 0 {
		return "", nil
	}
	return fmt.Sprintf("%d files, first %s, sha256:%x", n, first, sum.Sum(nil)), nil
}

func look(at, name string) (Entry, error) {
	info, err := os.Lstat(at)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Path: filepath.ToSlash(name)}
	if info.Mode()&fs.ModeSymlink != 0 {
		e.Target, err = os.Readlink(at)
		return e, err
	}
	e.Mode, e.Size, e.Time = uint32(info.Mode()), info.Size(), info.ModTime().UnixNano()
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		e.UID, e.GID = int(owner.Uid), int(owner.Gid)
	}
	return e, nil
}

// Displace takes a release away that is damaged, under a name that no release has, so
// that it can be staged and named again.
func (d Dir) Displace(version string) error {
	away := d.At("."+version) + unfinished + ".damaged"
	if err := os.RemoveAll(away); err != nil {
		return err
	}
	err := os.Rename(d.At(version), away)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, syscall.EXDEV):
		// A directory from a lower layer of an overlay cannot be renamed. What replaces it
		// is staged, and whole.
		return os.RemoveAll(d.At(version))
	}
	return err
}

// Discard removes what was displaced.
func (d Dir) Discard(version string) error {
	return os.RemoveAll(d.At("."+version) + unfinished + ".damaged")
}
