package deb

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		out  string
		want Package
	}{
		"installed": {
			"demo\tinstall\tinstalled\t1:1.0-1\tamd64\t12\n /etc/demo.conf 0123\n /etc/old.conf 4567 obsolete\n\f\n",
			Package{Name: "demo", Status: "installed", Version: "1:1.0-1", Arch: "amd64", Size: 12 << 10, Conffiles: []string{"/etc/demo.conf", "/etc/old.conf"}},
		},
		"held":     {"demo\thold\thalf-configured\t1.0\tall\t\n\n\f\n", Package{Name: "demo", Hold: true, Status: "half-configured", Version: "1.0", Arch: "all"}},
		"gone":     {"demo\tdeinstall\tconfig-files\t1.0\tall\t\n /etc/x 01\n\f\n", Package{Name: "demo", Status: "config-files", Version: "1.0", Arch: "all", Conffiles: []string{"/etc/x"}}},
		"two":      {"demo\tunknown\tnot-installed\t\ti386\t\n\n\f\ndemo\tinstall\tinstalled\t1.0\tamd64\t12\n\n\f\n", Package{Name: "demo", Status: "installed", Version: "1.0", Arch: "amd64", Size: 12 << 10}},
		"two back": {"demo\tinstall\tinstalled\t1.0\tamd64\t12\n\n\f\ndemo\tunknown\tnot-installed\t\ti386\t\n\n\f\n", Package{Name: "demo", Status: "installed", Version: "1.0", Arch: "amd64", Size: 12 << 10}},
		"nothing":  {"", Package{Name: "demo", Status: "not-installed"}},
	} {
		if got, err := parseQuery("demo", c.out); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := parseQuery("demo", "nonsense\n\f\n"); err == nil {
		t.Error("nonsense was understood")
	}
}

func FuzzParseQuery(f *testing.F) {
	f.Add("demo\tinstall\tinstalled\t1.0\tamd64\t12\n /etc/demo.conf 0123\n\f\n")
	f.Add("\f\n\f\n")
	f.Fuzz(func(t *testing.T, out string) {
		p, err := parseQuery("demo", out)
		if err == nil && p.Broken() && !p.Installed() {
			t.Fatalf("broken and not installed: %+v", p)
		}
	})
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[string][2]bool{
		"": {}, "not-installed": {}, "config-files": {}, "installed": {true, false}, "triggers-pending": {true, false},
		"half-configured": {true, true}, "half-installed": {true, true}, "unpacked": {true, true},
	} {
		p := Package{Status: status}
		if got := [2]bool{p.Installed(), p.Broken()}; got != want {
			t.Errorf("%q: installed, broken = %v; expected %v", status, got, want)
		}
	}
}

func TestReasonFindsTheLineThatSaysWhy(t *testing.T) {
	t.Parallel()
	for want, c := range map[string][2]string{
		"error processing package demo (--configure): installed demo package post-installation script subprocess returned error exit status 3": {
			"", "Setting up demo (1.1) ...\nno way\ndpkg: error processing package demo (--configure):\n installed demo package post-installation script subprocess returned error exit status 3\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n",
		},
		"demo : Depends: libx (>= 2) but it is not installable": {
			"E: Unable to correct problems, you have held broken packages.\n",
			"The following packages have unmet dependencies:\n demo : Depends: libx (>= 2) but it is not installable\n",
		},
		"Unable to locate package nope": {"E: Unable to locate package nope\n", "Reading package lists...\n"},
		"first":                         {"first\nsecond\n", "out\n"},
	} {
		if got := reason(c[0]+"\n"+c[1], c[0]); got != want {
			t.Errorf("%q; expected %q", got, want)
		}
	}
}

// dpkg is on every machine that these tests run on, or they are skipped.
func TestQueryOfThisMachine(t *testing.T) {
	t.Parallel()
	all, err := All(t.Context())
	if err != nil {
		t.Skipf("no dpkg here: %v", err)
	}
	p, err := Query(t.Context(), "dpkg")
	if err != nil || p.Version == "" || all["dpkg:"+p.Arch].Version != p.Version {
		t.Fatalf("%+v, %v; all say %+v", p, err, all["dpkg:"+p.Arch])
	}
	none, err := Query(t.Context(), "no-such-package-at-all")
	if err != nil || none.Installed() || none.Name != "no-such-package-at-all" {
		t.Fatalf("%+v, %v", none, err)
	}
	if _, err := Inspect(t.Context(), "/etc/hostname"); err == nil || strings.Contains(err.Error(), "\n") {
		t.Fatalf("a file that is no package: %v", err)
	}
}
