package standard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/manifest"
)

// stageRules are about the way from the first host to the last.
func stageRules() []Rule {
	return []Rule{
		{ID: "stages.internal", Severity: Error, Deploy: true, check: internalStage,
			Wants: "Production begins with hosts that only staff can reach.",
			Why:   "The first look at a release on real hosts should not be a customer's.",
			Mend:  "Add `- internal:` as the first stage; behind a balancer it needs a backend of its own."},
		{ID: "stages.canary", Severity: Error, Deploy: true, check: canaryStage,
			Wants: "Production has a canary stage before the last one.",
			Why:   "What only shows under live load should show on a share of it.",
			Mend:  "Add `- canary: {hosts: 10%, bake: {most: 15m}}` before `- complete:`."},
		{ID: "judge.present", Severity: Warning, check: judged,
			Wants: "Each canary is watched, and compared with the live version.",
			Why:   "A canary that nobody compares only delays the rollout.",
			Mend:  "Add `judge:` with a metric and its source, and `bake:` with a time to watch."},
		{ID: "rehearsal.on", Severity: Warning, check: rehearsed,
			Wants: "The way back is shown in the internal stage, before anybody reaches the release.",
			Why:   "A way back that was never walked is a hope.",
			Mend:  "Leave `rehearse` at its default, which is true."},
		{ID: "notify.present", Severity: Warning, check: told,
			Wants: "Somebody is told what rollouts do.",
			Why:   "Whoever looks at a graph that moved should see what was deployed then.",
			Mend:  "Add `notify:` with a chat room, an address or a marker."},
		{ID: "watch.on", Severity: Note, check: watched,
			Wants: "A completed rollout is watched for a while.",
			Why:   "Some faults need an hour of all the traffic.",
			Mend:  "Add `watch: {for: 30m, judge: ...}` to the environment."},
		{ID: "health.present", Severity: Error, Deploy: true, check: healthy,
			Wants: "A listener or a worker says when it is healthy, and which version it is.",
			Why:   "A process that runs is not a service that works: a unit is active while its database is not reached. And only the process itself knows whether the restart reached it.",
			Mend:  "Add `health: {http: \"http://:8080/_status\", expect: {version: \"{{version}}\"}}`. A worker may have `checks:` in a stage instead, and is only warned of. Without the version it is a note."},
	}
}

func (l *look) stages(e manifest.Environment) place {
	return l.written("environments." + e.Name + ".stages")
}

func internalStage(l *look) {
	for _, e := range l.production() {
		if !has(e, manifest.StageInternal) {
			l.found(l.stages(e), "add - internal: as the first stage", "%s has no stage that only staff can reach", e.Name)
		}
	}
}

func canaryStage(l *look) {
	for _, e := range l.production() {
		if !has(e, manifest.StageCanary) {
			l.found(l.stages(e), "add - canary: {hosts: 10%, bake: {most: 15m}} before the last stage", "%s goes to all hosts without a canary", e.Name)
		}
	}
}

func judged(l *look) {
	for _, e := range l.production() {
		for i, s := range e.Stages {
			if s.Kind != manifest.StageCanary || len(s.Judge) > 0 && s.Bake.Most > 0 {
				continue
			}
			lacks := "judges nothing"
			if s.Bake.Most == 0 {
				lacks = "takes no time"
			}
			l.found(l.written(fmt.Sprintf("environments.%s.stages[%d]", e.Name, i)), "add judge: with a metric and its source, and bake: with a time", "the canary of %s %s", e.Name, lacks)
		}
	}
}

func rehearsed(l *look) {
	for _, e := range l.production() {
		if !e.Rehearse && has(e, manifest.StageInternal) {
			l.found(l.written("environments."+e.Name+".rehearse"), "take rehearse: false out", "the way back of %s is not rehearsed", e.Name)
		}
	}
}

func told(l *look) {
	if len(l.Manifest.Notify) > 0 {
		return
	}
	for _, e := range l.production() {
		if len(e.Notify) == 0 {
			l.found(l.written("environments."+e.Name), "add notify: with a room, an address or a marker", "nobody is told of rollouts to %s", e.Name)
		}
	}
}

func watched(l *look) {
	for _, e := range l.production() {
		if e.Watch == nil {
			l.found(l.written("environments."+e.Name), "add watch: {for: 30m, judge: {...}}", "%s is not watched once a rollout is complete", e.Name)
		}
	}
}

func healthy(l *look) {
	h := l.Manifest.Health
	if h == nil {
		l.unwell()
		return
	}
	for _, v := range h.Expect {
		if strings.Contains(v, "{{version}}") {
			return
		}
	}
	f := l.found(l.written("health"), `add expect: {version: "{{version}}"}`, "the health answer is not asked for the version")
	f.Severity = Note
}

// unwell is about a service without health. A worker may have nothing that answers: checks
// of a stage are as good.
func (l *look) unwell() {
	if l.Manifest.Type == manifest.Batch {
		return
	}
	if l.Manifest.Type == manifest.Worker {
		for _, e := range l.production() {
			if slices.ContainsFunc(e.Stages, func(s manifest.Stage) bool { return len(s.Checks) > 0 }) {
				return
			}
		}
	}
	f := l.found(l.written("type"), "add health: with the address of its status page, or for a worker checks: to a stage", "the %s says nothing of its health", l.Manifest.Type)
	if l.Manifest.Type == manifest.Worker {
		f.Severity = Warning
	}
}
