package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// later is what a version has at its end when it was made here.
const later = "+lab1"

// olden fetches an older version of each package that is offered. Where the archives
// have one version only, that is the older one, and the newer is made of it.
func (l Layer) olden(ctx context.Context, archive string) error {
	var alone []string
	for _, name := range l.Offer {
		versions, err := versions(ctx, name)
		if err != nil {
			return err
		}
		if len(versions) < 2 {
			alone = append(alone, name)
			continue
		}
		if _, err := call(ctx, archive, "apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", name+"="+versions[len(versions)-1]); err != nil {
			return fmt.Errorf("fetch the older %s: %w", name, err)
		}
	}
	for _, name := range alone {
		if err := repack(ctx, archive, name, alone); err != nil {
			return fmt.Errorf("make a newer %s: %w", name, err)
		}
	}
	return nil
}

// versions lists the versions of a package that apt could fetch, newest first.
func versions(ctx context.Context, name string) ([]string, error) {
	out, err := call(ctx, "", "apt-cache", "madison", name)
	if err != nil {
		return nil, err
	}
	var all []string
	for line := range strings.Lines(out) {
		f := strings.Split(line, "|")
		if len(f) != 3 || !strings.Contains(f[2], " Packages") {
			continue
		}
		if v := strings.TrimSpace(f[1]); len(all) == 0 || all[len(all)-1] != v {
			all = append(all, v)
		}
	}
	return all, nil
}

// repack makes a newer version of a package: one of its conffiles has a line more, it
// has another file, and its scripts are the same. What it needs of the others in the
// version of their own, it needs in the newer one.
func repack(ctx context.Context, archive, name string, others []string) error {
	paths, err := filepath.Glob(filepath.Join(archive, name+"_*.deb"))
	if err != nil || len(paths) != 1 {
		return fmt.Errorf("find %s among %q: %w", name, paths, err)
	}
	dir, err := os.MkdirTemp("", "repack")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if _, err := call(ctx, "", "dpkg-deb", "--raw-extract", paths[0], dir); err != nil {
		return err
	}
	if err := change(filepath.Join(dir, "DEBIAN/control"), func(text string) string { return renumber(text, others) }); err != nil {
		return err
	}
	conffiles, err := os.ReadFile(filepath.Join(dir, "DEBIAN/conffiles"))
	if first, _, _ := strings.Cut(string(conffiles), "\n"); err == nil && first != "" {
		if err := change(filepath.Join(dir, first), func(text string) string { return text + "# one line more\n" }); err != nil {
			return err
		}
	}
	more := file{"/usr/share/" + name + "-lab/more", 0o644, "more\n"}
	if err := more.write(dir); err != nil {
		return err
	}
	to := strings.TrimSuffix(paths[0], ".deb") + later + ".deb"
	_, err = call(ctx, "", "dpkg-deb", "--root-owner-group", "--build", dir, to)
	return err
}

// renumber makes a newer version of a package's control file.
func renumber(text string, others []string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if version, ok := strings.CutPrefix(line, "Version: "); ok {
			line = "Version: " + strings.TrimSpace(version) + later + "\n"
		}
		if strings.HasPrefix(line, "Depends: ") || strings.HasPrefix(line, "Pre-Depends: ") {
			for _, name := range others {
				line = exactly(line, name)
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

// exactly makes "name (= version)" in a line need the newer version.
func exactly(line, name string) string {
	before, after, ok := strings.Cut(line, " "+name+" (= ")
	if !ok {
		return line
	}
	return before + " " + name + " (= " + strings.Replace(after, ")", later+")", 1)
}

func change(path string, edit func(string) string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(edit(string(text))), 0o644)
}
