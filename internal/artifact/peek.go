package artifact

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
)

// ControlDir is where Peek shows the control files of a package.
const ControlDir = "DEBIAN"

// Peek is Inspect, and hands each member of the archive with its content to see besides;
// before them, the control files of a package, below ControlDir. An error of see ends it.
func Peek(ctx context.Context, file string, want Want, see func(e Entry, content io.Reader) error) (Info, error) {
	if cmp.Or(FormatOf(file), want.Format) == Deb {
		if err := peekControl(ctx, file, want, see); err != nil {
			return Info{}, err
		}
	}
	return inspect(ctx, file, want, see)
}

// peekControl shows the control files of a package.
func peekControl(ctx context.Context, file string, want Want, see visit) error {
	want.Limits = want.Limits.withDefaults()
	f, length, err := openRegular(file, want.Limits.Archive)
	if err != nil {
		return err
	}
	defer f.Close()
	d := deb{file: filepath.Base(file), want: want}
	control, _, err := d.members(io.NewSectionReader(f, 0, length), length)
	if err != nil {
		return err
	}
	files, err := d.controlFiles(ctx, control)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		e := Entry{Path: path.Join(ControlDir, name), Type: typeFile, Size: int64(len(files[name]))}
		if err := see(e, bytes.NewReader(files[name])); err != nil {
			return err
		}
	}
	return nil
}
