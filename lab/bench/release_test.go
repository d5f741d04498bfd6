package bench

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-deploy/slipway/lab/sample"
)

// archive packs files as the lab's sample does.
func archive(t *testing.T, path string, files map[string]string) {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	for name, text := range files {
		if err := write(w, &tar.Header{Name: name, Mode: 0o755}, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zip.Close(), os.WriteFile(path, out.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// members reads an archive.
func members(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for r := tar.NewReader(unzip); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[h.Name] = string(text)
	}
}

func TestReleasesAreNewAndOfTheSize(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := &packer{dir: filepath.Join(dir, "releases"), sample: filepath.Join(dir, "sample.tar.gz"), size: 1 << 20, major: 7, firsts: map[string]string{}}
	archive(t, p.sample, map[string]string{sample.ReleaseFile: `{"version": "1.0.0"}`, "bin/checkout": "program"})
	seen := map[string]bool{}
	for i := range 3 {
		r, err := p.next("one")
		if err != nil {
			t.Fatal(err)
		}
		got := members(t, r.path)
		var about sample.Release
		if err := json.Unmarshal([]byte(got[sample.ReleaseFile]), &about); err != nil || about.Version != r.version || about.Service != sample.Name {
			t.Errorf("release %d says %+v, %v, want version %s", i, about, err, r.version)
		}
		if seen[r.version] || seen[got["padding"]] || got["bin/checkout"] != "program" {
			t.Errorf("release %d is not new, or has lost its program", i)
		}
		seen[r.version], seen[got["padding"]] = true, true
		at, err := os.Stat(r.path)
		if err != nil {
			t.Fatal(err)
		}
		if at.Size() < p.size*99/100 || at.Size() > p.size*102/100 {
			t.Errorf("release %d has %d bytes, want about %d", i, at.Size(), p.size)
		}
		if p.first("one") != "1.7.1" {
			t.Errorf("the first version is %q after %s", p.first("one"), r.version)
		}
	}
	if err := p.forget(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(p.dir, "*", "*")); len(left) > 0 {
		t.Errorf("left after forget: %v", left)
	}
}

func TestASampleThatIsNoArchive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := &packer{dir: dir, sample: filepath.Join(dir, "sample"), size: 1, firsts: map[string]string{}}
	if err := os.WriteFile(p.sample, []byte("no archive"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := p.next("one"); err == nil {
		t.Error("it was packed")
	}
}
