package view_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/duration"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) {
	time.Local = time.UTC // lines show local times
	os.Exit(m.Run())
}

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update writes it anew\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// moments are the pictures that have golden files.
func moments() map[string]func(t *testing.T) *rehearsal {
	failing := map[string]rollout.Event{
		"update web02": {Outcome: rollout.Unhealthy, Reason: "GET /_status answered 500 for 30s", Begun: true, Version: "1.2.0"},
		"update web04": {Outcome: rollout.Failed, Reason: "no space left on device", Begun: true},
	}
	unclear := map[string]rollout.Event{"bake canary": {Verdict: rollout.NoData, Reason: "haproxy answered nothing for 15m0s"}}
	bad := map[string]rollout.Event{"bake canary": {Verdict: rollout.Fail, Reason: "errors 5.1 % against 0.1 %"}}
	stuck := map[string]rollout.Event{
		"bake canary":   {Verdict: rollout.Fail, Reason: "errors 5.1 % against 0.1 %"},
		"restore web02": {Outcome: rollout.Failed, Reason: "conffile /etc/checkout.conf differs", Version: "1.1.0"},
	}
	play := func(hosts int, fails map[string]rollout.Event, holds func(rollout.State) bool) func(t *testing.T) *rehearsal {
		return func(t *testing.T) *rehearsal {
			r := rehearse(t, checkout(hosts), fails)
			r.until(holds)
			return r
		}
	}
	return map[string]func(t *testing.T) *rehearsal{
		"internal":  play(6, nil, doing(rollout.Update, 0)),
		"baking":    play(6, nil, doing(rollout.BakeStage, 1)),
		"approval":  play(6, nil, phase(rollout.Waiting)),
		"unclear":   play(6, unclear, phase(rollout.Waiting)),
		"restoring": play(6, bad, doing(rollout.Restore, 1)),
		"restored":  play(6, bad, phase(rollout.Restored)),
		"stuck":     play(6, stuck, phase(rollout.NeedsPerson)),
		"many":      play(60, nil, doing(rollout.BakeStage, 1)),
		"undecided": func(t *testing.T) *rehearsal {
			r := play(6, nil, doing(rollout.BakeStage, 1))(t)
			r.find(95*time.Second, "canary 0.119 % (3 of 2512; 0.0406 % to 0.35 %), baseline 0.0998 % (7 of 7012; "+
				"0.0484 % to 0.206 %): not decided, evidence against it 0.31 to 1, for it 4.2 to 1, about 2100 more canary requests needed",
				judge.MetricFinding{Verdict: judge.Inconclusive, Canary: rate(3, 2512), Baseline: rate(7, 7012),
					Against: math.Log(0.31), For: math.Log(4.2), More: 2100})
			return r
		},
		"unworse": func(t *testing.T) *rehearsal {
			r := play(6, nil, doing(rollout.BakeStage, 1))(t)
			r.find(50*time.Second, "canary 0 % (0 of 6211; 0 % to 0.0618 %), baseline 0 % (0 of 24840; 0 % to 0.0155 %): "+
				"surely below 0.1 %, evidence 131 to 1",
				judge.MetricFinding{Verdict: judge.Pass, Canary: rate(0, 6211), Baseline: rate(0, 24840),
					Against: math.Log(0.004), For: math.Log(131.4)})
			return r
		},
		"unheard": func(t *testing.T) *rehearsal {
			r := play(60, nil, doing(rollout.BakeStage, 1))(t)
			r.find(40*time.Second, "no answer for 40s: haproxy: connect /run/haproxy/admin.sock: no such file or directory",
				judge.MetricFinding{Verdict: judge.NoData, Reason: "no answer for 40s: haproxy: connect /run/haproxy/admin.sock: no such file or directory"})
			return r
		},
		"failures": func(t *testing.T) *rehearsal {
			p := checkout(60)
			p.Budget = 5
			r := rehearse(t, p, failing)
			r.until(phase(rollout.Waiting))
			r.ask(rollout.Promote, "bob@desk")
			for range 40 {
				r.step()
			}
			return r
		},
		"completed": func(t *testing.T) *rehearsal {
			r := rehearse(t, checkout(6), nil)
			r.until(phase(rollout.Waiting))
			r.ask(rollout.Promote, "bob@desk")
			r.until(phase(rollout.Completed))
			return r
		},
		"promoted": func(t *testing.T) *rehearsal {
			r := play(6, nil, doing(rollout.BakeStage, 1))(t)
			r.ask(rollout.Promote, "bob@desk")
			r.until(phase(rollout.Waiting))
			return r
		},
		"again": func(t *testing.T) *rehearsal {
			p := checkout(6)
			p.OnUnclear = rollout.ChooseWait
			r := rehearse(t, p, unclear)
			r.until(func(s rollout.State) bool { return s.Stages[1].Longer == 2 })
			return r
		},
		"paused": func(t *testing.T) *rehearsal {
			r := rehearse(t, checkout(6), nil)
			r.until(doing(rollout.BakeStage, 1))
			r.ask(rollout.Pause, "alice@ops1")
			return r
		},
	}
}

func TestScreen(t *testing.T) {
	t.Parallel()
	for name, play := range moments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := play(t)
			golden(t, name+"-80.txt", r.screen(80, 24).String()+"\n")
			golden(t, name+"-120.txt", r.screen(120, 40).String()+"\n")
		})
	}
}

// TestLines is what a pipe gets, and the summary at its end.
func TestLines(t *testing.T) {
	t.Parallel()
	for name, play := range moments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := play(t)
			theme := view.Plain(view.ASCII())
			var b strings.Builder
			for _, l := range r.lines {
				b.WriteString(theme.Line(l) + "\n")
			}
			if r.found != nil {
				b.WriteString(theme.Line(view.TellFinding(*r.found)) + "\n")
			}
			sum := view.Summarize(r.state, r.now)
			b.WriteString("\n" + theme.Summary(sum) + theme.Hosts(sum))
			golden(t, name+"-lines.txt", b.String())
		})
	}
}

// TestScreenFits: no terminal is too small, and nothing is drawn outside of it.
func TestScreenFits(t *testing.T) {
	t.Parallel()
	plays := moments()
	names := []string{"internal", "baking", "approval", "restoring", "stuck", "many", "failures", "completed", "undecided", "unheard"}
	rapid.Check(t, func(rt *rapid.T) {
		r := plays[rapid.SampledFrom(names).Draw(rt, "moment")](t)
		s := r.screen(rapid.IntRange(20, 200).Draw(rt, "width"), rapid.IntRange(6, 80).Draw(rt, "height"))
		if rapid.Bool().Draw(rt, "colour") {
			s.Theme = view.Colour(view.Unicode())
		}
		rows := strings.Split(s.String(), "\n")
		if len(rows) > s.Height {
			rt.Fatalf("%d rows on %d", len(rows), s.Height)
		}
		for _, row := range rows {
			if w := ansi.StringWidth(row); w > s.Width {
				rt.Fatalf("a row of %d on %d: %q", w, s.Width, row)
			}
		}
	})
}

// TestStaleFinding: what was found in one bake is not shown once it is over.
func TestStaleFinding(t *testing.T) {
	t.Parallel()
	r := moments()["undecided"](t)
	shown := func() bool { return strings.Contains(r.screen(80, 24).String(), "canary 0.119 % of 2512") }
	if !shown() {
		t.Error("the finding is not shown")
	}
	r.ask(rollout.Pause, "alice@ops1")
	if shown() {
		t.Error("it is shown while the rollout is paused")
	}
	r.ask(rollout.Resume, "alice@ops1")
	if !doing(rollout.BakeStage, 1)(r.state) {
		t.Fatal("the bake does not begin anew")
	}
	if shown() {
		t.Error("it is shown in the next bake")
	}
}

func TestClause(t *testing.T) {
	t.Parallel()
	for why, want := range map[string]string{
		"":                                     "",
		"web1 failed (disk full); web2 failed": "web1 failed (disk full)",
		"errors: canary 4 % (65 of 1494; 3 % to 5 %), worse; more": "errors: canary 4 % (65 of 1494; 3 % to 5 %), worse",
		"one ) two; three": "one ) two",
		"a very long reason without an end that goes on and on and on and on": "a very long reason without an end that goes on and on...",
	} {
		if got := view.Clause(why, 58); got != want {
			t.Errorf("Clause(%q) = %q, want %q", why, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 400 * time.Millisecond: "0s", 59 * time.Second: "59s", 59700 * time.Millisecond: "1m00s",
		4*time.Minute + 12*time.Second: "4m12s", time.Hour + 5*time.Minute: "1h05m", 76 * time.Hour: "3d4h",
	} {
		if got := view.Short(d); got != want {
			t.Errorf("Short(%v) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{15 * time.Minute: "15m", 90 * time.Minute: "1h30m", 45 * time.Second: "45s", 2 * time.Hour: "2h", 90 * time.Second: "1m30s"} {
		if got := duration.Text(d); got != want {
			t.Errorf("duration.Text(%v) = %q, want %q", d, got, want)
		}
	}
}
