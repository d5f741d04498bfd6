package capture

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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
	// Packages is every package of the host, of a .deb service.
	Packages map[string]deb.Other `json:"packages,omitempty"`
}

// Progress is what a rollout may have changed on a host since the record was made. It
// is written before the change that it speaks of.
type Progress struct {
	Begun    bool     `json:"begun,omitempty"`
	Versions []string `json:"versions,omitempty"` // installed by the rollout
	Watch    []string `json:"watch,omitempty"`    // paths that these versions may have made
	// Packages is every package after the installation that may have changed others.
	Packages map[string]deb.Other `json:"packages,omitempty"`
}

// Save writes a record with the content of its files: all of it or nothing.
func Save(dir string, r Record, seen Seen) error {
	return root.Replace(dir, func(temp string) error {
		content := filepath.Join(temp, "content")
		if err := os.MkdirAll(content, 0o700); err != nil {
			return err
		}
		for _, f := range r.State.Files {
			if f.Kind != state.Regular {
				continue
			}
			path := filepath.Join(content, hexOf(f.Digest))
			if _, err := os.Stat(path); err == nil {
				continue
			}
			if err := root.Write(path, seen.content[f.Digest], 0o600); err != nil {
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
