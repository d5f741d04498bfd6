package cli_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
)

// member is one member of an archive that a case makes.
type member struct {
	tar.Header
	content string
}

func file(name, content string) member {
	return member{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(content))}, content}
}

func other(kind byte, name, target string) member {
	return member{tar.Header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o755}, ""}
}

func (m member) mode(bits int64) member {
	m.Mode = bits
	return m
}

// tarOf writes a tar; an archive in memory has no errors to return.
func tarOf(members ...member) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		_ = w.WriteHeader(&m.Header)
		_, _ = io.WriteString(w, m.content)
	}
	_ = w.Close()
	return b.String()
}

func gz(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.String()
}

func targz(members ...member) string { return gz(tarOf(members...)) }

const control = "Package: checkout\nVersion: 1.0.0\nArchitecture: all\nMaintainer: Shop <shop@example.com>\nDescription: takes the money\n"

// deb writes a Debian package.
func deb(control string, members ...member) string {
	return ar("debian-binary", "2.0\n", "control.tar.gz", targz(file("./control", control)), "data.tar.gz", targz(members...))
}

// ar writes an archive of names and contents.
func ar(parts ...string) string {
	var b strings.Builder
	b.WriteString("!<arch>\n")
	for i := 0; i+1 < len(parts); i += 2 {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", parts[i], 0, 0, 0, 0o100644, len(parts[i+1]), parts[i+1])
		if len(parts[i+1])%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// program is the head of a program for an architecture, by ELF's number of it.
func program(machine byte) string {
	head := make([]byte, 64)
	copy(head, "\x7fELF\x02\x01\x01")
	head[16], head[18] = 2, machine
	return string(head)
}
