package manifest

import (
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
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
		fields: []field[Metric]{
			key("source", func(m *Metric) *string { return &m.Source }, one("", "haproxy"),
				"Where it is read: haproxy counts requests and errors of each server.").defaults("haproxy"),
			key("worse_by", func(m *Metric) *float64 { return &m.WorseBy }, ratio(),
				"How many times worse than the hosts that are not updated is tolerated.").defaults("1.5x"),
			key("at_most", func(m *Metric) *float64 { return &m.AtMost }, share(),
				"Share that is never exceeded, whatever the other hosts do.").defaults("none").such("1%"),
			key("dry_run", func(m *Metric) *bool { return &m.DryRun }, truthful(),
				"Shown, and not counted.").defaults("false"),
		},
	}
}

// share is a percentage kept as a share of 1, and none when it is 0.
func share() shape[float64] {
	s := percentage(percent)
	read, write := s.read, s.write
	s.read = func(r *reader, n ast.Node) (float64, bool) {
		v, ok := read(r, n)
		return v / 100, ok
	}
	s.write = func(v float64) any {
		if v == 0 {
			return nil
		}
		return write(v * 100)
	}
	return s
}
