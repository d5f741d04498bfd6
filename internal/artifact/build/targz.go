package build

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"io"
	"io/fs"
	"os"
)

// TarGz packs the content of a directory. The bytes depend on names, content, the
// executable bit of the owner and the stamp, and on nothing else: members are in
// order of their names, belong to root, and are 0755 or 0644.
//
// A commit is noted as `git archive` does it, so that `git get-tar-commit-id` finds it.
func TarGz(ctx context.Context, w io.Writer, dir string, s Stamp) error {
	items, err := readTree(ctx, dir)
	if err != nil {
		return err
	}
	return packTarGz(ctx, w, items, s)
}

func packTarGz(ctx context.Context, w io.Writer, items []item, s Stamp) error {
	zip := gzip.NewWriter(w) // its header has neither name nor time
	out := tar.NewWriter(zip)
	if s.Commit != "" {
		h := &tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": s.Commit}}
		if err := out.WriteHeader(h); err != nil {
			return err
		}
	}
	for _, it := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := packItem(out, it, s); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	return zip.Close()
}

func packItem(out *tar.Writer, it item, s Stamp) error {
	h := &tar.Header{Name: it.path, Mode: int64(it.mode.Perm()), ModTime: s.Time, Linkname: it.link}
	switch it.mode.Type() {
	case fs.ModeDir:
		h.Typeflag, h.Name = tar.TypeDir, it.path+"/"
		return out.WriteHeader(h)
	case fs.ModeSymlink:
		h.Typeflag = tar.TypeSymlink
		return out.WriteHeader(h)
	}
	h.Typeflag, h.Size = tar.TypeReg, it.size
	if err := out.WriteHeader(h); err != nil {
		return err
	}
	f, err := os.Open(it.file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(out, f) // a file that has grown or shrunk since is an error of the writer
	return err
}
