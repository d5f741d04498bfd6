package manifest

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// manifestObject is the whole file.
func manifestObject() object[Manifest] {
	return object[Manifest]{
		name:  "manifest",
		what:  "a mapping",
		fresh: freshManifest,
		rule:  together,
		fields: []field[Manifest]{
			key("service", func(m *Manifest) *string { return &m.Service }, wordOf(serviceName()),
				"Name of the service, as people know it.").required().such("checkout"),
			key("type", func(m *Manifest) *Type { return &m.Type }, one("", Listener, Worker, Batch),
				"What kind of service it is: a listener serves requests, a worker consumes jobs, a batch job runs and ends.").defaults("listener"),
			key("artifact", func(m *Manifest) *Artifact { return &m.Artifact }, artifactObject().shape(),
				"What is deployed: a Debian package or a tar.gz.").required(),
			key("units", func(m *Manifest) *[]string { return &m.Units }, list("a list of systemd units such as [checkout.service]", 0, wordOf(unitName())),
				"systemd units that an update restarts, in this order; one that runs and ends is left to its timer.").defaults("[SERVICE.service]"),
			key("timers", func(m *Manifest) *[]string { return &m.Timers }, list("a list of systemd timers such as [checkout.timer]", 0, wordOf(timerName())),
				"systemd timers that are stopped before an update and started after it.").defaults("none, and [SERVICE.timer] for a batch job"),
			key("config", func(m *Manifest) *[]string { return &m.Config }, list("a list of absolute paths", 0, wordOf(absolutePath())),
				"Files and directories of configuration: recorded before an update, put back by a restore.").defaults("none").such([]string{"/etc/checkout"}),
			key("data", func(m *Manifest) *[]string { return &m.Data }, list("a list of absolute paths", 0, wordOf(absolutePath())),
				"Files and directories that are never touched, by a restore neither.").defaults("none").such([]string{"/var/lib/checkout"}),
			key("health", func(m *Manifest) **Health { return &m.Health }, pointer(healthObject().shape()),
				"When a host is healthy after a change.").defaults("its units are active"),
			key("notify", func(m *Manifest) *[]Channel { return &m.Notify }, channels(),
				"Who is told what rollouts do, in every environment.").defaults("nobody").such([]any{map[string]any{"slack": map[string]any{"webhook": "env:SLACK_WEBHOOK"}}}),
			key("link", func(m *Manifest) *string { return &m.Link }, openURL(linkText()),
				"Where people can see a rollout, for messages; {{service}}, {{environment}}, {{version}}, {{commit}} and {{rollout}} are filled in.").defaults("none").such("https://deploys.example.com/{{rollout}}"),
			key("runbook", func(m *Manifest) *Runbook { return &m.Runbook }, runbookBook(),
				"The project's runbook.").defaults("RUNBOOK.md, where there is one").such("RUNBOOK.md"),
			key("standard", func(m *Manifest) *Standard { return &m.Standard }, standardObject().shape(),
				"How the rules of slipway check are held to.").defaults("nothing stops a deploy").such(map[string]any{"gate": "errors"}),
			key("release", func(m *Manifest) **Release { return &m.Release }, pointer(releaseObject().shape()),
				"Which commits may be released; a deploy of any other is refused.").defaults("any").such(map[string]any{"branch": "master"}),
			key("compat", func(m *Manifest) **Compat { return &m.Compat }, pointer(compatObject().shape()),
				"Contracts that are compared with those of the version that is live, and how old and new are tried side by side.").defaults("nothing is compared").such(map[string]any{"openapi": []any{map[string]any{"files": []string{"api/*.yaml"}}}}),
			key("contacts", func(m *Manifest) *[]Contact { return &m.Contacts }, contacts(),
				"Whom to turn to when a rollout needs a person; they are in the release plan.").defaults("nobody").such([]any{map[string]any{"name": "Shop on-call", "how": "#shop-oncall"}}),
			key("environments", func(m *Manifest) *[]Environment { return &m.Environments }, environments(),
				"Where releases go, by name.").required(),
		},
	}
}

// together reports what is wrong with several parts of the file.
func together(r *reader, m *Manifest, written keys) {
	apart(r, m, written)
	sameName(r, m, written)
}

// apart refuses paths that would be restored and left alone at once.
func apart(r *reader, m *Manifest, written keys) {
	for i, data := range m.Data {
		for _, config := range m.Config {
			if !within(data, config) && !within(config, data) {
				continue
			}
			at := written.node("data")
			if seq, ok := r.resolve(at).(*ast.SequenceNode); ok && i < len(seq.Values) {
				at = seq.Values[i]
			}
			r.problem(at, Problem{
				Path:    "data",
				Message: "data path " + quotable(data) + " and config path " + quotable(config) + " overlap: what is in both cannot be restored and never touched at once",
				Hint:    "name the files of the one that matter instead of the directory",
			})
		}
	}
}

// within reports whether a path is another one or below it.
func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+"/")
}
