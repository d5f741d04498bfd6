package observe

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/unit"
)

// said is what a host says, at one look.
type said struct {
	units []unit.Status
	lines []string
	oom   int
	err   error
}

func (s said) Status(context.Context, ...string) ([]unit.Status, error) { return s.units, s.err }

func (s said) Log(_ context.Context, cursor string, _ []string, each func([]byte)) (string, error) {
	for _, l := range s.lines {
		each([]byte(l))
	}
	return cursor + "+", s.err
}

func (s said) OutOfMemory(context.Context, []string) (int, error) { return s.oom, s.err }

func (s said) Memory(context.Context, []string) (int64, error) { return 5, s.err }

func one(t *testing.T, s said, a host.Observation) host.Observed {
	t.Helper()
	all := Host{Units: s, Names: []string{"a.service"}}.All(t.Context(), []host.Observation{a})
	if len(all) != 1 || all[0].Metric != a.Metric {
		t.Fatalf("observed %+v", all)
	}
	return all[0]
}

func TestRestarts(t *testing.T) {
	t.Parallel()
	looks := []struct {
		invocation string
		restarts   int
		want       float64
		why        string
	}{
		{"i1", 3, 0, "what came before the first look does not count"},
		{"i1", 3, 0, "nothing happened"},
		{"i3", 5, 2, "systemd restarted it twice"},
		{"i4", 5, 1, "somebody restarted it, and the count was kept"},
		{"i5", 0, 1, "somebody restarted it, and the count began anew"},
		{"i9", 2, 2, "and systemd twice since"},
		{"", 0, 0, "it does not run"},
		{"i10", 0, 1, "it was started"},
		{"i12", 1, 1, "systemd once more"},
	}
	cursor, since := "", ""
	for _, l := range looks {
		o := one(t, said{units: []unit.Status{
			{Name: "a.service", Invocation: l.invocation, Restarts: l.restarts},
			{Name: "job.service", Batch: true, Invocation: l.invocation},
		}}, host.Observation{Metric: "m", What: "restarts", Cursor: cursor})
		if o.Error != "" || o.Events != l.want || o.Cursor == "" || since != "" && o.Since != since {
			t.Errorf("%s: %+v", l.why, o)
		}
		cursor, since = o.Cursor, o.Since
	}
}

func TestLogCountsLinesAndThoseThatMatch(t *testing.T) {
	t.Parallel()
	o := one(t, said{lines: []string{"panic: x", "fine", "no panic"}}, host.Observation{Metric: "m", What: "log", Pattern: "^panic", Cursor: "c"})
	if o.Events != 1 || o.Exposure != 3 || o.Cursor != "c+" || o.Error != "" {
		t.Fatalf("%+v", o)
	}
}

func TestWhatCannotBeObservedSaysSoItself(t *testing.T) {
	t.Parallel()
	broken := said{err: errors.New("no bus")}
	for what, a := range map[string]host.Observation{
		"no bus":     {What: "restarts"},
		"missing c":  {What: "log", Pattern: "("},
		"knows":      {What: "phase"},
		"a program":  {What: "command"},
		"cursor":     {What: "restarts", Cursor: "x"},
		"one number": {What: "command", Command: []string{"/bin/echo"}},
	} {
		a.Metric = "m"
		if o := one(t, broken, a); what != "missing c" && !strings.Contains(o.Error, what) || o.Error == "" || o.Events+o.Value != 0 {
			t.Errorf("%s: %+v", what, o)
		}
	}
	none := Host{Units: said{}}.All(t.Context(), []host.Observation{{What: "oom"}, {What: "command", Command: []string{"/bin/echo", "1"}}})
	if none[0].Error == "" || none[1].Value != 1 {
		t.Errorf("without units: %+v", none)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for out, want := range map[string]host.Observed{
		"3 120\n": {Events: 3, Exposure: 120}, " 7.5 ": {Value: 7.5}, "-1": {Value: -1}, "0 0": {}, "1e3": {Value: 1000},
	} {
		if got, err := Parse("p", out); err != nil || got != want {
			t.Errorf("%q: %+v, %v", out, got, err)
		}
	}
	for _, out := range []string{"", "\n", "1 2 3", "x", "NaN", "1 Inf", "-1 2", "1 -2", "1,5"} {
		if got, err := Parse("p", out); err == nil {
			t.Errorf("%q was understood as %+v", out, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("3 120")
	f.Add("7.5")
	f.Fuzz(func(t *testing.T, out string) {
		o, err := Parse("p", out)
		if err == nil && (o.Events < 0 || o.Exposure < 0 || o.Value != o.Value) {
			t.Fatalf("%q: %+v", out, o)
		}
	})
}

func FuzzRuns(f *testing.F) {
	f.Add("a.service=i1=3 b.service==0")
	f.Fuzz(func(t *testing.T, cursor string) {
		runs, err := parseRuns(cursor)
		if err == nil && len(runs) > len(strings.Fields(cursor)) {
			t.Fatalf("%q: %+v", cursor, runs)
		}
	})
}
