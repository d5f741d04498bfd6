package artifact_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact"
)

// TestProgramArch looks at programs of this machine and at ones built for others.
func TestProgramArch(t *testing.T) {
	t.Parallel()
	head := func(file string) []byte {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return b[:min(64, len(b))]
	}
	if out, err := exec.Command("dpkg", "--print-architecture").Output(); err == nil {
		if got := artifact.ProgramArch(head(os.Args[0])); got != strings.TrimSpace(string(out)) {
			t.Errorf("this test is for %q, and dpkg says %s", got, out)
		}
	}
	// The first 52 bytes of static Go programs, and of a shared library's object.
	for name, test := range map[string]struct{ head, want string }{
		"amd64":   {"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x3e\x00", "amd64"},
		"arm64":   {"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\xb7\x00", "arm64"},
		"pie":     {"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x03\x00\xb7\x00", "arm64"},
		"i386":    {"\x7fELF\x01\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x03\x00", "i386"},
		"arm":     {"\x7fELF\x01\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x28\x00", "arm"},
		"armhf":   {"\x7fELF\x01\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x28\x00" + strings.Repeat("\x00", 16) + "\x00\x04\x00\x05", "armhf"},
		"s390x":   {"\x7fELF\x02\x02\x01" + strings.Repeat("\x00", 9) + "\x00\x02\x00\x16", "s390x"},
		"ppc64el": {"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x15\x00", "ppc64el"},
		"riscv64": {"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\xf3\x00", "riscv64"},
		"unknown": {"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x02\x00", "elf-2"},
		"object":  {"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x01\x00\x3e\x00", ""},
		"script":  {"#!/bin/sh\n", ""},
	} {
		b := append([]byte(test.head), make([]byte, 52-min(52, len(test.head)))...)
		if got := artifact.ProgramArch(b); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	if got := artifact.ProgramArch([]byte("\x7fELF\x02\x01\x01")); got != "" {
		t.Errorf("a short file is for %q", got)
	}
}
