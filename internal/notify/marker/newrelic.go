package marker

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// NewRelicURL is the address of New Relic's API in a region, us or eu.
func NewRelicURL(region string) string {
	if region == "eu" {
		return "https://api.eu.newrelic.com"
	}
	return "https://api.newrelic.com"
}

// NewRelic marks deployments of an entity, through NerdGraph's change tracking.
type NewRelic struct {
	Wire   *wire.Client
	URL    string
	Key    string // a user key
	Entity string // GUID
}

var (
	_ notify.Notifier = (*NewRelic)(nil)
	_ notify.Checker  = (*NewRelic)(nil)
)

// deployment is change tracking's ChangeTrackingDeploymentInput.
type deployment struct {
	Changelog   string `json:"changelog,omitempty"`
	Commit      string `json:"commit,omitempty"`
	DeepLink    string `json:"deepLink,omitempty"`
	Type        string `json:"deploymentType,omitempty"`
	Description string `json:"description,omitempty"`
	Entity      string `json:"entityGuid"`
	Group       string `json:"groupId,omitempty"`
	Timestamp   int64  `json:"timestamp,omitempty"` // milliseconds
	User        string `json:"user,omitempty"`
	Version     string `json:"version"`
}

const createDeployment = `mutation($deployment: ChangeTrackingDeploymentInput!) {
  changeTrackingCreateDeployment(deployment: $deployment) { deploymentId }
}`

const findDeployment = `query($guid: EntityGuid!, $filter: ChangeTrackingSearchFilter) {
  actor { entity(guid: $guid) { deploymentSearch(filter: $filter) { results { deploymentId groupId timestamp version } } } }
}`

const askEntity = `query($guid: EntityGuid!) { actor { entity(guid: $guid) { name } } }`

// Send marks a deployment; those of one rollout are a group.
func (n *NewRelic) Send(ctx context.Context, m notify.Message, memory *notify.Memory) (string, error) {
	d := n.deployment(m)
	if memory.Again {
		if id, err := n.find(ctx, d); err != nil || id != "" {
			return id, err
		}
	}
	var made struct {
		Create struct {
			ID string `json:"deploymentId"`
		} `json:"changeTrackingCreateDeployment"`
	}
	err := n.query(ctx, createDeployment, map[string]any{"deployment": d}, &made)
	return made.Create.ID, err
}

func (n *NewRelic) deployment(m notify.Message) deployment {
	d := deployment{
		Changelog: changelog(m), DeepLink: m.Link, Type: "ROLLING", Description: m.Headline,
		Entity: n.Entity, Group: m.Rollout, Timestamp: m.At.UnixMilli(), User: person(m), Version: marked(m),
	}
	if m.Live() == m.Version {
		d.Commit = m.Commit
	}
	switch {
	case m.Kind == rollout.NoticeRestored || m.Kind == rollout.NoticeRestoring:
		d.Type = "OTHER"
	case m.Exposed == rollout.StageCanary:
		d.Type = "CANARY"
	}
	return d
}

// find looks for a deployment that an earlier attempt may have marked.
func (n *NewRelic) find(ctx context.Context, d deployment) (string, error) {
	window := map[string]any{"startTime": d.Timestamp - time.Minute.Milliseconds(), "endTime": d.Timestamp + time.Minute.Milliseconds()}
	var found struct {
		Actor struct {
			Entity struct {
				Search struct {
					Results []struct {
						ID        string `json:"deploymentId"`
						Group     string `json:"groupId"`
						Timestamp int64  `json:"timestamp"`
						Version   string `json:"version"`
					} `json:"results"`
				} `json:"deploymentSearch"`
			} `json:"entity"`
		} `json:"actor"`
	}
	err := n.query(ctx, findDeployment, map[string]any{"guid": d.Entity, "filter": map[string]any{"timeWindow": window}}, &found)
	if err != nil {
		return "", err
	}
	for _, r := range found.Actor.Entity.Search.Results {
		if r.Group == d.Group && r.Timestamp == d.Timestamp && r.Version == d.Version {
			return r.ID, nil
		}
	}
	return "", nil
}

// Check asks for the entity's name: the key and the GUID are then right.
func (n *NewRelic) Check(ctx context.Context) error {
	var found struct {
		Actor struct {
			Entity *struct {
				Name string `json:"name"`
			} `json:"entity"`
		} `json:"actor"`
	}
	if err := n.query(ctx, askEntity, map[string]any{"guid": n.Entity}, &found); err != nil {
		return err
	}
	if found.Actor.Entity == nil {
		return &notify.Error{Op: "ask New Relic", Text: "the key sees no entity " + n.Entity, Final: true}
	}
	return nil
}

// later are the classes of NerdGraph's errors that pass.
var later = []string{"TOO_MANY_REQUESTS", "SERVER_ERROR", "TIMEOUT", "INTERNAL_SERVER_ERROR"}

// query asks NerdGraph, whose errors come with status 200.
func (n *NewRelic) query(ctx context.Context, query string, variables map[string]any, into any) error {
	body, err := n.Wire.Post(ctx, strings.TrimSuffix(n.URL, "/")+"/graphql", map[string]string{"Api-Key": n.Key},
		map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Message    string `json:"message"`
			Extensions struct {
				Class string `json:"errorClass"`
			} `json:"extensions"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return &notify.Error{Op: "ask New Relic", Text: "an answer that is no JSON"}
	}
	if len(answer.Errors) > 0 {
		e := answer.Errors[0]
		return &notify.Error{Op: "ask New Relic", Text: notify.Shorten(e.Message, 200), Final: !slices.Contains(later, e.Extensions.Class)}
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		return &notify.Error{Op: "ask New Relic", Err: fmt.Errorf("an answer that is not understood: %w", err)}
	}
	return nil
}
