package cli

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/judge"
)

// judged is what a judge said of a record, as JSON. Times are in seconds since the bake
// began. docs/judge.md explains each member: they do not change.
type judged struct {
	Verdict  judge.Verdict  `json:"verdict"`
	T        float64        `json:"t"`
	FailedAt *float64       `json:"failed_at,omitempty"`
	PassedAt *float64       `json:"passed_at,omitempty"`
	Reason   string         `json:"reason"`
	Evidence judgedEvidence `json:"evidence"`
	Looks    int            `json:"looks"`
	Before   int            `json:"before,omitempty"`
	Strange  int            `json:"strange,omitempty"`
	Origin   float64        `json:"origin,omitempty"`
	Least    float64        `json:"least,omitempty"`
	Most     float64        `json:"most,omitempty"`
	Metrics  []judgedMetric `json:"metrics"`
}

// judgedEvidence is evidence as so much to 1, and as its natural logarithm.
type judgedEvidence struct {
	Against     float64  `json:"against"`
	For         *float64 `json:"for,omitempty"`
	FailsFrom   float64  `json:"fails_from"`
	PassesFrom  *float64 `json:"passes_from,omitempty"`
	LnAgainst   float64  `json:"ln_against"`
	LnFor       *float64 `json:"ln_for,omitempty"`
	LnFailsFrom float64  `json:"ln_fails_from"`
}

// judgedMetric is one metric of it.
type judgedMetric struct {
	Name     string          `json:"name"`
	Kind     judge.Kind      `json:"kind"`
	Verdict  judge.Verdict   `json:"verdict"`
	Reason   string          `json:"reason"`
	DryRun   bool            `json:"dry_run,omitempty"`
	Allowed  judgedTolerance `json:"tolerated"`
	Edge     float64         `json:"edge,omitempty"`
	Canary   judgedRate      `json:"canary"`
	Baseline judgedRate      `json:"baseline"`
	Evidence judgedEvidence  `json:"evidence"`
	Needs    *judgedNeed     `json:"needs,omitempty"`
	Outlier  string          `json:"stands_out,omitempty"`
}

type judgedTolerance struct {
	WorseBy   float64 `json:"worse_by,omitempty"`
	PassBelow float64 `json:"pass_below,omitempty"`
	AtMost    float64 `json:"at_most,omitempty"`
	Higher    bool    `json:"higher,omitempty"`
}

// judgedRate is one side of a metric. A gauge has hosts, all else has events and exposure.
type judgedRate struct {
	Events   *float64 `json:"events,omitempty"`
	Exposure *float64 `json:"exposure,omitempty"`
	Hosts    *float64 `json:"hosts,omitempty"`
	Value    *float64 `json:"value,omitempty"`
	Low      *float64 `json:"low,omitempty"`
	High     *float64 `json:"high,omitempty"`
}

// judgedNeed is what a verdict still needs at these rates.
type judgedNeed struct {
	Requests float64 `json:"requests"`
	Seconds  float64 `json:"seconds"`
}

func judgedOf(j app.Judged) judged {
	f := j.Final
	out := judged{Verdict: f.Verdict, T: f.At.Seconds(), Reason: f.Reason, Evidence: evidenceOf(f.Against, f.AlarmAt),
		Looks: j.Looks, Before: j.Before, Strange: f.Strange, Origin: j.Origin.Seconds(),
		Least: j.Span.Least.Seconds(), Most: j.Span.Most.Seconds(), Metrics: []judgedMetric{}}
	if f.Verdict == judge.Fail {
		out.T = f.Since.Seconds()
		out.FailedAt = new(out.T)
	}
	if j.Passed != nil {
		out.PassedAt = new(j.Passed.At.Seconds())
	}
	for i, m := range f.Metrics {
		out.Metrics = append(out.Metrics, judgedMetricOf(j.Config, j.Config.Metrics[i], f, m))
	}
	return out
}

func judgedMetricOf(c judge.Config, by judge.Metric, f judge.Finding, m judge.MetricFinding) judgedMetric {
	out := judgedMetric{Name: m.Name, Kind: m.Kind, Verdict: m.Verdict, Reason: m.Reason, DryRun: m.DryRun,
		Allowed: judgedTolerance{WorseBy: by.WorseBy, PassBelow: by.PassBelow, AtMost: by.AtMost, Higher: by.Higher},
		Edge:    m.Edge, Canary: rateOf(m.Kind, m.Canary), Baseline: rateOf(m.Kind, m.Baseline),
		Evidence: evidenceOf(m.Against, f.AlarmAt), Outlier: m.Outlier}
	out.Evidence.For, out.Evidence.LnFor, out.Evidence.PassesFrom = new(toOne(m.For)), new(held(m.For)), new(1/c.Beta)
	if m.More > 0 {
		out.Needs = &judgedNeed{m.More, m.MoreTime.Seconds()}
	}
	return out
}

func evidenceOf(against, failsFrom float64) judgedEvidence {
	return judgedEvidence{Against: toOne(against), FailsFrom: math.Round(toOne(failsFrom)*1e6) / 1e6, LnAgainst: held(against), LnFailsFrom: failsFrom}
}

// held keeps a logarithm within what JSON can hold, and so can its number.
func held(log float64) float64 { return max(-700, min(log, 700)) }

// toOne is the evidence of a logarithm as so much to 1.
func toOne(log float64) float64 { return math.Exp(held(log)) }

func rateOf(kind judge.Kind, r judge.Rate) judgedRate {
	var out judgedRate
	if kind == judge.Gauge {
		out.Hosts = new(r.Exposure)
	} else {
		out.Events, out.Exposure = new(r.Events), new(r.Exposure)
	}
	if r.Exposure > 0 {
		out.Value, out.Low, out.High = new(r.Value), new(r.Low), new(r.High)
	}
	return out
}

func judgedText(env Env, j app.Judged, svg string) string {
	theme := env.theme(env.Out)
	f := j.Final
	at := f.At
	if f.Verdict == judge.Fail {
		at = f.Since
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s after %s, %s\n", j.Title, theme.Strong.Render(string(f.Verdict)), view.Limit(at.Round(time.Second)), view.Count(j.Looks, "look"))
	fmt.Fprintf(&b, "  %s\n", f.Reason)
	for _, m := range f.Metrics {
		if strings.Contains(f.Reason, m.Reason) {
			continue // it has been told
		}
		dry := ""
		if m.DryRun {
			dry = " (dry run)"
		}
		fmt.Fprintf(&b, "  %s%s: %s\n", m.Name, dry, m.Reason)
	}
	b.WriteString(passedText(j))
	if f.Strange > 0 {
		fmt.Fprintf(&b, "  %s left out: their numbers make no sense\n", view.Count(f.Strange, "sample"))
	}
	if svg != "" {
		fmt.Fprintf(&b, "  drawn: %s\n", svg)
	}
	return b.String()
}

// passedText says when a bake would have ended with a pass, unless that is what was found.
func passedText(j app.Judged) string {
	switch {
	case j.Passed == nil, j.Final.Verdict == judge.Pass && j.Passed.At == j.Final.At:
		return ""
	case j.Span.Least > 0:
		return fmt.Sprintf("  a bake of at least %s would have ended with a pass after %s\n", view.Limit(j.Span.Least), view.Limit(j.Passed.At.Round(time.Second)))
	}
	return fmt.Sprintf("  a bake would have ended with a pass after %s\n", view.Limit(j.Passed.At.Round(time.Second)))
}
