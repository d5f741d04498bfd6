package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/judge/record"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Judged is a record that was judged again.
type Judged struct {
	judge.Replayed
	Span judge.Span
	// Origin is what was taken from every time of the record so that the bake begins at 0.
	Origin time.Duration
	Title  string
}

// Tolerance is what is tolerated whatever a plan or a manifest says. A member that is 0
// leaves what they say.
type Tolerance struct {
	WorseBy, PassBelow float64
	AtMost             float64 // a share, and so of counts alone
}

// Of is what is tolerated of a metric.
func (t Tolerance) Of(m judge.Metric) judge.Metric {
	m.WorseBy = cmp.Or(t.WorseBy, m.WorseBy)
	m.PassBelow = cmp.Or(t.PassBelow, m.PassBelow)
	if m.Kind == judge.Counts || m.Kind == "" {
		m.AtMost = cmp.Or(t.AtMost, m.AtMost)
	}
	return m
}

// Usual is a metric of which nothing is said, judged as a manifest would that names it
// and says no more.
func Usual(name string, kind judge.Kind) judge.Metric {
	kind = cmp.Or(kind, judge.Counts)
	return judge.Metric{Name: name, Kind: kind, WorseBy: manifest.WorseBy(manifest.MetricKind(kind))}
}

// Rejudge judges samples that anybody recorded; name is what people call their file. Metrics that
// are not given are compared as a manifest that says nothing of them would. It ends early, with the
// error of ctx, when ctx does and lines end with it.
func Rejudge(ctx context.Context, name string, lines io.Reader, metrics []judge.Metric, all Tolerance, span judge.Span) (Judged, error) {
	j, err := rejudge(ctx, lines, record.Anybody, metrics, all, span)
	var wrong *Error
	if errors.As(err, &wrong) {
		wrong.Err = fmt.Errorf("%s: %w", name, wrong.Err)
	}
	j.Title = name
	return j, err
}

func rejudge(ctx context.Context, lines io.Reader, by record.Writer, metrics []judge.Metric, all Tolerance, span judge.Span) (Judged, error) {
	rec, err := record.Load(lines, by)
	if ended := ctx.Err(); ended != nil {
		return Judged{}, ended
	}
	if err != nil {
		return Judged{}, unread(err)
	}
	found := rec.Metrics()
	for i, m := range found {
		judged := Usual(m.Name, m.Kind)
		for _, given := range metrics {
			if given.Name == m.Name {
				judged, judged.Kind = given, cmp.Or(m.Kind, given.Kind)
			}
		}
		found[i] = all.Of(judged)
	}
	if all.AtMost > 0 && !slices.ContainsFunc(found, func(m judge.Metric) bool { return m.Kind == judge.Counts }) {
		return Judged{}, &Error{Kind: Misconfigured, Err: errors.New("--at-most is a share of counts, and none were recorded"),
			Hint: "at_most of a gauge or of latency is read from the manifest, with --env"}
	}
	done, err := judge.Replay(judge.Config{Metrics: found}, until(ctx, rec.Looks()), span)
	if ended := ctx.Err(); ended != nil {
		return Judged{}, ended
	}
	if err != nil {
		wrong := &Error{Kind: Misconfigured, Err: fmt.Errorf("judge the record: %w", err)}
		if all.WorseBy != 0 || all.PassBelow != 0 {
			wrong.Hint = BothRatios
		}
		return Judged{}, wrong
	}
	return Judged{Replayed: done, Span: span, Origin: rec.Origin()}, nil
}

// BothRatios says what to do when one ratio of a Tolerance does not fit the other one.
const BothRatios = "--worse-by and --pass-below stand for what the manifest says, each by itself: give both"

// unread is the error of a record that cannot be read. What its reader says is of no line, and not
// about the format.
func unread(err error) error {
	var reading *fs.PathError
	if errors.As(err, &reading) {
		return &Error{Kind: Misconfigured, Err: fmt.Errorf("read the samples: %w", reading.Err)}
	}
	return &Error{Kind: Misconfigured, Err: err, Hint: "docs/judge.md has the format: one JSON object a line"}
}

// until are looks until ctx ends.
func until(ctx context.Context, looks iter.Seq[judge.Tick]) iter.Seq[judge.Tick] {
	return func(yield func(judge.Tick) bool) {
		for t := range looks {
			if ctx.Err() != nil || !yield(t) {
				return
			}
		}
	}
}

// JudgedStage judges again what the sources of a rollout's stage said. stage is its name;
// "" takes the last one of which anything was recorded.
func (a *App) JudgedStage(ctx context.Context, id, stage string) (Judged, error) {
	rec, err := a.Rollout(ctx, id)
	if err != nil {
		return Judged{}, err
	}
	commands, err := a.journal.Commands(ctx, id, false)
	if err != nil {
		return Judged{}, err
	}
	var seen []string
	for _, c := range slices.Backward(commands) {
		if c.Kind != rollout.BakeStage {
			continue
		}
		s := rec.State.Plan.Stages[c.Stage]
		body, err := a.samples(ctx, id, commands, c)
		if err != nil {
			return Judged{}, err
		}
		if body == "" || stage != "" && s.Name != stage {
			seen = append(seen, s.Name)
			continue
		}
		j, err := rejudge(ctx, strings.NewReader(body), record.Slipway, engine.JudgeMetrics(s.Metrics), Tolerance{}, judge.Span{Least: s.Bake.Least})
		j.Title = fmt.Sprintf("%s %s on %s: %s", rec.State.Plan.Service, rec.State.Plan.Release.Version, rec.State.Plan.Environment, s.Name)
		return j, err
	}
	if stage != "" {
		return Judged{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("nothing was recorded of stage %q of rollout %s", stage, id),
			Hint: "its stages that were watched: " + orNone(seen)}
	}
	if ended := rec.State.Ended; !ended.IsZero() && a.cfg.Now().Sub(ended) > a.cfg.KeepSamples {
		return Judged{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("nothing is recorded of rollout %s any more: it ended more than %s ago", id, a.cfg.KeepSamples),
			Hint: "slipway show " + id + " has its verdicts; SLIPWAY_KEEP_SAMPLES says how long more is kept"}
	}
	return Judged{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("nothing was recorded of rollout %s: no stage of it was judged", id),
		Hint: "slipway show " + id + " says what its stages judge"}
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// samples are all that was recorded of a stage until a bake of it ended: a pause cuts one off,
// and the next goes on with what was seen.
func (a *App) samples(ctx context.Context, id string, commands []rollout.Command, last rollout.Command) (string, error) {
	var b strings.Builder
	for _, c := range commands {
		if c.Kind != rollout.BakeStage || c.Stage != last.Stage || c.ID > last.ID {
			continue
		}
		err := a.journal.EachLook(ctx, id, c.ID, 0, func(l journal.Look) error {
			b.WriteString(l.Body)
			if !strings.HasSuffix(l.Body, "\n") && l.Body != "" {
				b.WriteString("\n")
			}
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// JudgedBy are the metrics that a stage of a manifest judges.
func JudgedBy(s manifest.Stage) []judge.Metric { return engine.JudgeMetrics(plan.Metrics(s.Judge)) }

// CanaryOf is the first canary of an environment that judges something, or its first one.
func (a *App) CanaryOf(r PlanRequest) (manifest.Stage, error) {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return manifest.Stage{}, err
	}
	env, err := p.Environment(r.Environment)
	if err != nil {
		return manifest.Stage{}, &Error{Kind: Misconfigured, Err: err}
	}
	var first *manifest.Stage
	for i, s := range env.Stages {
		if s.Kind != manifest.StageCanary {
			continue
		}
		if len(s.Judge) > 0 {
			return s, nil
		}
		if first == nil {
			first = &env.Stages[i]
		}
	}
	if first == nil {
		return manifest.Stage{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("environment %s has no canary", env.Name),
			Hint: "add - canary: {hosts: 10%} to its stages"}
	}
	return *first, nil
}

// Watcher judges along while another process drives a rollout.
type Watcher = engine.Watcher

// Findings returns what judges the samples of a rollout that another process drives.
func (a *App) Findings() *Watcher { return engine.NewWatcher(a.journal) }
