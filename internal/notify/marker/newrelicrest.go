package marker

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// NewRelicREST marks deployments of an application, through version 2 of the REST API.
type NewRelicREST struct {
	Wire        *wire.Client
	URL         string
	Key         string // a REST key, or a user key (NRAK-...)
	Application string // its number
}

var (
	_ notify.Notifier = (*NewRelicREST)(nil)
	_ notify.Checker  = (*NewRelicREST)(nil)
)

type restDeployment struct {
	ID          int    `json:"id,omitempty"`
	Revision    string `json:"revision"`
	Changelog   string `json:"changelog,omitempty"`
	Description string `json:"description,omitempty"`
	User        string `json:"user,omitempty"`
	Timestamp   string `json:"timestamp,omitempty"`
}

type restBody struct {
	Deployment restDeployment `json:"deployment"`
}

// Send marks a deployment.
func (n *NewRelicREST) Send(ctx context.Context, m notify.Message, memory *notify.Memory) (string, error) {
	d := restDeployment{
		Revision: notify.Shorten(marked(m), 127), Changelog: changelog(m), Description: m.Headline,
		User: notify.Shorten(person(m), 31), Timestamp: m.At.UTC().Format(time.RFC3339),
	}
	if memory.Again {
		if id, err := n.find(ctx, d); err != nil || id != "" {
			return id, err
		}
	}
	body, err := n.Wire.Post(ctx, n.address("/deployments.json"), n.header(), restBody{d})
	if err != nil {
		return "", err
	}
	var made restBody
	if json.Unmarshal(body, &made) != nil {
		return "", nil // it is marked; what it is called matters little
	}
	return strconv.Itoa(made.Deployment.ID), nil
}

// find looks for a deployment that an earlier attempt may have marked.
func (n *NewRelicREST) find(ctx context.Context, d restDeployment) (string, error) {
	body, err := n.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: n.address("/deployments.json"), Header: n.header()})
	if err != nil {
		return "", err
	}
	var list struct {
		Deployments []restDeployment `json:"deployments"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return "", &notify.Error{Op: "ask New Relic", Text: "an answer that is not understood"}
	}
	want, err := time.Parse(time.RFC3339, d.Timestamp)
	if err != nil {
		return "", &notify.Error{Op: "ask New Relic", Err: err}
	}
	for _, old := range list.Deployments {
		at, err := time.Parse(time.RFC3339, old.Timestamp)
		if err == nil && at.Equal(want) && old.Revision == d.Revision && old.Description == d.Description {
			return strconv.Itoa(old.ID), nil
		}
	}
	return "", nil
}

// Check asks for the application.
func (n *NewRelicREST) Check(ctx context.Context) error {
	_, err := n.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: n.address(".json"), Header: n.header()})
	return err
}

func (n *NewRelicREST) address(path string) string {
	return strings.TrimSuffix(n.URL, "/") + "/v2/applications/" + url.PathEscape(n.Application) + path
}

// header bears the key. User keys and REST keys travel in different ones.
func (n *NewRelicREST) header() map[string]string {
	if strings.HasPrefix(n.Key, "NRAK-") {
		return map[string]string{"Api-Key": n.Key}
	}
	return map[string]string{"X-Api-Key": n.Key}
}
