package machine

import (
	"context"
	"path/filepath"
)

// Renew gives it a fresh disk over its image, which may be several directories, the
// topmost first, with colons between them. It must have ended (see Kill); its network
// stays.
func (m Machine) Renew(ctx context.Context) error {
	if err := m.removeDisk(ctx); err != nil {
		return err
	}
	return m.makeDisk(ctx)
}

// Copy copies what it has written to its disk into a directory, which others can have
// as a layer above the same image. It must have ended.
func (m Machine) Copy(ctx context.Context, dir string) error {
	return run(ctx, "cp", "--archive", "--no-target-directory", filepath.Join(m.disk(), "upper"), dir)
}
