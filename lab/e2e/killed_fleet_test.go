package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
)

// shortStages go through all kinds of stages and commands, and wait for nothing.
const shortStages = `    max_out: 3
    stages:
      - internal: {hosts: 1, checks: [{http: "http://:%[1]d/cart", status: 200}]}
      - canary: {hosts: 2, bake: 100ms, judge: {}}
      - complete: {waves: 3}
`

// killedFleet is a fleet on which one rollout after the other is killed.
type killedFleet struct {
	info lab.Info
	program
	starts  func(*testing.T) []int // how often the service was started so far, a host each
	last    string                 // the newest rollout
	version string                 // that runs
	hook    *receiver              // is told; nil: nobody is
}

// course is what happens in a rollout that nobody kills.
type course struct {
	version string // that is deployed; empty: 1.0.0 and 1.1.0 in turn
	code    int    // that slipway exits with
	end     string
	starts  []int    // of the service, a host each
	results []string // that hosts keep, a host each
	writes  int      // of the journal
	took    time.Duration
}

func newKilledFleet(t *testing.T, info lab.Info, starts func(*testing.T) []int) *killedFleet {
	t.Helper()
	path, err := crashing()
	if err != nil {
		t.Fatal(err)
	}
	f := &killedFleet{info: info, program: newProgram(t, path, info.Project), starts: starts, version: "1.1.0"}
	f.made(t)
	stages := fmt.Sprintf(shortStages, info.Port)
	if info.Fleet != "" { // what can be killed while a message is sent is the same on lab hosts
		f.hook = receive(t, false, nil)
		stages += channels(map[string]*receiver{"hook": f.hook}, ", events: [started, completed, restored, needs a person]")
	}
	plan(t, info, stages)
	f.keep(t, info, "1.0.0", "1.1.0", "1.3.0")
	for _, v := range []string{"1.0.0", f.version} { // both are on the hosts from here on
		f.last = f.must(t, 0, "deploy", v, "--yes", "--output", "json").summary(t).ID
	}
	return f
}

// made kills slipway while it makes its journal, before and after.
func (f *killedFleet) made(t *testing.T) {
	t.Helper()
	for _, at := range []string{"before:1", "after:1"} {
		if o := f.with("SLIPWAY_CRASH="+at).run(t, "status"); !o.killed {
			t.Fatalf("killed %s: %s", at, o)
		}
	}
	f.must(t, 0, "status")
}

// good is the course of a release that goes everywhere: every host is changed once, but
// for the one on which the way back is rehearsed.
func (f *killedFleet) good(t *testing.T) course {
	t.Helper()
	c := f.undisturbed(t, course{})
	rehearsed := 0
	for i, h := range f.info.Hosts {
		steps := strings.Count(c.results[i], ".json")
		switch {
		case c.starts[i] == 1 && steps == 1 && strings.Contains(c.results[i], "-update.json"):
		case c.starts[i] == 3 && steps == 3 && strings.Contains(c.results[i], "-restore.json"):
			rehearsed++
		default:
			t.Fatalf("%s was started %d times and keeps %s; want one start and one update", h.Name, c.starts[i], c.results[i])
		}
	}
	if rehearsed != 1 {
		t.Fatalf("%d hosts were updated, restored and updated again, want the one of the internal stage", rehearsed)
	}
	return c
}

// bad is the course of a release that does not start: one host is changed, and put back.
func (f *killedFleet) bad(t *testing.T) course {
	t.Helper()
	c := f.undisturbed(t, course{version: "1.3.0", code: 1})
	started := 0
	for i, h := range f.info.Hosts {
		started += c.starts[i]
		if want := 2 * c.starts[i]; strings.Count(c.results[i], ".json") != want {
			t.Fatalf("%s was started %d times and keeps %s; want %d", h.Name, c.starts[i], c.results[i], want)
		}
	}
	if started != 1 {
		t.Fatalf("%d starts of the version before, want one", started)
	}
	return c
}

// next is the version to deploy.
func (f *killedFleet) next(c course) string {
	switch {
	case c.version != "":
		return c.version
	case f.version == "1.1.0":
		return "1.0.0"
	}
	return "1.1.0"
}

func (f *killedFleet) ended(c course, s summary) {
	f.last = s.ID
	if c.code == 0 {
		f.version = s.To
	}
}

// undisturbed is a rollout that all others must end like; it tells how often the
// journal is written.
func (f *killedFleet) undisturbed(t *testing.T, c course) course {
	t.Helper()
	count := filepath.Join(t.TempDir(), "count")
	before := f.starts(t)
	o := f.with("SLIPWAY_CRASH_COUNT="+count).must(t, c.code, "deploy", f.next(c), "--yes", "--output", "json")
	s := o.summary(t)
	text, err := os.ReadFile(count)
	if err != nil {
		t.Fatal(err)
	}
	c.end, c.starts, c.results = ending(t, f.info, s), since(before, f.starts(t)), results(t, f.info, s.ID)
	c.writes, c.took = len(text), o.took
	f.ended(c, s)
	return c
}

// heard checks that all that a rollout tells was told once, in order.
func (f *killedFleet) heard(t *testing.T, id string) {
	t.Helper()
	if f.hook == nil {
		return
	}
	want, delivered := f.told(t, id, "hook")
	if !delivered {
		f.must(t, 0, "notify", "deliver")
	}
	var got []string
	for _, key := range f.hook.accepted() {
		if strings.HasPrefix(key, id+"/") {
			got = append(got, key)
		}
	}
	if !slices.Equal(got, want) || len(want) < 2 {
		t.Errorf("of rollout %s %q was told, want %q", id, got, want)
	}
}

// killedAt has a rollout killed before or after a write, takes it up, and compares; it
// reports whether the rollout came to that write.
func (f *killedFleet) killedAt(t *testing.T, c course, when string, write int) bool {
	t.Helper()
	version, before := f.next(c), f.starts(t)
	o := f.with(fmt.Sprintf("SLIPWAY_CRASH=%s:%d", when, write)).run(t, "deploy", version, "--yes", "--output", "json")
	var s summary
	switch {
	case o.killed:
		s = f.takeUp(t, c.code, version, f.last)
	case o.code == c.code:
		s = o.summary(t)
	default:
		t.Fatal(o)
	}
	if got := ending(t, f.info, s); got != c.end {
		t.Errorf("it ended so:\n%s\nwant:\n%s", got, c.end)
	}
	if got := since(before, f.starts(t)); !slices.Equal(got, c.starts) {
		t.Errorf("the service was started %v times on the hosts, want %v", got, c.starts)
	}
	if got := results(t, f.info, s.ID); !slices.Equal(got, c.results) {
		t.Errorf("the hosts keep the results %q, want %q", got, c.results)
	}
	f.heard(t, s.ID)
	if t.Failed() {
		t.Fatalf("%s was killed %s write %d", version, when, write)
	}
	f.ended(c, s)
	return o.killed
}
