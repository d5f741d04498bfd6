// Package binary holds the slipway-host programs that slipway carries inside, one
// an architecture, packed with gzip.
//
// The methods take them from here to put them on hosts. The package never builds
// one: build.sh fills the directory embed before slipway itself is built, and a
// slipway that was built without it says so when a helper is needed.
package binary

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Architectures are the ones that hosts may have, by Debian's names.
const (
	AMD64 = "amd64"
	ARM64 = "arm64"
)

// ErrAbsent is wrapped when this slipway was built without the helper for an architecture.
var ErrAbsent = errors.New("this slipway was built without it: run make build")

// ErrArch is wrapped when no helper exists for an architecture.
var ErrArch = errors.New("there is no helper for this architecture (allowed: " + AMD64 + ", " + ARM64 + ")")

//go:embed embed
var embedded embed.FS

// maxSize bounds what a packed helper may unpack to.
const maxSize = 64 << 20

// Program is slipway-host for one architecture.
type Program struct {
	Arch   string
	SHA256 string // of the unpacked program, hex
	Packed []byte // gzip
}

// For returns the program for an architecture.
func For(arch string) (Program, error) {
	return from(embedded, arch)
}

// Unpack returns the program itself, once its checksum is right.
func (p Program) Unpack() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(p.Packed))
	if err != nil {
		return nil, fmt.Errorf("unpack slipway-host for %s: %w", p.Arch, err)
	}
	b, err := io.ReadAll(io.LimitReader(z, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("unpack slipway-host for %s: %w", p.Arch, err)
	}
	if len(b) > maxSize {
		return nil, fmt.Errorf("unpack slipway-host for %s: larger than %d bytes", p.Arch, maxSize)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != p.SHA256 {
		return nil, fmt.Errorf("unpack slipway-host for %s: its sha256 is %x and should be %s: run make build", p.Arch, sum, p.SHA256)
	}
	return b, nil
}

func from(files fs.FS, arch string) (Program, error) {
	if arch != AMD64 && arch != ARM64 {
		return Program{}, fmt.Errorf("slipway-host for %q: %w", arch, ErrArch)
	}
	name := "embed/slipway-host-linux-" + arch
	packed, err := fs.ReadFile(files, name+".gz")
	if errors.Is(err, fs.ErrNotExist) {
		return Program{}, fmt.Errorf("slipway-host for %s: %w", arch, ErrAbsent)
	}
	if err != nil {
		return Program{}, fmt.Errorf("slipway-host for %s: %w", arch, err)
	}
	sum, err := fs.ReadFile(files, name+".sha256")
	if err != nil {
		return Program{}, fmt.Errorf("slipway-host for %s: checksum: %w: run make build", arch, err)
	}
	digest := strings.TrimSpace(string(sum))
	if raw, err := hex.DecodeString(digest); err != nil || len(raw) != sha256.Size {
		return Program{}, fmt.Errorf("slipway-host for %s: checksum %q is not a sha256 in hex: run make build", arch, digest)
	}
	return Program{Arch: arch, SHA256: digest, Packed: packed}, nil
}
