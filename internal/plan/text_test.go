package plan_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at each changed line, then run with -update.\ngot:\n%s", path, got)
	}
}

// told is a rollout that is watched afterwards, and of which several are told.
const told = `      - canary: {hosts: 50%, judge: {memory: {source: memory, worse_by: 1.5x, pass_below: 2x, at_most: 1GiB}, apdex: {source: {newrelic: {account: 1, key: env:K, value: SELECT 1}}, worse_by: 1.5x, pass_below: 2x, better: higher, dry_run: true}}}
      - complete:
    watch:
      for: 45m
      judge: {errors: {worse_by: 1.5x}, lost: {source: {prometheus: {address: "http://prometheus:9090", events: lost_total}}, worse_by: 1.5x}}
    notify: [{slack: {webhook: env:HOOK}}, {graphite: {address: "graphite:2003", name: stats}}]
link: https://deploys.example.com/{{service}}/{{rollout}}
notify: [{slack: {token: env:TOKEN, channel: "#deploys", events: [started, completed]}}]
`

// TestText prints plans as a person sees them.
func TestText(t *testing.T) {
	t.Parallel()
	cases := map[string]func(t *testing.T) plan.Input{
		"balanced-6": func(t *testing.T) plan.Input { return world(t, balanced, 6) },
		"packaged-6": func(t *testing.T) plan.Input {
			in := world(t, packaged, 6)
			set(in, "web2", func(f *plan.Facts) { f.Previous = "package cache" })
			set(in, "web3", func(f *plan.Facts) { f.Previous = "archive" })
			set(in, "web4", func(f *plan.Facts) { f.Previous = "" })
			set(in, "web5", func(f *plan.Facts) { f.Version, f.Digest, f.Previous = "", "", "" })
			set(in, "web6", func(f *plan.Facts) { f.Version, f.Running, f.Digest = "0.9.3", false, digest('9') })
			in.Stored = func(name, version, arch string) (rollout.Artifact, bool) {
				return rollout.Artifact{Format: "deb", Name: name, Version: version, Arch: arch, Digest: digest('a')}, version == "1.0.0" && arch == "amd64"
			}
			return in
		},
		"balanced-1000": func(t *testing.T) plan.Input {
			in := world(t, balanced, 1000)
			set(in, "web700", func(f *plan.Facts) { f.Version, f.Digest = "0.9.3", digest('9') })
			return in
		},
		"partly-there": func(t *testing.T) plan.Input {
			in := world(t, balanced, 6)
			for _, name := range []string{"web1", "web4"} {
				set(in, name, func(f *plan.Facts) { f.Version, f.Digest = "1.1.0", digest('b') })
			}
			set(in, "web5", func(f *plan.Facts) { f.Stale = []string{"checkout.service"} })
			return in
		},
		"long-versions": func(t *testing.T) plan.Input {
			in := world(t, packaged, 3)
			in.Release.Version = "1:2.4.62-1~deb12u2+bpo12+1"
			in.Release.Artifacts[0].Version = in.Release.Version
			for name := range in.Facts {
				set(in, name, func(f *plan.Facts) { f.Version = "1:2.4.57-2~deb12u1+bpo12+1" })
			}
			return in
		},
		"one-host": func(t *testing.T) plan.Input { return world(t, packaged, 1) },
		"two-canaries": func(t *testing.T) plan.Input {
			return world(t, strings.Replace(balanced, "      - complete: {waves: 25%, approval: required}", "      - canary: {hosts: 50%, waves: 1, bake: {least: 5m, most: 1h}}\n      - complete:\n    rehearse: false", 1), 6)
		},
		"everybody-told": func(t *testing.T) plan.Input {
			in := world(t, strings.Replace(balanced, "      - complete: {waves: 25%, approval: required}", told, 1), 6)
			in.Changes = []rollout.Change{
				{Commit: "3f2a9c10aa00", Subject: "cart: count what is in it, and say so in one sentence that is longer than a line of the page", By: "Ann"},
				{Commit: "77aa01bc", Subject: "docs: a word"},
			}
			return in
		},
	}
	cases["no-way-back"] = func(t *testing.T) plan.Input {
		in := world(t, balanced+"compat: {coexist: {run: ./test/coexist.sh --both}}\n", 6)
		in.Unsafe = []string{"db/migrations/3_cents.sql:1:1: rows of orders that old code reads are changed (total) (sql-data); fill a new column instead"}
		in.Remarks = []string{"db/migrations/4_index.sql:1:1: the table is locked while the index is made (sql-lock); make it concurrently"}
		return in
	}
	cases["waits-longer"] = func(t *testing.T) plan.Input {
		return world(t, strings.Replace(balanced, "    stages:\n", "    on_unclear: wait\n    stages:\n", 1), 6)
	}
	for name, input := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := plan.Build(input(t))
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := plan.Text(&out, p); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", out.Bytes())
			for i, line := range strings.Split(out.String(), "\n") {
				if utf8.RuneCountInString(line) > 80 {
					t.Errorf("line %d is wider than 80 columns: %s", i+1, line)
				}
			}
		})
	}
}
