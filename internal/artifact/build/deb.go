package build

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"

	"github.com/slipway-deploy/slipway/internal/artifact"
)

// Package says of a .deb what its files do not. What the DEBIAN directory of the
// tree says goes first.
type Package struct {
	Description string
	Maintainer  string // "Name <address>"
	Section     string
	Priority    string
	Homepage    string
	Depends     []string
	PreDepends  []string
	Recommends  []string
	Suggests    []string
	Conflicts   []string
	Breaks      []string
	Replaces    []string
	Provides    []string
	Conffiles   []string // absolute paths, besides every file below /etc
	Units       []string // files of the project that become units in /usr/lib/systemd/system
	Scripts     Scripts
	Compression string // of the data: gzip (unpacks fastest, the default) or xz
}

// Scripts are maintainer scripts: files of the project.
type Scripts struct{ Preinst, Postinst, Prerm, Postrm string }

const unitDir = "usr/lib/systemd/system"

// packDeb writes a Debian package of the items of a tree.
func (c Config) packDeb(ctx context.Context, w io.Writer, tree string, items []item, info artifact.Info, s Stamp) error {
	p, err := c.describe(info, s)
	if err != nil {
		return err
	}
	inside := slices.IndexFunc(items, func(it item) bool { return it.path == "DEBIAN" && it.mode.IsDir() })
	var listed []string
	if inside >= 0 {
		if listed, err = applyControlDir(p, filepath.Join(tree, "DEBIAN"), info); err != nil {
			return err
		}
	}
	items = slices.DeleteFunc(items, func(it item) bool { return it.path == "DEBIAN" || strings.HasPrefix(it.path, "DEBIAN/") })
	if items, err = c.addUnits(items); err != nil {
		return err
	}
	if p.Contents, err = contents(items, c.conffiles(items, listed), s); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return deb.Default.Package(p, w)
}

// describe makes the control fields from what the project declares.
func (c Config) describe(info artifact.Info, s Stamp) (*nfpm.Info, error) {
	d := c.Deb
	if d.Compression != "" && d.Compression != "gzip" && d.Compression != "xz" {
		return nil, fmt.Errorf("compression %q is not known; gzip and xz are", d.Compression)
	}
	p := &nfpm.Info{
		Name: info.Name, Version: info.Version, VersionSchema: "none", Arch: info.Arch, Platform: "linux",
		Section: or(d.Section, "misc"), Priority: or(d.Priority, "optional"), Homepage: d.Homepage,
		Maintainer:      or(d.Maintainer, fmt.Sprintf("Maintainers of %s <%s@localhost>", info.Name, info.Name)),
		Description:     or(d.Description, info.Name),
		MTime:           s.Time,
		DisableGlobbing: true,
	}
	p.Depends, p.Recommends, p.Suggests, p.Conflicts = d.Depends, d.Recommends, d.Suggests, d.Conflicts
	p.Replaces, p.Provides, p.Deb.Breaks, p.Deb.Predepends = d.Replaces, d.Provides, d.Breaks, d.PreDepends
	p.Deb.Arch, p.Deb.Compression, p.Deb.Fields = info.Arch, or(d.Compression, "gzip"), map[string]string{}
	if s.Commit != "" {
		p.Deb.Fields[artifact.CommitField] = s.Commit
	}
	var err error
	for _, script := range []struct {
		to   *string
		file string
	}{
		{&p.Scripts.PreInstall, d.Scripts.Preinst}, {&p.Scripts.PostInstall, d.Scripts.Postinst},
		{&p.Scripts.PreRemove, d.Scripts.Prerm}, {&p.Scripts.PostRemove, d.Scripts.Postrm},
	} {
		if script.file == "" {
			continue
		}
		if *script.to, err = c.own(script.file); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// own finds a file of the project.
func (c Config) own(name string) (string, error) {
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("%q is not below the project", name)
	}
	return filepath.Join(c.Dir, name), nil
}

// addUnits puts the declared units among the items.
func (c Config) addUnits(items []item) ([]item, error) {
	for _, unit := range c.Deb.Units {
		file, err := c.own(unit)
		if err != nil {
			return nil, err
		}
		items = append(items, item{path: path.Join(unitDir, filepath.Base(file)), file: file, mode: fileMode})
	}
	return items, nil
}

// conffiles says which files are configuration: those that the DEBIAN directory
// lists, or else all below /etc and those that the project declares.
func (c Config) conffiles(items []item, listed []string) map[string]bool {
	set := map[string]bool{}
	for _, name := range append(slices.Clone(c.Deb.Conffiles), listed...) {
		set[path.Clean(name)] = true
	}
	for _, it := range items {
		if listed == nil && it.mode.IsRegular() && strings.HasPrefix(it.path, "etc/") {
			set["/"+it.path] = true
		}
	}
	return set
}

// contents hands the items to nfpm with everything said, so that it looks at no
// file's own mode, owner or time.
func contents(items []item, conffiles map[string]bool, s Stamp) (files.Contents, error) {
	all := make(files.Contents, 0, len(items))
	for _, it := range items {
		content := &files.Content{
			Source: it.file, Destination: "/" + it.path, Type: files.TypeFile,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: it.mode.Perm(), MTime: s.Time},
		}
		switch it.mode.Type() {
		case fs.ModeDir:
			content.Type, content.Source = files.TypeDir, ""
		case fs.ModeSymlink:
			content.Type, content.Source = files.TypeSymlink, it.link
		default:
			if conffiles[content.Destination] {
				content.Type = files.TypeConfig
			}
			delete(conffiles, content.Destination)
		}
		all = append(all, content)
	}
	if len(conffiles) > 0 {
		missing := slices.Sorted(maps.Keys(conffiles))
		return nil, fmt.Errorf("the conffile %s is not in the tree: correct the list or the build", missing[0])
	}
	return all, nil
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
