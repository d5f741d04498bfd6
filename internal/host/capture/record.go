package capture

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/deb"
	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/state"
)

// ErrNone means that nothing was recorded.
var ErrNone = errors.New("no recorded state")

// Record is what was recorded before a rollout touched a host. It never changes.
type Record struct {
	Spec    host.Spec   `json:"spec"` // of then: what belonged to the service
	State   state.State `json:"state"`
	Healthy bool        `json:"healthy,omitempty"` // it answered as it should
	// Looks is how much was looked at; see Looks.
	Looks int `json:"looks,omitempty"`
	// Conffiles are those that dpkg knew, whether they were there or not.
	Conffiles []string `json:"conffiles,omitempty"`
	// Packages is every package of the host, of a .deb service.
	Packages map[string]deb.Other `json:"packages,omitempty"`
}

// Looks is how much a record takes in. From 1 on that is extended attributes, the
// directories that conffiles are in, and what units have outside of /etc/systemd/system.
const Looks = 1

// Older reports whether a record knows nothing of what is looked at now: it is compared by
// a Host that is Older, too.
func (r Record) Older() bool { return r.Looks < Looks }

// Progress is what a rollout may have changed on a host since the record was made. It
// is written before the change that it speaks of.
type Progress struct {
	Begun bool `json:"begun,omitempty"`
	// Command, Verb and At are of the last call that began to change the host.
	Command int       `json:"command,omitempty"`
	Verb    host.Verb `json:"verb,omitempty"`
	At      time.Time `json:"at,omitzero"`
	// Noted are the updates that have noted what ran before them; a call that is made
	// again notes nothing more.
	Noted []int `json:"noted,omitempty"`
	// Replaced identifies every run of a unit that is older than what an update of the
	// rollout installed.
	Replaced []string `json:"replaced,omitempty"`
	Hold     bool     `json:"hold,omitempty"` // somebody else had the package on hold before the last update
	// Superseded is the earlier rollout before which the host was put back since.
	Superseded string   `json:"superseded,omitempty"`
	Versions   []string `json:"versions,omitempty"` // installed by the rollout
	Watch      []string `json:"watch,omitempty"`    // paths that these versions may have made
	// Packages is every package after the installation that may have changed others.
	Packages map[string]deb.Other `json:"packages,omitempty"`
}

// Watched returns the progress with more paths to watch.
func (p Progress) Watched(paths []string) Progress {
	for _, path := range paths {
		if !slices.Contains(p.Watch, path) {
			p.Watch = append(p.Watch, path)
		}
	}
	return p
}

// After is the state at the end of the first update of a rollout that ended well.
type After struct {
	State state.State `json:"state"`
	Watch []string    `json:"watch,omitempty"` // it was looked at besides what belongs to the service
	// Others are the versions of other packages that the rollout changed.
	Others map[string]string `json:"others,omitempty"`
}

// Save writes it beside the record of its rollout.
func (a After) Save(dir string) error { return write(filepath.Join(dir, "after.json"), a) }

// LoadAfter reads it; ErrNone when no update of the rollout has ended well.
func LoadAfter(dir string) (a After, err error) {
	err = read(filepath.Join(dir, "after.json"), &a)
	if errors.Is(err, fs.ErrNotExist) {
		return a, ErrNone
	}
	return a, err
}

// Save writes a record with the content of its files: all of it or nothing.
func Save(dir string, r Record, seen Seen) error {
	return root.Replace(dir, func(temp string) error {
		content := filepath.Join(temp, "content")
		if err := os.MkdirAll(content, 0o700); err != nil {
			return err
		}
		for digest, data := range seen.content {
			if err := root.Write(filepath.Join(content, hexOf(digest)), data, 0o600); err != nil {
				return err
			}
		}
		return write(filepath.Join(temp, "record.json"), r)
	})
}

// Load reads a record; ErrNone when there is none.
func Load(dir string) (r Record, err error) {
	err = read(filepath.Join(dir, "record.json"), &r)
	if errors.Is(err, fs.ErrNotExist) {
		return r, ErrNone
	}
	return r, err
}

// Save writes the progress into the directory of its record.
func (p Progress) Save(dir string) error { return write(filepath.Join(dir, "progress.json"), p) }

// LoadProgress reads the progress; the zero value when nothing has begun.
func LoadProgress(dir string) (p Progress, err error) {
	err = read(filepath.Join(dir, "progress.json"), &p)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	return p, err
}

func write(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return root.Write(path, append(data, '\n'), 0o600)
}

func read(path string, v any) error {
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		return fmt.Errorf("recorded state: %w", err)
	}
	return nil
}

func hexOf(digest string) string { return strings.TrimPrefix(digest, "sha256:") }
