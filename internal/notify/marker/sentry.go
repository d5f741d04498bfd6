package marker

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Sentry keeps releases, and their deploys to environments.
type Sentry struct {
	Wire         *wire.Client
	URL          string
	Token        string
	Organization string
	Project      string
}

var (
	_ notify.Notifier = (*Sentry)(nil)
	_ notify.Checker  = (*Sentry)(nil)
)

type sentryDeploy struct {
	ID          string `json:"id,omitempty"`
	Environment string `json:"environment"`
	Name        string `json:"name,omitempty"`
	URL         string `json:"url,omitempty"`
	Started     string `json:"dateStarted,omitempty"`
	Finished    string `json:"dateFinished,omitempty"`
}

// Send makes sure that the release is known, with its commits, and once a rollout has
// ended notes its deploy. Making a release twice is making it once; a second attempt
// looks for the deploy's name, which is the message's key.
func (s *Sentry) Send(ctx context.Context, m notify.Message, memory *notify.Memory) (string, error) {
	if m.Live() == "" {
		return "", nil // the service is gone: Sentry knows no such thing
	}
	if err := s.release(ctx, m); err != nil {
		return "", err
	}
	if m.Kind != rollout.NoticeCompleted && m.Kind != rollout.NoticeRestored {
		return "", nil
	}
	to := s.address("/releases/" + url.PathEscape(s.version(m)) + "/deploys/")
	name := notify.Shorten(m.Key, 64)
	if memory.Again {
		if id, err := s.find(ctx, to, name); err != nil || id != "" {
			return id, err
		}
	}
	d := sentryDeploy{Environment: m.Environment, Name: name, URL: m.Link, Finished: m.At.Format(time.RFC3339)}
	if m.Took > 0 {
		d.Started = m.At.Add(-m.Took).Format(time.RFC3339)
	}
	body, err := s.Wire.Post(ctx, to, s.header(), d)
	if err != nil {
		return "", err
	}
	var made sentryDeploy
	if json.Unmarshal(body, &made) != nil {
		return "", nil // it is kept; what it is called matters little
	}
	return made.ID, nil
}

func (s *Sentry) release(ctx context.Context, m notify.Message) error {
	type commit struct {
		ID      string `json:"id"`
		Message string `json:"message,omitempty"`
		Author  string `json:"author_name,omitempty"`
	}
	r := struct {
		Version  string   `json:"version"`
		Projects []string `json:"projects"`
		Ref      string   `json:"ref,omitempty"`
		Commits  []commit `json:"commits,omitempty"`
	}{Version: s.version(m), Projects: []string{s.Project}}
	if m.Live() == m.Version {
		r.Ref = m.Commit
		for _, c := range m.Changes {
			r.Commits = append(r.Commits, commit{c.Commit, c.Subject, c.By})
		}
	}
	_, err := s.Wire.Post(ctx, s.address("/releases/"), s.header(), r)
	return err
}

func (s *Sentry) find(ctx context.Context, to, name string) (string, error) {
	body, err := s.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: to, Header: s.header()})
	if err != nil {
		return "", err
	}
	var all []sentryDeploy
	if err := json.Unmarshal(body, &all); err != nil {
		return "", &notify.Error{Op: "ask Sentry", Text: "an answer that is not understood"}
	}
	for _, d := range all {
		if d.Name == name {
			return d.ID, nil
		}
	}
	return "", nil
}

// Check asks for the project.
func (s *Sentry) Check(ctx context.Context) error {
	to := strings.TrimSuffix(s.URL, "/") + "/api/0/projects/" + url.PathEscape(s.Organization) + "/" + url.PathEscape(s.Project) + "/"
	_, err := s.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: to, Header: s.header()})
	return err
}

// version is a release's name: Sentry has one list of them for an organisation.
func (s *Sentry) version(m notify.Message) string {
	return strings.ReplaceAll(m.Service+"@"+m.Live(), "/", "-")
}

func (s *Sentry) address(path string) string {
	return strings.TrimSuffix(s.URL, "/") + "/api/0/organizations/" + url.PathEscape(s.Organization) + path
}

func (s *Sentry) header() map[string]string {
	return map[string]string{"Authorization": "Bearer " + s.Token}
}
