package bench

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-deploy/slipway/lab/sample"
)

// release is a version that no host has seen, packed.
type release struct {
	version string
	path    string // absolute
}

// packer packs releases of the sample, each with a content of its own.
type packer struct {
	dir     string // a directory for each contender
	sample  string // path of the archive that they are made of
	size    int64
	major   int64 // differs from run to run
	count   int
	firsts  map[string]string // version by contender
	written []string
}

func (b *bench) packer() (*packer, error) {
	path, ok := b.info.Artifact(sample.Releases()[0].Version)
	if !ok {
		return nil, fmt.Errorf("lab %s has no artifact of %s", b.info.Name, sample.Releases()[0].Version)
	}
	p := &packer{dir: filepath.Join(b.dir, "releases"), sample: path, size: b.cfg.Size, major: time.Now().Unix(), firsts: map[string]string{}}
	return p, nil
}

// first is the version that a contender brought first.
func (p *packer) first(contender string) string { return p.firsts[contender] }

// next packs another release for a contender.
func (p *packer) next(contender string) (release, error) {
	p.count++
	r := release{version: fmt.Sprintf("1.%d.%d", p.major, p.count)}
	r.path = filepath.Join(p.dir, contender, fmt.Sprintf("%s_%s.tar.gz", contender, r.version))
	if p.firsts[contender] == "" {
		p.firsts[contender] = r.version
	}
	if err := os.MkdirAll(filepath.Dir(r.path), 0o755); err != nil {
		return r, err
	}
	if err := p.pack(r); err != nil {
		return r, fmt.Errorf("pack %s: %w", r.path, err)
	}
	p.written = append(p.written, r.path)
	return r, nil
}

// forget removes what was packed so far: it has been deployed.
func (p *packer) forget() error {
	var errs []error
	for _, path := range p.written {
		errs = append(errs, os.Remove(path))
	}
	p.written = nil
	return errors.Join(errs...)
}

// pack writes the sample with another version and with padding up to the size.
func (p *packer) pack(r release) (err error) {
	in, err := os.Open(p.sample)
	if err != nil {
		return err
	}
	defer in.Close()
	unzip, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	out, err := os.Create(r.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	zip := gzip.NewWriter(out)
	w := tar.NewWriter(zip)
	if err := copyAs(w, tar.NewReader(unzip), r.version); err != nil {
		return err
	}
	stat, err := in.Stat()
	if err != nil {
		return err
	}
	if err := pad(w, r.version, max(p.size-stat.Size(), 1)); err != nil {
		return err
	}
	return errors.Join(w.Close(), zip.Close())
}

// copyAs copies an archive of the sample, whose release file then says version.
func copyAs(w *tar.Writer, from *tar.Reader, version string) error {
	for {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		text, err := io.ReadAll(from)
		if err != nil {
			return err
		}
		if h.Name == sample.ReleaseFile {
			about := sample.Release{Service: sample.Name, Version: version, About: "good"}
			if text, err = json.Marshal(about); err != nil {
				return err
			}
		}
		if err := write(w, h, text); err != nil {
			return err
		}
	}
}

// pad adds a file that no compression makes smaller.
func pad(w *tar.Writer, version string, size int64) error {
	text := make([]byte, size)
	random := rand.NewChaCha8(sha256.Sum256([]byte(version)))
	if _, err := random.Read(text); err != nil {
		return err
	}
	return write(w, &tar.Header{Typeflag: tar.TypeReg, Name: "padding", Mode: 0o644, ModTime: time.Unix(0, 0)}, text)
}

func write(w *tar.Writer, h *tar.Header, text []byte) error {
	h.Size = int64(len(text))
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(text)
	return err
}
