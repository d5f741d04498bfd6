package plan

import (
	"time"

	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Metrics are what a stage judges.
func Metrics(all []manifest.Metric) []rollout.Metric {
	var out []rollout.Metric
	for _, m := range all {
		out = append(out, rollout.Metric{
			Name: m.Name, Source: m.Source.Kind, Kind: rollout.MetricKind(m.Kind), WorseBy: m.WorseBy, PassBelow: m.PassBelow,
			AtMost: m.AtMost.Value, Higher: m.Better == manifest.Higher, DryRun: m.DryRun, Ask: ask(m.Source),
		})
	}
	return out
}

// ask is how a source is asked; nil for one that needs nothing.
func ask(s manifest.Source) *rollout.Ask {
	if len(s.Settings) == 0 && len(s.Secrets) == 0 {
		return nil
	}
	a := &rollout.Ask{}
	for name, value := range s.Settings {
		if s.Kind == "cloudwatch" && name == "region" {
			name = "address"
		}
		settle(a, name, value)
	}
	for name, ref := range s.Secrets {
		if a.Secrets == nil {
			a.Secrets = map[string]string{}
		}
		a.Secrets[name] = ref
	}
	return a
}

// settle puts a setting where a source looks for it.
func settle(a *rollout.Ask, name, value string) {
	texts := map[string]*string{
		"address": &a.Address, "events": &a.Events, "exposure": &a.Exposure, "value": &a.Value, "buckets": &a.Buckets,
		"label": &a.Label, "host": &a.Host, "pattern": &a.Pattern,
	}
	switch at := texts[name]; {
	case at != nil:
		*at = value
	case name == "every":
		// The manifest has read it as a time before.
		if d, err := time.ParseDuration(value); err == nil {
			a.Every = d
		}
	case name == "command":
		a.Command = manifest.Words(value)
	case name == "on":
		a.OnHosts = value == "hosts"
	case name == "prints":
		// It says which kind of metric it is, and nothing to the source.
	default:
		if a.Settings == nil {
			a.Settings = map[string]string{}
		}
		a.Settings[name] = value
	}
}
