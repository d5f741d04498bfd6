package binary

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFor(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte("program"))
	digest := hex.EncodeToString(sum[:])
	files := fstest.MapFS{
		"embed/slipway-host-linux-amd64.gz":     {Data: packed(t, "program")},
		"embed/slipway-host-linux-amd64.sha256": {Data: []byte(digest + "\n")},
	}
	p, err := from(files, AMD64)
	if err != nil || p.Arch != AMD64 || p.SHA256 != digest {
		t.Fatalf("got %+v and %v", p, err)
	}
	if b, err := p.Unpack(); err != nil || string(b) != "program" {
		t.Errorf("got %q and %v", b, err)
	}
	if _, err := from(files, ARM64); !errors.Is(err, ErrAbsent) || err.Error() != "slipway-host for arm64: this slipway was built without it: run make build" {
		t.Errorf("got %v", err)
	}
	if _, err := For("mips"); !errors.Is(err, ErrArch) || !strings.Contains(err.Error(), "amd64, arm64") {
		t.Errorf("got %v", err)
	}
	p.SHA256 = strings.Repeat("0", 64)
	if _, err := p.Unpack(); err == nil || !strings.Contains(err.Error(), "run make build") {
		t.Errorf("a wrong checksum: got %v", err)
	}
	p.Packed = []byte("not gzip")
	if _, err := p.Unpack(); err == nil {
		t.Error("want an error for what is not packed")
	}
	files["embed/slipway-host-linux-amd64.sha256"].Data = []byte("nonsense")
	if _, err := from(files, AMD64); err == nil || !strings.Contains(err.Error(), `checksum "nonsense"`) {
		t.Errorf("got %v", err)
	}
}

// TestEmbedded holds what this build carries, if it does, to its checksums.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	for _, arch := range []string{AMD64, ARM64} {
		p, err := For(arch)
		if errors.Is(err, ErrAbsent) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := p.Unpack()
		if err != nil || !bytes.HasPrefix(b, []byte("\x7fELF")) {
			t.Errorf("%s: got %d bytes and %v", arch, len(b), err)
		}
	}
}
