package channel_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/notify/channel"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// world is a kind of channel that speaks HTTP, and the contract of its vendor.
type world struct {
	contract func(t *testing.T) notifytest.Contract
	settings map[string]string // URL is the server's address
	secrets  map[string]string // what references resolve to; URL and TOKEN are filled in
}

func plain(c notifytest.Contract) func(*testing.T) notifytest.Contract {
	return func(*testing.T) notifytest.Contract { return c }
}

func worlds() map[string]world {
	type m = map[string]string
	return map[string]world{
		"hipchat":       {plain(notifytest.HipChatV2), m{"url": "URL", "room": "deploys here", "api": "v2", "notify": "trouble", "from": "slipway"}, m{"token": "TOKEN"}},
		"hipchat-v1":    {plain(notifytest.HipChatV1), m{"url": "URL", "room": "deploys", "api": "v1", "notify": "trouble", "from": "slipway of the shop"}, m{"token": "TOKEN"}},
		"slack":         {func(*testing.T) notifytest.Contract { return (&notifytest.SlackAPI{}).Handle }, m{"url": "URL/api", "channel": "C024BE91L"}, m{"token": "TOKEN"}},
		"slack-webhook": {plain(notifytest.SlackWebhook), nil, m{"webhook": "URL/services/T0/B0/TOKEN"}},
		"mattermost":    {plain(notifytest.Mattermost), m{"username": "slipway", "channel": "#deploys"}, m{"webhook": "URL/hooks/TOKEN"}},
		"rocketchat":    {plain(notifytest.RocketChat), nil, m{"webhook": "URL/hooks/TOKEN"}},
		"zulip":         {plain(notifytest.Zulip), m{"url": "URL", "user": "bot@zulip.example", "stream": "deploys"}, m{"key": "TOKEN"}},
		"teams":         {plain(notifytest.Teams), nil, m{"webhook": "URL/workflows/TOKEN/triggers/manual/paths/invoke?api-version=2016-06-01&sig=TOKEN"}},
		"discord":       {plain(notifytest.Discord), nil, m{"webhook": "URL/api/webhooks/1/TOKEN"}},
		"telegram":      {plain(notifytest.Telegram), m{"url": "URL", "chat": "@deploys"}, m{"token": "TOKEN"}},
		"matrix":        {func(*testing.T) notifytest.Contract { return notifytest.Matrix() }, m{"url": "URL", "room": "!deploys:matrix.example"}, m{"token": "TOKEN"}},
		"webhook":       {func(*testing.T) notifytest.Contract { return notifytest.Webhook() }, m{"url": "URL/slipway"}, m{"secret": "TOKEN"}},
		"newrelic":      {func(*testing.T) notifytest.Contract { return (&notifytest.NewRelic{}).Handle }, m{"url": "URL", "entity": "GUID1"}, m{"key": "TOKEN"}},
		"newrelic-rest": {func(*testing.T) notifytest.Contract { return (&notifytest.NewRelic{}).Handle }, m{"url": "URL", "application": "1234"}, m{"key": "TOKEN"}},
		"grafana":       {func(*testing.T) notifytest.Contract { return notifytest.Grafana() }, m{"url": "URL"}, m{"token": "TOKEN"}},
		"datadog":       {plain(notifytest.Datadog), m{"url": "URL"}, m{"key": "TOKEN"}},
		"sentry":        {func(*testing.T) notifytest.Contract { return notifytest.Sentry() }, m{"url": "URL", "organization": "example", "project": "checkout"}, m{"token": "TOKEN"}},
		"cdevents":      {cdevents, m{"url": "URL", "source": "slipway"}, m{"token": "TOKEN"}},
		"otel":          {func(*testing.T) notifytest.Contract { return notifytest.OTel() }, m{"endpoint": "URL"}, m{"headers": "X-Token=TOKEN"}},
	}
}

func cdevents(t *testing.T) notifytest.Contract {
	t.Helper()
	c, err := notifytest.CDEvents()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// kindOf is a world's kind: what is before the first "-".
func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, "-")
	return kind
}

// at is the channel of a world whose server is at url, and what its references resolve to.
func (w world) at(name, url string) (rollout.Channel, func(string) (string, error)) {
	fill := strings.NewReplacer("URL", url, "TOKEN", notifytest.Token)
	c := rollout.Channel{Name: name, Kind: kindOf(name), Settings: map[string]string{}, Secrets: map[string]string{}}
	for k, v := range w.settings {
		c.Settings[k] = fill.Replace(v)
	}
	for k := range w.secrets {
		c.Secrets[k] = "env:" + k
	}
	return c, func(ref string) (string, error) { return fill.Replace(w.secrets[strings.TrimPrefix(ref, "env:")]), nil }
}

// every runs f for each world, side by side.
func every(t *testing.T, f func(t *testing.T, name string, w world)) {
	t.Helper()
	all := worlds()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, name, all[name])
		})
	}
}

// TestEveryKindIsTested: a kind that speaks HTTP and is not in the table goes untested.
func TestEveryKindIsTested(t *testing.T) {
	t.Parallel()
	others := []string{"command", "email", "graphite", "prometheus", "statsd"} // tested by name
	have := map[string]bool{}
	for name := range worlds() {
		have[kindOf(name)] = true
	}
	for _, kind := range channel.Kinds() {
		if !have[kind] && !slices.Contains(others, kind) {
			t.Errorf("kind %s has no test", kind)
		}
	}
}
