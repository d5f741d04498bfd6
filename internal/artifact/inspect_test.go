package artifact_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact"
)

func digestOf(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }

func TestInspectTarGz(t *testing.T) {
	t.Parallel()
	amd, arm := file("bin/a", program(elf.EM_X86_64)).with(mode(0o755)), file("bin/b", program(elf.EM_AARCH64)).with(mode(0o755))
	commit := "0123456789abcdef0123456789abcdef01234567"
	for _, test := range []struct {
		file    string
		members []member
		want    artifact.Want
		name    string
		version string
		arch    string
	}{
		{"checkout_1.4.0_amd64.tar.gz", []member{amd}, artifact.Want{}, "checkout", "1.4.0", "amd64"},
		{"checkout_1.4.0_all.tar.gz", []member{file("x.py", "x")}, artifact.Want{}, "checkout", "1.4.0", "all"},
		{"checkout-1.4.0.tar.gz", []member{arm}, artifact.Want{}, "checkout", "1.4.0", "arm64"},
		{"check-out-2.tgz", []member{file("x", "x")}, artifact.Want{}, "check-out", "2", "all"},
		{"check-out-1.2-rc1.tar.gz", []member{file("x", "x")}, artifact.Want{Name: "check-out"}, "check-out", "1.2-rc1", "all"},
		{"dist.tar.gz", []member{file("x", "x")}, artifact.Want{Name: "checkout", Version: "7"}, "checkout", "7", "all"},
		{"checkout-v1.4.0.tar.gz", []member{amd}, artifact.Want{Name: "checkout", Version: "1.4.0", Arch: "amd64"}, "checkout", "1.4.0", "amd64"},
		{"checkout_1.4.0.tar.gz", []member{amd, arm}, artifact.Want{}, "checkout", "1.4.0", "all"},
		{"checkout_1.4.0_all.tar.gz", []member{file("x", "x")}, artifact.Want{Arch: "arm64"}, "checkout", "1.4.0", "all"},
		{"anything", []member{file("x", "x")}, artifact.Want{Format: artifact.TarGz, Name: "checkout", Version: "7"}, "checkout", "7", "all"},
	} {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			global := member{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": commit}}, ""}
			b := targz(t, append([]member{global}, test.members...)...)
			info, err := artifact.Inspect(t.Context(), save(t, test.file, b), test.want)
			if err != nil {
				t.Fatal(err)
			}
			want := artifact.Info{Format: "tar.gz", Name: test.name, Version: test.version, Arch: test.arch, Digest: digestOf(b), Size: int64(len(b)), Commit: commit, Files: len(test.members), Unpacked: info.Unpacked}
			if !reflect.DeepEqual(info, want) {
				t.Errorf("\ngot  %+v\nwant %+v", info, want)
			}
		})
	}
}

func TestInspectTarGzName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file string
		want artifact.Want
		says string
	}{
		{"dist.tar.gz", artifact.Want{}, "dist.tar.gz: its name does not tell service and version; a tar.gz is called NAME_VERSION_ARCH.tar.gz or NAME-VERSION.tar.gz: rename it, or give name and version"},
		{"checkout-1.3.0.tar.gz", artifact.Want{Name: "checkout", Version: "1.4.0"}, "checkout-1.3.0.tar.gz: it is named for version 1.3.0; 1.4.0 was asked for: name the right file or version"},
		{"dist.tar.gz", artifact.Want{Name: "../x", Version: "1"}, `dist.tar.gz: name "../x" is not allowed; a name is a-z 0-9 + . - and starts with a letter or a digit`},
		{"dist.tar.gz", artifact.Want{Name: "x", Version: "$(id)"}, `dist.tar.gz: version "$(id)" is not allowed; a version is letters, digits and . + ~ - and starts with a letter or a digit`},
		{"x_1_arm64.tar.gz", artifact.Want{Arch: "amd64"}, "x_1_arm64.tar.gz: it is for arm64; amd64 was asked for: build it for that architecture"},
	} {
		_, err := artifact.Inspect(t.Context(), save(t, test.file, targz(t, file("x", "x"))), test.want)
		checkRefused(t, err, test.says)
	}
}

func TestInspectDeb(t *testing.T) {
	t.Parallel()
	data := tarOf(t, dir("."), dir("./tmp").with(mode(0o1777)), file("./etc/app.conf", "x"),
		file("./usr/lib/systemd/system/app.service", "[Unit]"), link(tar.TypeSymlink, "./etc/alias", "/usr/bin/app"))
	ctl := tarOf(t, file("./control", control+"Slipway-Commit: 0123456789abcdef0123456789abcdef01234567\n"), file("./conffiles", "/etc/app.conf\nremove-on-upgrade /etc/old\n"))
	for name, parts := range map[string][]part{
		"none": {{"control.tar", ctl}, {"data.tar", data}},
		"gz":   {{"control.tar.gz", gz(t, ctl)}, {"data.tar.gz", gz(t, data)}},
		"xz":   {{"control.tar.xz", xzOf(t, ctl, 1<<20)}, {"data.tar.xz", xzOf(t, data, 8<<20)}},
		"zst":  {{"control.tar.zst", zst(t, ctl)}, {"data.tar.zst", zst(t, data)}, {"_gpgorigin", []byte("sig")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := arOf(append([]part{{"debian-binary", []byte("2.0\n")}}, parts...)...)
			info, err := artifact.Inspect(t.Context(), save(t, "x.deb", b), artifact.Want{Name: "checkout", Version: "1.4.0", Arch: "amd64"})
			if err != nil {
				t.Fatal(err)
			}
			want := artifact.Info{
				Format: "deb", Name: "checkout", Version: "1.4.0", Arch: "amd64", Digest: digestOf(b), Size: int64(len(b)),
				Commit: "0123456789abcdef0123456789abcdef01234567", Files: 3, Unpacked: 7,
				Conffiles: []string{"/etc/app.conf"}, Units: []string{"app.service"},
			}
			if !reflect.DeepEqual(info, want) {
				t.Errorf("\ngot  %+v\nwant %+v", info, want)
			}
		})
	}
}

func TestSetuidAllowedInDeb(t *testing.T) {
	t.Parallel()
	name := save(t, "x.deb", debOf(t, control, file("./usr/bin/app", "x").with(mode(0o4755))))
	if _, err := artifact.Inspect(t.Context(), name, artifact.Want{Setuid: true}); err != nil {
		t.Error(err)
	}
}

func TestInspectStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	name := save(t, "x-1.tar.gz", targz(t, file("x", "x")))
	if _, err := artifact.Inspect(ctx, name, artifact.Want{}); !errors.Is(err, context.Canceled) || errors.Is(err, artifact.ErrRefused) {
		t.Errorf("says %v", err)
	}
	if _, err := artifact.Extract(ctx, bytes.NewReader(targz(t, file("x", "x"))), t.TempDir()+"/x", artifact.Want{}); !errors.Is(err, context.Canceled) {
		t.Errorf("says %v", err)
	}
}

func TestFilename(t *testing.T) {
	t.Parallel()
	i := artifact.Info{Format: artifact.Deb, Name: "a", Version: "1:2.0-1", Arch: "all"}
	if i.Filename() != "a_2.0-1_all.deb" {
		t.Error(i.Filename())
	}
}
