package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// few is how many of the canary's hosts may be silent: one of so many. A host that died, or
// that a source calls by another name, must not pass because the others do well.
const few = 20

// gaps notes which metrics of a source have no answer, and why. Samples that came beside a
// gap count. A metric has no answer when nothing was said of it, when more than a few of
// the canary's hosts are silent, and when all of a baseline is that it cannot do without.
func (w *sampling) gaps(t *judge.Tick, name string, err error) {
	if err == nil {
		return
	}
	why := map[string]string{}
	silent := map[string]map[judge.Arm][]Gap{}
	for _, g := range w.named(name, err) {
		arm := w.arms[g.Host]
		switch {
		case g.Early && w.heard[g.Metric]: // a process that takes a bake over waits for the first anew
		case g.Host == "" && !said(t, g.Metric):
			why[g.Metric] = g.Reason
		case arm != "" && silent[g.Metric] == nil:
			silent[g.Metric] = map[judge.Arm][]Gap{arm: {g}}
		case arm != "":
			silent[g.Metric][arm] = append(silent[g.Metric][arm], g)
		}
	}
	for metric, by := range silent {
		canary, baseline := by[judge.Canary], by[judge.Baseline]
		switch {
		case why[metric] != "":
		case len(canary)*few > w.size(judge.Canary):
			why[metric] = ofHosts(canary)
		case w.paired[metric] && len(baseline) > 0 && len(baseline) == w.size(judge.Baseline):
			why[metric] = ofHosts(baseline)
		}
	}
	if t.Gaps == nil && len(why) > 0 {
		t.Gaps = map[string]string{}
	}
	maps.Copy(t.Gaps, why)
}

// named are the gaps of an error of a source: that it broke is one of all its metrics.
func (w *sampling) named(source string, err error) Gaps {
	if gaps := (Gaps{}); errors.As(err, &gaps) {
		return slices.DeleteFunc(slices.Clone(gaps), func(g Gap) bool { return !w.metrics[source][g.Metric] })
	}
	var gaps Gaps
	for metric := range w.metrics[source] {
		gaps = append(gaps, Gap{Metric: metric, Reason: err.Error()})
	}
	return gaps
}

func said(t *judge.Tick, metric string) bool {
	return slices.ContainsFunc(t.Samples, func(s judge.Sample) bool { return s.Metric == metric })
}

// size is how many hosts an arm has.
func (w *sampling) size(arm judge.Arm) int {
	n := 0
	for _, a := range w.arms {
		if a == arm {
			n++
		}
	}
	return n
}

// ofHosts says why hosts are silent: the first one's reason stands for the others'.
func ofHosts(gaps []Gap) string {
	first := slices.MinFunc(gaps, func(a, b Gap) int {
		if a.Host < b.Host {
			return -1
		}
		return 1
	})
	if len(gaps) == 1 {
		return first.Host + ": " + first.Reason
	}
	return fmt.Sprintf("%s: %s, and %d more hosts", first.Host, first.Reason, len(gaps)-1)
}
