package artifact_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact"
)

// realPackages are packages that nobody here made: with units and conffiles, with
// setuid files, with links and directories of every kind.
func realPackages() []string {
	return []string{"hello", "base-files", "mount", "cron"}
}

// download gets the packages from the machine's own apt sources.
func download(t *testing.T) []string {
	t.Helper()
	for _, tool := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("there is no %s here to get and to compare Debian packages with", tool)
		}
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { // apt drops its rights
		t.Fatal(err)
	}
	for _, name := range realPackages() {
		cmd := exec.CommandContext(t.Context(), "apt-get", "-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=0", "download", name)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("%s is not to be had: %v: %s", name, err, lastLine(out))
			break
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(files) == 0 {
		t.Skip("apt-get download got no package: no network or no sources")
	}
	return files
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// TestRealPackages holds that Debian's own packages are read as dpkg reads them.
func TestRealPackages(t *testing.T) {
	t.Parallel()
	for _, file := range download(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			info, entries, err := artifact.List(t.Context(), file, artifact.Want{Setuid: true})
			if err != nil {
				t.Fatal(err)
			}
			fields := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: %s\n", info.Name, info.Version, info.Arch)
			if got := output(t, "dpkg-deb", "-f", file, "Package", "Version", "Architecture"); got != fields {
				t.Errorf("dpkg reads\n%snot\n%s", got, fields)
			}
			compareListing(t, file, entries)
			conffiles, _ := exec.Command("dpkg-deb", "-I", file, "conffiles").Output() // fails when there are none
			if got := strings.Fields(string(conffiles)); !slices.Equal(got, info.Conffiles) {
				t.Errorf("dpkg reads the conffiles %q, not %q", got, info.Conffiles)
			}
			setuid := slices.ContainsFunc(entries, func(e artifact.Entry) bool { return e.Type == 'f' && e.Mode&0o6000 != 0 })
			if _, err := artifact.Inspect(t.Context(), file, artifact.Want{}); setuid != errors.Is(err, artifact.ErrRefused) {
				t.Errorf("setuid files: %v, and it says %v", setuid, err)
			}
		})
	}
}

// compareListing compares with what dpkg-deb -c prints, line by line.
func compareListing(t *testing.T, file string, entries []artifact.Entry) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(output(t, "dpkg-deb", "-c", file)), "\n")
	if len(lines) != len(entries) {
		t.Fatalf("dpkg lists %d members, not %d", len(lines), len(entries))
	}
	for i, e := range entries {
		// drwxr-xr-x root/root         0 2022-12-31 12:00 ./usr/ [-> target | link to ./target]
		f := strings.Fields(lines[i])
		size, _ := strconv.ParseInt(f[2], 10, 64)
		rest := strings.Join(f[5:], " ")
		name, target, _ := strings.Cut(rest, " -> ")
		if e.Type == 'h' {
			name, target, _ = strings.Cut(rest, " link to ")
			target = strings.TrimPrefix(target, "./")
		}
		name = strings.TrimPrefix(strings.TrimSuffix(name, "/"), "./")
		if e.Path != "." && name != e.Path || e.Type == 'f' && size != e.Size || target != e.Link {
			t.Errorf("dpkg lists %q, and we read %+v", lines[i], e)
		}
		if e.Type != 'h' && f[0][1:] != permissions(e.Mode) {
			t.Errorf("dpkg lists %q, and the mode is %04o (%s)", lines[i], e.Mode, permissions(e.Mode))
		}
	}
}

// permissions prints a mode as ls does.
func permissions(mode uint32) string {
	b := []byte("rwxrwxrwx")
	for i := range b {
		if mode&(1<<(8-i)) == 0 {
			b[i] = '-'
		}
	}
	for i, letter := range map[int]byte{2: 's', 5: 's', 8: 't'} {
		if mode&(0o4000>>(i/3)) == 0 {
			continue
		}
		if b[i] == '-' {
			letter -= 'a' - 'A'
		}
		b[i] = letter
	}
	return string(b)
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v", name, args, err)
	}
	return string(out)
}

// TestDpkgDebPackages holds that what dpkg-deb builds is read, however it compresses.
func TestDpkgDebPackages(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("there is no dpkg-deb here to build packages with")
	}
	tree := t.TempDir()
	for name, content := range map[string]string{"DEBIAN/control": control, "DEBIAN/conffiles": "/etc/app\n", "etc/app": "x", "usr/bin/app": strings.Repeat("text ", 1e5)} {
		name = filepath.Join(tree, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"-Zgzip", "-Zxz", "-Zzstd", "-Znone", "-Zxz -Sextreme -z9", "-Zxz --no-uniform-compression"} {
		file := filepath.Join(t.TempDir(), "x.deb")
		args := append(strings.Fields(how), "--root-owner-group", "-b", tree, file)
		if out, err := exec.Command("dpkg-deb", args...).CombinedOutput(); err != nil {
			t.Logf("dpkg-deb %s: %v %s", how, err, lastLine(out)) // an old one knows no zstd
			continue
		}
		info, err := artifact.Inspect(t.Context(), file, artifact.Want{Name: "checkout", Version: "1.4.0", Arch: "amd64"})
		if err != nil || info.Files != 2 || info.Unpacked != 5e5+1 || !slices.Equal(info.Conffiles, []string{"/etc/app"}) {
			t.Errorf("%s: %+v %v", how, info, err)
		}
	}
}
