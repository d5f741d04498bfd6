package metric

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/duration"
	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/secret"
)

// asked is one metric and how it is asked for, with its secrets and all that is the
// same for every host filled in.
type asked struct {
	name        string
	kind        rollout.MetricKind
	ask         rollout.Ask
	service     string
	environment string
	project     string // where commands run
	every       time.Duration
	lag         time.Duration
	zero        bool // a host without events had none
	secrets     map[string]string
}

// newAsked reads the secrets of a metric.
func newAsked(plan *rollout.Plan, m rollout.Metric) (asked, error) {
	a := asked{name: m.Name, kind: m.Kind, ask: askOf(m), service: plan.Service, environment: plan.Environment, project: plan.Project, every: Every(m), secrets: map[string]string{}}
	if a.kind == "" {
		a.kind = rollout.Counts
	}
	a.zero = a.ask.Settings["absent"] == "zero"
	for name, ref := range a.ask.Secrets {
		value, err := secret.Resolve(ref)
		if err != nil {
			return asked{}, fmt.Errorf("secret %s: %w", name, err)
		}
		a.secrets[name] = value
	}
	return a, nil
}

// lagged sets how long data is waited for when the settings do not say.
func (a asked) lagged(standard time.Duration) asked {
	a.lag = standard
	if d, err := time.ParseDuration(a.ask.Settings["lag"]); err == nil {
		a.lag = d // Check has read it before
	}
	return a
}

// labelled sets which label names the host when the manifest does not say.
func (a asked) labelled(standard string) asked {
	if a.ask.Label == "" {
		a.ask.Label = standard
	}
	return a
}

// fill fills in what is the same for every host.
func (a asked) fill(text string) string {
	return strings.NewReplacer("{{service}}", a.service, "{{environment}}", a.environment).Replace(text)
}

// called is what a source calls a host.
func (a asked) called(host string) string {
	if a.ask.Host == "" {
		return host
	}
	return strings.ReplaceAll(a.fill(a.ask.Host), "{{host}}", host)
}

// hosts finds hosts by what a source calls them.
func (a asked) hosts(hosts []string) map[string]string {
	by := make(map[string]string, len(hosts))
	for _, h := range hosts {
		by[a.called(h)] = h
	}
	return by
}

// gap is one host that nothing is known of.
func (a asked) gap(host, reason string) engine.Gap {
	return engine.Gap{Metric: a.name, Host: host, Reason: reason}
}

// early says when the first data comes: nothing is wrong until then.
func (a asked) early(at time.Time) engine.Gaps {
	reason := "its first data comes after " + at.Format(time.TimeOnly)
	if a.lag > 0 {
		reason = "its data is " + duration.Text(a.lag) + " late: the first comes after " + at.Format(time.TimeOnly)
	}
	return engine.Gaps{{Metric: a.name, Reason: reason, Early: true}}
}

// unknown says that a source has no such host, and whom it has instead.
func (a asked) unknown(host string, found []string) engine.Gap {
	called := a.called(host)
	if len(found) == 0 {
		return a.gap(host, fmt.Sprintf("nothing is said of %s, nor of any other host", called))
	}
	slices.Sort(found)
	found = slices.Compact(found)
	more := ""
	if len(found) > 4 {
		found, more = found[:4], ", ..."
	}
	return a.gap(host, fmt.Sprintf("nothing is said of %s (but of %s%s)", called, strings.Join(found, ", "), more))
}

// redact takes the secrets out of what somebody else wrote.
func (a asked) redact(text string) string {
	for _, value := range a.secrets {
		if len(value) >= 4 {
			text = strings.NewReplacer(value, "[secret]", url.QueryEscape(value), "[secret]", url.PathEscape(value), "[secret]").Replace(text)
		}
	}
	return oneLine(text)
}

// oneLine keeps the words of somebody else to one line of some length.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "..."
	}
	return text
}
