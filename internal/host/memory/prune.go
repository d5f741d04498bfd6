package memory

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// abandoned is how old something is that nobody waits for any more.
const abandoned = 24 * time.Hour

// Prune forgets results and states of all but the last rollouts, the artifacts that
// are not needed, and calls that nobody waits for any more.
func (s *Service) Prune(artifacts []string) error {
	all, err := s.History()
	if err != nil {
		return err
	}
	recent := all[max(0, len(all)-Rollouts):]
	keep := func(rollout string) bool { return slices.Contains(recent, rollout) }
	// A state that is not in the history yet was recorded a moment ago.
	err = s.sweep("states", func(name string, _ time.Time) bool { return slices.Contains(all, name) && !keep(name) })
	old := time.Now().Add(-abandoned)
	err = errors.Join(err, s.sweep("results", func(name string, at time.Time) bool {
		return !slices.ContainsFunc(recent, func(id string) bool { return strings.HasPrefix(name, id+"-") }) && at.Before(old)
	}))
	err = errors.Join(err, s.sweep("requests", func(_ string, at time.Time) bool { return at.Before(old) }))
	return errors.Join(err, s.sweep("artifacts", func(name string, _ time.Time) bool {
		digest := "sha256:" + strings.TrimSuffix(name, ".deb")
		return !slices.Contains(artifacts, digest)
	}))
}

// sweep removes what a directory holds and drop says is to go.
func (s *Service) sweep(sub string, drop func(name string, at time.Time) bool) error {
	entries, err := os.ReadDir(s.path(sub))
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		// What is being made has a hidden name; what never was finished is old.
		unfinished := strings.HasPrefix(e.Name(), ".")
		if unfinished && time.Since(info.ModTime()) < abandoned || !unfinished && !drop(e.Name(), info.ModTime()) {
			continue
		}
		if err := s.forget(filepath.Join(s.path(sub), e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// forget removes something that is there whole or not at all: first its name.
func (s *Service) forget(path string) error {
	gone := s.path("gone")
	if err := os.RemoveAll(gone); err != nil {
		return err
	}
	if err := os.Rename(path, gone); err != nil {
		return err
	}
	return os.RemoveAll(gone)
}
