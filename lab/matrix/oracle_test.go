package matrix

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// tree makes files of a host in a directory and returns what the oracle sees of them.
func tree(t *testing.T, change func(dir string)) Snapshot {
	t.Helper()
	dir := t.TempDir()
	if err := write(filepath.Join(dir, "etc"), map[string]string{"a.conf": "a\n", "d/b.conf": "b\n", "run": "#!/bin/sh\n", "d.conf": "c\n"}); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.conf", filepath.Join(dir, "etc/link")); err != nil {
		t.Fatal(err)
	}
	change(dir)
	s := Snapshot{}
	if err := s.addTree(dir, "etc"); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOracleSees that each kind of change is seen, and named as what it is.
func TestOracleSees(t *testing.T) {
	t.Parallel()
	fail := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	for name, c := range map[string]struct {
		change func(dir string)
		want   []string
	}{
		"nothing":   {func(string) {}, nil},
		"content":   {func(d string) { fail(os.WriteFile(d+"/etc/a.conf", []byte("b\n"), 0o644)) }, []string{"file /etc/a.conf"}},
		"mode":      {func(d string) { fail(os.Chmod(d+"/etc/a.conf", 0o600)) }, []string{"file /etc/a.conf"}},
		"setgid":    {func(d string) { fail(os.Chmod(d+"/etc/d", 0o755|os.ModeSetgid)) }, []string{"file /etc/d"}},
		"came":      {func(d string) { fail(os.WriteFile(d+"/etc/new", nil, 0o644)) }, []string{"file /etc/new"}},
		"directory": {func(d string) { fail(os.RemoveAll(d + "/etc/d")) }, []string{"file /etc/d"}},
		"link": {func(d string) {
			fail(os.Remove(d + "/etc/link"))
			fail(os.Symlink("./a.conf", d+"/etc/link"))
		}, []string{"file /etc/link"}},
		"link to file": {func(d string) {
			fail(os.Remove(d + "/etc/link"))
			fail(os.WriteFile(d+"/etc/link", []byte("a\n"), 0o644))
		}, []string{"file /etc/link"}},
	} {
		before := tree(t, func(string) {})
		if got := items(Compare(before, tree(t, c.change))); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestOracleReadsSystem reads what dpkg and systemd say.
func TestOracleReadsSystem(t *testing.T) {
	t.Parallel()
	s := Snapshot{}
	text := "package\tcheckout\thold installed 1.0.0 amd64\npackage\tgone\tdeinstall not-installed  \npackage\trest\tdeinstall config-files 2 all\n" +
		"unit\tcheckout.service\tenabled\nunit\tslipway-x.service\ttransient\nsetting\tcheckout.service ActiveState\tactive\n" +
		"environment\tcheckout.service\tPORT=1\nenvironment\tcheckout.service\tINVOCATION_ID=f\nenvironment\tcheckout.service\tCOLOUR=red\n"
	if err := s.addSystem(text); err != nil {
		t.Fatal(err)
	}
	want := Snapshot{
		"package checkout status": "installed", "package checkout version": "1.0.0 amd64", "package checkout hold": "yes",
		"package rest status": "config-files", "unit checkout.service": "enabled", "unit checkout.service ActiveState": "active",
		"environment of checkout.service": "PORT=1 COLOUR=red",
	}
	if got := Compare(want, s); len(got) > 0 {
		t.Errorf("%v", got)
	}
	marks := filepath.Join(t.TempDir(), "extended_states")
	if err := os.WriteFile(marks, []byte("Package: checkout\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: rest\nAuto-Installed: 0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.addMarks(marks); err != nil || s["package checkout automatic"] != "yes" || s["package rest automatic"] != "" {
		t.Errorf("marks: %v %v", s, err)
	}
	if err := s.addSystem("rubbish\n"); err == nil {
		t.Error("rubbish is read without an error")
	}
}
