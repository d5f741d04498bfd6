package metric

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

var update = flag.Bool("update", false, "write the table of docs/sources.md")

const page = "../../docs/sources.md"

// table is what docs/sources.md must say of the sources.
func table() string {
	var b strings.Builder
	for _, k := range Kinds() {
		var gives, own []string
		for _, f := range k.Gives {
			gives = append(gives, string(f.Kind))
		}
		for _, s := range append(k.Settings, k.Secrets...) {
			own = append(own, "`"+s.Name+"`")
		}
		past := "no"
		if k.Past {
			past = "yes"
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s | %s |\n", k.Source, k.Source, strings.Join(gives, ", "), past, strings.Replace(k.Every.String(), "m0s", "m", 1), strings.Join(own, " "))
	}
	return b.String()
}

// TestThePageIsTrue holds docs/sources.md against the table of sources, and its
// examples against what is allowed.
func TestThePageIsTrue(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const head = "|---|---|---|---|---|\n"
	before, rest, ok := strings.Cut(string(b), head)
	if !ok {
		t.Fatal("the page has no table")
	}
	is, after, _ := strings.Cut(rest, "\n\n")
	if want := table(); is+"\n" != want {
		if *update {
			if err := os.WriteFile(page, []byte(before+head+want+"\n"+after), 0o644); err != nil {
				t.Fatal(err)
			}
		} else {
			t.Errorf("the table of the page is not that of Kinds (go test -run ThePage -update):\n%s", want)
		}
	}
	for _, k := range Kinds() {
		_, section, ok := strings.Cut("\n"+after, "\n## "+k.Source+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if !ok || !strings.Contains(section, "```yaml\n") {
			t.Errorf("the page has no example of %s", k.Source)
			continue
		}
		for _, s := range append(k.Settings, k.Secrets...) {
			if !strings.Contains(section, "`"+s.Name+"`") && !strings.Contains(section, s.Name+":") {
				t.Errorf("the section of %s does not name %s", k.Source, s.Name)
			}
		}
		shown := map[rollout.MetricKind]bool{}
		for _, m := range examples(t, section) {
			if m.Source == k.Source {
				shown[m.Kind] = true
			}
			if err := Check(m); err != nil {
				t.Errorf("an example of %s: %v", k.Source, err)
			}
		}
		for _, f := range k.Gives {
			if !shown[f.Kind] && k.Source != sourceHAProxy {
				t.Errorf("no example of %s is a %s", k.Source, f.Kind)
			}
		}
	}
}

// examples reads the metrics of a section. How a manifest is read is not for this
// package to know; the keys of a source are those of rollout.Ask, and its settings.
func examples(t *testing.T, section string) []rollout.Metric {
	t.Helper()
	_, text, _ := strings.Cut(section, "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	var judge struct {
		Judge map[string]struct {
			Source any `yaml:"source"`
		} `yaml:"judge"`
	}
	if err := yaml.Unmarshal([]byte(text), &judge); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var all []rollout.Metric
	for name, m := range judge.Judge {
		all = append(all, example(t, name, m.Source))
	}
	return all
}

func example(t *testing.T, name string, source any) rollout.Metric {
	t.Helper()
	m := rollout.Metric{Name: name, Kind: rollout.Counts}
	if word, ok := source.(string); ok {
		m.Source = word
		if word == sourceMemory {
			m.Kind = rollout.Gauge
		}
		return m
	}
	for kind, keys := range source.(map[string]any) {
		m.Source, m.Ask = kind, &rollout.Ask{Settings: map[string]string{}, Secrets: map[string]string{}}
		k, _ := KindOf(kind)
		for key, v := range keys.(map[string]any) {
			fillIn(t, &m, k, key, v)
		}
	}
	return m
}

func fillIn(t *testing.T, m *rollout.Metric, k Kind, key string, v any) {
	t.Helper()
	text := fmt.Sprint(v)
	texts := map[string]*string{
		"address": &m.Ask.Address, "region": &m.Ask.Address, "events": &m.Ask.Events, "exposure": &m.Ask.Exposure, "value": &m.Ask.Value,
		"buckets": &m.Ask.Buckets, "label": &m.Ask.Label, "host": &m.Ask.Host, "pattern": &m.Ask.Pattern,
	}
	for _, s := range k.Secrets {
		if s.Name == key {
			m.Ask.Secrets[key] = text
			return
		}
	}
	switch {
	case texts[key] != nil && (key != "region" || m.Source == sourceCloudWatch):
		*texts[key] = text
	case key == "every":
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		m.Ask.Every = d
	case key == "command":
		for _, w := range v.([]any) {
			m.Ask.Command = append(m.Ask.Command, fmt.Sprint(w))
		}
	case key == "on":
		m.Ask.OnHosts = text == "hosts"
	case key == "prints":
		m.Kind = rollout.Gauge
	default:
		m.Ask.Settings[key] = text
	}
	switch key {
	case "value":
		m.Kind = rollout.Gauge
	case "buckets":
		m.Kind = rollout.Histogram
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	prom := func(a rollout.Ask) *rollout.Ask {
		a.Address = "https://prometheus.example.com"
		return &a
	}
	for _, c := range []struct {
		m    rollout.Metric
		want string
	}{
		{rollout.Metric{Source: "tea leaves"}, `metric m: no source "tea leaves": allowed is cloudwatch, command, datadog, graphite, haproxy, http, `},
		{rollout.Metric{Source: "memory"}, "source memory: kind count is not what it gives: allowed is gauge"},
		{rollout.Metric{Source: "prometheus"}, "address is missing"},
		{rollout.Metric{Source: "prometheus", Ask: prom(rollout.Ask{})}, "events is missing"},
		{rollout.Metric{Source: "prometheus", Ask: prom(rollout.Ask{Events: "up", Value: "up"})}, "value is not used for count: allowed is address, events, every, exposure, host, label"},
		{rollout.Metric{Source: "prometheus", Ask: prom(rollout.Ask{Events: "rate(errors[1m])"})}, "rate() is not for counts: give the counters themselves"},
		{rollout.Metric{Source: "prometheus", Ask: prom(rollout.Ask{Events: `e{host="{{host}}"}`})}, "{{host}} is not filled in here: allowed is {{service}}, {{environment}}"},
		{rollout.Metric{Source: "prometheus", Ask: prom(rollout.Ask{Events: "e", Host: "web1"})}, "the same for every host"},
		{rollout.Metric{Source: "prometheus", Ask: prom(rollout.Ask{Events: "e", Every: time.Millisecond})}, "at least 1s"},
		{rollout.Metric{Source: "prometheus", Ask: prom(rollout.Ask{Events: "e", Settings: map[string]string{"absent": "zero"}})}, "absent needs an exposure"},
		{rollout.Metric{Source: "prometheus", Ask: prom(rollout.Ask{Events: "e", Exposure: "x", Settings: map[string]string{"absent": "none"}})}, `absent is "none": allowed is zero`},
		{rollout.Metric{Source: "prometheus", Ask: prom(rollout.Ask{Events: "e", Settings: map[string]string{"lags": "1s"}})}, "no setting is called lags: allowed is absent"},
		{rollout.Metric{Source: "prometheus", Ask: prom(rollout.Ask{Events: "e", Secrets: map[string]string{"token": "hunter2"}})}, "secret token: not a reference to a secret: allowed is env:NAME or file:/absolute/path"},
		{rollout.Metric{Source: "prometheus", Ask: &rollout.Ask{Address: "https://me:hunter2@prometheus", Events: "e"}}, "address holds a user or password"},
		{rollout.Metric{Source: "prometheus", Ask: &rollout.Ask{Address: "prometheus:9090", Events: "e"}}, "must be a URL"},
		{rollout.Metric{Source: "graphite", Ask: &rollout.Ask{Address: "http://g", Events: "e", Settings: map[string]string{"lag": "1h"}}}, "at most 15m"},
		{rollout.Metric{Source: "newrelic", Ask: &rollout.Ask{Events: "SELECT count(*) FROM T", Secrets: map[string]string{"key": "env:K"}}}, "setting account is missing"},
		{rollout.Metric{Source: "newrelic", Ask: &rollout.Ask{Events: "SELECT count(*) FROM T WHERE a = 'since' FACET host", Settings: map[string]string{"account": "1"}, Secrets: map[string]string{"key": "env:K"}}}, "leave FACET out"},
		{rollout.Metric{Source: "datadog", Ask: &rollout.Ask{Events: "e", Settings: map[string]string{"site": "evil/"}, Secrets: map[string]string{"api_key": "env:K", "app_key": "env:K"}}}, "setting site"},
		{rollout.Metric{Source: "cloudwatch", Ask: &rollout.Ask{Address: "eu-west-1/x", Events: "e"}}, "must be a region"},
		{rollout.Metric{Source: "cloudwatch", Ask: &rollout.Ask{Address: "eu-west-1", Events: "e", Every: 30 * time.Second}}, "whole minutes"},
		{rollout.Metric{Source: "sql", Ask: &rollout.Ask{Address: "postgres://me:hunter2@db/x", Events: "e"}}, "address holds a password"},
		{rollout.Metric{Source: "sql", Ask: &rollout.Ask{Address: "mysql://db/x", Events: "e"}}, "must be postgres://"},
		{rollout.Metric{Source: "sql", Ask: &rollout.Ask{Address: "sqlite:/x", Events: "SELECT {{since}}"}}, "both {{since}} and {{until}}"},
		{rollout.Metric{Source: "http", Ask: &rollout.Ask{Address: "http://s/stats", Events: "errors"}}, "{{host}} must be in it, or in the address"},
		{rollout.Metric{Source: "http", Ask: &rollout.Ask{Address: "http://{{host}}/", Events: "a..b"}}, "a name is missing"},
		{rollout.Metric{Source: "log", Ask: &rollout.Ask{Pattern: "("}}, "pattern: "},
		{rollout.Metric{Source: "log", Ask: &rollout.Ask{Pattern: "a", Exposure: "bytes"}}, "allowed is lines"},
		{rollout.Metric{Source: "oom", Ask: &rollout.Ask{Secrets: map[string]string{"token": "env:X"}}}, "it has no secrets, and token is one"},
		{rollout.Metric{Source: "command", Ask: &rollout.Ask{Command: []string{"x"}, OnHosts: true, Host: "{{host}}"}}, "host is for a command on this machine"},
		{rollout.Metric{Source: "haproxy", Kind: rollout.Gauge, Ask: &rollout.Ask{Value: "qlen"}}, "allowed is rtime, ttime, ctime, qtime"},
	} {
		c.m.Name = "m"
		err := Check(c.m)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: got %v, want %q", c.m, err, c.want)
		}
		if _, err := New(Deps{}, &rollout.Plan{}, []rollout.Metric{c.m}); err == nil {
			t.Errorf("%+v: New took it", c.m)
		}
	}
}

func TestNew(t *testing.T) {
	t.Setenv("SLIPWAY_TEST_NOTHING", "")
	plan := &rollout.Plan{Traffic: &rollout.Traffic{HAProxy: &rollout.HAProxy{Public: "a", Sockets: []string{"/s"}}}}
	haproxy := rollout.Metric{Name: "errors", Source: "haproxy"}
	token := rollout.Metric{Name: "up", Source: "http", Ask: &rollout.Ask{Address: "http://{{host}}/", Events: "a", Secrets: map[string]string{"token": "env:SLIPWAY_TEST_NOTHING"}}}
	for want, metrics := range map[string][]rollout.Metric{
		"metric errors: named twice": {haproxy, haproxy},
		"metric errors: source haproxy needs the balancers of traffic.haproxy.sockets":            {haproxy},
		"metric up: secret token: env:SLIPWAY_TEST_NOTHING: the secret is missing: it is not set": {token},
	} {
		if _, err := New(Deps{}, &rollout.Plan{}, metrics); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	s, err := New(Deps{}, plan, nil)
	if err != nil || s == nil {
		t.Fatalf("no metrics: %v", err)
	}
	if got, err := s.Sample(t.Context(), nil); got != nil || err != nil {
		t.Errorf("no metrics: %v, %v", got, err)
	}
}
