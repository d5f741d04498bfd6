package app

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

const withConfig = `service: checkout
artifact: {tar.gz: {build: make dist}}
compat:
  config: [{files: [config/*.yaml]}]
environments:
  production:
    method: {ansible: {inventory: hosts.yaml}}
`

// contractRepo is a project in a directory of a repository, and a way to commit a file of it.
func contractRepo(t *testing.T) (dir string, commit func(file, text string, tags ...string)) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	top := t.TempDir()
	git := func(args ...string) {
		c := exec.Command("git", append([]string{"-C", top, "-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"}, args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "master")
	return filepath.Join(top, "shop"), func(file, text string, tags ...string) {
		path := filepath.Join(top, "shop", file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		git("add", "-A")
		git("commit", "-q", "-m", file)
		for _, tag := range tags {
			git("tag", tag)
		}
	}
}

// TestCompatible: what is below the manifest's directory is compared, between the last
// release and a commit, or between two that are named.
func TestCompatible(t *testing.T) {
	t.Parallel()
	dir, commit := contractRepo(t)
	commit("slipway.yaml", withConfig)
	commit("config/defaults.yaml", "port: 80\nhost: shop\n", "v1.0.0")
	commit("config/defaults.yaml", "port: 80\nhost: shop\nlimit: 5\n", "v1.1.0")
	got, err := Compatible(t.Context(), CompatRequest{Dir: dir, File: "slipway.yaml"})
	if err != nil || !got.Compatible || !got.RollbackSafe || got.From.Version != "1.0.0" || got.To.Version != "HEAD" {
		t.Errorf("%+v, %v", got, err)
	}
	commit("config/defaults.yaml", "port: 80\nlimit: 5\n")
	got, err = Compatible(t.Context(), CompatRequest{Dir: dir, File: "slipway.yaml"})
	if err != nil || got.Compatible || len(got.Breaking) != 1 || got.Breaking[0].Place.String() != "config/defaults.yaml:2:1 (live version)" || got.From.Version != "1.1.0" {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = Compatible(t.Context(), CompatRequest{Dir: dir, File: "slipway.yaml", From: "v1.0.0", To: "v1.1.0"})
	if err != nil || !got.Compatible || got.From.Version != "1.0.0" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, name := range []string{"nowhere", "--help", ""} {
		if _, err := Compatible(t.Context(), CompatRequest{Dir: dir, File: "slipway.yaml", From: "v1.0.0", To: name}); (err == nil) != (name == "") {
			t.Errorf("to %q: %v", name, err)
		}
	}
	commit("slipway.yaml", strings.Replace(withConfig, "config/*.yaml", "conf/*.yaml", 1))
	if _, err := Compatible(t.Context(), CompatRequest{Dir: dir, File: "slipway.yaml"}); err == nil || !strings.Contains(err.Error(), `pattern "conf/*.yaml" fits no file of either version`) {
		t.Errorf("a pattern that fits nothing: %v", err)
	}
}

// TestCompatibleNot: without contracts, or without git, nothing is said to be compatible.
func TestCompatibleNot(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		withConfig: "no git repository",
		strings.Replace(withConfig, "config: [{files: [config/*.yaml]}]", "coexist: {run: make coexist}", 1): "declares no contract to compare",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "slipway.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var told *Error
		if _, err := Compatible(t.Context(), CompatRequest{Dir: dir, File: "slipway.yaml"}); !errors.As(err, &told) || !strings.Contains(err.Error(), want) || told.Hint == "" {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestSideBySide: a release is compared with every version that runs; what git does not know
// is said, and what it knows is compared all the same.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	dir, commit := contractRepo(t)
	commit("slipway.yaml", withConfig)
	commit("config/defaults.yaml", "port: 80\nhost: shop\n", "v1.0.0")
	commit("config/defaults.yaml", "port: 80\n", "v1.1.0")
	commit("config/defaults.yaml", "port: 80\nlimit: 5\n", "v1.2.0")
	p, err := open(dir, "slipway.yaml")
	if err != nil {
		t.Fatal(err)
	}
	store, err := artifact.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a := &App{store: store}
	on := func(versions ...string) map[string]plan.Facts {
		facts := map[string]plan.Facts{"gone": {Err: errors.New("no route")}}
		for i, v := range versions {
			facts[string(rune('a'+i))] = plan.Facts{FactsOf: host.FactsOf{Version: v}}
		}
		return facts
	}
	for _, c := range []struct {
		name, release   string
		running         map[string]plan.Facts
		clashes, unsaid int
		compared        bool
	}{
		{"one step", "1.2.0", on("1.1.0", "1.1.0"), 0, 0, true},
		{"one host is behind", "1.2.0", on("1.1.0", "1.0.0"), 1, 0, true},
		{"one version is not known", "1.2.0", on("0.9.0", "1.0.0"), 1, 1, true},
		{"the release is not known", "1.3.0", on("1.0.0"), 0, 1, false},
		{"it runs already", "1.0.0", on("1.0.0"), 0, 0, false},
		{"first install", "1.2.0", on(""), 0, 0, false},
	} {
		s, err := a.sideBySide(t.Context(), p, rollout.Release{Version: c.release}, c.running)
		if err != nil || len(s.clashes()) != c.clashes || len(s.unasked) != c.unsaid || (s.verdict != nil) != c.compared {
			t.Errorf("%s: %+v, %v", c.name, s, err)
		}
	}
}
