package artifact_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// member is one member of an archive that a test makes.
type member struct {
	tar.Header
	content string
}

func file(name, content string) member {
	return member{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content)), ModTime: time.Unix(1700000000, 0)}, content}
}

func dir(name string) member {
	return member{tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, ModTime: time.Unix(1700000000, 0)}, ""}
}

func link(kind byte, name, target string) member {
	return member{tar.Header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o777}, ""}
}

// with changes the header of a member.
func (m member) with(change func(*tar.Header)) member {
	change(&m.Header)
	return m
}

func mode(bits int64) func(*tar.Header) { return func(h *tar.Header) { h.Mode = bits } }

func tarOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		if err := w.WriteHeader(&m.Header); err != nil {
			t.Fatalf("header %q: %v", m.Name, err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			t.Fatalf("content %q: %v", m.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(t testing.TB, b []byte) []byte {
	t.Helper()
	return compressed(t, b, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func xzOf(t testing.TB, b []byte, dictionary int) []byte {
	t.Helper()
	return compressed(t, b, func(w io.Writer) (io.WriteCloser, error) {
		return xz.WriterConfig{DictCap: dictionary}.NewWriter(w)
	})
}

func zst(t testing.TB, b []byte) []byte {
	t.Helper()
	return compressed(t, b, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
}

func compressed(t testing.TB, b []byte, open func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := open(&out)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func targz(t testing.TB, members ...member) []byte {
	t.Helper()
	return gz(t, tarOf(t, members...))
}

// part is one member of an ar archive.
type part struct {
	name string
	data []byte
}

func arOf(parts ...part) []byte {
	b := bytes.NewBufferString("!<arch>\n")
	for _, p := range parts {
		fmt.Fprintf(b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", p.name, 1700000000, 0, 0, "100644", len(p.data))
		b.Write(p.data)
		if len(p.data)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

const control = `Package: checkout
Version: 1.4.0
Architecture: amd64
Maintainer: Staff <staff@example.com>
Description: takes the money
`

// debOf makes a package of a control file and members.
func debOf(t testing.TB, control string, members ...member) []byte {
	t.Helper()
	return debWith(t, []member{file("./control", control)}, members...)
}

func debWith(t testing.TB, controlFiles []member, members ...member) []byte {
	t.Helper()
	return arOf(part{"debian-binary", []byte("2.0\n")}, part{"control.tar.gz", targz(t, controlFiles...)}, part{"data.tar.gz", targz(t, members...)})
}

// program is the head of an ELF file.
func program(machine elf.Machine) string {
	head := make([]byte, 64)
	copy(head, elf.ELFMAG)
	head[elf.EI_CLASS], head[elf.EI_DATA], head[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	binary.LittleEndian.PutUint16(head[16:], uint16(elf.ET_EXEC))
	binary.LittleEndian.PutUint16(head[18:], uint16(machine))
	return string(head)
}

func save(t testing.TB, name string, b []byte) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(f, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}
