package artifact

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// object is where the bytes of a digest are. The digest has been checked.
func (s *Store) object(digest string) string {
	hex := strings.TrimPrefix(digest, DigestPrefix)
	return filepath.Join(s.dir, "sha256", hex[:2], hex)
}

// about reads what is known of one digest.
func (s *Store) about(digest string) ([]Info, error) {
	files, err := s.glob(digest[len(DigestPrefix):] + ".*.json")
	if err != nil {
		return nil, err
	}
	return readInfos(files)
}

// infos reads every JSON file of the store, in order.
func (s *Store) infos() ([]Info, error) {
	files, err := s.glob("*.json")
	if err != nil {
		return nil, err
	}
	return readInfos(files)
}

// glob lists files of the store by a pattern for their base names.
func (s *Store) glob(pattern string) ([]string, error) {
	dir := "[0-9a-f][0-9a-f]"
	if pattern[0] != '*' {
		dir = pattern[:2]
	}
	// By way of a file system, so that the store's own path is never a pattern.
	names, err := fs.Glob(os.DirFS(s.dir), path.Join("sha256", dir, pattern))
	if err != nil {
		return nil, fmt.Errorf("list store: %w", err)
	}
	for i, name := range names {
		names[i] = filepath.Join(s.dir, name)
	}
	return names, nil
}

func readInfos(files []string) ([]Info, error) {
	all := make([]Info, 0, len(files))
	for _, file := range files {
		info, err := readInfo(file)
		if errors.Is(err, ErrNotFound) {
			continue // removed since it was listed
		}
		if err != nil {
			return nil, err
		}
		all = append(all, info)
	}
	slices.SortFunc(all, order)
	return all, nil
}

// readInfo reads the JSON file beside an artifact, and holds it to its place.
func readInfo(file string) (Info, error) {
	hex, _, _ := strings.Cut(filepath.Base(file), ".")
	digest := DigestPrefix + hex
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, fmt.Errorf("%s: %w: build or import it", digest, ErrNotFound)
	}
	if err != nil {
		return Info{}, fmt.Errorf("read store: %w", err)
	}
	var info Info
	if err := json.Unmarshal(b, &info); err != nil {
		return Info{}, fmt.Errorf("%s: %w: %w; remove it and put the artifact there again", file, ErrCorrupt, err)
	}
	if info.Digest != digest {
		return Info{}, fmt.Errorf("%s: %w: it is about %q; remove it and put the artifact there again", file, ErrCorrupt, info.Digest)
	}
	return info, nil
}

// writeInfo puts a JSON file beside an artifact, whole or not at all.
func (s *Store) writeInfo(info Info) error {
	b, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Join(s.dir, "incoming"), "info-")
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return s.settle(f, err, s.place(info))
}

// place is where the JSON file of an artifact is: one a version that its bytes
// stand for.
func (s *Store) place(info Info) string {
	key := sha256.Sum256([]byte(strings.Join(info.key(), " ")))
	return fmt.Sprintf("%s.%x.json", s.object(info.Digest), key[:6])
}

// key is what one artifact at a time may stand for.
func (i Info) key() []string { return []string{i.Format, i.Name, i.Version, i.Arch} }

// settle flushes a file that was written and moves it into place. After an error
// the file is gone.
func (s *Store) settle(f *os.File, err error, place string) error {
	if err == nil {
		err = f.Chmod(0o444)
	}
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(place), 0o755)
	}
	if err == nil {
		err = os.Rename(f.Name(), place)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error is the one that matters
		return err
	}
	return syncDir(filepath.Dir(place))
}

// syncDir makes names in a directory last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closing := d.Close(); err == nil {
		err = closing
	}
	return err
}
