package manifest

import "time"

// environments are the places that releases go to, in the order of the file.
func environments() shape[[]Environment] {
	pairs := mapping("a mapping of names to environments", 1, environmentName(), environmentObject().shape())
	return as(pairs, func(es []entry[Environment]) []Environment {
		out := make([]Environment, len(es))
		for i, e := range es {
			out[i] = e.Value
			out[i].Name = e.Key
		}
		return out
	}, func(all []Environment) []entry[Environment] {
		es := make([]entry[Environment], len(all))
		for i, e := range all {
			es[i] = entry[Environment]{e.Name, e}
		}
		return es
	}, nil).shape
}

func environmentObject() object[Environment] {
	return object[Environment]{
		name:  "environment",
		what:  "a mapping",
		fresh: freshEnvironment,
		rule:  sound,
		fields: []field[Environment]{
			key("method", func(e *Environment) *Method { return &e.Method }, methodObject().shape(),
				"How hosts are changed.").required(),
			key("traffic", func(e *Environment) **Traffic { return &e.Traffic }, pointer(trafficObject().shape()),
				"Balancers in front of the service.").defaults("none: hosts are never drained"),
			key("budget", func(e *Environment) *Amount { return &e.Budget }, amount(0),
				"Hosts that may fail, be unreachable or unhealthy, counted together, before the rollout fails; a percentage is rounded down.").defaults("2%, which is 0 in a fleet of less than 50"),
			key("max_out", func(e *Environment) *Amount { return &e.MaxOut }, amount(1),
				"Hosts that may be out of service at once, by a restore too; a percentage is rounded up.").defaults("25%"),
			key("on_fail", func(e *Environment) *Choice { return &e.OnFail }, one("", Restore, Ask),
				"What happens when the budget is spent or a verdict is fail.").defaults("restore"),
			key("on_unclear", func(e *Environment) *Choice { return &e.OnUnclear }, one("", Ask, Wait, Restore),
				"What happens when a verdict is inconclusive or there is no data; wait watches for as long again, up to three times, and then asks.").defaults("ask"),
			key("stages", func(e *Environment) *[]Stage { return &e.Stages }, stages(),
				"The stages of a rollout, in order: internal, then any number of canaries, then complete.").
				defaults("internal on 1 host (unless there is a balancer without an internal backend), a canary of 10%, complete in waves of 25%"),
			key("rehearse", func(e *Environment) *bool { return &e.Rehearse }, decision(),
				"Whether the way back is shown on the hosts of the internal stage, before anybody reaches them: update, restore, compare, update again.").defaults("true when there is an internal stage"),
			key("watch", func(e *Environment) **Watch { return &e.Watch }, pointer(watchObject().shape()),
				"How the service is judged on after the last stage, on all hosts against the time before; what is worse is restored.").defaults("none: the rollout is completed once the last stage has passed"),
			key("notify", func(e *Environment) *[]Channel { return &e.Notify }, channels(),
				"Who is told of rollouts here, beside those of the service.").defaults("none"),
		},
	}
}

// watchObject is how a completed rollout is watched.
func watchObject() object[Watch] {
	return object[Watch]{
		name: "watch", what: "a mapping", fresh: freshWatch, rule: watches,
		fields: []field[Watch]{
			key("for", func(w *Watch) *time.Duration { return &w.For }, duration(),
				"How long it is watched.").defaults("30m"),
			key("judge", func(w *Watch) *[]Metric { return &w.Judge }, judge(),
				"What is judged, by the name of the metric.").required(),
		},
	}
}

// watches reports a watch that could find nothing.
func watches(r *reader, w *Watch, written keys) {
	if len(w.Judge) == 0 {
		r.problem(written.node("judge"), Problem{Message: "the watch judges nothing", Hint: "name what it judges, such as judge: {errors: {}}, or leave watch out"})
	}
	if w.For <= 0 {
		r.problem(written.node("for"), Problem{Message: "the watch lasts no time", Allowed: "a time above 0, such as 30m"})
	}
}

// decision is true or false, printed either way.
func decision() shape[bool] {
	s := truthful()
	s.write = func(v bool) any { return v }
	return s
}

// sound reports what is wrong with an environment as a whole.
func sound(r *reader, e *Environment, written keys) {
	e.Written = written.has("stages")
	e.decided = written.has("rehearse")
	if e.decided && e.Rehearse && !e.withStages().internal() {
		r.problem(written.node("rehearse"), Problem{
			Message: "there is no internal stage to rehearse in",
			Hint:    "add - internal: to the stages, or leave rehearse out",
		})
	}
	if e.balanced() {
		return
	}
	for i, s := range e.Stages {
		unbalanced(r, stagePath(i, s.Kind)+".judge.", s.Judge)
	}
	if e.Watch != nil {
		unbalanced(r, "watch.judge.", e.Watch.Judge)
	}
}

// withStages is the environment with the stages that it will have.
func (e Environment) withStages() *Environment {
	if !e.Written {
		e.Stages = e.usual()
	}
	return &e
}

// unbalanced reports metrics that need a balancer where there is none.
func unbalanced(r *reader, path string, metrics []Metric) {
	for _, m := range metrics {
		if m.Source.Kind == "haproxy" {
			r.problemAt(r.placeOf(path+m.Name), Problem{
				Message: "metric " + quotable(m.Name) + " is read from haproxy, and the environment has no traffic.haproxy",
				Hint:    "add traffic: {haproxy: ...}, name another source, or leave judge out",
			})
		}
	}
}
