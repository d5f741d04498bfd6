package capture

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// unitDirs are where an administrator, a package's scripts and systemctl write about
// units: for good, and until the next boot.
func unitDirs() []string {
	return []string{"/etc/systemd/system", "/etc/systemd/system.control", "/run/systemd/system", "/run/systemd/system.control"}
}

// unitDirs are those that are looked at.
func (h Host) unitDirs() []string {
	if h.Older {
		return unitDirs()[:1]
	}
	return unitDirs()
}

// unitPaths returns where an administrator or a package's scripts may have written
// about a unit: its file, mask or alias, its drop-ins, and those of its template.
func unitPaths(dirs []string, name string) []string {
	names := []string{name}
	if before, rest, ok := strings.Cut(name, "@"); ok {
		if template := before + "@" + path.Ext(rest); template != name {
			names = append(names, template)
		}
	}
	var paths []string
	for _, dir := range dirs {
		for _, n := range names {
			paths = append(paths, dir+"/"+n, dir+"/"+n+".d")
		}
	}
	return paths
}

// unitLinks returns the links by which a unit is enabled: in the directories of the
// targets that want it, and its aliases.
func (h Host) unitLinks(name string) ([]string, error) {
	var all []string
	for _, dir := range h.unitDirs() {
		links, err := h.linksIn(dir, name)
		if err != nil {
			return nil, err
		}
		all = append(all, links...)
	}
	return all, nil
}

func (h Host) linksIn(dir, name string) ([]string, error) {
	var all []string
	at := h.Root.Path(dir)
	entries, err := os.ReadDir(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		full := filepath.Join(at, e.Name())
		switch ext := filepath.Ext(e.Name()); {
		case ext == ".wants" || ext == ".requires" || ext == ".upholds":
			all = append(all, h.Root.Of(filepath.Join(full, name)))
		case e.Type()&fs.ModeSymlink != 0:
			// A link that cannot be read is of no unit of ours.
			if target, _ := os.Readlink(full); filepath.Base(target) == name {
				all = append(all, h.Root.Of(full))
			}
		}
	}
	return all, nil
}

// Wanted returns where links of a unit would be, whichever target wants it: for the
// units that only a new version brings.
func (h Host) Wanted(names []string) ([]string, error) {
	var all []string
	for _, name := range names {
		links, err := h.unitLinks(name)
		if err != nil {
			return nil, err
		}
		all = append(append(all, unitPaths(h.unitDirs(), name)...), links...)
	}
	return all, nil
}
