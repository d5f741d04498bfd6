package marker

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// Datadog keeps events.
type Datadog struct {
	Wire *wire.Client
	URL  string // https://api.SITE
	Key  string
}

var (
	_ notify.Notifier = (*Datadog)(nil)
	_ notify.Checker  = (*Datadog)(nil)
)

// Send makes an event. Datadog knows no idempotency key; events of a rollout are shown
// as one.
func (d *Datadog) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	body, err := d.Wire.Post(ctx, strings.TrimSuffix(d.URL, "/")+"/api/v1/events", d.header(), struct {
		Title string   `json:"title"`
		Text  string   `json:"text"`
		Date  int64    `json:"date_happened"`
		Type  string   `json:"alert_type"`
		Group string   `json:"aggregation_key"`
		Tags  []string `json:"tags"`
	}{
		notify.Shorten(m.Headline, 100), notify.Shorten(m.Plain(), 3900), m.At.Unix(), alert(m.Severity), m.Rollout,
		[]string{"service:" + m.Service, "env:" + m.Environment, "version:" + marked(m), "source:slipway", "event:" + node(string(m.Kind))},
	})
	if err != nil {
		return "", err
	}
	var made struct {
		Event struct {
			ID json.Number `json:"id"`
		} `json:"event"`
	}
	if json.Unmarshal(body, &made) != nil {
		return "", nil // it is kept; what it is called matters little
	}
	return made.Event.ID.String(), nil
}

// Check asks whether the key is known.
func (d *Datadog) Check(ctx context.Context) error {
	_, err := d.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: strings.TrimSuffix(d.URL, "/") + "/api/v1/validate", Header: d.header()})
	return err
}

func (d *Datadog) header() map[string]string { return map[string]string{"DD-API-KEY": d.Key} }

func alert(s notify.Severity) string {
	switch s {
	case notify.Good:
		return "success"
	case notify.Warning:
		return "warning"
	case notify.Bad:
		return "error"
	}
	return "info"
}
