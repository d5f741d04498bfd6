package manifest

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
			key("on_unclear", func(e *Environment) *Choice { return &e.OnUnclear }, one("", Ask, Restore),
				"What happens when a verdict is inconclusive or there is no data.").defaults("ask"),
			key("stages", func(e *Environment) *[]Stage { return &e.Stages }, stages(),
				"The stages of a rollout, in order: internal, then any number of canaries, then complete.").
				defaults("internal on 1 host (unless there is a balancer without an internal backend), a canary of 10%, complete in waves of 25%"),
		},
	}
}

// sound reports what is wrong with an environment as a whole.
func sound(r *reader, e *Environment, written keys) {
	e.Written = written.has("stages")
	if e.Traffic != nil && e.Traffic.HAProxy != nil {
		return
	}
	for i, s := range e.Stages {
		for _, m := range s.Judge {
			if m.Source == "haproxy" {
				path := stagePath(i, s.Kind) + ".judge." + m.Name
				r.problemAt(r.placeOf(path), Problem{
					Message: "metric " + quotable(m.Name) + " is read from haproxy, and the environment has no traffic.haproxy",
					Hint:    "add traffic: {haproxy: ...}, or leave judge out",
				})
			}
		}
	}
}
