package manifest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"
)

// Source is where a metric is read.
type Source struct {
	Kind string // one of Sources
	Details
}

// SourceKind is one kind of source with all that it can be told.
type SourceKind struct {
	Name     string
	Doc      string
	Plain    bool // the name alone says it, too
	Says     MetricKind
	Settings []Setting
	Either   []string
	With     map[string]string
}

// kind is what a source says of a metric: it follows from what it is asked.
func (s Source) kind() MetricKind {
	switch {
	case s.Settings["value"] != "", s.Settings["prints"] == "value":
		return Gauge
	case s.Settings["buckets"] != "":
		return Histogram
	}
	for _, k := range Sources() {
		if k.Name == s.Kind && k.Says != "" {
			return k.Says
		}
	}
	return Counts
}

// source is a word, or a mapping with the kind as its only key.
func source() shape[Source] {
	plain := sourcesThat(func(k SourceKind) bool { return k.Plain })
	return either("a source such as haproxy, or {prometheus: {address: ..., events: ..., exposure: ...}}",
		as(sourceWord(plain), func(s string) Source { return Source{Kind: s} }, func(s Source) string { return s.Kind },
			func(s Source) bool { return slices.Contains(plain, s.Kind) && len(s.Settings) == 0 }),
		arm[Source]{shape: sourceMapping(), when: func(Source) bool { return true }},
	)
}

// sourceWord is a source that needs nothing else. Of one that does it says what to write.
func sourceWord(plain []string) shape[string] {
	s := one("", plain...)
	s.read = func(r *reader, n ast.Node) (string, bool) {
		found := strings.Clone(scalar(n))
		if slices.Contains(plain, found) {
			return found, true
		}
		p := Problem{Message: r.subject() + " is " + quotable(found), Allowed: allSources()}
		if k, known := sourceNamed(found); known {
			p.Message += " alone, and " + k.Name + " needs settings"
			p.Hint = "write source: " + k.form()
		} else if near, known := sourceNamed(nearest(found, sourcesThat(anySource))); known {
			p.Hint = "did you mean source: " + near.form() + "?"
		}
		r.problem(n, p)
		return "", false
	}
	return s
}

// sourceMapping is a source with its settings. Of one that has none it says what to write.
func sourceMapping() shape[Source] {
	o := sourceObject()
	s := o.shape()
	s.read = func(r *reader, n ast.Node) (Source, bool) {
		pairs, good := r.pairs(n)
		for _, p := range pairs {
			if _, known := o.field(p.key); known {
				continue
			}
			good = false
			problem := Problem{Message: "unknown key " + quotable(p.key) + " in " + r.where(), Allowed: allSources()}
			if k, known := sourceNamed(p.key); known {
				problem.Message = r.subject() + " is a mapping, and " + k.Name + " takes no settings"
				problem.Hint = "write source: " + k.form()
			} else if near, known := sourceNamed(nearest(p.key, sourcesThat(anySource))); known {
				problem.Hint = "did you mean source: " + near.form() + "?"
			}
			r.problem(p.at, problem)
		}
		if !good {
			return Source{}, false
		}
		return o.read(r, n)
	}
	return s
}

// form is the shortest way in which a source can be written.
func (k SourceKind) form() string {
	if k.Plain {
		return k.Name
	}
	var needs []string
	for _, s := range k.Settings {
		if s.Required || len(k.Either) > 0 && s.Name == k.Either[0] {
			needs = append(needs, s.Name+": ...")
		}
	}
	return "{" + k.Name + ": {" + strings.Join(needs, ", ") + "}}"
}

// allSources names every source, those that are a word and those with settings.
func allSources() string {
	plain := sourcesThat(func(k SourceKind) bool { return k.Plain })
	told := sourcesThat(func(k SourceKind) bool { return len(k.Settings) > 0 })
	return strings.Join(plain, ", ") + "; with settings " + strings.Join(told, ", ")
}

func anySource(SourceKind) bool { return true }

func sourcesThat(are func(SourceKind) bool) []string {
	var names []string
	for _, k := range Sources() {
		if are(k) {
			names = append(names, k.Name)
		}
	}
	return names
}

func sourceNamed(name string) (SourceKind, bool) {
	all := Sources()
	if i := slices.IndexFunc(all, func(k SourceKind) bool { return k.Name == name }); i >= 0 {
		return all[i], true
	}
	return SourceKind{}, false
}

// sourceObject is a source with its settings.
func sourceObject() object[Source] {
	o := object[Source]{name: "source", what: "a mapping", one: true}
	for _, k := range Sources() {
		if len(k.Settings) == 0 {
			continue
		}
		f := key(k.Name, func(s *Source) *Source { return s }, asked(k).shape(), k.Doc)
		write := f.write
		f.write = func(s *Source) any {
			if m, ok := write(s).(yaml.MapSlice); ok && s.Kind == k.Name {
				return m
			}
			return nil
		}
		o.fields = append(o.fields, f)
	}
	return o
}

// asked is what a source of a kind is told.
func asked(k SourceKind) object[Source] {
	o := object[Source]{
		name: "source-" + k.Name, what: "a mapping",
		fresh: func() Source { return Source{Kind: k.Name} },
		rule: func(r *reader, s *Source, written keys) {
			exactlyOne(r, k.Either, written)
			needsOther(r, k.With, written)
			s.fill(k.Settings)
		},
		extend: func(s *jsonschema.Schema) { extendKind(s, k.Either, k.With) },
	}
	for _, s := range k.Settings {
		o.fields = append(o.fields, fieldOf(s, func(s *Source) *Details { return &s.Details }))
	}
	return o
}

// Sources are the kinds of sources: those that need nothing else, those on the hosts,
// and those that are asked with a query.
func Sources() []SourceKind {
	return append(onHosts(), queried()...)
}

func onHosts() []SourceKind {
	return []SourceKind{
		{Name: "haproxy", Doc: "Requests and errors that HAProxy counts for each server; or, with value, one of its average times.", Plain: true, Says: Counts, Settings: []Setting{
			must(choice("value", "Average over the last 1024 requests, in seconds: of the answer, all of it, the connection, the queue.", "rtime", "ttime", "ctime", "qtime")),
		}},
		{Name: "restarts", Doc: "Restarts of the service's units.", Plain: true, Says: Counts},
		{Name: "oom", Doc: "Kills of the service's processes for want of memory.", Plain: true, Says: Counts},
		{Name: "memory", Doc: "Bytes of memory that the service's units use.", Plain: true, Says: Gauge},
		{Name: "log", Doc: "Lines in the journal of the service's units.", Says: Counts, Settings: []Setting{
			must(setting("pattern", "What a line must match to be counted, a regular expression.", compiles())).such("ERROR|panic"),
			choice("exposure", "What they are counted of.", "lines").inWords("seconds that hosts ran"),
			every(),
		}},
		{Name: "command", Doc: "A command that prints numbers: EVENTS EXPOSURE, or VALUE.", Settings: []Setting{
			must(setting("command", "A list of words, or a text for /bin/sh.", commandText())).such([]string{"/usr/local/bin/queue-length"}),
			choice("on", "Where it runs: on each host, or here, where it prints a line for each host.", "hosts", "here").is("hosts"),
			choice("prints", "What it prints.", "counts", "value").is("counts"),
			counts(), every(),
		}},
	}
}

func queried() []SourceKind {
	return []SourceKind{
		asking("prometheus", "PromQL, without rate().", true, slices.Concat(
			[]Setting{must(plainURL("address", "Address of Prometheus.")).such("http://prometheus:9090")},
			queries("", "buckets"), named("Label that names the host.", "instance"), []Setting{absent()}, login())),
		asking("graphite", "Targets of graphite-web.", true, slices.Concat(
			[]Setting{must(plainURL("address", "Address of graphite-web.")).such("http://graphite")},
			queries("{{host}}, "), []Setting{wordy("label", "Tag that names the host.", labelName()).inWords("none: the name of the series does"), hostNamed(), every(), absent(), lag("30s")}, login())),
		asking("newrelic", "NRQL.", true, slices.Concat(
			[]Setting{
				must(setting("account", "Number of the account.", idText(accountNumber()))).such("1234567"),
				must(secret("key", "User key.")).such("env:NEWRELIC_KEY"),
				choice("region", "Where the account is.", "us", "eu").is("us"),
				plainURL("address", "Address of NerdGraph instead of the region's.").inWords("that of the region"),
			}, queries(""), named("Attribute that names the host.", "host"), []Setting{absent(), lag("1m")})),
		asking("datadog", "Queries of metrics of Datadog.", true, slices.Concat(
			[]Setting{
				must(secret("api_key", "API key.")).such("env:DD_API_KEY"),
				must(secret("app_key", "Application key.")).such("env:DD_APP_KEY"),
				wordy("site", "Site of the account.", domain()).is("datadoghq.com"),
				plainURL("address", "Address of the API instead of the site's.").inWords("that of the site"),
			}, queries(""), named("Tag that names the host.", "host"), []Setting{absent(), lag("2m")})),
		asking("cloudwatch", "Metrics Insights or metric math of CloudWatch.", true, slices.Concat(
			[]Setting{
				must(wordy("region", "Region.", awsRegion())).such("eu-west-1"),
				secret("access_key", "Access key.").inWords("env:AWS_ACCESS_KEY_ID"),
				secret("secret_key", "Secret key.").inWords("env:AWS_SECRET_ACCESS_KEY"),
				secret("session_token", "Token of temporary keys.").inWords("env:AWS_SESSION_TOKEN, when it is set"),
				plainURL("endpoint", "Address of the service instead of the region's.").inWords("that of the region"),
			}, queries(""), []Setting{hostNamed(), every(), absent(), lag("2m")})),
		asking("sql", "Rows of PostgreSQL or SQLite: host and events, host, events and exposure, or host and value.", false, slices.Concat(
			[]Setting{
				must(setting("address", "Database.", databaseURL())).such("postgres://slipway@db/jobs"),
				secret("password", "Password of the user in the address.").inWords("none"),
			}, queries(""), []Setting{hostNamed(), every(), lag("0s")})),
		asking("http", "Fields of a JSON document.", true, slices.Concat(
			[]Setting{must(setting("address", "Address; with {{host}} in it each host has a document of its own.", openURL(hostAddress()))).such("https://stats.example.com/{{host}}.json")},
			queries("{{host}}, "), []Setting{hostNamed(), every(), counts()}, login())),
	}
}

// asking is a source that is asked with a query: exactly one of events, value and, where
// it knows histograms, buckets; exposure belongs to events.
func asking(name, doc string, exposed bool, all []Setting) SourceKind {
	k := SourceKind{Name: name, Doc: doc, Either: []string{"events", "value"}, With: map[string]string{"exposure": "events"}}
	k.Settings = slices.DeleteFunc(all, func(s Setting) bool { return !exposed && s.Name == "exposure" })
	if !exposed {
		k.With = nil
	}
	if slices.ContainsFunc(all, func(s Setting) bool { return s.Name == "buckets" }) {
		k.Either = append(k.Either, "buckets")
	}
	return k
}

// queries are what a source can be asked; filled is what is filled in beside the service
// and the environment.
func queries(filled string, also ...string) []Setting {
	all := []Setting{
		wordy("events", "Query of a count: how many events there were. "+filled+"{{service}} and {{environment}} are filled in.", queryText()),
		wordy("exposure", "Query of what the events are of: requests, jobs.", queryText()).inWords("seconds that hosts ran"),
		wordy("value", "Query of a gauge: a value that goes up and down.", queryText()),
	}
	for _, name := range also {
		all = append(all, wordy(name, "Query of a histogram, such as of latencies.", queryText()))
	}
	return all
}

// named says how a source names hosts.
func named(doc, label string) []Setting {
	return []Setting{wordy("label", doc, labelName()).is(label), hostNamed(), every()}
}

func hostNamed() Setting {
	return wordy("host", "What the source calls a host.", hostText()).inWords("{{host}}").such("{{host}}:9100")
}

func every() Setting {
	return setting("every", "The source is not asked more often.", period()).inWords("what suits the source")
}

func absent() Setting {
	return choice("absent", "What it means that a host with requests has no series of errors: zero, that it had none.", "zero").inWords("no data")
}

func lag(standard string) Setting {
	return setting("lag", "How long after a time the data of it is complete.", period()).inWords(standard)
}

func counts() Setting {
	return choice("counts", "What counts are: totals that only grow, or what is new since the last look.", "totals", "new").inWords("totals")
}

// login is how a source is logged in to: all of it may be secret.
func login() []Setting {
	return []Setting{
		secret("token", "Token that is sent as Authorization: Bearer.").inWords("none"),
		secret("user", "Name to log in with.").inWords("none"),
		secret("password", "Password to log in with.").inWords("none"),
	}
}

// compiles is a regular expression that can be used.
func compiles() shape[string] {
	s := wordOf(logPattern())
	read := s.read
	s.read = func(r *reader, n ast.Node) (string, bool) {
		v, ok := read(r, n)
		if !ok {
			return v, false
		}
		if _, err := regexp.Compile(v); err != nil {
			r.problem(n, Problem{Message: r.subject() + " cannot be used: " + err.Error(), Allowed: logPattern().what})
			return v, false
		}
		return v, true
	}
	return s
}
