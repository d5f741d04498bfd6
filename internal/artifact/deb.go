package artifact

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/slipway-deploy/slipway/internal/artifact/debian"
)

// CommitField is the field of a control file that names the git commit.
const CommitField = "Slipway-Commit"

const (
	controlMost = 16 << 20 // bytes of everything in control.tar, unpacked
	zstdWindow  = 128 << 20
	orderRule   = "a package holds debian-binary, control.tar and data.tar, in that order"
	brokenHint  = "copy or build it again"
)

// deb reads one Debian package.
type deb struct {
	file string
	want Want
}

// debInfo reads a package whole and says what it is.
func debInfo(ctx context.Context, file string, r io.ReaderAt, length int64, want Want, see visit) (Info, error) {
	d := deb{file: file, want: want}
	control, data, err := d.members(r, length)
	if err != nil {
		return Info{}, err
	}
	files, err := d.controlFiles(ctx, control)
	if err != nil {
		return Info{}, err
	}
	info, err := d.identity(files["control"])
	if err != nil {
		return Info{}, err
	}
	t := newTree(file, true, want)
	units := unitNames{}
	err = d.walk(ctx, t, data, func(e Entry, content io.Reader) error {
		units.add(e)
		return see(e, content)
	})
	if err != nil {
		return Info{}, err
	}
	if err := t.debArch(info.Arch); err != nil {
		return Info{}, err
	}
	if info.Conffiles, err = d.conffiles(files["conffiles"], t); err != nil {
		return Info{}, err
	}
	info.Files, info.Unpacked, info.Units = t.files, t.unpacked, units.sorted()
	return info, nil
}

// members finds the two tar archives of a package.
func (d deb) members(r io.ReaderAt, length int64) (control, data debian.Member, err error) {
	all, err := debian.Members(r, length)
	if errors.Is(err, debian.ErrNotAr) {
		return control, data, d.refuse("", "it is not an ar archive", "a .deb is one", "build it with dpkg-deb, or let Slipway pack it")
	}
	if err != nil {
		return control, data, d.refuse("", err.Error(), orderRule, brokenHint)
	}
	if len(all) == 0 || all[0].Name != "debian-binary" {
		return control, data, d.refuse("", "its first member is not debian-binary", orderRule, brokenHint)
	}
	format, err := io.ReadAll(io.NewSectionReader(all[0], 0, min(all[0].Size, 64)))
	if err != nil {
		return control, data, fmt.Errorf("read %s: %w", d.file, err)
	}
	if !strings.HasPrefix(string(format), "2.") {
		return control, data, d.refuse("debian-binary", fmt.Sprintf("the format is %q", strings.TrimSpace(string(format))), "2.0 is known", "build it with a current dpkg-deb")
	}
	return d.pair(all[1:])
}

// pair picks control.tar and data.tar. Members whose name starts with "_" are
// skipped as dpkg does: signatures are kept in such.
func (d deb) pair(members []debian.Member) (control, data debian.Member, err error) {
	var found []debian.Member
	var names []string
	for _, m := range members {
		if !strings.HasPrefix(m.Name, "_") {
			found = append(found, m)
			names = append(names, m.Name)
		}
	}
	isControl := len(found) > 0 && strings.HasPrefix(found[0].Name, "control.tar")
	isData := len(found) > 1 && strings.HasPrefix(found[1].Name, "data.tar")
	if !isControl || !isData || len(found) > 2 {
		return control, data, d.refuse("", fmt.Sprintf("it holds %q after debian-binary", names), orderRule, brokenHint)
	}
	return found[0], found[1], nil
}

// walk unpacks a member and reads the tar archive in it.
func (d deb) walk(ctx context.Context, t *tree, m debian.Member, see visit) error {
	from := &packed{stopped: ctx.Err, r: m, file: d.file, most: t.want.Limits.Archive}
	zip, err := d.open(m, from)
	if err != nil {
		return t.explain(err)
	}
	defer zip.Close()
	return t.walk(&unpacked{r: zip, from: from, file: d.file, lim: t.want.Limits}, see)
}

// open starts the decompressor that a member's name asks for.
func (d deb) open(m debian.Member, from *packed) (io.ReadCloser, error) {
	_, kind, _ := strings.Cut(m.Name, ".tar")
	switch kind {
	case "":
		return io.NopCloser(from), nil
	case ".gz":
		return gzip.NewReader(from)
	case ".xz":
		from.n = m.Size // the decoder reads the member, not through from
		zip, err := xzReader(m.SectionReader)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(cancelled{zip, from}), nil
	case ".zst":
		zip, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderMaxMemory(uint64(d.want.Limits.Unpacked)))
		if err != nil {
			return nil, err
		}
		return zip.IOReadCloser(), nil
	}
	return nil, d.refuse(m.Name, fmt.Sprintf("it is compressed as %q", strings.TrimPrefix(kind, ".")), "gz, xz, zst and none are known", "build it with dpkg-deb -Zxz")
}

// cancelled stops a reader that does not read through packed.
type cancelled struct {
	io.Reader
	from *packed
}

func (c cancelled) Read(b []byte) (int, error) {
	if err := c.from.stopped(); err != nil {
		return 0, err
	}
	return c.Reader.Read(b)
}

// controlFiles reads the files of control.tar, by name.
func (d deb) controlFiles(ctx context.Context, m debian.Member) (map[string][]byte, error) {
	want := d.want
	want.Limits.Unpacked, want.Limits.File = controlMost, controlMost
	t := newTree(d.file, true, want)
	files := map[string][]byte{}
	err := d.walk(ctx, t, m, func(e Entry, content io.Reader) error {
		switch {
		case e.Path == "." && e.Type == typeDir:
			return nil
		case e.Type != typeFile || path.Dir(e.Path) != ".":
			return d.refuse(m.Name, fmt.Sprintf("it holds %q, which is a %s", e.Path, word(e.Type)), "plain files only, no directories", brokenHint)
		}
		b, err := io.ReadAll(content)
		files[e.Path] = b
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, has := files["control"]; !has {
		return nil, d.refuse(m.Name, "there is no file control in it", "a package says what it is in there", brokenHint)
	}
	return files, nil
}

// identity reads name, version and architecture, and holds them to what was asked for.
func (d deb) identity(file []byte) (Info, error) {
	control, err := debian.ParseControl(file)
	if err != nil {
		return Info{}, d.refuse("control", err.Error(), "", "correct debian/control and build it again")
	}
	info := Info{Format: Deb, Name: control.Value("Package"), Version: control.Value("Version"), Arch: control.Value("Architecture")}
	for _, f := range []debian.Field{{Name: "Package", Value: info.Name}, {Name: "Version", Value: info.Version}, {Name: "Architecture", Value: info.Arch}} {
		if f.Value == "" {
			return Info{}, d.refuse("control", fmt.Sprintf("the field %s is not there or empty", f.Name), "Package, Version and Architecture are required", "correct debian/control and build it again")
		}
	}
	for _, err := range []error{debian.CheckPackageName(info.Name), CheckVersion(Deb, info.Version), CheckArch(info.Arch)} {
		if err != nil {
			return Info{}, d.refuse("control", err.Error(), "", "correct debian/control and build it again")
		}
	}
	if commit := control.Value(CommitField); isCommit(commit) {
		info.Commit = commit
	}
	return info, d.asked(info)
}

func (d deb) asked(info Info) error {
	if d.want.Name != "" && info.Name != d.want.Name {
		return d.refuse("", fmt.Sprintf("it is the package %s", info.Name), fmt.Sprintf("%s was asked for", d.want.Name), "name the right file or package")
	}
	if d.want.Version != "" && info.Version != d.want.Version {
		return d.refuse("", fmt.Sprintf("it is version %s", info.Version), fmt.Sprintf("%s was asked for", d.want.Version), "name the right file, or the whole version with epoch and revision")
	}
	return wantArch(d.file, info.Arch, d.want.Arch)
}

// conffiles reads the list of configuration files, and checks that each is there.
func (d deb) conffiles(list []byte, t *tree) ([]string, error) {
	var paths []string
	for line := range bytes.Lines(list) {
		name := strings.TrimSpace(string(line))
		if name == "" || strings.HasPrefix(name, "remove-on-upgrade ") {
			continue // the latter is a path that the package no longer brings
		}
		if !strings.HasPrefix(name, "/") {
			return nil, d.refuse("conffiles", fmt.Sprintf("%q is not an absolute path", name), "each line is one", brokenHint)
		}
		if _, there := t.nodes[path.Clean(name[1:])]; !there {
			return nil, d.refuse("conffiles", fmt.Sprintf("%q is not in the package", name), "every conffile is", brokenHint)
		}
		paths = append(paths, name)
	}
	return paths, nil
}

func (d deb) refuse(member, found, rule, hint string) error {
	return &Refused{File: d.file, Member: member, Found: found, Rule: rule, Hint: hint}
}
