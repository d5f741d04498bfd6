package artifact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact/debian"
)

// Store keeps artifacts in a directory, each under the digest of its bytes with a
// small JSON file beside it for each version that it stands for: two versions of a
// tar.gz may well be the same bytes. There is no other index: what is listed is what
// the JSON files say. Any number of processes may use one directory at once.
//
//	DIR/sha256/ab/abcd...           the bytes
//	DIR/sha256/ab/abcd....KEY.json  what they are
//	DIR/incoming/                   files that are being written
//	DIR/lock                        held while something is added or removed
type Store struct {
	dir string
}

// Release is one version of a service in the store, with all its artifacts.
type Release struct {
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	Commit    string    `json:"commit,omitempty"`
	Dirty     bool      `json:"dirty,omitempty"`
	Added     time.Time `json:"added"` // the first of its artifacts
	Artifacts []Info    `json:"artifacts"`
}

// abandoned is the age at which a file in incoming is one that its writer has
// left behind.
const abandoned = 24 * time.Hour

// OpenStore opens the store in a directory and makes it when it is not there.
func OpenStore(dir string) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s := &Store{dir: abs}
	for _, sub := range []string{"sha256", "incoming"} {
		if err := os.MkdirAll(filepath.Join(abs, sub), 0o755); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
	}
	if err := s.sweep(); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

// sweep removes what writers that were killed have left.
func (s *Store) sweep() error {
	incoming := filepath.Join(s.dir, "incoming")
	entries, err := os.ReadDir(incoming)
	if err != nil {
		return err
	}
	for _, e := range entries {
		st, err := e.Info()
		if err != nil || time.Since(st.ModTime()) < abandoned {
			continue // err: its writer has just moved it into place
		}
		if err := os.Remove(filepath.Join(incoming, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Info returns what is known of an artifact; ErrNotFound when it is not kept. Where
// the same bytes stand for several versions, it is the one that was added last.
func (s *Store) Info(digest string) (Info, error) {
	if err := CheckDigest(digest); err != nil {
		return Info{}, err
	}
	all, err := s.about(digest)
	if err != nil {
		return Info{}, err
	}
	if len(all) == 0 {
		return Info{}, fmt.Errorf("%s: %w: build or import it", digest, ErrNotFound)
	}
	return slices.MaxFunc(all, func(a, b Info) int {
		return cmp.Or(strings.Compare(b.Replaced, a.Replaced), a.Added.Compare(b.Added))
	}), nil
}

// Open returns the bytes of an artifact after it has checked that they are the ones
// that were put there; ErrCorrupt when they are not. The caller closes the file.
func (s *Store) Open(ctx context.Context, digest string) (*os.File, Info, error) {
	info, err := s.Info(digest)
	if err != nil {
		return nil, Info{}, err
	}
	f, err := os.Open(s.object(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Info{}, fmt.Errorf("%s: %w: its file is gone; put it there again", digest, ErrCorrupt)
	}
	if err != nil {
		return nil, Info{}, fmt.Errorf("open %s: %w", digest, err)
	}
	if err := verify(ctx, f, digest); err != nil {
		_ = f.Close() // the first error is the one that matters
		return nil, Info{}, err
	}
	return f, info, nil
}

func verify(ctx context.Context, f *os.File, want string) error {
	has, err := digestOf(ctx, f)
	if err != nil {
		return fmt.Errorf("read %s: %w", want, err)
	}
	if has != want {
		return fmt.Errorf("%s: %w: the digest is now %s; put it there again", want, ErrCorrupt, has)
	}
	_, err = f.Seek(0, io.SeekStart)
	return err
}

// Path returns where the bytes of an artifact are, checked as Open does. The file
// must not be written to.
func (s *Store) Path(ctx context.Context, digest string) (string, error) {
	f, _, err := s.Open(ctx, digest)
	if err != nil {
		return "", err
	}
	return s.object(digest), f.Close()
}

// Find returns the one artifact that is wanted. One for every architecture is taken
// when there is none for the architecture itself. Empty fields take anything, but
// what is found must be one.
func (s *Store) Find(want Want) (Info, error) {
	all, err := s.List(want)
	if err != nil {
		return Info{}, err
	}
	exact := slices.DeleteFunc(slices.Clone(all), func(i Info) bool { return i.Arch != want.Arch })
	if len(exact) > 0 {
		all = exact
	}
	switch len(all) {
	case 1:
		return all[0], nil
	case 0:
		return Info{}, fmt.Errorf("%s: %w: build or import it", want, ErrNotFound)
	}
	names := make([]string, 0, len(all))
	for _, i := range all {
		names = append(names, i.Filename())
	}
	return Info{}, fmt.Errorf("%s: there are %d in the store (%s): say version, architecture or format", want, len(all), strings.Join(names, ", "))
}

// String names what is wanted, for an error.
func (w Want) String() string {
	parts := slices.DeleteFunc([]string{w.Name, w.Version, w.Arch, w.Format, w.Digest}, func(s string) bool { return s == "" })
	if len(parts) == 0 {
		return "any artifact"
	}
	return strings.Join(parts, " ")
}

// List returns the artifacts that fit, without those that were replaced, ordered
// by name, version, architecture and format.
func (s *Store) List(want Want) ([]Info, error) {
	all, err := s.infos()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(i Info) bool { return i.Replaced != "" || !want.fits(i) }), nil
}

func (w Want) fits(i Info) bool {
	for _, pair := range [][2]string{{w.Format, i.Format}, {w.Name, i.Name}, {w.Version, i.Version}, {w.Digest, i.Digest}} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return w.Arch == "" || w.Arch == i.Arch || i.Arch == All
}

// Releases lists what is kept of a service, the newest version first.
func (s *Store) Releases(name string) ([]Release, error) {
	all, err := s.List(Want{Name: name})
	if err != nil {
		return nil, err
	}
	var releases []Release
	for _, i := range all {
		if n := len(releases); n == 0 || releases[n-1].Version != i.Version {
			releases = append(releases, Release{Name: i.Name, Version: i.Version, Commit: i.Commit, Dirty: i.Dirty, Added: i.Added})
		}
		r := &releases[len(releases)-1]
		r.Artifacts = append(r.Artifacts, i)
		if i.Added.Before(r.Added) {
			r.Added = i.Added
		}
	}
	slices.Reverse(releases)
	return releases, nil
}

// order sorts artifacts by name, version as Debian orders it, architecture, format.
func order(a, b Info) int {
	return cmp.Or(
		strings.Compare(a.Name, b.Name), debian.Compare(a.Version, b.Version), strings.Compare(a.Version, b.Version),
		strings.Compare(a.Arch, b.Arch), strings.Compare(a.Format, b.Format), strings.Compare(a.Digest, b.Digest),
	)
}
