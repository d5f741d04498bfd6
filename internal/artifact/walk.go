package artifact

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

const block = 512 // of a tar archive

// visit is called with each member and its content. What it leaves unread is
// skipped.
type visit func(e Entry, content io.Reader) error

// walk reads a whole tar stream: every member is checked before it is visited, and
// the stream must end as a tar archive does.
func (t *tree) walk(src *unpacked, see visit) error {
	tr := tar.NewReader(src)
	end := int64(0) // where the next header belongs
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return t.finish(src, end)
		}
		if err != nil {
			return t.explain(err)
		}
		if err := t.member(h, tr, see); err != nil {
			return err
		}
		end = (src.n + block - 1) / block * block
	}
}

func (t *tree) member(h *tar.Header, tr io.Reader, see visit) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return t.global(h)
	}
	e, err := t.add(h)
	if err != nil {
		return err
	}
	return t.content(e, tr, see)
}

// content looks at the first bytes of a program, hands the content on and reads
// what is left of it.
func (t *tree) content(e Entry, tr io.Reader, see visit) error {
	if e.Type != typeFile {
		return see(e, bytes.NewReader(nil))
	}
	var head []byte
	if e.Mode&executable != 0 {
		head = make([]byte, min(elfHead, e.Size))
		if _, err := io.ReadFull(tr, head); err != nil {
			return t.explain(err)
		}
		if arch := ProgramArch(head); arch != "" && t.programs[arch] == "" {
			t.programs[arch] = e.Path
		}
	}
	content := &body{r: io.MultiReader(bytes.NewReader(head), tr)}
	if err := see(e, content); err != nil {
		if content.err != nil {
			return t.explain(content.err)
		}
		return err
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return t.explain(err)
	}
	return nil
}

// body remembers an error of reading, so that it is not taken for one of writing.
type body struct {
	r   io.Reader
	err error
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// finish checks the end of the archive: its mark, nothing but padding after it, and
// links that only make sense when all members are known.
func (t *tree) finish(src *unpacked, end int64) error {
	if src.n < end+block {
		return t.truncated()
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if len(bytes.Trim(buf[:n], "\x00")) > 0 {
			return t.refuse("", "other bytes follow the end of the archive", "only padding may", "pack it again into a new file")
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return t.explain(err)
		}
	}
	return t.resolveAll()
}

func (t *tree) truncated() error {
	return t.refuse("", "it ends in the middle", "an archive is whole", "copy or build it again")
}

// explain turns an error of reading into a refusal, unless the machine or the
// caller is to blame for it.
func (t *tree) explain(err error) error {
	var refused *Refused
	var path *fs.PathError
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &path):
		return fmt.Errorf("read %s: %w", t.file, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return t.truncated()
	}
	return t.refuse("", fmt.Sprintf("it is damaged (%v)", err), "", "copy or build it again")
}
