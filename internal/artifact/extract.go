package artifact

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Extract unpacks a tar.gz into the directory dir, which must not exist and whose
// parent must. It reads r once, and checks what Inspect checks while it writes into
// a directory beside dir; only when all is well that becomes dir. After an error
// neither is there.
//
// Files keep their permission bits and times and belong to whoever calls. Content is
// not flushed to the disk: who relies on it after a crash has to sync. Of want,
// Digest, Arch and Limits are used; Name and Version are copied into the result.
func Extract(ctx context.Context, r io.Reader, dir string, want Want) (Info, error) {
	want.Limits = want.Limits.withDefaults()
	dir = filepath.Clean(dir)
	if _, err := os.Lstat(dir); err == nil {
		return Info{}, fmt.Errorf("extract into %s: it exists already", dir)
	}
	part, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".part-")
	if err != nil {
		return Info{}, fmt.Errorf("extract into %s: %w", dir, err)
	}
	info, err := extract(ctx, r, part, want)
	if err == nil {
		err = os.Rename(part, dir)
	}
	if err != nil {
		discard(part)
		return Info{}, fmt.Errorf("extract into %s: %w", dir, err)
	}
	return info, nil
}

func extract(ctx context.Context, r io.Reader, dir string, want Want) (Info, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Info{}, err
	}
	defer root.Close()
	file := "archive"
	if named, ok := r.(interface{ Name() string }); ok {
		file = filepath.Base(named.Name())
	}
	sum := sha256.New()
	counted := &packed{stopped: ctx.Err, r: io.TeeReader(r, sum), file: file, most: want.Limits.Archive}
	w := &writer{root: root, dirs: []Entry{{Path: ".", Mode: 0o755}}, made: map[string]bool{".": true}}
	t := newTree(file, false, want)
	buffered := bufio.NewReaderSize(counted, 64<<10)
	if err := readTarGz(ctx, t, buffered, w.write); err != nil {
		return Info{}, err
	}
	info := Info{Format: TarGz, Name: want.Name, Version: want.Version, Digest: digest(sum), Size: counted.n, Commit: t.commit, Files: t.files, Unpacked: t.unpacked}
	if want.Digest != "" && info.Digest != want.Digest {
		return Info{}, wrongDigest(file, info.Digest, want.Digest)
	}
	if info.Arch, err = t.arch(want.Arch); err != nil {
		return Info{}, err
	}
	return info, w.finish()
}

// writer makes the members of an archive below a root that nothing can leave.
type writer struct {
	root *os.Root
	dirs []Entry // directories, whose modes and times are set last
	made map[string]bool
}

func (w *writer) write(e Entry, content io.Reader) error {
	if e.Path == "." {
		w.dirs[0] = e
		return nil
	}
	if parent := path.Dir(e.Path); !w.made[parent] {
		if err := w.root.MkdirAll(parent, 0o755); err != nil {
			return err
		}
		w.made[parent] = true
	}
	switch e.Type {
	case typeDir:
		w.dirs = append(w.dirs, e)
		w.made[e.Path] = true
		return w.root.MkdirAll(e.Path, 0o755)
	case typeSymlink:
		return w.root.Symlink(e.Link, e.Path)
	case typeHardlink:
		return w.root.Link(e.Link, e.Path)
	}
	return w.file(e, content)
}

func (w *writer) file(e Entry, content io.Reader) error {
	f, err := w.root.OpenFile(e.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, content); err != nil {
		_ = f.Close() // the first error is the one that matters
		return err
	}
	if err := f.Chmod(fs.FileMode(e.Mode & 0o777)); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return w.root.Chtimes(e.Path, e.Time, e.Time)
}

// finish sets modes and times of directories, the deepest first: a directory that
// may not be written to has to be filled before, and filling it changes its time.
func (w *writer) finish() error {
	slices.SortStableFunc(w.dirs, func(a, b Entry) int { return strings.Compare(b.Path, a.Path) })
	for _, d := range w.dirs {
		if err := w.root.Chmod(d.Path, fs.FileMode(d.Mode&0o777)); err != nil {
			return err
		}
		if d.Time.IsZero() {
			d.Time = time.Now()
		}
		if err := w.root.Chtimes(d.Path, d.Time, d.Time); err != nil {
			return err
		}
	}
	return nil
}

// discard removes what was unpacked so far, directories without rights included.
func discard(dir string) {
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(p, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(dir) // an error here leaves a name that says what it is
}
