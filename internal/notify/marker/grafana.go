package marker

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// Grafana keeps annotations: a line in the graphs, or for a whole rollout a region.
type Grafana struct {
	Wire      *wire.Client
	URL       string
	Token     string
	Dashboard string // UID; empty: all of the organisation
}

var (
	_ notify.Notifier = (*Grafana)(nil)
	_ notify.Checker  = (*Grafana)(nil)
)

// Send makes the annotation. It bears the message's key as a tag, by which a second
// attempt knows it.
func (g *Grafana) Send(ctx context.Context, m notify.Message, memory *notify.Memory) (string, error) {
	if memory.Again {
		if id, err := g.find(ctx, m); err != nil || id != "" {
			return id, err
		}
	}
	a := struct {
		Dashboard string   `json:"dashboardUID,omitempty"`
		Time      int64    `json:"time"`
		End       int64    `json:"timeEnd,omitempty"`
		Tags      []string `json:"tags"`
		Text      string   `json:"text"`
	}{Dashboard: g.Dashboard, Time: m.At.UnixMilli(), Tags: tags(m), Text: m.HTML()}
	if m.Ended() && m.Took > 0 {
		a.Time, a.End = m.At.Add(-m.Took).UnixMilli(), m.At.UnixMilli()
	}
	body, err := g.Wire.Post(ctx, g.address("/api/annotations"), g.header(), a)
	if err != nil {
		return "", err
	}
	var made struct {
		ID json.Number `json:"id"`
	}
	if json.Unmarshal(body, &made) != nil {
		return "", nil // it is kept; what it is called matters little
	}
	return made.ID.String(), nil
}

func (g *Grafana) find(ctx context.Context, m notify.Message) (string, error) {
	body, err := g.Wire.Do(ctx, wire.Request{
		Method: http.MethodGet, URL: g.address("/api/annotations?" + url.Values{"tags": {mark(m)}, "limit": {"1"}}.Encode()), Header: g.header(),
	})
	if err != nil {
		return "", err
	}
	var found []struct {
		ID json.Number `json:"id"`
	}
	if err := json.Unmarshal(body, &found); err != nil {
		return "", &notify.Error{Op: "ask Grafana", Text: "an answer that is not understood"}
	}
	if len(found) == 0 {
		return "", nil
	}
	return found[0].ID.String(), nil
}

// Check asks for the annotations, which needs the token.
func (g *Grafana) Check(ctx context.Context) error {
	_, err := g.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: g.address("/api/annotations?limit=1"), Header: g.header()})
	return err
}

func (g *Grafana) address(path string) string { return strings.TrimSuffix(g.URL, "/") + path }

func (g *Grafana) header() map[string]string {
	return map[string]string{"Authorization": "Bearer " + g.Token}
}
