package artifact

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The formats of an artifact.
const (
	Deb   = "deb"
	TarGz = "tar.gz"
)

// All is the architecture of an artifact that runs everywhere.
const All = "all"

// What callers test for with errors.Is.
var (
	ErrRefused  = errors.New("refused")                    // the archive is not sound, or not the one asked for
	ErrNotFound = errors.New("not in the store")           // nothing kept fits
	ErrConflict = errors.New("a release is never changed") // the version is kept with other bytes
	ErrCorrupt  = errors.New("changed in the store")       // a kept file is not what was put there
)

// Info is what is known of one artifact. Its first six fields are those of a
// rollout's artifact, under the same names.
type Info struct {
	Format  string `json:"format"` // Deb or TarGz
	Name    string `json:"name"`   // package or service name
	Version string `json:"version"`
	Arch    string `json:"arch"`   // Debian's names: amd64, arm64, all
	Digest  string `json:"digest"` // sha256:<hex>
	Size    int64  `json:"size"`

	Commit    string    `json:"commit,omitempty"`    // git commit it was built from, when known
	Dirty     bool      `json:"dirty,omitempty"`     // built from a working tree that differed from Commit
	Files     int       `json:"files"`               // members that are not directories
	Unpacked  int64     `json:"unpacked"`            // bytes of content when unpacked
	Conffiles []string  `json:"conffiles,omitempty"` // deb: absolute paths, as dpkg knows them
	Units     []string  `json:"units,omitempty"`     // names of the systemd unit files in it, sorted
	Added     time.Time `json:"added,omitzero"`      // when it came into the store
	// Replaced is the digest of the artifact that took this one's place in the
	// store, by force. A replaced artifact is still there by digest.
	Replaced string `json:"replaced,omitempty"`
}

// Filename returns the file name an artifact goes by: NAME_VERSION_ARCH.FORMAT,
// without the epoch, as Debian's tools name packages.
func (i Info) Filename() string {
	version := i.Version
	if _, after, found := strings.Cut(version, ":"); found {
		version = after
	}
	return fmt.Sprintf("%s_%s_%s.%s", i.Name, version, i.Arch, i.Format)
}

// Want is what a caller expects of an artifact; an empty field takes anything.
type Want struct {
	Format  string
	Name    string
	Version string
	Arch    string // an artifact for All fits every architecture
	Digest  string
	Limits  Limits
	// Setuid lets setuid and setgid files of a .deb pass. It has no effect on a tar.gz.
	Setuid bool
}

// Limits bound what reading an archive may cost. A zero field means its default.
type Limits struct {
	Archive  int64 // bytes of the archive itself: 2 GiB
	Unpacked int64 // bytes of everything in it, unpacked: 4 GiB
	File     int64 // bytes of one file in it: 2 GiB
	Members  int   // members: 200,000
	Ratio    int64 // unpacked bytes for each byte of the archive, past the first 64 MiB: 200
}

// Entry is one member of an archive.
type Entry struct {
	Path string // clean and relative to the top; "." is the top
	Type byte   // 'f' file, 'd' directory, 'l' symbolic link, 'h' hard link
	Mode uint32 // permission bits with setuid, setgid and sticky, as in the archive
	Size int64
	Link string // where a link points: as written for 'l', a clean path for 'h'
	Time time.Time
	// User and Group are numeric owners as in the archive; Extract ignores them.
	User, Group int
}
