package manifest

import (
	"math"
	"time"

	"github.com/goccy/go-yaml"
)

// bake is how long a stage is watched: one time, or the least and the most.
func bake() shape[Bake] {
	return either("a time such as 15m, or {least: 5m, most: 15m}",
		as(duration(), func(d time.Duration) Bake { return Bake{Least: d, Most: d} },
			func(b Bake) time.Duration { return b.Most }, func(b Bake) bool { return b.Least == b.Most }),
		arm[Bake]{shape: bakeObject().shape(), when: func(b Bake) bool { return b.Least != b.Most }},
	)
}

func bakeObject() object[Bake] {
	return object[Bake]{
		name: "bake",
		what: "a mapping",
		rule: leastBeforeMost,
		fields: []field[Bake]{
			key("least", func(b *Bake) *time.Duration { return &b.Least }, duration(),
				"The stage never passes sooner.").defaults("0s"),
			key("most", func(b *Bake) *time.Duration { return &b.Most }, duration(),
				"The stage is never watched longer: then it has passed when nothing is judged, and is inconclusive when nothing was decided.").required().such("15m"),
		},
	}
}

func leastBeforeMost(r *reader, b *Bake, written keys) {
	if b.Least > b.Most {
		r.problem(written.node("least"), Problem{
			Message: "the least time " + printDuration(b.Least) + " is longer than the most " + printDuration(b.Most),
			Allowed: "a least time of at most " + printDuration(b.Most),
		})
	}
}

// judge is the metrics by their names. An empty mapping is not the same as none: it
// asks for nothing to be judged.
func judge() shape[[]Metric] {
	pairs := mapping("a mapping of metrics such as {errors: {worse_by: 1.5x}}", 0, metricName(), metricObject().shape())
	s := as(pairs, func(es []entry[Metric]) []Metric {
		out := make([]Metric, len(es))
		for i, e := range es {
			out[i] = e.Value
			out[i].Name = e.Key
		}
		return out
	}, func(all []Metric) []entry[Metric] {
		es := make([]entry[Metric], len(all))
		for i, m := range all {
			es[i] = entry[Metric]{m.Name, m}
		}
		return es
	}, nil).shape
	write := s.write
	s.write = func(v []Metric) any {
		if v != nil && len(v) == 0 {
			return yaml.MapSlice{}
		}
		return write(v)
	}
	return s
}

func metricObject() object[Metric] {
	return object[Metric]{
		name:  "metric",
		what:  "a mapping",
		empty: true,
		fresh: freshMetric,
		rule:  fits,
		fields: []field[Metric]{
			key("source", func(m *Metric) *Source { return &m.Source }, source(),
				"Where it is read.").defaults("haproxy"),
			key("worse_by", func(m *Metric) *float64 { return &m.WorseBy }, ratio(),
				"How many times worse than the hosts that are not updated, or than before, is tolerated.").defaults(usualWorseBy()),
			key("pass_below", func(m *Metric) *float64 { return &m.PassBelow }, ratioOrNone(),
				"What passes: a canary that is surely less than so many times worse. From worse_by to ten times worse_by.").defaults("twice worse_by, of a count at least 3x").such("2x"),
			key("at_most", func(m *Metric) *Limit { return &m.AtMost }, limit(),
				"What is never exceeded, whatever the other hosts do: a share of a count, the value of a gauge, of a histogram what 5% may be above.").defaults("none").such("1%"),
			key("better", func(m *Metric) *Better { return &m.Better }, one("", Lower, Higher),
				"Of a gauge: whether lower or higher is better.").defaults("lower"),
			key("dry_run", func(m *Metric) *bool { return &m.DryRun }, truthful(),
				"Shown, and not counted.").defaults("false"),
		},
	}
}

// fits reports keys that a metric of its kind cannot have, and what it is called.
func fits(r *reader, m *Metric, written keys) {
	m.Kind = m.Source.kind()
	if !written.has("worse_by") {
		m.WorseBy = WorseBy(m.Kind)
	}
	if name := r.path[len(r.path)-1]; m.Source.Kind == "haproxy" && m.Kind == Counts && name != "errors" {
		r.problem(written.node("source"), Problem{
			Message: "metric " + quotable(name) + " has the source haproxy, which counts errors alone",
			Allowed: "errors: {}, or another source for " + name,
		})
	}
	if m.Kind != Gauge && written.has("better") {
		r.problem(written.node("better"), Problem{
			Message: r.subject() + " is a " + string(m.Kind) + " and has better",
			Hint:    "of events and of latencies fewer is always better: leave it out",
		})
	}
	if m.Kind == Gauge && m.Better == "" {
		m.Better = Lower
	}
	limited(r, m, written)
	passable(r, m, written)
}

// passable reports a pass_below that the judge has no use for. Below worse_by it would
// ask more of a pass than is tolerated, and far above it would ask nothing.
func passable(r *reader, m *Metric, written keys) {
	most := 10 * m.WorseBy
	if !written.has("pass_below") || (m.PassBelow >= m.WorseBy && m.PassBelow <= most) {
		return
	}
	worse := "worse_by " + printRatio(m.WorseBy)
	if !written.has("worse_by") {
		worse += ", the default"
	}
	r.problem(written.node("pass_below"), Problem{
		Message: r.subject() + " has pass_below " + printRatio(m.PassBelow) + " and " + worse,
		Allowed: "a ratio from " + printRatio(m.WorseBy) + " to " + printRatio(writable(most)),
		Hint:    "pass_below is worse_by or more, and at most ten times as much",
	})
}

// writable is the largest ratio that can be written and is not above v: the file has
// three digits after the point, and 10 * 1.001 is a little less than 10.01.
func writable(v float64) float64 {
	n := math.Round(v * 1000)
	if n/1000 > v {
		n--
	}
	return min(n, 999_999) / 1000
}

// limited reports an at_most that is not in the unit of the metric.
func limited(r *reader, m *Metric, written keys) {
	at := written.node("at_most")
	switch {
	case !written.has("at_most"):
	case m.Kind != Counts && m.AtMost.Share:
		r.problem(at, Problem{Message: r.subject() + " is a " + string(m.Kind) + ", and its at_most is a share", Allowed: gaugeLimit})
	case m.Kind == Gauge && m.Better == Higher:
		r.problem(at, Problem{Message: r.subject() + " is better when it is higher, and has at_most", Hint: "leave at_most out"})
	case m.Kind == Counts && !m.AtMost.Share:
		r.problem(at, Problem{Message: r.subject() + " is a count, and its at_most is a value", Allowed: percent})
	}
}
