package artifact

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Put reads an artifact to its end and keeps it. info must say what it is, by
// Inspect or by a build; digest and size are checked against what was read. The
// artifact is there whole or not at all, and putting it again changes nothing but
// repairs it when its file was damaged.
//
// A version that is kept with other bytes is an ErrConflict that names both
// digests, unless replace: then the new artifact takes its place, and the old one
// stays to be had by digest.
func (s *Store) Put(ctx context.Context, r io.Reader, info Info, replace bool) (Info, error) {
	if err := complete(info); err != nil {
		return Info{}, fmt.Errorf("put %s: %w", info.Filename(), err)
	}
	f, err := os.CreateTemp(filepath.Join(s.dir, "incoming"), "artifact-")
	if err != nil {
		return Info{}, fmt.Errorf("put %s: %w", info.Filename(), err)
	}
	if err := receive(ctx, f, r, info); err != nil {
		_ = f.Close() // the first error is the one that matters
		_ = os.Remove(f.Name())
		return Info{}, fmt.Errorf("put %s: %w", info.Filename(), err)
	}
	unlock, err := s.lock()
	if err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return Info{}, fmt.Errorf("put %s: %w", info.Filename(), err)
	}
	defer unlock()
	info, err = s.admit(f, info, replace)
	if err != nil {
		return Info{}, fmt.Errorf("put %s: %w", info.Filename(), err)
	}
	return info, nil
}

// Import inspects a file that somebody built, and keeps a copy of it.
func (s *Store) Import(ctx context.Context, file string, want Want, replace bool) (Info, error) {
	info, err := Inspect(ctx, file, want)
	if err != nil {
		return Info{}, err
	}
	f, err := os.Open(file)
	if err != nil {
		return Info{}, fmt.Errorf("import: %w", err)
	}
	defer f.Close()
	return s.Put(ctx, f, info, replace)
}

// complete checks that an artifact is described well enough to be found again.
func complete(info Info) error {
	if info.Format != Deb && info.Format != TarGz {
		return fmt.Errorf("format %q is not known; deb and tar.gz are", info.Format)
	}
	return errors.Join(CheckName(info.Name), CheckVersion(info.Format, info.Version), CheckArch(info.Arch), CheckDigest(info.Digest))
}

// receive writes what comes and checks that it is what was announced.
func receive(ctx context.Context, f *os.File, r io.Reader, info Info) error {
	h := sha256.New()
	from := &packed{stopped: ctx.Err, r: r, file: info.Filename(), most: info.Size}
	n, err := io.Copy(io.MultiWriter(f, h), from)
	if err != nil {
		return err
	}
	if has := digest(h); n != info.Size || has != info.Digest {
		return wrongDigest(info.Filename(), has, info.Digest)
	}
	return nil
}

// admit moves a received file into place. The lock is held.
func (s *Store) admit(f *os.File, info Info, replace bool) (Info, error) {
	old, err := s.rivals(info)
	if err == nil && len(old) > 0 && !replace {
		err = fmt.Errorf("%w: version %s is in the store as %s, and this is %s; give the new bytes a version of their own",
			ErrConflict, info.Version, old[0].Digest, info.Digest)
	}
	if err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return info, err
	}
	if err := s.settle(f, nil, s.object(info.Digest)); err != nil {
		return info, err
	}
	for _, o := range old { // first, so that never two stand for one version
		o.Replaced = info.Digest
		if err := s.writeInfo(o); err != nil {
			return info, err
		}
	}
	info.Replaced, info.Added = "", time.Now().UTC()
	if known, err := readInfo(s.place(info)); err == nil && known.Replaced == "" {
		info = merge(known, info)
	}
	return info, s.writeInfo(info)
}

// merge keeps what was known when an artifact is put again by somebody who knows
// less of it.
func merge(known, info Info) Info {
	info.Added = known.Added
	if info.Commit == "" {
		info.Commit, info.Dirty = known.Commit, known.Dirty
	}
	return info
}

// rivals lists other bytes that stand for the same version.
func (s *Store) rivals(info Info) ([]Info, error) {
	all, err := s.List(Want{Format: info.Format, Name: info.Name, Version: info.Version})
	if err != nil {
		return nil, err
	}
	var rivals []Info
	for _, i := range all {
		if i.Arch == info.Arch && i.Digest != info.Digest {
			rivals = append(rivals, i)
		}
	}
	return rivals, nil
}

// Remove takes an artifact out of the store; ErrNotFound when it is not there.
func (s *Store) Remove(digest string) error {
	if err := CheckDigest(digest); err != nil {
		return err
	}
	unlock, err := s.lock()
	if err != nil {
		return fmt.Errorf("remove %s: %w", digest, err)
	}
	defer unlock()
	// What is known of it goes first, so that it is never listed without its bytes.
	files, err := s.glob(digest[len(DigestPrefix):] + ".*.json")
	if err != nil {
		return fmt.Errorf("remove %s: %w", digest, err)
	}
	for _, file := range append(files, s.object(digest)) {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", digest, err)
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("remove %s: %w", digest, ErrNotFound)
	}
	return nil
}

// lock keeps other writers out, of this process and of others, until the function
// it returns is called. A process that dies lets go of it.
func (s *Store) lock() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the store: %w", err)
	}
	return func() { _ = f.Close() }, nil // closing lets go of the lock
}
