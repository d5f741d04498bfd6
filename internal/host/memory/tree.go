package memory

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/host/root"
)

// KeepTree remembers what a release was unpacked to, before the release has its name.
func (s *Service) KeepTree(version string, tree any) error {
	data, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.path("trees"), 0o700); err != nil {
		return err
	}
	return root.Write(s.path("trees", version), data, 0o600)
}

// Tree reads it; ok is false when nothing is known of the release.
func (s *Service) Tree(version string, tree any) (ok bool, err error) {
	data, err := os.ReadFile(s.path("trees", version))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, tree)
	}
	return err == nil, err
}

// PruneTrees forgets the trees of releases that are no longer here.
func (s *Service) PruneTrees(releases []string) error {
	if _, err := os.Stat(s.path("trees")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.sweep("trees", func(name string, _ time.Time) bool { return !slices.Contains(releases, name) })
}
