package notifytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// NewRelic is as much of NerdGraph and of REST v2 as markers need. It keeps what it
// accepted, and finds it again.
type NewRelic struct {
	mu          sync.Mutex
	Deployments []map[string]any // NerdGraph
	REST        []map[string]any
}

var newRelicTypes = []string{"BASIC", "BLUE_GREEN", "CANARY", "OTHER", "ROLLING", "SHADOW"}

// Handle is its contract.
func (n *NewRelic) Handle(r *http.Request, body []byte) (int, map[string]string, string, string) {
	if r.Header.Get("Api-Key") != Token && r.Header.Get("X-Api-Key") != Token {
		return denied()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if r.URL.Path == "/graphql" {
		return n.graph(body)
	}
	switch {
	case r.URL.Path == "/v2/applications/1234.json" && r.Method == http.MethodGet:
		return http.StatusOK, nil, `{"application":{"id":1234,"name":"checkout"}}`, ""
	case r.URL.Path != "/v2/applications/1234/deployments.json":
		return http.StatusNotFound, nil, `{"error":{"title":"Application not found"}}`, ""
	case r.Method == http.MethodGet:
		out, _ := json.Marshal(map[string]any{"deployments": n.REST}) // texts and numbers always can be
		return http.StatusOK, nil, string(out), ""
	}
	return n.rest(body)
}

func (n *NewRelic) rest(body []byte) (int, map[string]string, string, string) {
	var b struct {
		Deployment struct{ Revision, Changelog, Description, User, Timestamp string }
	}
	d := &b.Deployment
	if err := strict(body, &b); err != nil || d.Revision == "" || len(d.Revision) > 127 {
		return refuse("%v", err)
	}
	if _, err := time.Parse(time.RFC3339, d.Timestamp); err != nil && d.Timestamp != "" {
		return refuse("%v", err)
	}
	id := len(n.REST) + 1
	n.REST = append(n.REST, map[string]any{"id": id, "revision": d.Revision, "description": d.Description, "user": d.User, "changelog": d.Changelog, "timestamp": d.Timestamp})
	return http.StatusCreated, nil, fmt.Sprintf(`{"deployment":{"id":%d,"revision":%q}}`, id, d.Revision), d.Description
}

func (n *NewRelic) graph(body []byte) (int, map[string]string, string, string) {
	var q struct {
		Query     string
		Variables struct {
			Rules      any            `json:"dataHandlingRules"`
			Deployment map[string]any `json:"deployment"`
			GUID       string         `json:"guid"`
			Filter     any            `json:"filter"`
		}
	}
	if err := strict(body, &q); err != nil {
		return refuse("%v", err)
	}
	wrong := func(text string) (int, map[string]string, string, string) {
		return http.StatusOK, nil, `{"data":null,"errors":[{"message":"` + text + `","extensions":{"errorClass":"BAD_USER_INPUT"}}]}`, ""
	}
	if !strings.Contains(q.Query, "changeTrackingCreateDeployment(") {
		if q.Variables.GUID != "GUID1" {
			return http.StatusOK, nil, `{"data":{"actor":{"entity":null}}}`, ""
		}
		out, _ := json.Marshal(n.Deployments) // texts and numbers always can be
		return http.StatusOK, nil, `{"data":{"actor":{"entity":{"name":"checkout","deploymentSearch":{"results":` + string(out) + `}}}}}`, ""
	}
	d := q.Variables.Deployment
	for k := range d {
		if !slices.Contains([]string{"changelog", "commit", "deepLink", "deploymentType", "description", "entityGuid", "groupId", "timestamp", "user", "version"}, k) {
			return wrong("no member " + k)
		}
	}
	kind, _ := d["deploymentType"].(string)
	stamp, _ := d["timestamp"].(float64)
	switch {
	case d["entityGuid"] != "GUID1":
		return wrong("no such entity")
	case d["version"] == nil || d["version"] == "":
		return wrong("version is required")
	case kind != "" && !slices.Contains(newRelicTypes, kind):
		return wrong("no such deploymentType")
	case stamp != 0 && (stamp < 1e12 || stamp > 1e13):
		return wrong("timestamp is not in milliseconds")
	}
	id := fmt.Sprintf("dep-%d", len(n.Deployments)+1)
	d["deploymentId"] = id
	n.Deployments = append(n.Deployments, d)
	description, _ := d["description"].(string)
	return http.StatusOK, nil, `{"data":{"changeTrackingCreateDeployment":{"deploymentId":"` + id + `","version":"2"}}}`, description
}

// Grafana keeps annotations, and finds them by tag.
func Grafana() Contract {
	var mu sync.Mutex
	var kept [][]string
	return func(r *http.Request, body []byte) (int, map[string]string, string, string) {
		if r.Header.Get("Authorization") != "Bearer "+Token {
			return denied()
		}
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path != "/api/annotations" {
			return http.StatusNotFound, nil, `{"message":"Not found"}`, ""
		}
		if r.Method == http.MethodGet {
			for i, tags := range kept {
				if slices.Contains(tags, r.URL.Query().Get("tags")) {
					return http.StatusOK, nil, fmt.Sprintf(`[{"id":%d}]`, i+1), ""
				}
			}
			return http.StatusOK, nil, `[]`, ""
		}
		var a struct {
			Dashboard string `json:"dashboardUID"`
			Time      int64
			TimeEnd   int64
			Tags      []string
			Text      string
		}
		if err := strict(body, &a); err != nil || a.Text == "" || a.Time < 1e12 || a.TimeEnd != 0 && a.TimeEnd < a.Time {
			return refuse("%v", err)
		}
		kept = append(kept, a.Tags)
		return http.StatusOK, nil, fmt.Sprintf(`{"id":%d,"message":"Annotation added"}`, len(kept)), text(a.Text)
	}
}

// Datadog takes events.
func Datadog(r *http.Request, body []byte) (int, map[string]string, string, string) {
	if r.Header.Get("DD-API-KEY") != Token {
		return http.StatusForbidden, nil, `{"errors":["Forbidden"]}`, ""
	}
	if r.Method == http.MethodGet && r.URL.Path == "/api/v1/validate" {
		return http.StatusOK, nil, `{"valid":true}`, ""
	}
	var e struct {
		Title, Text string
		Date        int64    `json:"date_happened"`
		Type        string   `json:"alert_type"`
		Group       string   `json:"aggregation_key"`
		Tags        []string `json:"tags"`
	}
	if err := strict(body, &e); err != nil || r.URL.Path != "/api/v1/events" {
		return refuse("%v", err)
	}
	if len([]rune(e.Title)) > 100 || len([]rune(e.Text)) > 4000 || len(e.Group) > 100 ||
		!slices.Contains([]string{"error", "warning", "info", "success"}, e.Type) {
		return refuse("an event beyond its limits")
	}
	return http.StatusAccepted, nil, `{"status":"ok","event":{"id":99}}`, e.Text
}

// Sentry keeps releases and deploys.
func Sentry() Contract {
	var mu sync.Mutex
	var releases []string
	var deploys []map[string]any
	return func(r *http.Request, body []byte) (int, map[string]string, string, string) {
		if r.Header.Get("Authorization") != "Bearer "+Token {
			return denied()
		}
		mu.Lock()
		defer mu.Unlock()
		path, ok := strings.CutPrefix(r.URL.Path, "/api/0/organizations/example/releases/")
		version, deploy := strings.CutSuffix(path, "/deploys/")
		switch {
		case r.URL.Path == "/api/0/projects/example/checkout/":
			return http.StatusOK, nil, `{"slug":"checkout"}`, ""
		case !ok || deploy && !slices.Contains(releases, version):
			return http.StatusNotFound, nil, `{"detail":"The requested resource does not exist"}`, ""
		case deploy && r.Method == http.MethodGet:
			out, _ := json.Marshal(deploys) // texts always can be
			return http.StatusOK, nil, string(out), ""
		case deploy:
			var d struct{ Environment, Name, URL, DateStarted, DateFinished string }
			if err := strict(body, &d); err != nil || d.Environment == "" || len(d.Name) > 64 {
				return refuse("%v", err)
			}
			deploys = append(deploys, map[string]any{"id": fmt.Sprint(len(deploys) + 1), "name": d.Name, "environment": d.Environment})
			return http.StatusCreated, nil, fmt.Sprintf(`{"id":"%d","name":%q}`, len(deploys), d.Name), d.Name
		}
		var rel struct {
			Version  string
			Projects []string
			Ref      string
			Commits  []struct {
				ID, Message string
				Author      string `json:"author_name"`
			}
		}
		if err := strict(body, &rel); err != nil || rel.Version == "" || strings.ContainsAny(rel.Version, "/\\\n") || !slices.Equal(rel.Projects, []string{"checkout"}) {
			return refuse("%v", err)
		}
		if slices.Contains(releases, rel.Version) {
			return http.StatusOK, nil, `{}`, ""
		}
		releases = append(releases, rel.Version)
		return http.StatusCreated, nil, `{}`, ""
	}
}
