package manifest

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"
)

// stages is the list of stages, in their order.
func stages() shape[[]Stage] {
	s := repeatable("a list of stages such as [{canary: {hosts: 10%}}, {complete: {}}]", 1, stageObject().shape())
	read, schema := s.read, s.schema
	s.read = func(r *reader, n ast.Node) ([]Stage, bool) {
		all, ok := read(r, n)
		if !ok {
			return all, false
		}
		before := len(r.problems)
		r.ordered(n.(*ast.SequenceNode).Values, all)
		return all, len(r.problems) == before
	}
	s.schema = func(d *definitions) *jsonschema.Schema {
		of := schema(d)
		extendStages(of)
		return of
	}
	return s
}

// ordered reports stages that are not in an order that can be.
func (r *reader) ordered(at []ast.Node, all []Stage) {
	rank := map[StageKind]int{StageInternal: 0, StageCanary: 1, StageComplete: 2}
	const order = "at most one internal, then any number of canaries, then one complete, which is the last"
	var share float64
	for i, s := range all {
		if i > 0 {
			last := all[i-1].Kind
			if rank[s.Kind] < rank[last] || s.Kind == last && s.Kind != StageCanary {
				r.problem(at[i], Problem{Message: fmt.Sprintf("stage %s comes after %s", s.Kind, last), Allowed: order})
			}
		}
		if p := s.Hosts.Percent; s.Kind == StageCanary && p > 0 {
			if p <= share {
				r.problem(at[i], Problem{
					Message: fmt.Sprintf("a canary of %v%% comes after one of %v%%", p, share),
					Hint:    "the percentage counts hosts that are already updated: it must grow from canary to canary",
				})
			}
			share = p
		}
	}
	complete := func(s Stage) bool { return s.Kind == StageComplete }
	if last := len(all) - 1; !slices.ContainsFunc(all, complete) {
		r.problem(at[last], Problem{Message: fmt.Sprintf("the last stage is %s", all[last].Kind), Allowed: order, Hint: "add - complete:"})
	}
}

// extendStages says in the schema what it can of the order of stages.
func extendStages(s *jsonschema.Schema) {
	has := func(kind StageKind, least, most uint64) *jsonschema.Schema {
		return &jsonschema.Schema{
			Contains:    &jsonschema.Schema{Required: []string{string(kind)}},
			MinContains: &least,
			MaxContains: &most,
		}
	}
	s.AllOf = []*jsonschema.Schema{has(StageInternal, 0, 1), has(StageComplete, 1, 1)}
}

// stageObject is one stage: a mapping with its kind as the only key.
func stageObject() object[Stage] {
	self := func(s *Stage) *Stage { return s }
	return object[Stage]{
		name: "stage",
		what: "a stage",
		one:  true,
		fields: []field[Stage]{
			only(StageInternal, key("internal", self, internalObject().shape(), "Hosts that only staff can reach.")),
			only(StageCanary, key("canary", self, canaryObject().shape(), "Hosts that take their share of live traffic, watched against the others.")),
			only(StageComplete, key("complete", self, completeObject().shape(), "All hosts that are left.")),
		},
	}
}

// only prints a field for stages of its kind.
func only(kind StageKind, f field[Stage]) field[Stage] {
	write := f.write
	f.write = func(s *Stage) any {
		if s.Kind != kind {
			return nil
		}
		if m, ok := write(s).(yaml.MapSlice); ok && len(m) > 0 {
			return m
		}
		return yaml.MapSlice{}
	}
	return f
}

func internalObject() object[Stage] {
	return object[Stage]{
		name: "internal", what: "a mapping", empty: true, fresh: freshInternal, rule: baked,
		fields: append([]field[Stage]{hostsField("1")}, stageFields("0s", "none: all hosts of the stage at once, within max_out", "none")...),
	}
}

func canaryObject() object[Stage] {
	return object[Stage]{
		name: "canary", what: "a mapping", empty: true, fresh: freshCanary, rule: baked,
		fields: append([]field[Stage]{hostsField("10%")}, stageFields("{least: 0s, most: 15m}", "none: all hosts of the stage at once, within max_out", "{errors: {}} behind HAProxy, else none: the bake passes by time; {} judges nothing")...),
	}
}

func completeObject() object[Stage] {
	return object[Stage]{
		name: "complete", what: "a mapping", empty: true, fresh: freshComplete,
		hints:  map[string]string{"bake": lastWatched, "judge": lastWatched},
		fields: lastFields(stageFields("", "25%", "")),
	}
}

// lastWatched says where the watching of a completed rollout is written.
const lastWatched = "what is watched after the last stage is the watch of the environment: watch: {for: 30m, judge: {errors: {}}}"

// lastFields are those of the complete stage: what watches it is the watch of the
// environment, which can be said without listing stages.
func lastFields(all []field[Stage]) []field[Stage] {
	return slices.DeleteFunc(all, func(f field[Stage]) bool { return f.name == "bake" || f.name == "judge" })
}

func hostsField(standard string) field[Stage] {
	return key("hosts", func(s *Stage) *Hosts { return &s.Hosts }, hosts(),
		"Hosts of the stage: so many more, a percentage of the fleet that counts hosts already updated, a group of the inventory, or names.").defaults(standard)
}

// stageFields are the keys that all stages have.
func stageFields(bakes, waves, judged string) []field[Stage] {
	return []field[Stage]{
		key("waves", func(s *Stage) *Amount { return &s.Waves }, amount(1),
			"Hosts changed at the same time: a number, or a percentage of the fleet; never more than max_out.").defaults(waves),
		key("checks", func(s *Stage) *[]Check { return &s.Checks }, repeatable("a list of checks such as [{http: \"http://:8080/cart\"}]", 0, checkObject().shape()),
			"What must succeed on every updated host once the hosts of the stage are done.").defaults("none"),
		key("bake", func(s *Stage) *Bake { return &s.Bake }, bake(),
			"How long the stage is watched after its checks. One time is both least and most.").defaults(bakes),
		key("judge", func(s *Stage) *[]Metric { return &s.Judge }, judge(),
			"What is compared with the hosts that are not updated, by the name of the metric.").defaults(judged),
		key("approval", func(s *Stage) *bool { return &s.Approval }, approval(),
			"Whether a person must promote before the first host of the stage is changed: required or none.").defaults("none"),
	}
}

// baked reports a stage that judges and gives itself no time for it.
func baked(r *reader, s *Stage, written keys) {
	if len(s.Judge) > 0 && s.Bake.Most == 0 {
		r.problem(written.node("judge"), Problem{
			Message: r.subject() + " judges and does not bake: there would be nothing to judge",
			Hint:    "add bake: {most: 15m}",
		})
	}
	if s.Kind != StageInternal {
		return
	}
	for _, m := range s.Judge {
		if m.Source.Kind == "haproxy" {
			r.problem(written.node("judge"), Problem{
				Message: "hosts of the internal stage take no public requests: haproxy has nothing to compare",
				Hint:    "judge in the canary, and use checks here",
			})
			return
		}
	}
}

// approval is a word in the file, so that a later kind of it needs no new key.
func approval() shape[bool] {
	words := one("", "required", "none")
	return as(words, func(s string) bool { return s == "required" }, func(b bool) string {
		if b {
			return "required"
		}
		return ""
	}, nil).shape
}

// stagePath is the path of a stage below its environment.
func stagePath(i int, kind StageKind) string { return fmt.Sprintf("stages[%d].%s", i, kind) }

// placeOf is where a path below the value being read is written.
func (r *reader) placeOf(path string) Position {
	m := Manifest{at: r.at}
	if where := r.where(); where != "" {
		path = where + "." + path
	}
	return m.Position(path)
}
