// Package state is what a host was like for one service at one moment: package,
// release link, files, units. It says what belongs in a state, gives it a digest,
// and compares two of them item by item.
//
// capture fills a State from a host and puts one back; work decides when. The
// package is pure: values in, values out. Nothing that changes by itself (pids,
// times, counters) is in a State, and no content of a file is: only its digest.
package state

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// State is a service on a host. Slices are sorted by Normal, so that equal hosts
// have equal digests.
type State struct {
	Format  string   `json:"format"`            // deb or tar.gz
	Package *Package `json:"package,omitempty"` // deb
	Release *Release `json:"release,omitempty"` // tar.gz
	Files   []File   `json:"files,omitempty"`   // that exist; what is not here is not on the host
	Units   []Unit   `json:"units,omitempty"`
}

// Package is one Debian package. A package of which only configuration files are
// left counts as not installed: the files are items of their own.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"` // empty: not installed
	Arch    string `json:"arch,omitempty"`
	Status  string `json:"status,omitempty"` // dpkg's word: installed, half-configured, unpacked, ...
	Hold    bool   `json:"hold,omitempty"`
	Auto    bool   `json:"auto,omitempty"` // installed as a dependency
}

// Release is what the directory of a tar.gz service holds.
type Release struct {
	Directory string   `json:"directory"`
	Current   string   `json:"current,omitempty"` // target of the link as it is written; empty: no link
	Instead   string   `json:"instead,omitempty"` // what is in the link's place: a directory, a file
	Changed   string   `json:"changed,omitempty"` // what of the linked release is not as it was unpacked
	Kept      []string `json:"kept,omitempty"`    // names in releases/
}

// Kind is what a path is.
type Kind string

// The kinds of files that are recorded. Sockets, pipes and devices are not.
const (
	Regular   Kind = "file"
	Link      Kind = "link"
	Directory Kind = "directory"
)

// File is one path with everything that a restore must put back.
type File struct {
	Path   string `json:"path"`
	Kind   Kind   `json:"kind"`
	Mode   uint32 `json:"mode,omitempty"` // permission, setuid, setgid and sticky bits, as in chmod
	UID    int    `json:"uid"`
	GID    int    `json:"gid"`
	Digest string `json:"digest,omitempty"` // of a regular file: sha256:<hex>
	Target string `json:"target,omitempty"` // of a link
	// Attributes are access lists, capabilities and the like, as name=digest.
	Attributes string `json:"attributes,omitempty"`
}

// Unit is one unit or timer of the service.
type Unit struct {
	Name    string `json:"name"`
	Active  bool   `json:"active,omitempty"`
	Enabled string `json:"enabled,omitempty"` // systemd's word: enabled, disabled, masked, static, ...; empty: no such unit
}

// Normal returns the state with its slices sorted, without sharing them.
func (s State) Normal() State {
	s.Files = slices.Clone(s.Files)
	slices.SortFunc(s.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	s.Units = slices.Clone(s.Units)
	slices.SortFunc(s.Units, func(a, b Unit) int { return strings.Compare(a.Name, b.Name) })
	if s.Release != nil {
		r := *s.Release
		r.Kept = slices.Sorted(slices.Values(r.Kept))
		s.Release = &r
	}
	return s
}

// Version returns the installed version: the package's, or the name of the release
// that the link points to. It is empty when nothing is installed.
func (s State) Version() string {
	switch {
	case s.Package != nil:
		return s.Package.Version
	case s.Release != nil:
		return s.Release.Current[strings.LastIndexByte(s.Release.Current, '/')+1:]
	}
	return ""
}

// Digest returns a digest of everything in a state: equal states have equal ones,
// in whatever order they were read.
func Digest(s State) (string, error) {
	data, err := json.Marshal(s.Normal())
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}
