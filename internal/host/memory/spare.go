package memory

import (
	"errors"
	"io/fs"
	"os"

	"github.com/slipway-deploy/slipway/internal/host/root"
)

// spare is how much room is kept for the way back: for notes, and for configuration
// that a restore writes.
const spare = 1 << 20

// Reserve takes room that a restore can use when the disk is full by then.
func (s *Service) Reserve() error {
	path := s.path("spare")
	if at, err := os.Stat(path); err == nil && at.Size() == spare {
		return nil
	}
	// Zeros may take no room on some file systems; nothing is squeezed out of this.
	data := make([]byte, spare)
	for i := range data {
		data[i] = byte(i*i>>3 ^ i>>8)
	}
	return root.Write(path, data, 0o600)
}

// Yield gives that room back when the disk has no other.
func (s *Service) Yield() error {
	free, err := root.Free(s.dir)
	if err != nil || free >= spare {
		return err
	}
	err = os.Remove(s.path("spare"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
