package pack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/slipway-deploy/slipway/lab/lock"
	"github.com/slipway-deploy/slipway/lab/sample"
)

// Formats of an artifact.
const (
	Deb     = "deb"
	Tarball = "tar.gz"
)

// Config says what to pack.
type Config struct {
	Dir      string // where the artifacts go; made if missing
	Cache    string // where they are kept for the next time; the user's cache directory when empty
	Arch     string // Debian's name; that of this machine when empty
	Pad      int64  // when not 0, also pack the good versions as tar.gz of about so many bytes
	Fallback string // program that serves the sample when Go is missing (see sample.Command)
}

// Artifact is one packed version.
type Artifact struct {
	Format  string `json:"format"` // deb or tar.gz
	Name    string `json:"name"`
	Version string `json:"version"`
	Arch    string `json:"arch"`
	Padded  bool   `json:"padded,omitempty"` // the large variant
	Path    string `json:"path"`
	Digest  string `json:"digest"` // sha256:<hex>
	Size    int64  `json:"size"`
	About   string `json:"about"` // what is special in this version
}

// index lists a cached set, with paths relative to it.
const index = "index.json"

// All packs every version in both formats, or takes them from the cache.
func All(ctx context.Context, cfg Config) ([]Artifact, error) {
	if cfg.Arch == "" {
		cfg.Arch = Arch()
	}
	if cfg.Cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find a place for built samples: %w", err)
		}
		cfg.Cache = filepath.Join(dir, "slipway")
	}
	from, err := builder(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("pack the sample service: %w", err)
	}
	set := filepath.Join(cfg.Cache, "sample-"+key(from, cfg))
	if err := ensure(ctx, set, from, cfg); err != nil {
		return nil, fmt.Errorf("pack the sample service: %w", err)
	}
	all, err := take(set, cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("take the sample's artifacts from %s: %w", set, err)
	}
	return all, nil
}

// Arch is this machine's architecture by Debian's name.
func Arch() string { return runtime.GOARCH } // the same for amd64 and arm64

// key names a set by everything that its bytes depend on.
func key(from source, cfg Config) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%d %s %s %d %+v", edition, from.id, cfg.Arch, cfg.Pad, sample.Releases())
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// ensure makes a set unless it is there. Who wants the same one meanwhile waits.
func ensure(ctx context.Context, set string, from source, cfg Config) error {
	if err := os.MkdirAll(cfg.Cache, 0o755); err != nil {
		return err
	}
	unlock, err := lock.Take(ctx, set+".lock", func() {})
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(filepath.Join(set, index)); err == nil {
		return nil
	}
	return makeSet(ctx, set, from, cfg)
}

// makeSet packs beside the set's place and moves it there whole.
func makeSet(ctx context.Context, set string, from source, cfg Config) error {
	tmp, err := os.MkdirTemp(cfg.Cache, ".sample-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	program, err := from.build(ctx, tmp)
	if err != nil {
		return err
	}
	all, err := packAll(tmp, program, cfg)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(tmp, index), text, 0o644); err != nil {
		return err
	}
	if err := os.RemoveAll(set); err != nil { // a set without an index is none
		return err
	}
	return os.Rename(tmp, set)
}

// take puts the files of a set into a directory.
func take(set, dir string) ([]Artifact, error) {
	text, err := os.ReadFile(filepath.Join(set, index))
	if err != nil {
		return nil, err
	}
	var all []Artifact
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	for i, a := range all {
		all[i].Path = filepath.Join(dir, a.Path)
		if err := os.MkdirAll(filepath.Dir(all[i].Path), 0o755); err != nil {
			return nil, err
		}
		if err := copyFile(filepath.Join(set, a.Path), all[i].Path); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if closed := out.Close(); err == nil {
		err = closed
	}
	return err
}
