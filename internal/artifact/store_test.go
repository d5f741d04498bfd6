package artifact_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact"
)

func openStore(t testing.TB) (*artifact.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store [a*]") // no pattern
	s, err := artifact.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func infoOf(name, version, arch, content string) artifact.Info {
	return artifact.Info{Format: artifact.TarGz, Name: name, Version: version, Arch: arch, Digest: digestOf([]byte(content)), Size: int64(len(content)), Commit: "c" + version}
}

func put(t testing.TB, s *artifact.Store, info artifact.Info, content string, replace bool) artifact.Info {
	t.Helper()
	got, err := s.Put(t.Context(), strings.NewReader(content), info, replace)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestStoreKeeps(t *testing.T) {
	t.Parallel()
	s, _ := openStore(t)
	before := time.Now().UTC()
	info := put(t, s, infoOf("checkout", "1.4.0", "amd64", "bytes"), "bytes", false)
	if info.Added.Before(before) {
		t.Errorf("added at %v", info.Added)
	}
	f, got, err := s.Open(t.Context(), info.Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil || string(b) != "bytes" || fmt.Sprint(got) != fmt.Sprint(info) {
		t.Errorf("got %q %+v %v, want %+v", b, got, err, info)
	}
	again := put(t, s, artifact.Info{Format: info.Format, Name: info.Name, Version: info.Version, Arch: info.Arch, Digest: info.Digest, Size: info.Size}, "bytes", false)
	if again.Commit != "c1.4.0" || !again.Added.Equal(info.Added) {
		t.Errorf("putting it again changed it: %+v", again)
	}
	if path, err := s.Path(t.Context(), info.Digest); err != nil || !strings.HasSuffix(path, info.Digest[7:]) {
		t.Errorf("path %s %v", path, err)
	}
}

func TestStoreIsImmutable(t *testing.T) {
	t.Parallel()
	s, dir := openStore(t)
	old := put(t, s, infoOf("checkout", "1.4.0", "amd64", "old"), "old", false)
	info := infoOf("checkout", "1.4.0", "amd64", "new")
	_, err := s.Put(t.Context(), strings.NewReader("new"), info, false)
	says := "put checkout_1.4.0_amd64.tar.gz: a release is never changed: version 1.4.0 is in the store as " + old.Digest + ", and this is " + info.Digest + "; give the new bytes a version of their own"
	if !errors.Is(err, artifact.ErrConflict) || err.Error() != says {
		t.Errorf("\nsays %v\nwant %s", err, says)
	}
	if _, err := s.Info(info.Digest); !errors.Is(err, artifact.ErrNotFound) {
		t.Errorf("the refused one is there: %v", err)
	}
	noneIncoming(t, dir)
	put(t, s, info, "new", true)
	found, err := s.Find(artifact.Want{Name: "checkout", Version: "1.4.0"})
	if err != nil || found.Digest != info.Digest {
		t.Errorf("found %+v %v", found, err)
	}
	if was, err := s.Info(old.Digest); err != nil || was.Replaced != info.Digest {
		t.Errorf("the old one: %+v %v", was, err)
	}
	// Back again, by force: the first one stands for the version once more.
	put(t, s, infoOf("checkout", "1.4.0", "amd64", "old"), "old", true)
	if found, err := s.Find(artifact.Want{Name: "checkout"}); err != nil || found.Digest != old.Digest {
		t.Errorf("found %+v %v", found, err)
	}
}

func noneIncoming(t testing.TB, dir string) {
	t.Helper()
	if left, err := os.ReadDir(filepath.Join(dir, "incoming")); err != nil || len(left) != 0 {
		t.Errorf("left behind %v %v", left, err)
	}
}

func TestStoreRefuses(t *testing.T) {
	t.Parallel()
	s, dir := openStore(t)
	good := infoOf("checkout", "1.4.0", "amd64", "bytes")
	for name, test := range map[string]struct {
		change func(*artifact.Info)
		says   string
	}{
		"format":  {func(i *artifact.Info) { i.Format = "zip" }, `put checkout_1.4.0_amd64.zip: format "zip" is not known; deb and tar.gz are`},
		"name":    {func(i *artifact.Info) { i.Name = "../x" }, `put ../x_1.4.0_amd64.tar.gz: name "../x" is not allowed; a name is a-z 0-9 + . - and starts with a letter or a digit`},
		"version": {func(i *artifact.Info) { i.Version = "" }, `put checkout__amd64.tar.gz: version "" is not allowed; a version is letters, digits and . + ~ - and starts with a letter or a digit`},
		"arch":    {func(i *artifact.Info) { i.Arch = "" }, `put checkout_1.4.0_.tar.gz: architecture "" is not a name like amd64, arm64 or all`},
		"digest":  {func(i *artifact.Info) { i.Digest = "sha256:../../x" }, `put checkout_1.4.0_amd64.tar.gz: digest "sha256:../../x" is not sha256: followed by 64 hexadecimal digits`},
		"longer":  {func(i *artifact.Info) { i.Size = 4 }, `put checkout_1.4.0_amd64.tar.gz: checkout_1.4.0_amd64.tar.gz: it is longer than 4 bytes; that is the limit for an archive`},
		"other": {func(i *artifact.Info) { i.Digest = digestOf(nil) }, "put checkout_1.4.0_amd64.tar.gz: checkout_1.4.0_amd64.tar.gz: its digest is " + good.Digest + "; " + digestOf(nil) +
			" was asked for: it is another file, or it was damaged on the way: send it again"},
	} {
		info := good
		test.change(&info)
		_, err := s.Put(t.Context(), strings.NewReader("bytes"), info, false)
		if err == nil || err.Error() != test.says {
			t.Errorf("%s\nsays %v\nwant %s", name, err, test.says)
		}
	}
	noneIncoming(t, dir)
	if all, err := s.List(artifact.Want{}); err != nil || len(all) != 0 {
		t.Errorf("kept %v %v", all, err)
	}
	for _, digest := range []string{"", "sha256:x", "sha256:" + strings.Repeat("F", 64), good.Digest + "/.."} {
		if _, err := s.Info(digest); err == nil || errors.Is(err, artifact.ErrNotFound) {
			t.Errorf("digest %q: %v", digest, err)
		}
		if err := s.Remove(digest); err == nil || errors.Is(err, artifact.ErrNotFound) {
			t.Errorf("digest %q: %v", digest, err)
		}
	}
}

func TestStoreNoticesDamage(t *testing.T) {
	t.Parallel()
	s, _ := openStore(t)
	info := put(t, s, infoOf("checkout", "1.4.0", "amd64", "bytes"), "bytes", false)
	path, err := s.Path(t.Context(), info.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("bites"), 0o644)); err != nil {
		t.Fatal(err)
	}
	_, err = s.Path(t.Context(), info.Digest)
	says := info.Digest + ": changed in the store: the digest is now " + digestOf([]byte("bites")) + "; put it there again"
	if !errors.Is(err, artifact.ErrCorrupt) || err.Error() != says {
		t.Errorf("\nsays %v\nwant %s", err, says)
	}
	put(t, s, info, "bytes", false)
	if _, err = s.Path(t.Context(), info.Digest); err != nil {
		t.Errorf("putting it again did not mend it: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, _, err = s.Open(t.Context(), info.Digest); !errors.Is(err, artifact.ErrCorrupt) {
		t.Errorf("its file is gone: %v", err)
	}
	side, _ := filepath.Glob(strings.NewReplacer("[", `\[`, "*", `\*`).Replace(path) + ".*.json")
	if len(side) != 1 {
		t.Fatalf("%d files say what it is", len(side))
	}
	if err := errors.Join(os.Remove(side[0]), os.WriteFile(side[0], []byte("{"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(artifact.Want{}); !errors.Is(err, artifact.ErrCorrupt) || !strings.HasPrefix(err.Error(), side[0]) {
		t.Errorf("says %v", err)
	}
}

func TestStoreFinds(t *testing.T) {
	t.Parallel()
	s, _ := openStore(t)
	for _, i := range [][3]string{{"checkout", "1.10.0", "amd64"}, {"checkout", "1.10.0", "arm64"}, {"checkout", "1.9.0", "all"}, {"checkout", "1.10.0~rc1", "amd64"}, {"basket", "2", "all"}} {
		content := strings.Join(i[:], " ")
		put(t, s, infoOf(i[0], i[1], i[2], content), content, false)
	}
	// The same bytes may be two versions.
	put(t, s, infoOf("basket", "3", "all", "basket 2 all"), "basket 2 all", false)
	releases, err := s.Releases("checkout")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range releases {
		got = append(got, fmt.Sprintf("%s %s %d", r.Version, r.Commit, len(r.Artifacts)))
	}
	if fmt.Sprint(got) != "[1.10.0 c1.10.0 2 1.10.0~rc1 c1.10.0~rc1 1 1.9.0 c1.9.0 1]" {
		t.Errorf("releases %v", got)
	}
	if both, err := s.Releases("basket"); err != nil || len(both) != 2 {
		t.Errorf("releases of basket: %v %v", both, err)
	}
	for _, test := range []struct {
		want artifact.Want
		says string
	}{
		{artifact.Want{Name: "checkout", Version: "1.10.0", Arch: "arm64"}, "checkout_1.10.0_arm64.tar.gz"},
		{artifact.Want{Name: "checkout", Version: "1.9.0", Arch: "arm64"}, "checkout_1.9.0_all.tar.gz"},
		{artifact.Want{Name: "checkout", Version: "1.10.0"}, "checkout 1.10.0: there are 2 in the store (checkout_1.10.0_amd64.tar.gz, checkout_1.10.0_arm64.tar.gz): say version, architecture or format"},
		{artifact.Want{Name: "checkout", Version: "2"}, "checkout 2: not in the store: build or import it"},
		{artifact.Want{Name: "checkout", Version: "1.10.0", Arch: "i386"}, "checkout 1.10.0 i386: not in the store: build or import it"},
		{artifact.Want{Name: "checkout", Format: artifact.Deb}, "checkout deb: not in the store: build or import it"},
	} {
		got, err := s.Find(test.want)
		if err == nil && got.Filename() != test.says || err != nil && err.Error() != test.says {
			t.Errorf("\nfound %s %v\nwant  %s", got.Filename(), err, test.says)
		}
	}
}

func TestStoreRemoves(t *testing.T) {
	t.Parallel()
	s, _ := openStore(t)
	info := put(t, s, infoOf("checkout", "1", "all", "x"), "x", false)
	if err := s.Remove(info.Digest); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(info.Digest); !errors.Is(err, artifact.ErrNotFound) {
		t.Errorf("says %v", err)
	}
	if _, err := s.Path(t.Context(), info.Digest); !errors.Is(err, artifact.ErrNotFound) {
		t.Errorf("says %v", err)
	}
}

func TestStoreImport(t *testing.T) {
	t.Parallel()
	s, _ := openStore(t)
	b := debOf(t, control, file("./usr/bin/app", "x"))
	info, err := s.Import(t.Context(), save(t, "some.deb", b), artifact.Want{Name: "checkout"}, false)
	if err != nil || info.Version != "1.4.0" || info.Digest != digestOf(b) {
		t.Fatalf("%+v %v", info, err)
	}
	if _, err := s.Import(t.Context(), save(t, "some.deb", b), artifact.Want{Name: "basket"}, false); !errors.Is(err, artifact.ErrRefused) {
		t.Errorf("says %v", err)
	}
}

func TestStoreSweeps(t *testing.T) {
	t.Parallel()
	_, dir := openStore(t)
	fresh, stale := filepath.Join(dir, "incoming/fresh"), filepath.Join(dir, "incoming/stale")
	long := time.Now().Add(-48 * time.Hour)
	if err := errors.Join(os.WriteFile(fresh, nil, 0o600), os.WriteFile(stale, nil, 0o600), os.Chtimes(stale, long, long)); err != nil {
		t.Fatal(err)
	}
	if _, err := artifact.OpenStore(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error("a file that is being written was removed")
	}
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Error("an abandoned file is still there")
	}
}

// TestStoreStops holds that a writer that is cancelled leaves nothing.
func TestStoreStops(t *testing.T) {
	t.Parallel()
	s, dir := openStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, strings.NewReader("x"), infoOf("checkout", "1", "all", "x"), false); !errors.Is(err, context.Canceled) {
		t.Errorf("says %v", err)
	}
	noneIncoming(t, dir)
}

// TestStoreTogether lets several processes put the same versions with different
// bytes: for each version exactly one must win, and all must agree which.
func TestStoreTogether(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("SLIPWAY_TEST_STORE"); dir != "" {
		putMany(t, dir, os.Getenv("SLIPWAY_TEST_WRITER"))
		return
	}
	_, dir := openStore(t)
	var wg sync.WaitGroup
	for _, writer := range []string{"a", "b", "c"} {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStoreTogether$")
			cmd.Env = append(os.Environ(), "SLIPWAY_TEST_STORE="+dir, "SLIPWAY_TEST_WRITER="+writer)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("writer %s: %v\n%s", writer, err, out)
			}
		})
	}
	wg.Wait()
	s, err := artifact.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.List(artifact.Want{})
	if err != nil || len(all) != versionsPut {
		t.Errorf("%d artifacts for %d versions: %v", len(all), versionsPut, err)
	}
	for _, i := range all {
		if _, err := s.Path(t.Context(), i.Digest); err != nil {
			t.Error(err)
		}
	}
	noneIncoming(t, dir)
}

const versionsPut = 25

func putMany(t *testing.T, dir, writer string) {
	s, err := artifact.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	for v := range versionsPut {
		content := bytes.Repeat([]byte(fmt.Sprint(writer, v)), 1000)
		info := infoOf("checkout", fmt.Sprint(v), "all", string(content))
		_, err := s.Put(t.Context(), bytes.NewReader(content), info, false)
		if err != nil && !errors.Is(err, artifact.ErrConflict) {
			t.Errorf("put %d: %v", v, err)
		}
	}
}
