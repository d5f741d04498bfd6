package memory

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/slipway-deploy/slipway/internal/host/root"
)

// spare is how much room is kept for the way back at least: for notes, and for
// configuration that a restore writes. mostSpare is how much for a package.
const (
	spare     = 1 << 20
	mostSpare = 256 << 20
)

// Reserve takes room that a restore can use when the disk is full by then: what a package
// of size bytes takes while it is unpacked beside another version of itself.
func (s *Service) Reserve(size int64) error {
	path, want := s.path("spare"), spare+min(size, mostSpare)
	if at, err := os.Stat(path); err == nil && at.Size() >= want {
		return nil
	}
	err := root.Replace(path, func(temp string) error { return allocate(temp, want) })
	if size > 0 && root.Full(err) {
		// The least is what counts: less than it and nothing may be touched.
		return s.Reserve(0)
	}
	return err
}

// allocate makes a file that has its room on the disk.
func allocate(path string, bytes int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = syscall.Fallocate(int(f.Fd()), 0, 0, bytes)
	if errors.Is(err, syscall.ENOTSUP) {
		// Zeros may take no room on some file systems; nothing is squeezed out of this.
		data := make([]byte, spare)
		for i := range data {
			data[i] = byte(i*i>>3 ^ i>>8)
		}
		for n := int64(0); n < bytes && (err == nil || n == 0); n += spare {
			_, err = f.Write(data[:min(spare, bytes-n)])
		}
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Yield gives that room back when the disk has no other.
func (s *Service) Yield() error {
	free, err := root.Free(s.dir)
	if err != nil {
		return err
	}
	at, err := os.Stat(s.path("spare"))
	if errors.Is(err, fs.ErrNotExist) || err == nil && free >= at.Size() {
		return nil
	}
	if err != nil {
		return err
	}
	return removed(s.path("spare"))
}
