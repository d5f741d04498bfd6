package metric

import (
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// The sources.
const (
	sourceHAProxy    = "haproxy"
	sourcePrometheus = "prometheus"
	sourceGraphite   = "graphite"
	sourceNewRelic   = "newrelic"
	sourceDatadog    = "datadog"
	sourceCloudWatch = "cloudwatch"
	sourceSQL        = "sql"
	sourceHTTP       = "http"
	sourceCommand    = "command"
	sourceLog        = "log"
	sourceRestarts   = "restarts"
	sourceOOM        = "oom"
	sourceMemory     = "memory"
)

// Kind is one source: what it tells, and which members of rollout.Ask it uses, by
// their names in JSON.
type Kind struct {
	Source  string
	About   string // what it tells, in a line
	Gives   []Form // one a kind of metric, the standard kind first
	Address string // what Ask.Address is; "": not used
	Label   string // what Ask.Label is, and its standard; "": not used
	Host    bool   // Ask.Host is used
	Every   time.Duration
	Past    bool // knows what hosts did before it was first asked
	// Settings are the source's own, and Secrets references; by name.
	Settings []Setting
	Secrets  []Setting
}

// Form is how one kind of metric is asked for.
type Form struct {
	Kind  rollout.MetricKind
	Needs []string // members of Ask that must be set
	May   []string // members of Ask that may be
}

// Setting is one member of Ask.Settings or Ask.Secrets.
type Setting struct {
	Name    string
	About   string
	Allowed []string // values; none: any
	Must    bool
}

// Kinds is all sources, by name.
func Kinds() []Kind {
	all := slices.Concat(queried(), answering(), counted())
	slices.SortFunc(all, func(a, b Kind) int {
		if a.Source < b.Source {
			return -1
		}
		return 1
	})
	return all
}

// KindOf is the source with a name.
func KindOf(source string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.Source == source {
			return k, true
		}
	}
	return Kind{}, false
}

// Every is how often a metric's source is asked, at most.
func Every(m rollout.Metric) time.Duration {
	if m.Ask != nil && m.Ask.Every > 0 {
		return m.Ask.Every
	}
	k, _ := KindOf(m.Source)
	return k.Every
}

// absent and lag are settings of several sources.
func absent() Setting {
	return Setting{Name: "absent", About: "zero: a host that has requests, and no series or value of errors, had none", Allowed: []string{"zero"}}
}

func lag(standard string) Setting {
	return Setting{Name: "lag", About: "how long after the time it is about data is complete; standard " + standard}
}

func basic() []Setting {
	return []Setting{{Name: "token", About: "sent as a bearer token"}, {Name: "user", About: "for basic authentication"}, {Name: "password", About: "for basic authentication"}}
}

// counts is how totals and news are told apart.
func counts() Setting {
	return Setting{Name: "counts", About: "totals (standard): numbers that only grow; new: what is new since it was last asked", Allowed: []string{"totals", "new"}}
}

// queried are the systems that keep time series.
func queried() []Kind {
	count := Form{Kind: rollout.Counts, Needs: []string{"events"}, May: []string{"exposure"}}
	gauge := Form{Kind: rollout.Gauge, Needs: []string{"value"}}
	return []Kind{
		{
			Source: sourcePrometheus, About: "counters, histograms and gauges of Prometheus, by PromQL", Address: "https://prometheus.example.com:9090",
			Gives: []Form{count, {Kind: rollout.Histogram, Needs: []string{"buckets"}}, gauge},
			Label: "the label that names the host; standard instance", Host: true, Every: 15 * time.Second, Past: true,
			Settings: []Setting{absent()}, Secrets: basic(),
		},
		{
			Source: sourceGraphite, About: "series of Graphite, by target", Address: "https://graphite.example.com",
			Gives: []Form{count, gauge}, Label: "the tag that names the host; standard: the name of the series does", Host: true, Every: time.Minute, Past: true,
			Settings: []Setting{absent(), lag("30s")}, Secrets: basic(),
		},
		{
			Source: sourceNewRelic, About: "New Relic, by NRQL", Address: "another address of NerdGraph",
			Gives: []Form{count, gauge}, Label: "the attribute that names the host; standard host", Host: true, Every: time.Minute, Past: true,
			Settings: []Setting{{Name: "account", About: "number of the account", Must: true}, {Name: "region", About: "standard us", Allowed: []string{"us", "eu"}}, absent(), lag("1m")},
			Secrets:  []Setting{{Name: "key", About: "a user key", Must: true}},
		},
		{
			Source: sourceDatadog, About: "Datadog, by metric query", Address: "another address of the API",
			Gives: []Form{count, gauge}, Label: "the tag that names the host; standard host", Host: true, Every: time.Minute, Past: true,
			Settings: []Setting{{Name: "site", About: "standard datadoghq.com; datadoghq.eu, us3.datadoghq.com, ..."}, absent(), lag("2m")},
			Secrets:  []Setting{{Name: "api_key", About: "the API key", Must: true}, {Name: "app_key", About: "the application key", Must: true}},
		},
		{
			Source: sourceCloudWatch, About: "CloudWatch, by Metrics Insights or metric math", Address: "the region, eu-west-1",
			Gives: []Form{count, gauge}, Host: true, Every: time.Minute, Past: true,
			Settings: []Setting{{Name: "endpoint", About: "another address of the service"}, absent(), lag("2m")},
			Secrets: []Setting{{Name: "access_key", About: "standard env:AWS_ACCESS_KEY_ID"}, {Name: "secret_key", About: "standard env:AWS_SECRET_ACCESS_KEY"},
				{Name: "session_token", About: "for temporary keys; standard env:AWS_SESSION_TOKEN, when that is set"}},
		},
	}
}

// asked are the systems that answer with rows or documents.
func answering() []Kind {
	return []Kind{
		{
			Source: sourceSQL, About: "rows of PostgreSQL or SQLite", Address: "postgres://user@host/database or sqlite:/path",
			Gives: []Form{{Kind: rollout.Counts, Needs: []string{"events"}}, {Kind: rollout.Gauge, Needs: []string{"value"}}},
			Host:  true, Every: 15 * time.Second, Past: true,
			Settings: []Setting{lag("0s")}, Secrets: []Setting{{Name: "password", About: "of the user in the address"}},
		},
		{
			Source: sourceHTTP, About: "a JSON document over HTTP, one a host or one of all", Address: "https://stats.example.com/{{host}}.json",
			Gives: []Form{{Kind: rollout.Counts, Needs: []string{"events"}, May: []string{"exposure"}}, {Kind: rollout.Gauge, Needs: []string{"value"}}},
			Host:  true, Every: 15 * time.Second,
			Settings: []Setting{counts()}, Secrets: basic(),
		},
		{
			Source: sourceCommand, About: "a command on this machine, or on the hosts",
			Gives: []Form{{Kind: rollout.Counts, Needs: []string{"command"}, May: []string{"on_hosts"}}, {Kind: rollout.Gauge, Needs: []string{"command"}, May: []string{"on_hosts"}}},
			Host:  true, Every: 15 * time.Second,
			Settings: []Setting{counts()},
		},
	}
}

// counted is what balancers and hosts count by themselves.
func counted() []Kind {
	return []Kind{
		{
			Source: sourceHAProxy, About: "errors of requests, and latency, from the balancers' own statistics",
			Gives: []Form{{Kind: rollout.Counts}, {Kind: rollout.Gauge, May: []string{"value"}}}, Every: 5 * time.Second,
		},
		{
			Source: sourceLog, About: "lines of the units' journal that match a pattern",
			Gives: []Form{{Kind: rollout.Counts, Needs: []string{"pattern"}, May: []string{"exposure"}}}, Every: 30 * time.Second,
		},
		{
			Source: sourceRestarts, About: "restarts of the units by systemd", Gives: []Form{{Kind: rollout.Counts}}, Every: 30 * time.Second,
		},
		{
			Source: sourceOOM, About: "processes of the units killed for lack of memory", Gives: []Form{{Kind: rollout.Counts}}, Every: 30 * time.Second,
		},
		{
			Source: sourceMemory, About: "memory of the units, in bytes", Gives: []Form{{Kind: rollout.Gauge}}, Every: 30 * time.Second,
		},
	}
}
