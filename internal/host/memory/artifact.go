package memory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host/root"
)

// ErrDigest means that a file is not the one that was asked for.
var ErrDigest = errors.New("wrong digest")

// Artifact returns the kept file of a digest; empty when there is none.
func (s *Service) Artifact(digest string) string {
	path := s.artifact(digest)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

func (s *Service) artifact(digest string) string {
	return s.path("artifacts", strings.TrimPrefix(digest, "sha256:")+".deb")
}

// Keep copies a file to the artifacts and returns where it is and its digest. With a
// digest asked for, any other file is ErrDigest and is not kept.
func (s *Service) Keep(ctx context.Context, file, asked string) (path, digest string, err error) {
	temp := s.path("artifacts", ".new")
	digest, err = copyFile(ctx, file, temp)
	if err == nil && asked != "" && digest != asked {
		err = fmt.Errorf("%s: %w: it has %s, the release says %s", file, ErrDigest, digest, asked)
	}
	if err == nil {
		path = s.artifact(digest)
		err = os.Rename(temp, path)
	}
	if err == nil {
		err = root.Sync(filepath.Dir(path))
	}
	if err != nil {
		return "", "", errors.Join(err, removed(temp))
	}
	return path, digest, nil
}

func copyFile(ctx context.Context, from, to string) (digest string, err error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, sum), reader{ctx, in})
	if err == nil {
		err = out.Sync()
	}
	return Digest(sum), errors.Join(err, out.Close())
}

// Digest writes a hash as Slipway does.
func Digest(sum hash.Hash) string { return "sha256:" + hex.EncodeToString(sum.Sum(nil)) }

// reader reads until ctx ends.
type reader struct {
	ctx context.Context //nolint:containedctx // lives for one copy
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

func removed(path string) error {
	err := os.Remove(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
