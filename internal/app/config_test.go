package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func lookup(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	root := os.Geteuid() == 0
	for name, c := range map[string]struct {
		env        map[string]string
		state, err string
		notForRoot bool
	}{
		"chosen":       {env: map[string]string{"SLIPWAY_STATE": "/srv/slipway"}, state: "/srv/slipway"},
		"xdg":          {env: map[string]string{"XDG_STATE_HOME": "/x/state", "HOME": "/home/a"}, state: "/x/state/slipway", notForRoot: true},
		"home":         {env: map[string]string{"HOME": "/home/a"}, state: "/home/a/.local/state/slipway", notForRoot: true},
		"relative xdg": {env: map[string]string{"XDG_STATE_HOME": "state", "HOME": "/home/a"}, state: "/home/a/.local/state/slipway", notForRoot: true},
		"nothing":      {err: "no place for the journal: neither SLIPWAY_STATE nor HOME is set\n  set SLIPWAY_STATE to a directory", notForRoot: true},
		"kept for ever": {env: map[string]string{"SLIPWAY_STATE": "/s", "SLIPWAY_KEEP_SAMPLES": "forever"},
			err: "SLIPWAY_KEEP_SAMPLES is \"forever\": expected a time longer than nothing\n  720h keeps what judges saw for 30 days after a rollout, which is the default"},
		"not kept at all": {env: map[string]string{"SLIPWAY_STATE": "/s", "SLIPWAY_KEEP_SAMPLES": "0s"},
			err: "SLIPWAY_KEEP_SAMPLES is \"0s\": expected a time longer than nothing\n  720h keeps what judges saw for 30 days after a rollout, which is the default"},
		"kept for an hour": {env: map[string]string{"SLIPWAY_STATE": "/s", "SLIPWAY_KEEP_SAMPLES": "1h"}, state: "/s"},
	} {
		cfg, err := Environment(lookup(c.env))
		if root && c.notForRoot {
			c.state, c.err = "/var/lib/slipway", ""
		}
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || cfg.State != c.state {
			t.Errorf("%s: %q, %v; want %q", name, cfg.State, err, c.state)
		}
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for want, env := range map[string]map[string]string{
		"deploy bot":    {"SLIPWAY_USER": "deploy bot", "SUDO_USER": "alice", "USER": "root"},
		"alice@" + host: {"SUDO_USER": "alice", "USER": "root"},
		"bob@" + host:   {"USER": "bob"},
	} {
		if got := caller(lookup(env)); got != want {
			t.Errorf("caller(%v) = %q, want %q", env, got, want)
		}
	}
	if got := caller(lookup(nil)); !strings.HasSuffix(got, "@"+host) || strings.HasPrefix(got, "@") {
		t.Errorf("caller of an empty environment is %q", got)
	}
}

func TestInit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files    map[string]string
		service  string
		contains []string
		found    int
	}{
		"bare":   {contains: []string{"service: checkout-api"}, found: 1},
		"named":  {service: "shop", contains: []string{"service: shop"}, found: 0},
		"debian": {files: map[string]string{"debian/control": "Source: shop\n\nPackage: shop\n"}, contains: []string{"service: shop", "deb"}, found: 1},
		"make dist": {files: map[string]string{"Makefile": "all: x\ndist: x\n\ttar\n", "shop.service": "[Service]\n", "inventory.ini": "[web]\n"},
			contains: []string{"service: shop", "make dist", "inventory.ini"}, found: 3},
		"a variable is no target": {files: map[string]string{"Makefile": "dist := x\ndeb: x\n"}, contains: []string{"make deb"}, found: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "Checkout API")
			write(t, filepath.Join(dir, "readme"), "")
			for file, text := range c.files {
				write(t, filepath.Join(dir, file), text)
			}
			made, err := Init(t.Context(), dir, c.service)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(made.File)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.contains {
				if !strings.Contains(string(text), want) {
					t.Errorf("%q is not in\n%s", want, text)
				}
			}
			if len(made.Found) != c.found {
				t.Errorf("found %q", made.Found)
			}
			if _, err := open(dir, "slipway.yaml"); err != nil {
				t.Errorf("what was written does not parse: %v", err)
			}
			if _, err := Init(t.Context(), dir, ""); err == nil || !strings.Contains(err.Error(), "is there already") {
				t.Errorf("a second time: %v", err)
			}
			if again, err := os.ReadFile(made.File); err != nil || string(again) != string(text) {
				t.Errorf("the second time changed the file: %v", err)
			}
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
