package artifact

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
)

// readTarGz reads a gzipped tar archive to its end.
func readTarGz(ctx context.Context, t *tree, r io.Reader, see visit) error {
	from := &packed{stopped: ctx.Err, r: r, file: t.file, most: t.want.Limits.Archive}
	buffered := bufio.NewReaderSize(from, 64<<10)
	if magic, err := buffered.Peek(2); err == nil && (magic[0] != 0x1f || magic[1] != 0x8b) {
		return t.refuse("", "it is not compressed with gzip", "a tar.gz is a gzipped tar archive", "pack it with tar -czf")
	}
	zip, err := gzip.NewReader(buffered)
	if errors.Is(err, io.EOF) {
		return t.refuse("", "it is empty", "", "copy or build it again")
	}
	if err != nil {
		return t.explain(err)
	}
	return t.walk(&unpacked{r: trailing{zip, t}, from: from, file: t.file, lim: t.want.Limits}, see)
}

// trailing names what follows the last gzip stream. Several streams in a row are
// one file to gzip and to tar, so they are one here.
type trailing struct {
	zip *gzip.Reader
	t   *tree
}

func (r trailing) Read(b []byte) (int, error) {
	n, err := r.zip.Read(b)
	if errors.Is(err, gzip.ErrHeader) {
		err = r.t.refuse("", "other bytes follow the compressed data", "nothing may", "copy it again, or pack it into a new file")
	}
	return n, err
}

// tarGzInfo reads a tar.gz whole and says what it is.
func tarGzInfo(ctx context.Context, file string, r io.Reader, want Want, see visit) (Info, error) {
	info, err := identify(file, want)
	if err != nil {
		return Info{}, err
	}
	t := newTree(file, false, want)
	units := unitNames{}
	err = readTarGz(ctx, t, r, func(e Entry, content io.Reader) error {
		units.add(e)
		return see(e, content)
	})
	if err != nil {
		return Info{}, err
	}
	if t.files == 0 {
		return Info{}, t.refuse("", "there is no file in it", "", "look at what the build left")
	}
	if info.Arch, err = t.arch(info.Arch); err != nil {
		return Info{}, err
	}
	if err := wantArch(file, info.Arch, want.Arch); err != nil {
		return Info{}, err
	}
	info.Commit, info.Files, info.Unpacked, info.Units = t.commit, t.files, t.unpacked, units.sorted()
	return info, nil
}

// wantArch holds an artifact's architecture to the one asked for.
func wantArch(file, has, want string) error {
	if want == "" || has == want || has == All {
		return nil
	}
	return &Refused{File: file, Found: fmt.Sprintf("it is for %s", has), Rule: fmt.Sprintf("%s was asked for", want), Hint: "build it for that architecture"}
}
