package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/chat"
	"github.com/slipway-deploy/slipway/internal/notify/marker"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Opener opens channels, which share its connections.
type Opener struct {
	wire    *wire.Client
	resolve func(ref string) (string, error)
}

// New returns an Opener that gets secrets from resolve: secret.Resolve.
func New(resolve func(ref string) (string, error)) *Opener {
	return &Opener{wire: wire.New(), resolve: resolve}
}

// Close closes idle connections.
func (o *Opener) Close() { o.wire.Close() }

// Open makes the Notifier of a channel of a plan. Whatever goes wrong later, what it
// says holds none of the channel's secrets. Errors name the channel.
func (o *Opener) Open(c rollout.Channel) (notify.Notifier, error) {
	secrets := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Secrets)) {
		value, err := o.resolve(c.Secrets[name])
		if err != nil {
			return nil, fmt.Errorf("channel %s: %s: %w", c.Name, name, err)
		}
		secrets[name] = value
	}
	open, ok := kinds[c.Kind]
	if !ok {
		return nil, fmt.Errorf("channel %s: no kind %q: allowed are %s", c.Name, c.Kind, strings.Join(Kinds(), ", "))
	}
	n, err := open(config{o.wire, c.Settings, secrets})
	if err != nil {
		return nil, fmt.Errorf("channel %s: %w", c.Name, err)
	}
	if only := Standard(c.Kind); len(only) > 0 && len(c.Events) == 0 {
		n = filter(n, only)
	}
	hidden := slices.Collect(maps.Values(secrets))
	if all, err := headers(secrets["headers"]); err == nil {
		hidden = append(hidden, slices.Collect(maps.Values(all))...) // each is one by itself
	}
	return notify.Redact(n, hidden), nil
}

// Kinds are the kinds there are, by name.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// Standard is what a kind is told of when the user does not say; nil: of everything.
// Systems that keep markers want a line where production changes, and not a chat.
func Standard(kind string) []rollout.NoticeKind {
	switch kind {
	case "newrelic", "grafana", "datadog", "sentry":
		return []rollout.NoticeKind{rollout.NoticeStarted, rollout.NoticeRestored, rollout.NoticeCompleted, rollout.NoticePerson}
	case "cdevents":
		return []rollout.NoticeKind{rollout.NoticeRestored, rollout.NoticeCompleted}
	}
	return nil
}

// config is what a kind is opened with. Settings were checked, and defaults set, by
// manifest.
type config struct {
	wire     *wire.Client
	settings map[string]string
	secrets  map[string]string
}

// or is a setting, or what it is when a plan does not say.
func (c config) or(name, standard string) string {
	if v := c.settings[name]; v != "" {
		return v
	}
	return standard
}

// need fails when a plan lacks a setting or a secret.
func (c config) need(names ...string) error {
	for _, name := range names {
		if c.settings[name] == "" && c.secrets[name] == "" {
			return fmt.Errorf("it has no %s", name)
		}
	}
	return nil
}

// filter keeps from a Notifier what it does not want.
func filter(n notify.Notifier, only []rollout.NoticeKind) notify.Notifier {
	f := filtered{n, only}
	if c, ok := n.(notify.Checker); ok {
		return filteredChecker{f, c}
	}
	return f
}

type filtered struct {
	notify.Notifier
	only []rollout.NoticeKind
}

// Send sends what is wanted; the rest is delivered by not being sent.
func (f filtered) Send(ctx context.Context, m notify.Message, memory *notify.Memory) (string, error) {
	if m.Kind != notify.KindTest && !slices.Contains(f.only, m.Kind) {
		return "", nil
	}
	return f.Notifier.Send(ctx, m, memory)
}

type filteredChecker struct {
	filtered
	notify.Checker
}

// words are the words of a command, which a setting holds as a JSON list.
func words(text string) ([]string, error) {
	var all []string
	if err := json.Unmarshal([]byte(text), &all); err != nil || len(all) == 0 {
		return nil, fmt.Errorf(`command is not a list of words such as ["/usr/local/bin/tell"]`)
	}
	return all, nil
}

// headers reads key=value,key=value.
func headers(text string) (map[string]string, error) {
	all := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(name, " :\r\n") {
			return nil, fmt.Errorf("headers are not key=value,key=value (what they are is not shown)")
		}
		all[name] = strings.TrimSpace(value)
	}
	return all, nil
}

// addresses reads a list with commas.
func addresses(text string) []string {
	var all []string
	for a := range strings.SplitSeq(text, ",") {
		if a = strings.TrimSpace(a); a != "" {
			all = append(all, a)
		}
	}
	return all
}

// newRelic is one of the two ways to mark a deployment.
func newRelic(c config) (notify.Notifier, error) {
	if err := c.need("key"); err != nil {
		return nil, err
	}
	url := c.or("url", marker.NewRelicURL(c.settings["region"]))
	if application := c.settings["application"]; application != "" {
		return &marker.NewRelicREST{Wire: c.wire, URL: url, Key: c.secrets["key"], Application: application}, nil
	}
	if err := c.need("entity"); err != nil {
		return nil, err
	}
	return &marker.NewRelic{Wire: c.wire, URL: url, Key: c.secrets["key"], Entity: c.settings["entity"]}, nil
}

// slack is a webhook, or the API.
func slack(c config) (notify.Notifier, error) {
	if hook := c.secrets["webhook"]; hook != "" {
		return &chat.SlackWebhook{Wire: c.wire, Webhook: hook}, nil
	}
	if err := c.need("token", "channel"); err != nil {
		return nil, err
	}
	return &chat.Slack{Wire: c.wire, URL: c.or("url", "https://slack.com/api"), Token: c.secrets["token"], Channel: c.settings["channel"]}, nil
}

func webhook(c config) (notify.Notifier, error) {
	w := &chat.Webhook{Wire: c.wire, URL: c.settings["url"], Secret: c.secrets["secret"], Token: c.secrets["token"], Now: time.Now}
	return w, c.need("url")
}
