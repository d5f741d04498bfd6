package artifact_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact"
)

// small keeps what a fuzzer can make expensive cheap.
func small() artifact.Limits {
	return artifact.Limits{Archive: 1 << 20, Unpacked: 4 << 20, File: 1 << 20, Members: 1000}
}

// FuzzExtract feeds tar archives, compressed here so that the fuzzer works on what
// is inside. Whatever it is, nothing appears outside the directory.
func FuzzExtract(f *testing.F) {
	f.Add(tarOf(f, file("a", "x"), dir("d"), link(tar.TypeSymlink, "l", "a"), link(tar.TypeLink, "h", "a")))
	f.Add(tarOf(f, link(tar.TypeSymlink, "l", "/tmp"), file("l/x", "x")))
	f.Add(tarOf(f, link(tar.TypeSymlink, "x/y", ".."), link(tar.TypeSymlink, "z", "x/y/..")))
	f.Add(tarOf(f, file("../x", "x")))
	f.Fuzz(func(t *testing.T, b []byte) {
		parent := t.TempDir()
		into := filepath.Join(parent, "release")
		_, err := artifact.Extract(t.Context(), bytes.NewReader(gz(t, b)), into, artifact.Want{Limits: small()})
		entries, _ := os.ReadDir(parent)
		if err != nil && len(entries) != 0 || err == nil && (len(entries) != 1 || entries[0].Name() != "release") {
			t.Fatalf("error %v, and %v is there", err, entries)
		}
	})
}

// FuzzTarGz feeds compressed bytes.
func FuzzTarGz(f *testing.F) {
	f.Add(targz(f, file("a", "x"), dir("d")))
	f.Add(append(targz(f, file("a", "x")), targz(f, file("b", "x"))...))
	f.Fuzz(func(t *testing.T, b []byte) { refusedOrSound(t, save(t, "x-1.tar.gz", b)) })
}

// FuzzDeb feeds packages.
func FuzzDeb(f *testing.F) {
	f.Add(debOf(f, control, file("./usr/bin/app", "x")))
	xz := xzOf(f, tarOf(f, file("./a", "x")), 1<<16)
	ctl := tarOf(f, file("./control", control))
	f.Add(arOf(part{"debian-binary", []byte("2.0\n")}, part{"control.tar", ctl}, part{"data.tar.xz", xz}))
	f.Add(arOf(part{"debian-binary", []byte("2.0\n")}, part{"control.tar", ctl}, part{"data.tar.zst", zst(f, ctl)}))
	f.Fuzz(func(t *testing.T, b []byte) { refusedOrSound(t, save(t, "x.deb", b)) })
}

func refusedOrSound(t *testing.T, name string) {
	info, err := artifact.Inspect(t.Context(), name, artifact.Want{Limits: small()})
	if err != nil && !errors.Is(err, artifact.ErrRefused) {
		t.Fatalf("neither taken nor refused: %v", err)
	}
	if err == nil && (artifact.CheckName(info.Name) != nil || artifact.CheckVersion(info.Format, info.Version) != nil || artifact.CheckArch(info.Arch) != nil) {
		t.Fatalf("taken: %+v", info)
	}
}
