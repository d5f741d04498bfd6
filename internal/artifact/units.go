package artifact

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// unitNames collects the systemd units that an archive brings.
type unitNames map[string]bool

func (u unitNames) add(e Entry) {
	dir := path.Base(path.Dir(e.Path))
	if e.Type != typeFile || dir != "system" || !strings.Contains(e.Path, "systemd/") {
		return
	}
	switch path.Ext(e.Path) {
	case ".service", ".socket", ".timer", ".target", ".path":
		u[path.Base(e.Path)] = true
	}
}

func (u unitNames) sorted() []string { return slices.Sorted(maps.Keys(u)) }
