package rollout_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

var update = flag.Bool("update", false, "rewrite the transcripts; explain each changed line in the commit")

// TestScenarios plays the files of testdata: the lines that begin with "> " are
// played, the others are what came of them.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s differs (-update rewrites it):\n%s", file, got)
			}
		})
	}
}

// stageplay is a scenario at one line.
type stageplay struct {
	state rollout.State
	now   time.Time
	seq   int
	out   bytes.Buffer
}

func play(t *testing.T, text string) string {
	p := &stageplay{now: time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "# "):
			fmt.Fprintln(&p.out, line)
		case strings.HasPrefix(line, "> "):
			fmt.Fprintln(&p.out, line)
			p.line(t, strings.Fields(line[2:]))
		}
	}
	return p.out.String()
}

// line plays one line: "plan key=value...", "ok" (all that is pending), "fail HOST
// OUTCOME [begun] [equal] reason...", "differs HOST" (a restore that was read back otherwise),
// "second HOST" (an update whose end is another than the first one's), "verdict WORD
// reason...", "adopt HOST...", or the name of a request.
func (p *stageplay) line(t *testing.T, words []string) {
	switch words[0] {
	case "plan":
		p.state = rollout.New(planOf(t, words[1:]))
		return
	case "ok":
		for _, e := range p.results() {
			p.apply(e)
		}
	case "fail":
		p.apply(p.failure(words[1:]))
	case "differs", "second":
		p.apply(p.odd(words[0], words[1]))
	case "adopt":
		for _, h := range words[1:] {
			p.apply(rollout.Event{Kind: rollout.Adopt, Host: h, Version: p.state.Plan.Release.Version, Digest: "before"})
		}
	case "verdict":
		p.apply(rollout.Event{Kind: rollout.StageDone, Command: p.state.Pending[0].ID,
			Verdict: rollout.Verdict(strings.ReplaceAll(words[1], "-", " ")), Reason: strings.Join(words[2:], " ")})
	default:
		p.apply(rollout.Event{Kind: rollout.EventKind(words[0]), By: "ana"})
	}
	fmt.Fprintf(&p.out, "  = %s, stage %d %s", p.state.Phase, p.state.Stage, p.state.Step)
	if p.state.Why != "" {
		fmt.Fprintf(&p.out, " (%s)", p.state.Why)
	}
	fmt.Fprintln(&p.out)
}

// results makes a good result for each host that is pending now.
func (p *stageplay) results() []rollout.Event {
	var events []rollout.Event
	for _, c := range p.state.Pending {
		for i, h := range p.state.Plan.Hosts {
			if p.state.Hosts[i].Command != c.ID {
				continue
			}
			e := rollout.Event{Kind: rollout.HostDone, Command: c.ID, Host: h.Name, Outcome: rollout.OK}
			switch c.Kind {
			case rollout.Record:
				e.Balancer = "{}"
			case rollout.Update:
				e.Version, e.Begun, e.After = p.state.Plan.Release.Version, true, "sha256:new"
			case rollout.Restore:
				e.Version, e.Equal = h.From, true
			}
			events = append(events, e)
		}
	}
	return events
}

// odd is the good result of a host, with one thing wrong in it.
func (p *stageplay) odd(what, host string) rollout.Event {
	for _, e := range p.results() {
		if e.Host != host {
			continue
		}
		if what == "second" {
			e.After = "sha256:other"
			return e
		}
		e.Equal = false
		e.Detail = `{"differences":[{"item":"conffile /etc/checkout.conf","before":"sha256:1","after":""}]}`
		return e
	}
	return rollout.Event{Host: host}
}

func (p *stageplay) failure(words []string) rollout.Event {
	e := rollout.Event{Kind: rollout.HostDone, Host: words[0], Outcome: rollout.Outcome(words[1])}
	words = words[2:]
	if len(words) > 0 && words[0] == "begun" {
		e.Begun, words = true, words[1:]
	}
	if len(words) > 0 && words[0] == "equal" {
		e.Equal, words = true, words[1:]
	}
	e.Reason = strings.Join(words, " ")
	for i, h := range p.state.Plan.Hosts {
		if h.Name == e.Host {
			e.Command = p.state.Hosts[i].Command
		}
	}
	return e
}

func (p *stageplay) apply(e rollout.Event) {
	p.now = p.now.Add(time.Second)
	p.seq++
	e.At, e.Seq = p.now, p.seq
	d, err := rollout.Decide(p.state, []rollout.Event{e})
	if err != nil {
		p.seq--
		fmt.Fprintf(&p.out, "  ! %v\n", err)
		return
	}
	p.state = d.State
	for _, n := range d.Notices {
		fmt.Fprintf(&p.out, "  * %s\n", told(n))
	}
	for _, c := range d.Commands {
		fmt.Fprintf(&p.out, "  c%d %s", c.ID, c.Kind)
		if c.Exposure != "" {
			fmt.Fprintf(&p.out, " %s", c.Exposure)
		}
		fmt.Fprintf(&p.out, " %s\n", strings.Join(c.Hosts, " "))
	}
}

// told is a notice in one line.
func told(n rollout.Notice) string {
	words := []string{n.Key}
	if n.Verdict != "" {
		words = append(words, "("+string(n.Verdict)+")")
	}
	if n.By != "" {
		words = append(words, "by "+n.By)
	}
	if n.Why != "" {
		words = append(words, "because "+n.Why)
	}
	words = append(words, fmt.Sprintf("[%d updated, %d restored, %d failed of %d]", n.Updated, n.Restored, n.Failed, n.Total))
	return strings.Join(append(words, n.Hosts...), " ")
}

// planOf reads "hosts=6 internal=1 canary=1 waves=2 budget=0 out=2 fail=ask
// unclear=restore approval=complete traffic=no rehearse=yes watch=yes new=yes coexist=yes".
// With coexist the stages have no checks of their own.
func planOf(t *testing.T, words []string) *rollout.Plan {
	set := map[string]string{"hosts": "6", "internal": "1", "canary": "1", "waves": "2", "budget": "0", "out": "2",
		"fail": "restore", "unclear": "ask", "approval": "", "traffic": "yes", "rehearse": "no", "watch": "no", "new": "no", "coexist": "no"}
	for _, w := range words {
		k, v, ok := strings.Cut(w, "=")
		if _, known := set[k]; !ok || !known {
			t.Fatalf("plan: %q is not one of its words", w)
		}
		set[k] = v
	}
	num := func(k string) int {
		n, err := strconv.Atoi(set[k])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	p := &rollout.Plan{ID: "r1", Service: "checkout", Release: rollout.Release{Version: "1.1.0"}, Budget: num("budget"),
		MaxOut: num("out"), OnFail: rollout.Choice(set["fail"]), OnUnclear: rollout.Choice(set["unclear"])}
	p.Rehearse = set["rehearse"] == "yes"
	if set["coexist"] == "yes" {
		p.Coexist = &rollout.Coexist{Run: []string{"./coexist.sh"}}
	}
	if set["traffic"] == "yes" {
		p.Traffic = &rollout.Traffic{}
	}
	var names []string
	for i := range num("hosts") {
		names = append(names, fmt.Sprintf("web%d", i+1))
		p.Hosts = append(p.Hosts, rollout.Host{Name: names[i], From: map[string]string{"no": "1.0.0"}[set["new"]]})
	}
	add := func(kind rollout.StageKind, n, wave int, bake bool) {
		s := rollout.Stage{Name: string(kind), Kind: kind, Approval: set["approval"] == string(kind)}
		if bake {
			s.Bake.Most = time.Minute
		} else if p.Coexist == nil {
			s.Checks = []rollout.Check{{Name: "cart"}}
		}
		for hosts := names[:n]; len(hosts) > 0; {
			k := min(wave, len(hosts))
			s.Waves, hosts = append(s.Waves, hosts[:k]), hosts[k:]
		}
		names = names[n:]
		p.Stages = append(p.Stages, s)
	}
	add(rollout.StageInternal, num("internal"), num("waves"), false)
	add(rollout.StageCanary, num("canary"), num("waves"), true)
	add(rollout.StageComplete, len(names), num("waves"), set["watch"] == "yes")
	return p
}
