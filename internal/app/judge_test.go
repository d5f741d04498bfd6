package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/manifest"
)

// recorded is ten minutes of two canary hosts and eight others: a count with so many
// errors of a thousand requests on every host, a gauge, and a histogram.
func recorded(errors int) string {
	var b strings.Builder
	for at := 5; at <= 600; at += 5 {
		for host := range 10 {
			arm := "baseline"
			if host < 2 {
				arm = "canary"
			}
			line := fmt.Sprintf(`{"t":%d,"arm":%q,"host":"web%d",`, at, arm, host)
			fmt.Fprintf(&b, "%s\"metric\":\"errors\",\"kind\":\"count\",\"events\":%d,\"exposure\":1000}\n", line, errors)
			fmt.Fprintf(&b, "%s\"metric\":\"memory\",\"kind\":\"gauge\",\"value\":%d}\n", line, 500+host)
			fmt.Fprintf(&b, "%s\"metric\":\"latency\",\"kind\":\"histogram\",\"buckets\":[[0.1,900],[0.5,99],[\"+Inf\",1]]}\n", line)
		}
	}
	return b.String()
}

// TestRejudgeTolerates: what a record is judged by is what was said last: by the flags,
// by the metrics that are given, by a manifest that says nothing.
func TestRejudgeTolerates(t *testing.T) {
	t.Parallel()
	given := []judge.Metric{
		{Name: "memory", Kind: judge.Gauge, WorseBy: 1.2, PassBelow: 1.4, AtMost: 1e9, DryRun: true},
		{Name: "errors", Kind: judge.Counts, WorseBy: 2, PassBelow: 8, AtMost: 0.5},
	}
	usual := func(name string, kind manifest.MetricKind) judge.Metric {
		return judge.Metric{Name: name, Kind: judge.Kind(kind), WorseBy: manifest.WorseBy(kind)}
	}
	latency := usual("latency", manifest.Histogram)
	for name, c := range map[string]struct {
		given []judge.Metric
		all   Tolerance
		want  [3]judge.Metric // errors, latency, memory
	}{
		"nothing said": {nil, Tolerance{}, [3]judge.Metric{usual("errors", manifest.Counts), latency, usual("memory", manifest.Gauge)}},
		"a manifest":   {given, Tolerance{}, [3]judge.Metric{given[1], latency, given[0]}},
		"a ratio beside a manifest": {given, Tolerance{WorseBy: 1.3, PassBelow: 2}, [3]judge.Metric{
			{Name: "errors", Kind: judge.Counts, WorseBy: 1.3, PassBelow: 2, AtMost: 0.5},
			{Name: "latency", Kind: judge.Histogram, WorseBy: 1.3, PassBelow: 2},
			{Name: "memory", Kind: judge.Gauge, WorseBy: 1.3, PassBelow: 2, AtMost: 1e9, DryRun: true}}},
		"a share is of counts": {given[:1], Tolerance{AtMost: 0.25}, [3]judge.Metric{
			{Name: "errors", Kind: judge.Counts, WorseBy: manifest.WorseBy(manifest.Counts), AtMost: 0.25}, latency, given[0]}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, err := Rejudge(t.Context(), "samples.jsonl", strings.NewReader(recorded(2)), c.given, c.all, judge.Span{})
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range c.want { // what nobody says is the judge's to say
				c.want[i].PassBelow, c.want[i].Negligible = cmp.Or(m.PassBelow, j.Config.Metrics[i].PassBelow), j.Config.Metrics[i].Negligible
			}
			if got := [3]judge.Metric(j.Config.Metrics); got != c.want {
				t.Errorf("judged by\n%+v, want\n%+v", got, c.want)
			}
		})
	}
}

// TestRejudgePassBelow: the less a pass asks for, the sooner a healthy canary passes; a
// pass below worse_by is refused, and it is said what to do.
func TestRejudgePassBelow(t *testing.T) {
	t.Parallel()
	passed := map[float64]time.Duration{}
	var counts strings.Builder
	for line := range strings.Lines(recorded(2)) {
		if strings.Contains(line, "errors") {
			counts.WriteString(line)
		}
	}
	for _, below := range []float64{1.5, 3, 15} {
		j, err := Rejudge(t.Context(), "samples.jsonl", strings.NewReader(counts.String()), nil, Tolerance{WorseBy: 1.5, PassBelow: below}, judge.Span{})
		if err != nil {
			t.Fatal(err)
		}
		passed[below] = time.Hour
		if j.Passed != nil {
			passed[below] = j.Passed.At
		}
		if want := judge.Pass; below > 1.5 && j.Final.Verdict != want {
			t.Errorf("pass_below %v: %s, want %s", below, j.Final.Verdict, want)
		}
	}
	if passed[15] > passed[3] || passed[3] >= passed[1.5] {
		t.Errorf("passed for each pass_below: %v", passed)
	}
	_, err := Rejudge(t.Context(), "samples.jsonl", strings.NewReader(counts.String()), nil, Tolerance{WorseBy: 1.5, PassBelow: 1.2}, judge.Span{})
	const want = "samples.jsonl: judge the record: replay: metric errors: pass_below 1.2: allowed is worse_by, 1.5, to ten times as much\n" +
		"  --worse-by and --pass-below stand for what the manifest says, each by itself: give both"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestRejudgeWithoutData: gaps alone are no data, and the kind of what they are of is the manifest's.
func TestRejudgeWithoutData(t *testing.T) {
	t.Parallel()
	const gaps = `{"t":5,"metric":"memory","gap":"lb1 cannot be reached"}` + "\n" + `{"t":60,"metric":"memory","gap":"lb1 cannot be reached"}`
	given := []judge.Metric{{Name: "memory", Kind: judge.Gauge, WorseBy: 1.2}}
	for _, c := range []struct {
		given []judge.Metric
		kind  judge.Kind
	}{{nil, judge.Counts}, {given, judge.Gauge}} {
		j, err := Rejudge(t.Context(), "samples.jsonl", strings.NewReader(gaps), c.given, Tolerance{}, judge.Span{})
		if err != nil || j.Final.Verdict != judge.NoData || j.Final.Reason != "memory: no answer for 1m: lb1 cannot be reached" || j.Config.Metrics[0].Kind != c.kind {
			t.Errorf("%v: %s: %s, a %s", err, j.Final.Verdict, j.Final.Reason, j.Config.Metrics[0].Kind)
		}
	}
	if _, err := Rejudge(t.Context(), "samples.jsonl", strings.NewReader("\n"), nil, Tolerance{}, judge.Span{}); err == nil || !strings.Contains(err.Error(), "the record is empty") {
		t.Errorf("an empty record: %v", err)
	}
}

// TestRejudgeAtMost: a share for counts is refused where there are none, not passed over.
func TestRejudgeAtMost(t *testing.T) {
	t.Parallel()
	const memory = `{"t":5,"arm":"canary","host":"web1","metric":"memory","kind":"gauge","value":5}` + "\n"
	const want = "samples.jsonl: --at-most is a share of counts, and none were recorded\n" +
		"  at_most of a gauge or of latency is read from the manifest, with --env"
	if _, err := Rejudge(t.Context(), "samples.jsonl", strings.NewReader(memory), nil, Tolerance{AtMost: 0.01}, judge.Span{}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for lines, all := range map[string]Tolerance{memory: {WorseBy: 2}, memory + `{"t":5,"metric":"errors","gap":"gone"}`: {AtMost: 0.01}} {
		if _, err := Rejudge(t.Context(), "samples.jsonl", strings.NewReader(lines), nil, all, judge.Span{}); err != nil {
			t.Errorf("%+v: %v", all, err)
		}
	}
}

// ending is a reader whose end ends a context, too.
type ending struct {
	io.Reader
	end context.CancelFunc
}

func (e ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err == io.EOF {
		e.end()
	}
	return n, err
}

// TestRejudgeEnds: what is left when the context has ended is not judged, and that is no error of
// the record.
func TestRejudgeEnds(t *testing.T) {
	t.Parallel()
	for _, lines := range []string{recorded(2), "nothing like it"} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := Rejudge(ctx, "samples.jsonl", ending{strings.NewReader(lines), cancel}, nil, Tolerance{}, judge.Span{})
		var wrong *Error
		if !errors.Is(err, context.Canceled) || errors.As(err, &wrong) {
			t.Errorf("%.20q: %v", lines, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	judged := 0
	for range until(ctx, func(yield func(judge.Tick) bool) {
		for yield(judge.Tick{}) {
		}
	}) {
		if judged++; judged == 3 {
			cancel()
		}
	}
	if judged != 3 {
		t.Errorf("%d looks were judged, want 3", judged)
	}
}

// TestRejudgeUnread: when reading fails the lines are not to blame.
func TestRejudgeUnread(t *testing.T) {
	t.Parallel()
	broken := ending{iotest.ErrReader(&fs.PathError{Op: "read", Path: "/dev/stdin", Err: syscall.EIO}), func() {}}
	_, err := Rejudge(t.Context(), "standard input", broken, nil, Tolerance{}, judge.Span{})
	if want := "standard input: read the samples: input/output error"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestJudgedBy: the judge is told all that a manifest says of a metric, pass_below
// included, and nothing that it does not say.
func TestJudgedBy(t *testing.T) {
	t.Parallel()
	m, err := manifest.Parse(manifest.Name, []byte(`service: checkout
artifact: {deb: {}}
environments:
  production:
    method: {ansible: {inventory: hosts.yaml}}
    stages:
      - canary:
          judge:
            errors: {source: restarts, worse_by: 1.2x, pass_below: 2x, at_most: 1%}
            memory: {source: memory, worse_by: 1.3x, dry_run: true}
      - complete:
`))
	if err != nil {
		t.Fatal(err)
	}
	want := [2]judge.Metric{
		{Name: "errors", Kind: judge.Counts, WorseBy: 1.2, PassBelow: 2, AtMost: 0.01},
		{Name: "memory", Kind: judge.Gauge, WorseBy: 1.3, DryRun: true},
	}
	if got := [2]judge.Metric(JudgedBy(m.Environments[0].Stages[0])); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
