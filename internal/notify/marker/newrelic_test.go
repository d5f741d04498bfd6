package marker

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/newrelic/newrelic-client-go/v2/newrelic"
	"github.com/newrelic/newrelic-client-go/v2/pkg/apm"
	"github.com/newrelic/newrelic-client-go/v2/pkg/changetracking"
	"github.com/newrelic/newrelic-client-go/v2/pkg/common"
	"github.com/newrelic/newrelic-client-go/v2/pkg/nrtime"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// TestNewRelicSecondOpinion: New Relic's own client sends what we send, and the
// contract server takes both.
func TestNewRelicSecondOpinion(t *testing.T) {
	t.Parallel()
	s := notifytest.Serve(t, (&notifytest.NewRelic{}).Handle)
	client := wire.New()
	t.Cleanup(client.Close)
	ours := &NewRelic{Wire: client, URL: s.URL, Key: notifytest.Token, Entity: "GUID1"}
	notices := notifytest.Notices()
	last := notices[len(notices)-1]
	last.At = last.At.Add(123 * time.Millisecond) // their client moves a time without milliseconds
	m := notify.Compose(notifytest.Plan("R-7"), last)
	if err := ours.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := ours.Send(t.Context(), m, &notify.Memory{}); err != nil {
		t.Fatal(err)
	}
	theirs, err := newrelic.New(newrelic.ConfigPersonalAPIKey(notifytest.Token), newrelic.ConfigRegion("US"),
		newrelic.ConfigNerdGraphBaseURL(s.URL+"/graphql"), newrelic.ConfigBaseURL(s.URL+"/v2"))
	if err != nil {
		t.Fatal(err)
	}
	d := ours.deployment(m)
	_, err = theirs.ChangeTracking.ChangeTrackingCreateDeployment(changetracking.ChangeTrackingDataHandlingRules{}, changetracking.ChangeTrackingDeploymentInput{
		Changelog: d.Changelog, Commit: d.Commit, DeepLink: d.DeepLink, DeploymentType: changetracking.ChangeTrackingDeploymentType(d.Type),
		Description: d.Description, EntityGUID: common.EntityGUID(d.Entity), GroupId: d.Group, Timestamp: nrtime.EpochMilliseconds(m.At), User: d.User, Version: d.Version,
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, s, func(body map[string]any) any {
		variables, _ := body["variables"].(map[string]any)
		return variables["deployment"]
	})
}

// TestNewRelicRESTSecondOpinion is the same for REST v2.
func TestNewRelicRESTSecondOpinion(t *testing.T) {
	t.Parallel()
	s := notifytest.Serve(t, (&notifytest.NewRelic{}).Handle)
	client := wire.New()
	t.Cleanup(client.Close)
	ours := &NewRelicREST{Wire: client, URL: s.URL, Key: notifytest.Token, Application: "1234"}
	notices := notifytest.Notices()
	m := notify.Compose(notifytest.Plan("R-7"), notices[len(notices)-1])
	if err := ours.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := ours.Send(t.Context(), m, &notify.Memory{}); err != nil {
		t.Fatal(err)
	}
	theirs, err := newrelic.New(newrelic.ConfigPersonalAPIKey(notifytest.Token), newrelic.ConfigRegion("US"), newrelic.ConfigBaseURL(s.URL+"/v2"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = theirs.APM.CreateDeploymentWithContext(t.Context(), 1234, apm.Deployment{
		Revision: m.Version, Changelog: changelog(m), Description: m.Headline, User: "kim", Timestamp: m.At.Format("2006-01-02T15:04:05Z07:00"),
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, s, func(body map[string]any) any { return body["deployment"] })
}

// same compares the last two requests that made a deployment.
func same(t *testing.T, s *notifytest.Server, of func(map[string]any) any) {
	t.Helper()
	all := s.Requests()
	var bodies []any
	for _, r := range all[len(all)-2:] {
		var body map[string]any
		if err := json.Unmarshal(r.Body, &body); err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, of(body))
	}
	if bodies[0] == nil || !reflect.DeepEqual(bodies[0], bodies[1]) {
		t.Errorf("ours:\n%v\ntheirs:\n%v", bodies[0], bodies[1])
	}
}

// TestNewRelicRefuses: NerdGraph's errors come with status 200.
func TestNewRelicRefuses(t *testing.T) {
	t.Parallel()
	s := notifytest.Serve(t, (&notifytest.NewRelic{}).Handle)
	client := wire.New()
	t.Cleanup(client.Close)
	n := &NewRelic{Wire: client, URL: s.URL, Key: notifytest.Token, Entity: "GUID2"}
	_, err := n.Send(t.Context(), notify.Compose(notifytest.Plan("R-7"), notifytest.Notices()[1]), &notify.Memory{})
	if final, _ := notify.Refused(err); !final || err.Error() != "ask New Relic: no such entity" {
		t.Errorf("got %v", err)
	}
	if err := n.Check(t.Context()); err == nil {
		t.Error("an entity that is not there passes the check")
	}
}
