package view

import (
	"math"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// Judged is what a judge found, as JSON: so far, of a stage that is watched, or of a record
// that is judged again. Times are in seconds since the bake began. docs/judge.md explains
// each member: they do not change.
type Judged struct {
	Verdict  judge.Verdict  `json:"verdict"`
	T        float64        `json:"t"`
	FailedAt *float64       `json:"failed_at,omitempty"`
	Reason   string         `json:"reason"` // the judge's own line
	Evidence Evidence       `json:"evidence"`
	Strange  int            `json:"strange,omitempty"`
	Metrics  []JudgedMetric `json:"metrics"`
}

// Evidence is evidence as so much to 1, and as its natural logarithm. What passes is said of
// each metric alone.
type Evidence struct {
	Against     float64  `json:"against"`
	For         *float64 `json:"for,omitempty"`
	FailsFrom   float64  `json:"fails_from"`
	PassesFrom  *float64 `json:"passes_from,omitempty"`
	LnAgainst   float64  `json:"ln_against"`
	LnFor       *float64 `json:"ln_for,omitempty"`
	LnFailsFrom float64  `json:"ln_fails_from"`
}

// JudgedMetric is one metric of it.
type JudgedMetric struct {
	Name     string          `json:"name"`
	Kind     judge.Kind      `json:"kind"`
	Verdict  judge.Verdict   `json:"verdict"`
	Reason   string          `json:"reason"`
	DryRun   bool            `json:"dry_run,omitempty"`
	Allowed  judge.Tolerance `json:"tolerated"`
	Edge     float64         `json:"edge,omitempty"`
	Canary   Side            `json:"canary"`
	Baseline Side            `json:"baseline"`
	Evidence Evidence        `json:"evidence"`
	Needs    *Need           `json:"needs,omitempty"`
	Outlier  string          `json:"stands_out,omitempty"`
}

// Side is one side of a metric. A gauge has hosts, all else has events and exposure.
type Side struct {
	Events   *float64 `json:"events,omitempty"`
	Exposure *float64 `json:"exposure,omitempty"`
	Hosts    *float64 `json:"hosts,omitempty"`
	Value    *float64 `json:"value,omitempty"`
	Low      *float64 `json:"low,omitempty"`
	High     *float64 `json:"high,omitempty"`
}

// Need is what a verdict still needs at these rates.
type Need struct {
	Requests float64 `json:"requests"`
	Seconds  float64 `json:"seconds"`
}

// JudgedOf is a finding as JSON.
func JudgedOf(f judge.Finding) Judged {
	out := Judged{Verdict: f.Verdict, T: f.At.Seconds(), Reason: f.Reason, Evidence: evidenceOf(f.Against, f.AlarmAt),
		Strange: f.Strange, Metrics: []JudgedMetric{}}
	if f.Verdict == judge.Fail {
		out.T = f.Since.Seconds()
		out.FailedAt = new(out.T)
	}
	for _, m := range f.Metrics {
		out.Metrics = append(out.Metrics, judgedMetric(f, m))
	}
	return out
}

func judgedMetric(f judge.Finding, m judge.MetricFinding) JudgedMetric {
	out := JudgedMetric{Name: m.Name, Kind: m.Kind, Verdict: m.Verdict, Reason: m.Reason, DryRun: m.DryRun, Allowed: m.Tolerated,
		Edge: m.Edge, Canary: sideOf(m.Kind, m.Canary), Baseline: sideOf(m.Kind, m.Baseline),
		Evidence: evidenceOf(m.Against, f.AlarmAt), Outlier: m.Outlier}
	out.Evidence.For, out.Evidence.LnFor, out.Evidence.PassesFrom = new(toOne(m.For)), new(held(m.For)), new(bound(f.PassAt))
	if m.More > 0 {
		out.Needs = &Need{m.More, m.MoreTime.Seconds()}
	}
	return out
}

func evidenceOf(against, failsFrom float64) Evidence {
	return Evidence{Against: toOne(against), FailsFrom: bound(failsFrom), LnAgainst: held(against), LnFailsFrom: failsFrom}
}

// held keeps a logarithm within what JSON can hold, and so can its number.
func held(log float64) float64 { return max(-700, min(log, 700)) }

// toOne is the evidence of a logarithm as so much to 1.
func toOne(log float64) float64 { return math.Exp(held(log)) }

// bound is what was a round number before its logarithm was taken.
func bound(log float64) float64 { return math.Round(toOne(log)*1e6) / 1e6 }

func sideOf(kind judge.Kind, r judge.Rate) Side {
	var out Side
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
