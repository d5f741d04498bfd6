package marker

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// cdVersion is the version of the CDEvents specification, and cdType that of its types
// of events.
const (
	cdVersion = "0.4.1"
	cdType    = ".0.2.0"
)

// CDEvents sends events of the CDEvents vocabulary, as CloudEvents over HTTP. It has
// words for what became of a service, and none for stages.
type CDEvents struct {
	Wire   *wire.Client
	URL    string
	Source string
	Token  string // empty: none
}

var (
	_ notify.Notifier = (*CDEvents)(nil)
	_ notify.Checker  = (*CDEvents)(nil)
)

type cloudEvent struct {
	Spec    string  `json:"specversion"`
	ID      string  `json:"id"`
	Source  string  `json:"source"`
	Type    string  `json:"type"`
	Subject string  `json:"subject"`
	Time    string  `json:"time"`
	Kind    string  `json:"datacontenttype"`
	Data    cdEvent `json:"data"`
}

type cdEvent struct {
	Context struct {
		Version   string `json:"version"`
		ID        string `json:"id"`
		Source    string `json:"source"`
		Type      string `json:"type"`
		Timestamp string `json:"timestamp"`
	} `json:"context"`
	Subject struct {
		ID      string `json:"id"`
		Source  string `json:"source"`
		Type    string `json:"type"`
		Content struct {
			Environment struct {
				ID string `json:"id"`
			} `json:"environment"`
			Artifact string `json:"artifactId,omitempty"`
		} `json:"content"`
	} `json:"subject"`
	Custom     cdCustom `json:"customData"`
	CustomType string   `json:"customDataContentType"`
}

// cdCustom is what the vocabulary has no place for.
type cdCustom struct {
	Rollout string `json:"rollout"`
	Commit  string `json:"commit,omitempty"`
	Text    string `json:"text"`
	Link    string `json:"link,omitempty"`
}

// Send sends the event. Its id is the message's key: a receiver knows a second copy by
// it, as CloudEvents wants.
func (c *CDEvents) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	predicate := happened(m)
	if predicate == "" {
		return "", nil
	}
	body, err := wire.JSON(c.event(m, predicate))
	if err != nil {
		return "", err
	}
	header := map[string]string{}
	if c.Token != "" {
		header["Authorization"] = "Bearer " + c.Token
	}
	_, err = c.Wire.Do(ctx, wire.Request{URL: c.URL, Type: "application/cloudevents+json", Header: header, Body: body})
	return m.Key, err
}

// happened is the vocabulary's word for a message; "" when it has none.
func happened(m notify.Message) string {
	switch {
	case m.Kind == rollout.NoticeCompleted && m.From == "":
		return "deployed"
	case m.Kind == rollout.NoticeCompleted:
		return "upgraded"
	case m.Kind == rollout.NoticeRestored && m.From == "":
		return "removed"
	case m.Kind == rollout.NoticeRestored:
		return "rolledback"
	}
	return ""
}

func (c *CDEvents) event(m notify.Message, predicate string) cloudEvent {
	var d cdEvent
	d.Context.Version, d.Context.ID, d.Context.Source = cdVersion, m.Key, c.Source
	d.Context.Type = "dev.cdevents.service." + predicate + cdType
	d.Context.Timestamp = m.At.UTC().Format(time.RFC3339Nano)
	d.Subject.ID, d.Subject.Source, d.Subject.Type = m.Service, c.Source, "service"
	d.Subject.Content.Environment.ID = m.Environment
	if predicate != "removed" {
		d.Subject.Content.Artifact = "pkg:generic/" + url.PathEscape(m.Service) + "@" + url.PathEscape(m.Live())
	}
	d.Custom, d.CustomType = cdCustom{Rollout: m.Rollout, Text: m.Headline, Link: m.Link}, "application/json"
	if m.Live() == m.Version {
		d.Custom.Commit = m.Commit
	}
	return cloudEvent{
		Spec: "1.0", ID: d.Context.ID, Source: c.Source, Type: d.Context.Type, Subject: m.Service,
		Time: d.Context.Timestamp, Kind: "application/json", Data: d,
	}
}

// Check sends a request without an event: a receiver that is there answers it, if only
// to say that an event is missing. A wrong token or address shows.
func (c *CDEvents) Check(ctx context.Context) error {
	header := map[string]string{}
	if c.Token != "" {
		header["Authorization"] = "Bearer " + c.Token
	}
	_, err := c.Wire.Do(ctx, wire.Request{Method: http.MethodOptions, URL: c.URL, Header: header})
	var e *notify.Error
	if errors.As(err, &e) && e.Status >= 400 && e.Status < 500 {
		switch e.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
			return err
		}
		return nil
	}
	return err
}
