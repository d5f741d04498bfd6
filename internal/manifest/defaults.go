package manifest

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Everything that a file leaves out is decided here. Values that depend on nothing
// else are the fresh objects below; what depends on other keys comes in fill.

func freshManifest() Manifest { return Manifest{Type: Listener, Standard: Standard{Gate: GateNone}} }

func freshTarGz() TarGz { return TarGz{Keep: 5} }

func freshHealth() Health { return Health{Status: 200, Within: 30 * time.Second} }

// freshEnvironment tolerates no failed host in a fleet of less than fifty: one
// failure in a small fleet says as much about the release as about the host.
func freshEnvironment() Environment {
	return Environment{
		Budget:    Amount{Percent: 2},
		MaxOut:    Amount{Percent: 25},
		OnFail:    Restore,
		OnUnclear: Ask,
	}
}

func freshHAProxy() HAProxy { return HAProxy{Server: "{{host}}", Drain: 30 * time.Second} }

func freshInternal() Stage { return Stage{Kind: StageInternal, Hosts: Hosts{Count: 1}} }

func freshCanary() Stage {
	return Stage{Kind: StageCanary, Hosts: Hosts{Percent: 10}, Bake: Bake{Most: 15 * time.Minute}}
}

// Canary is a canary of which nothing is said.
func Canary() Stage { return freshCanary() }

func freshComplete() Stage { return Stage{Kind: StageComplete, Waves: Amount{Percent: 25}} }

func freshCheck() Check { return Check{Within: 10 * time.Second} }

func freshMetric() Metric {
	return Metric{Source: Source{Kind: "haproxy"}, Kind: Counts, WorseBy: WorseBy(Counts)}
}

// The ratios that are tolerated where nobody says another: nothing else in the program
// names them.
const (
	worseByOfCounts     = 1.1
	worseByOfHistograms = 1.2
	worseByOfGauges     = 1.5
)

// WorseBy is the ratio that is tolerated of a metric where nobody says another, in a
// file or on a command line.
func WorseBy(kind MetricKind) float64 {
	switch kind {
	case Histogram:
		return worseByOfHistograms
	case Gauge:
		return worseByOfGauges
	}
	return worseByOfCounts
}

// usualWorseBy is WorseBy in the words of the docs.
func usualWorseBy() string {
	return printRatio(WorseBy(Counts)) + " of a count, " + printRatio(WorseBy(Histogram)) + " of a histogram, " + printRatio(WorseBy(Gauge)) + " of a gauge"
}

func freshWatch() Watch { return Watch{For: 30 * time.Minute} }

// fill sets what depends on other keys.
func (m *Manifest) fill() {
	m.Artifact.fill(m.Service)
	if m.Units == nil {
		m.Units = []string{m.Service + ".service"}
	}
	if m.Timers == nil && m.Type == Batch {
		m.Timers = []string{m.Service + ".timer"}
	}
	for i := range m.Environments {
		m.Environments[i].fill(m.Service)
	}
}

func (a *Artifact) fill(service string) {
	if d := a.Deb; d != nil {
		d.Package = cmp.Or(d.Package, service)
		if d.Tree == "" {
			d.File = cmp.Or(d.File, "dist/*.deb")
		}
	}
	if t := a.TarGz; t != nil {
		t.Directory = cmp.Or(t.Directory, "/opt/"+service)
		if t.Tree == "" {
			t.File = cmp.Or(t.File, "dist/*.tar.gz")
		}
	}
}

func (e *Environment) fill(service string) {
	if a := e.Method.Ansible; a != nil && a.Hosts == "" {
		a.Hosts = service
	}
	if e.Stages == nil {
		e.Stages = e.usual()
	}
	if !e.decided {
		e.Rehearse = e.internal()
	}
	e.decided = false
	for i := range e.Stages {
		e.Stages[i].fill(e.balanced())
		for j := range e.Stages[i].Checks {
			e.Stages[i].Checks[j].fill()
		}
	}
}

// balanced reports whether HAProxy is in front of the service.
func (e *Environment) balanced() bool { return e.Traffic != nil && e.Traffic.HAProxy != nil }

// internal reports whether a stage comes before any live traffic.
func (e *Environment) internal() bool {
	return slices.ContainsFunc(e.Stages, func(s Stage) bool { return s.Kind == StageInternal })
}

// usual are the stages of an environment that lists none.
func (e *Environment) usual() []Stage {
	var stages []Stage
	if !e.balanced() || e.Traffic.HAProxy.Internal != "" {
		stages = append(stages, freshInternal())
	}
	return append(stages, freshCanary(), freshComplete())
}

// fill lets a canary behind HAProxy judge errors, which HAProxy counts anyway.
func (s *Stage) fill(balanced bool) {
	if s.Kind != StageCanary || s.Judge != nil || s.Bake.Most == 0 || !balanced {
		return
	}
	errors := freshMetric()
	errors.Name = "errors"
	s.Judge = []Metric{errors}
}

// fill names the check by what it does.
func (c *Check) fill() {
	if c.HTTP != "" && c.Status == 0 {
		c.Status = 200
	}
	if c.Name != "" {
		return
	}
	c.Name = "GET " + c.HTTP
	if c.HTTP == "" {
		words := c.Command
		if len(words) == 3 && slices.Equal(words[:2], shell()) {
			words = words[2:]
		}
		c.Name = oneLine(strings.Join(words, " "))
	}
}

// oneLine makes a name of a command.
func oneLine(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return string(r)
}
