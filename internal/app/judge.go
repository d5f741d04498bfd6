package app

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/judge/record"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Judged is a record that was judged again.
type Judged struct {
	judge.Replayed
	Config judge.Config
	Title  string
}

// Rejudge judges recorded samples. Metrics that are not given are compared as they would
// be without a manifest.
func Rejudge(lines io.Reader, metrics []judge.Metric, least time.Duration) (Judged, error) {
	ticks, err := record.Read(lines)
	if err != nil {
		return Judged{}, &Error{Kind: Misconfigured, Err: err, Hint: "docs/judge.md has the format: one JSON object a line"}
	}
	found := judge.MetricsIn(ticks)
	if len(found) == 0 {
		return Judged{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("the record holds no samples"), Hint: "docs/judge.md has the format: one JSON object a line"}
	}
	for i, m := range found {
		for _, given := range metrics {
			if given.Name == m.Name || given.Name == "" {
				found[i].WorseBy, found[i].AtMost, found[i].Higher, found[i].DryRun = given.WorseBy, given.AtMost, given.Higher, given.DryRun
			}
		}
	}
	config := judge.Config{Metrics: found}
	done, err := judge.Replay(config, ticks, least)
	if err != nil {
		return Judged{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("judge the record: %w", err)}
	}
	return Judged{Replayed: done, Config: config}, nil
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
		body, err := a.samples(ctx, id, c.ID)
		if err != nil {
			return Judged{}, err
		}
		if body == "" || stage != "" && s.Name != stage {
			seen = append(seen, s.Name)
			continue
		}
		j, err := Rejudge(strings.NewReader(body), JudgeMetrics(s.Metrics), s.Bake.Least)
		j.Title = fmt.Sprintf("%s %s on %s: %s", rec.State.Plan.Service, rec.State.Plan.Release.Version, rec.State.Plan.Environment, s.Name)
		return j, err
	}
	if stage != "" {
		return Judged{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("nothing was recorded of stage %q of rollout %s", stage, id),
			Hint: "its stages that were watched: " + orNone(seen)}
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

// samples are all that was recorded of a bake.
func (a *App) samples(ctx context.Context, id string, command int) (string, error) {
	looks, err := a.journal.Samples(ctx, id, command, 0)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, l := range looks {
		b.WriteString(l.Body)
		if !strings.HasSuffix(l.Body, "\n") && l.Body != "" {
			b.WriteString("\n")
		}
	}
	return b.String(), nil
}

// JudgeMetrics are the metrics of a stage in the judge's words.
func JudgeMetrics(all []rollout.Metric) []judge.Metric {
	var out []judge.Metric
	for _, m := range all {
		out = append(out, judge.Metric{
			Name: m.Name, Kind: judge.Kind(m.Kind), WorseBy: m.WorseBy, AtMost: m.AtMost, Higher: m.Higher, DryRun: m.DryRun,
		})
	}
	return out
}

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
