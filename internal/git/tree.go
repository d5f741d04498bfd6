package git

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// largestFile bounds one file that is read out of a commit.
const largestFile = 16 << 20

// Tree is the files of a commit below the directory that was opened, as they are in git:
// names are listed at once, and a file is read when it is opened. It is an fs.FS; links and
// submodules are not in it.
type Tree struct {
	ctx   context.Context // of Repo.Tree: fs.FS has no room for one
	repo  *Repo
	files map[string]node
}

// node is a file, or a directory with what is in it.
type node struct {
	name  string
	blob  string // "": a directory
	size  int64
	below []fs.DirEntry
}

// Tree lists the files of a commit. It can be read until ctx ends.
func (r *Repo) Tree(ctx context.Context, commit string) (*Tree, error) {
	out, err := r.run(ctx, "", "ls-tree", "-r", "-z", "-l", "--end-of-options", commit)
	if err != nil {
		return nil, err
	}
	t := &Tree{ctx: ctx, repo: r, files: map[string]node{".": {name: "."}}}
	for entry := range strings.SplitSeq(out, "\x00") {
		about, name, ok := strings.Cut(entry, "\t")
		f := strings.Fields(about) // mode, type, id, size
		if !ok || len(f) != 4 || f[1] != "blob" || !strings.HasPrefix(f[0], "100") || !fs.ValidPath(name) {
			continue
		}
		size, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("git ls-tree: the size of %s, %q, is no number", Printable(name), Printable(f[3]))
		}
		t.add(name, node{name: path.Base(name), blob: f[2], size: size})
	}
	for name, n := range t.files {
		slices.SortFunc(n.below, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		t.files[name] = n
	}
	return t, nil
}

// add keeps a file, and the directories that it is in.
func (t *Tree) add(name string, n node) {
	for {
		_, known := t.files[name]
		t.files[name] = n
		if known {
			return
		}
		dir := path.Dir(name)
		in, ok := t.files[dir]
		if !ok {
			in = node{name: path.Base(dir)}
		}
		in.below = append(in.below, fs.FileInfoToDirEntry(n))
		if ok {
			t.files[dir] = in
			return
		}
		name, n = dir, in
	}
}

// Open implements fs.FS.
func (t *Tree) Open(name string) (fs.File, error) {
	n, ok := t.files[name]
	if !ok || !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if n.blob == "" {
		return &directory{node: n}, nil
	}
	if n.size > largestFile {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("it has %d bytes, and at most %d are read", n.size, largestFile)}
	}
	text, err := t.repo.run(t.ctx, "", "cat-file", "blob", n.blob)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &file{node: n, Reader: strings.NewReader(text)}, nil
}

// ReadDir implements fs.ReadDirFS.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	n, ok := t.files[name]
	if !ok || n.blob != "" {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return slices.Clone(n.below), nil
}

// file is an open file.
type file struct {
	node
	*strings.Reader
}

func (f *file) Stat() (fs.FileInfo, error) { return f.node, nil }

func (f *file) Close() error { return nil }

// Size is the file's own: the one of the reader is the same.
func (f *file) Size() int64 { return f.node.size }

// directory is an open directory.
type directory struct {
	node
	at int
}

func (d *directory) Stat() (fs.FileInfo, error) { return d.node, nil }

func (d *directory) Close() error { return nil }

func (d *directory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: fs.ErrInvalid}
}

// ReadDir implements fs.ReadDirFile.
func (d *directory) ReadDir(n int) ([]fs.DirEntry, error) {
	left := d.below[d.at:]
	if n > 0 {
		if len(left) == 0 {
			return nil, io.EOF
		}
		left = left[:min(n, len(left))]
	}
	d.at += len(left)
	return slices.Clone(left), nil
}

// What fs.FileInfo asks for. A commit keeps no times.

func (n node) Name() string       { return n.name }
func (n node) Size() int64        { return n.size }
func (n node) ModTime() time.Time { return time.Time{} }
func (n node) IsDir() bool        { return n.blob == "" }
func (n node) Sys() any           { return nil }

func (n node) Mode() fs.FileMode {
	if n.IsDir() {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
