package artifact_test

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact"
)

type bad struct {
	name string
	data []byte
	want artifact.Want
	says string // the whole message
}

const (
	linkRule = "a link points to something in the archive: make the link on the host, or pack what it points to"
	pathRule = "members are paths below the top of the archive: pack it again with tar -C DIR -czf FILE ."
	kindRule = "files, directories and links are allowed: leave it out; a unit or a maintainer script can make it on the host"
	bitsRule = "such bits are not allowed: chmod u-s,g-s,-t before it is packed"
	cut      = "it ends in the middle; an archive is whole: copy or build it again"
	parts    = "a package holds debian-binary, control.tar and data.tar, in that order: copy or build it again"
	fixIt    = ": correct debian/control and build it again"
)

func badTarGzs(t *testing.T) []bad {
	app := file("app", "hello")
	whole := targz(t, app, file("big", strings.Repeat("0123456789", 3000)))
	raw := tarOf(t, app)
	flipped := slices.Clone(whole)
	flipped[len(flipped)-6] ^= 0xff // the checksum
	return []bad{
		{"empty", nil, artifact.Want{}, "x-1.tar.gz: it is empty: copy or build it again"},
		{"not gzip", raw, artifact.Want{}, "x-1.tar.gz: it is not compressed with gzip; a tar.gz is a gzipped tar archive: pack it with tar -czf"},
		{"not tar", gz(t, bytes.Repeat([]byte("no tar "), 200)), artifact.Want{}, "x-1.tar.gz: it is damaged (archive/tar: invalid tar header): copy or build it again"},
		{"no files", targz(t, dir("d")), artifact.Want{}, "x-1.tar.gz: there is no file in it: look at what the build left"},
		{"parent", targz(t, file("../etc/passwd", "x")), artifact.Want{}, `x-1.tar.gz: "../etc/passwd": the path holds ".."; ` + pathRule},
		{"parent inside", targz(t, file("a/../../b", "x")), artifact.Want{}, `x-1.tar.gz: "a/../../b": the path holds ".."; ` + pathRule},
		{"absolute", targz(t, file("/etc/passwd", "x")), artifact.Want{}, `x-1.tar.gz: "/etc/passwd": the path is absolute; ` + pathRule},
		{"newline", targz(t, file("a\nb", "x")), artifact.Want{}, `x-1.tar.gz: "a\nb": the path holds control characters or is not UTF-8; names are printable text: rename the file`},
		{"long name", targz(t, file(strings.Repeat("n", 256), "x")), artifact.Want{}, `x-1.tar.gz: "` + strings.Repeat("n", 60) + `...": a name in the path has 256 bytes; at most 255 are allowed: rename the file`},
		{"absolute link", targz(t, app, link(tar.TypeSymlink, "l", "/etc/passwd")), artifact.Want{}, `x-1.tar.gz: "l": the link points to the absolute path "/etc/passwd"; ` + linkRule},
		{"escaping link", targz(t, app, link(tar.TypeSymlink, "d/l", "../../up")), artifact.Want{}, `x-1.tar.gz: "d/l": the link points out of the archive, to "../../up"; ` + linkRule},
		{"escape by another link", targz(t, app, link(tar.TypeSymlink, "x/y", ".."), link(tar.TypeSymlink, "z", "x/y/..")), artifact.Want{}, `x-1.tar.gz: "z": the link to "x/y/.." leaves the archive through another link; ` + linkRule},
		{"circle", targz(t, app, link(tar.TypeSymlink, "a", "b"), link(tar.TypeSymlink, "b", "a")), artifact.Want{}, `x-1.tar.gz: "a": the link to "b" goes round in a circle; ` + linkRule},
		{"write through a link", targz(t, dir("real"), link(tar.TypeSymlink, "l", "real"), file("l/app", "x")), artifact.Want{}, `x-1.tar.gz: "l/app": it is below "l", which is a symbolic link; only directories hold members: pack it again from a clean directory`},
		{"link over members", targz(t, file("l/app", "x"), link(tar.TypeSymlink, "l", "real")), artifact.Want{}, `x-1.tar.gz: "l": it is a symbolic link, and other members are below it; only directories hold members: pack it again into a new file`},
		{"below a file", targz(t, app, file("app/x", "x")), artifact.Want{}, `x-1.tar.gz: "app/x": it is below "app", which is a file; only directories hold members: pack it again from a clean directory`},
		{"hard link outside", targz(t, app, link(tar.TypeLink, "l", "../../etc/passwd")), artifact.Want{}, `x-1.tar.gz: "l": the hard link points out of the archive, to "../../etc/passwd"; ` + linkRule},
		{"hard link absolute", targz(t, app, link(tar.TypeLink, "l", "/etc/passwd")), artifact.Want{}, `x-1.tar.gz: "l": the hard link points out of the archive, to "/etc/passwd"; ` + linkRule},
		{"hard link to a link", targz(t, app, link(tar.TypeSymlink, "s", "app"), link(tar.TypeLink, "l", "s")), artifact.Want{}, `x-1.tar.gz: "l": the hard link points to "s", which is no file before it; a hard link follows its file: pack it again with --hard-dereference`},
		{"twice", targz(t, app, file("./app", "other")), artifact.Want{}, `x-1.tar.gz: "app": it is there twice; each path once: pack it again into a new file`},
		{"character device", targz(t, app, link(tar.TypeChar, "null", "")), artifact.Want{}, `x-1.tar.gz: "null": it is a device; ` + kindRule},
		{"block device", targz(t, app, link(tar.TypeBlock, "sda", "")), artifact.Want{}, `x-1.tar.gz: "sda": it is a device; ` + kindRule},
		{"pipe", targz(t, app, link(tar.TypeFifo, "p", "")), artifact.Want{}, `x-1.tar.gz: "p": it is a named pipe; ` + kindRule},
		{"unknown type", targz(t, app, member{tar.Header{Typeflag: 'S' + 1, Name: "odd"}, ""}), artifact.Want{}, `x-1.tar.gz: "odd": it is of the unknown type 'T'; ` + kindRule},
		{"setuid", targz(t, app.with(mode(0o4755))), artifact.Want{}, `x-1.tar.gz: "app": mode 4755 is setuid, setgid or sticky; ` + bitsRule},
		{"setuid even if allowed", targz(t, app.with(mode(0o4755))), artifact.Want{Setuid: true}, `x-1.tar.gz: "app": mode 4755 is setuid, setgid or sticky; ` + bitsRule},
		{"setgid", targz(t, app.with(mode(0o2755))), artifact.Want{}, `x-1.tar.gz: "app": mode 2755 is setuid, setgid or sticky; ` + bitsRule},
		{"sticky directory", targz(t, app, dir("tmp").with(mode(0o1777))), artifact.Want{}, `x-1.tar.gz: "tmp": mode 1777 is setuid, setgid or sticky; ` + bitsRule},
		{"world-writable", targz(t, app.with(mode(0o666))), artifact.Want{}, `x-1.tar.gz: "app": mode 0666 lets everybody write to it; only owner and group may: chmod o-w before it is packed`},
		{"capabilities", targz(t, app.with(func(h *tar.Header) { h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": "x"} })), artifact.Want{}, `x-1.tar.gz: "app": it carries file capabilities; nothing in an artifact may raise its own rights: set AmbientCapabilities in the unit`},
		{"global path", targz(t, member{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "evil"}}, ""}, app), artifact.Want{}, `x-1.tar.gz: its global header sets "path" for all members; only "comment" is allowed there: pack it again without --pax-option`},
		{"top is a file", targz(t, file(".", "x")), artifact.Want{}, `x-1.tar.gz: ".": the top is not a directory`},
		{"truncated gzip", whole[:len(whole)-40], artifact.Want{}, "x-1.tar.gz: " + cut},
		{"truncated checksum", whole[:len(whole)-4], artifact.Want{}, "x-1.tar.gz: " + cut},
		{"truncated tar", gz(t, raw[:700]), artifact.Want{}, "x-1.tar.gz: " + cut},
		{"no end mark", gz(t, raw[:1024]), artifact.Want{}, "x-1.tar.gz: " + cut},
		{"wrong checksum", flipped, artifact.Want{}, "x-1.tar.gz: it is damaged (gzip: invalid checksum): copy or build it again"},
		{"garbage after gzip", append(slices.Clone(whole), "garbage, and a lot of it"...), artifact.Want{}, "x-1.tar.gz: other bytes follow the compressed data; nothing may: copy it again, or pack it into a new file"},
		{"garbage after tar", gz(t, append(slices.Clone(raw), "garbage"...)), artifact.Want{}, "x-1.tar.gz: other bytes follow the end of the archive; only padding may: pack it again into a new file"},
		{"second tar", gz(t, append(slices.Clone(raw), raw...)), artifact.Want{}, "x-1.tar.gz: other bytes follow the end of the archive; only padding may: pack it again into a new file"},
		{"too many members", targz(t, app, file("b", ""), file("c", "")), artifact.Want{Limits: artifact.Limits{Members: 2}}, "x-1.tar.gz: it has more than 2 members; that is the limit"},
		{"file too big", whole, artifact.Want{Limits: artifact.Limits{File: 20000}}, `x-1.tar.gz: "big": it has 29.3 KiB; the limit for one file is 19.53 KiB`},
		{"unpacks too big", whole, artifact.Want{Limits: artifact.Limits{Unpacked: 16384}}, "x-1.tar.gz: it unpacks to more than 16 KiB; that is the limit"},
		{"archive too big", whole, artifact.Want{Limits: artifact.Limits{Archive: 100}}, "x-1.tar.gz: it is longer than 100 bytes; that is the limit for an archive"},
		{"other program", targz(t, file("bin/app", program(elf.EM_AARCH64)).with(mode(0o755))), artifact.Want{Arch: "amd64"}, `x-1.tar.gz: "bin/app": it is a program for arm64; the artifact is said to be for amd64: build it for the hosts' architecture, or name the right one`},
		{"one program, for all", targz(t, file("bin/app", program(elf.EM_AARCH64)).with(mode(0o755))), artifact.Want{Arch: "all"}, `x-1.tar.gz: "bin/app": it is a program for arm64; the artifact is said to be for any architecture: build it for the hosts' architecture, or name the right one`},
		{"other digest", whole, artifact.Want{Digest: "sha256:" + strings.Repeat("0", 64)}, ""},
	}
}

// TestBadTarGz holds that each bad archive is refused by Inspect and by Extract
// with the same message, and that nothing is left on the disk.
func TestBadTarGz(t *testing.T) {
	t.Parallel()
	for _, b := range badTarGzs(t) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			name := save(t, "x-1.tar.gz", b.data)
			says := b.says
			info, err := artifact.Inspect(t.Context(), name, b.want)
			if says == "" {
				says = "x-1.tar.gz: its digest is " + digestOf(b.data) + "; " + b.want.Digest + " was asked for: it is another file, or it was damaged on the way: send it again"
			}
			checkRefused(t, err, says)
			if info.Digest != "" {
				t.Errorf("Inspect returned %+v besides the error", info)
			}
			extractRefused(t, name, b, says)
		})
	}
}

func extractRefused(t *testing.T, name string, b bad, says string) {
	t.Helper()
	parent := t.TempDir()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	into := filepath.Join(parent, "release")
	_, err = artifact.Extract(t.Context(), f, into, b.want)
	if b.name == "no files" {
		if err != nil {
			t.Errorf("an archive of directories is odd, but it unpacks: %v", err)
		}
		return
	}
	checkRefused(t, err, "extract into "+into+": "+says)
	left, err := os.ReadDir(parent)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func checkRefused(t *testing.T, err error, says string) {
	t.Helper()
	if !errors.Is(err, artifact.ErrRefused) {
		t.Fatalf("error is %v, not a refusal", err)
	}
	if err.Error() != says {
		t.Errorf("\nsays %s\nwant %s", err, says)
	}
}

func badDebs(t *testing.T) []bad {
	app := file("./usr/bin/app", "hello")
	ctl := targz(t, file("./control", control))
	data := targz(t, app)
	version := part{"debian-binary", []byte("2.0\n")}
	good := arOf(version, part{"control.tar.gz", ctl}, part{"data.tar.gz", data})
	with := func(old, new string) []byte { return debOf(t, strings.Replace(control, old, new, 1), app) }
	return []bad{
		{"not ar", []byte("not a package"), artifact.Want{}, "x.deb: it is not an ar archive; a .deb is one: build it with dpkg-deb, or let Slipway pack it"},
		{"empty", nil, artifact.Want{}, "x.deb: it is not an ar archive; a .deb is one: build it with dpkg-deb, or let Slipway pack it"},
		{"no members", arOf(), artifact.Want{}, "x.deb: its first member is not debian-binary; " + parts},
		{"order", arOf(version, part{"data.tar.gz", data}, part{"control.tar.gz", ctl}), artifact.Want{}, `x.deb: it holds ["data.tar.gz" "control.tar.gz"] after debian-binary; ` + parts},
		{"first member", arOf(part{"control.tar.gz", ctl}, version, part{"data.tar.gz", data}), artifact.Want{}, "x.deb: its first member is not debian-binary; " + parts},
		{"no control", arOf(version, part{"data.tar.gz", data}), artifact.Want{}, `x.deb: it holds ["data.tar.gz"] after debian-binary; ` + parts},
		{"no data", arOf(version, part{"control.tar.gz", ctl}), artifact.Want{}, `x.deb: it holds ["control.tar.gz"] after debian-binary; ` + parts},
		{"data twice", arOf(version, part{"control.tar.gz", ctl}, part{"data.tar.gz", data}, part{"data.tar.xz", nil}), artifact.Want{}, `x.deb: it holds ["control.tar.gz" "data.tar.gz" "data.tar.xz"] after debian-binary; ` + parts},
		{"format 3", arOf(part{"debian-binary", []byte("3.0\n")}, part{"control.tar.gz", ctl}, part{"data.tar.gz", data}), artifact.Want{}, `x.deb: "debian-binary": the format is "3.0"; 2.0 is known: build it with a current dpkg-deb`},
		{"truncated", good[:len(good)-10], artifact.Want{}, ""},
		{"truncated header", append(slices.Clone(good), "_sig"...), artifact.Want{}, ""},
		{"garbage", append(slices.Clone(good), bytes.Repeat([]byte("garbage "), 20)...), artifact.Want{}, ""},
		{"lzma", arOf(version, part{"control.tar.gz", ctl}, part{"data.tar.lzma", data}), artifact.Want{}, `x.deb: "data.tar.lzma": it is compressed as "lzma"; gz, xz, zst and none are known: build it with dpkg-deb -Zxz`},
		{"not gzip", arOf(version, part{"control.tar.gz", ctl}, part{"data.tar.gz", []byte("garbage, not compressed")}), artifact.Want{}, "x.deb: it is damaged (gzip: invalid header): copy or build it again"},
		{"not xz", arOf(version, part{"control.tar.gz", ctl}, part{"data.tar.xz", []byte("garbage, not compressed")}), artifact.Want{}, "x.deb: " + cut},
		{"not zst", arOf(version, part{"control.tar.gz", ctl}, part{"data.tar.zst", []byte("garbage, not compressed")}), artifact.Want{}, "x.deb: it is damaged (invalid input: magic number mismatch): copy or build it again"},
		{"xz wants memory", arOf(version, part{"control.tar.gz", ctl}, part{"data.tar.xz", xzOf(t, tarOf(t, app), 256<<20)}), artifact.Want{}, "x.deb: it is damaged (it wants 256 MiB of memory to be unpacked; 128 MiB is the limit): copy or build it again"},
		{"control missing", debWith(t, []member{file("./md5sums", "")}, app), artifact.Want{}, `x.deb: "control.tar.gz": there is no file control in it; a package says what it is in there: copy or build it again`},
		{"control is a link", debWith(t, []member{link(tar.TypeSymlink, "./control", "/etc/passwd")}, app), artifact.Want{}, `x.deb: "control.tar.gz": it holds "control", which is a symbolic link; plain files only, no directories: copy or build it again`},
		{"no field", debOf(t, "Package: checkout\nnonsense\n", app), artifact.Want{}, `x.deb: "control": line 2: "nonsense" is no field; a field is Name: value` + fixIt},
		{"field twice", with("Maintainer:", "version:"), artifact.Want{}, `x.deb: "control": line 4: field "version" is there twice` + fixIt},
		{"two paragraphs", debOf(t, control+"\nPackage: other\n", app), artifact.Want{}, `x.deb: "control": line 7: a second paragraph; a control file has one` + fixIt},
		{"continuation first", debOf(t, " x\n"+control, app), artifact.Want{}, `x.deb: "control": line 1: it goes on with a field, but none has begun` + fixIt},
		{"not UTF-8", with("money", "m\xf6ney"), artifact.Want{}, `x.deb: "control": line 5: it holds a byte that is not text in UTF-8` + fixIt},
		{"no version field", with("Version: 1.4.0\n", ""), artifact.Want{}, `x.deb: "control": the field Version is not there or empty; Package, Version and Architecture are required` + fixIt},
		{"bad version", with("1.4.0", "one"), artifact.Want{}, `x.deb: "control": version "one": it does not start with a digit` + fixIt},
		{"bad name", with("checkout", "Check_out"), artifact.Want{}, `x.deb: "control": package name "Check_out" is not allowed; a name is two or more of a-z 0-9 + - . that start with a letter or a digit` + fixIt},
		{"bad arch", with("amd64", "../x"), artifact.Want{}, `x.deb: "control": architecture "../x" is not a name like amd64, arm64 or all` + fixIt},
		{"other name", good, artifact.Want{Name: "basket"}, "x.deb: it is the package checkout; basket was asked for: name the right file or package"},
		{"other version", good, artifact.Want{Version: "1.4.0-1"}, "x.deb: it is version 1.4.0; 1.4.0-1 was asked for: name the right file, or the whole version with epoch and revision"},
		{"other arch", good, artifact.Want{Arch: "arm64"}, "x.deb: it is for amd64; arm64 was asked for: build it for that architecture"},
		{"other format", good, artifact.Want{Format: artifact.TarGz}, "x.deb: it is a deb; a tar.gz was asked for: name the right file"},
		{"only other programs", debOf(t, control, file("./usr/bin/app", program(elf.EM_AARCH64)).with(mode(0o755))), artifact.Want{}, `x.deb: "usr/bin/app": it is a program for arm64; the artifact is said to be for amd64: build it for the hosts' architecture, or name the right one`},
		{"setuid", debOf(t, control, app.with(mode(0o4755))), artifact.Want{}, `x.deb: "usr/bin/app": mode 4755 is setuid, setgid or sticky; ` + bitsRule},
		{"device", debOf(t, control, app, link(tar.TypeBlock, "./dev/sda", "")), artifact.Want{}, `x.deb: "dev/sda": it is a device; ` + kindRule},
		{"parent", debOf(t, control, file("./../x", "")), artifact.Want{}, `x.deb: "./../x": the path holds ".."; ` + pathRule},
		{"escaping link", debOf(t, control, app, link(tar.TypeSymlink, "./usr/x", "../../../etc")), artifact.Want{}, `x.deb: "usr/x": the link points out of the archive, to "../../../etc"; ` + linkRule},
		{"world-writable directory", debOf(t, control, app, dir("./var/x").with(mode(0o777))), artifact.Want{}, `x.deb: "var/x": mode 0777 lets everybody write to it; only owner and group may: chmod o-w before it is packed`},
		{"conffile missing", debWith(t, []member{file("./control", control), file("./conffiles", "/etc/x\n")}, app), artifact.Want{}, `x.deb: "conffiles": "/etc/x" is not in the package; every conffile is: copy or build it again`},
		{"conffile relative", debWith(t, []member{file("./control", control), file("./conffiles", "etc/x\n")}, app), artifact.Want{}, `x.deb: "conffiles": "etc/x" is not an absolute path; each line is one: copy or build it again`},
		{"bomb", arOf(version, part{"control.tar.gz", ctl}, part{"data.tar.zst", zst(t, tarOf(t, file("zero", strings.Repeat("\x00", 66<<20))))}), artifact.Want{}, ""},
	}
}

// startOf is what messages begin with that end in sizes or offsets.
func startOf(name string) string {
	return map[string]string{
		"truncated":        `x.deb: member "data.tar.gz" should have `,
		"truncated header": "x.deb: it ends in the middle of a member's header, at byte ",
		"garbage":          "x.deb: no member begins at byte ",
		"bomb":             "x.deb: ",
	}[name]
}

func TestBadDeb(t *testing.T) {
	t.Parallel()
	for _, b := range badDebs(t) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			name := save(t, "x.deb", b.data)
			_, err := artifact.Inspect(t.Context(), name, b.want)
			if b.says != "" {
				checkRefused(t, err, b.says)
				return
			}
			if !errors.Is(err, artifact.ErrRefused) || !strings.HasPrefix(err.Error(), startOf(b.name)) {
				t.Errorf("says %v, want %s...", err, startOf(b.name))
			}
		})
	}
}

// TestBomb holds that a small archive of very much is refused long before it is
// unpacked.
func TestBomb(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	var head bytes.Buffer
	if err := tar.NewWriter(&head).WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "zero", Mode: 0o644, Size: 100 * mib}); err != nil {
		t.Fatal(err)
	}
	// Several gzip streams in a row are one file; this is quicker than packing it.
	bomb := append(gz(t, head.Bytes()), bytes.Repeat(gz(t, make([]byte, mib)), 101)...)
	name := save(t, "x-1.tar.gz", bomb)
	_, err := artifact.Inspect(t.Context(), name, artifact.Want{})
	if !errors.Is(err, artifact.ErrRefused) || !strings.HasSuffix(err.Error(), "200 times is the limit") {
		t.Errorf("says %v", err)
	}
	if _, err := artifact.Inspect(t.Context(), name, artifact.Want{Limits: artifact.Limits{Ratio: 2000}}); err != nil {
		t.Errorf("with a wider limit: %v", err)
	}
}

func TestNotAFile(t *testing.T) {
	t.Parallel()
	d := filepath.Join(t.TempDir(), "x-1.tar.gz")
	if err := os.Mkdir(d, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := artifact.Inspect(t.Context(), d, artifact.Want{})
	checkRefused(t, err, "x-1.tar.gz: it is not a file; an artifact is a .deb or a .tar.gz file: name the file")
	if _, err := artifact.Inspect(t.Context(), d+".no", artifact.Want{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	_, err = artifact.Inspect(t.Context(), save(t, "x.zip", nil), artifact.Want{})
	checkRefused(t, err, "x.zip: its name tells no format; .deb and .tar.gz are known: name the file, or say the format")
}
