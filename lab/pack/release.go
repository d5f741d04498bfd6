package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"

	"github.com/slipway-deploy/slipway/lab/sample"
)

// packAll packs every release below dir and returns them with paths relative to it.
func packAll(dir string, program []file, cfg Config) ([]Artifact, error) {
	var all []Artifact
	add := func(r sample.Release, format, sub string, content []byte) error {
		name := fmt.Sprintf("%s_%s_%s.%s", sample.Name, r.Version, cfg.Arch, format)
		a := Artifact{
			Format: format, Name: sample.Name, Version: r.Version, Arch: cfg.Arch, Padded: sub != "",
			Path: filepath.Join(sub, name), Size: int64(len(content)), About: r.About,
		}
		sum := sha256.Sum256(content)
		a.Digest = "sha256:" + hex.EncodeToString(sum[:])
		all = append(all, a)
		return writeFile(filepath.Join(dir, a.Path), content)
	}
	for _, r := range sample.Releases() {
		plain, err := tarball(r, program, 0)
		if err == nil {
			err = add(r, Tarball, "", plain)
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s as tar.gz: %w", r.Version, err)
		}
		content, err := debian(r, program, cfg.Arch)
		if err == nil {
			err = add(r, Deb, "", content)
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s as deb: %w", r.Version, err)
		}
		if cfg.Pad == 0 || r.Behaviour != (sample.Behaviour{}) {
			continue
		}
		padded, err := tarball(r, program, max(cfg.Pad-int64(len(plain)), 1))
		if err == nil {
			err = add(r, Tarball, "large", padded)
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s as a large tar.gz: %w", r.Version, err)
		}
	}
	return all, nil
}

// tarball packs what goes into releases/VERSION of a host.
func tarball(r sample.Release, program []file, pad int64) ([]byte, error) {
	about, err := releaseFile(r)
	if err != nil {
		return nil, err
	}
	files := append([]file{about}, program...)
	if pad > 0 {
		files = append(files, file{"share/padding", 0o644, padding(r.Version, pad)})
	}
	return tarGz(files, "")
}

func debian(r sample.Release, program []file, arch string) ([]byte, error) {
	about, err := releaseFile(r)
	if err != nil {
		return nil, err
	}
	conf := file{"etc/checkout/checkout.conf", 0o644, []byte(conffile(r))}
	unit := file{"lib/systemd/system/" + sample.Name + ".service", 0o644, []byte(Unit("/usr/lib/checkout/bin/" + sample.Name))}
	data := []file{conf, unit}
	size := len(about.text)
	for _, f := range append([]file{about}, program...) {
		size += len(f.text)
		data = append(data, file{"usr/lib/checkout/" + f.path, f.mode, f.text})
	}
	control := []file{
		{"control", 0o644, []byte(controlFile(r, arch, size))},
		{"conffiles", 0o644, []byte("/" + conf.path + "\n")},
		{"postinst", 0o755, []byte(postinst)},
		{"prerm", 0o755, []byte(prerm)},
		{"postrm", 0o755, []byte(postrm)},
	}
	return deb(control, data)
}

func releaseFile(r sample.Release) (file, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	return file{sample.ReleaseFile, 0o644, append(text, '\n')}, err
}

func controlFile(r sample.Release, arch string, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Package: %s\nVersion: %s\nArchitecture: %s\n", sample.Name, r.Version, arch)
	b.WriteString("Maintainer: Slipway <slipway@localhost>\nSection: misc\nPriority: optional\n")
	fmt.Fprintf(&b, "Installed-Size: %d\nDescription: sample service of Slipway's lab\n This version: %s.\n", size/1024+1, r.About)
	return b.String()
}

// padding is what no compression makes smaller, the same for each version every time.
func padding(version string, n int64) []byte {
	text := make([]byte, n)
	random := rand.NewChaCha8(sha256.Sum256([]byte(version)))
	random.Read(text) //nolint:errcheck // it never returns an error
	return text
}
