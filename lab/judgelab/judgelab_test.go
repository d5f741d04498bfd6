package judgelab

import (
	"strings"
	"testing"
	"time"
)

func scenario(t *testing.T, name string) Scenario {
	t.Helper()
	for _, s := range Scenarios() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no scenario %s", name)
	return Scenario{}
}

func TestRight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scenario, verdict, reason string
		right                     bool
	}{
		{"errors", "fail", "errors: canary 5 %", true},
		{"errors", "fail", "latency: slower", false}, // for the wrong reason
		{"errors", "inconclusive", "", false},
		{"latency", "fail", "latency: slower", true},
		{"leak", "fail", "memory: more", true},
		{"leak", "pass", "", false},
		{"bursts", "pass", "", true},
		{"bursts", "inconclusive", "", true},
		{"bursts", "fail", "errors: canary 5 %", false},
		{"bursts", "no data", "", false},
	} {
		if got := scenario(t, c.scenario).right(Round{Verdict: c.verdict, Reason: c.reason}); got != c.right {
			t.Errorf("%s, %s, %q: right %v", c.scenario, c.verdict, c.reason, got)
		}
	}
}

// Reads what slipway prints, and takes the first stage's verdict alone.
func TestWatcher(t *testing.T) {
	t.Parallel()
	w := &watcher{}
	err := w.read(strings.NewReader(`{"type":"event","event":{"kind":"result"},"text":[{"text":"canary is watched for at most 5m"}]}
{"type":"finding","verdict":"inconclusive"}
{"type":"event","event":{"kind":"verdict"}}
{"type":"summary","phase":"restored","stages":[{"verdict":"fail","reason":"errors: worse"},{"verdict":""}]}
`))
	if err != nil || w.watched.IsZero() || w.judged.Before(w.watched) || w.summary.Phase != "restored" || w.summary.Stages[0].Verdict != "fail" {
		t.Errorf("%v %+v", err, w)
	}
	if err := w.read(strings.NewReader("panic: no JSON\n")); err == nil || !strings.Contains(err.Error(), "panic: no JSON") {
		t.Errorf("what is no JSON: %v", err)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	r := Report{Config: Config{Rounds: 2, Hosts: 6, Rate: 120, Before: time.Minute}, Scenarios: []Scenario{scenario(t, "errors"), scenario(t, "bursts")}}
	if r.Right() {
		t.Error("without rounds all is said to be right")
	}
	r.Rounds = []Round{
		{Scenario: "errors", Number: 1, Version: "1.2.0", Verdict: "fail", Reason: "errors: a|b", After: 20 * time.Second, Hurt: 30, Ended: "restored", Right: true},
		{Scenario: "errors", Number: 2, Version: "1.2.0", Verdict: "pass", After: 40 * time.Second, Hurt: 50, Ended: "completed"},
		{Scenario: "bursts", Number: 1, Version: "1.1.0", Verdict: "pass", After: 99 * time.Second, Ended: "completed", Right: true},
		{Scenario: "bursts", Number: 2, Version: "1.0.0", Verdict: "pass", After: 99 * time.Second, Ended: "completed", Right: true},
	}
	page := r.Page()
	for _, want := range []string{"| errors | 2 | 1 | 1 fail, 1 pass | 40 s | 40 s | 50 |", "| bursts | 2 | 2 | 2 pass | 99 s | 99 s | 0 |",
		`| 1 | 1.2.0 | fail | 20 s | 30 | restored | errors: a\|b |`, "| 2 | 1.2.0 | pass **wrong** |"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q:\n%s", want, page)
		}
	}
	if r.Right() {
		t.Error("a wrong round is said to be right")
	}
	r.Rounds[1].Right = true
	if !r.Right() {
		t.Error("all rounds were right")
	}
}

func TestStages(t *testing.T) {
	t.Parallel()
	if got := scenario(t, "latency").stages("http://127.0.0.1:9090"); strings.Count(got, `address: "http://127.0.0.1:9090"`) != 2 {
		t.Errorf("Prometheus is not asked twice:\n%s", got)
	}
	if got := scenario(t, "errors").stages(""); strings.Contains(got, "%!") || !strings.Contains(got, "source: haproxy") {
		t.Errorf("the stages:\n%s", got)
	}
}
