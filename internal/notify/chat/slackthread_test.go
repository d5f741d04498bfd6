package chat

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slacktest"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// TestSlackThread: a rollout is one message, which says how things stand, and a thread.
func TestSlackThread(t *testing.T) {
	t.Parallel()
	api := &notifytest.SlackAPI{}
	s := notifytest.Serve(t, api.Handle)
	client := wire.New()
	t.Cleanup(client.Close)
	n := &Slack{Wire: client, URL: s.URL + "/api", Token: notifytest.Token, Channel: "#deploys"}
	if err := n.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	var memory notify.Memory
	plan, notices := notifytest.Plan("R-7"), notifytest.Notices()
	for _, notice := range notices {
		if _, err := n.Send(t.Context(), notify.Compose(plan, notice), &memory); err != nil {
			t.Fatal(err)
		}
	}
	all := api.All()
	if len(all) != len(notices) || all[0].Thread != "" || all[0].Updates != len(notices)-1 {
		t.Fatalf("%d messages, the first updated %d times", len(all), all[0].Updates)
	}
	if last := notify.Compose(plan, notices[len(notices)-1]).Headline; all[0].Text != last {
		t.Errorf("the message says %q, want %q", all[0].Text, last)
	}
	for _, m := range all[1:] {
		if m.Thread != all[0].TS {
			t.Errorf("%q is in thread %q", m.Text, m.Thread)
		}
	}
}

// TestSlackBetween: the reply got through, the update did not: the next attempt sends
// no second reply.
func TestSlackBetween(t *testing.T) {
	t.Parallel()
	api := &notifytest.SlackAPI{}
	s := notifytest.Serve(t, api.Handle)
	client := wire.New()
	t.Cleanup(client.Close)
	n := &Slack{Wire: client, URL: s.URL + "/api", Token: notifytest.Token, Channel: "C024BE91L"}
	plan, notices := notifytest.Plan("R-7"), notifytest.Notices()
	var memory notify.Memory
	if _, err := n.Send(t.Context(), notify.Compose(plan, notices[0]), &memory); err != nil {
		t.Fatal(err)
	}
	s.Break(nil, notifytest.HalfRead)
	if _, err := n.Send(t.Context(), notify.Compose(plan, notices[1]), &memory); err == nil {
		t.Fatal("no error")
	}
	memory.Again = true
	if _, err := n.Send(t.Context(), notify.Compose(plan, notices[1]), &memory); err != nil {
		t.Fatal(err)
	}
	if all := api.All(); len(all) != 2 || all[0].Updates != 1 {
		t.Errorf("%d messages, the first updated %d times", len(all), all[0].Updates)
	}
}

// TestSlackSecondOpinion: the contract server takes what slack-go's own calls send, and
// slack-go's test server takes ours.
func TestSlackSecondOpinion(t *testing.T) {
	t.Parallel()
	s := notifytest.Serve(t, (&notifytest.SlackAPI{}).Handle)
	theirs := slack.New(notifytest.Token, slack.OptionAPIURL(s.URL+"/api/"))
	channel, ts, err := theirs.PostMessage("#deploys", slack.MsgOptionText("hello", false), slack.MsgOptionAttachments(slack.Attachment{Fallback: "x"}),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "x", EventPayload: map[string]any{"key": "1"}}))
	if err != nil || channel != "C024BE91L" || ts == "" {
		t.Errorf("slack-go's message: %s %s %v", channel, ts, err)
	}
	test := slacktest.NewTestServer()
	test.Start()
	t.Cleanup(test.Stop)
	client := wire.New()
	defer client.Close()
	n := &Slack{Wire: client, URL: strings.TrimSuffix(test.GetAPIURL(), "/"), Token: "ABCDEFG", Channel: "C024BE91L"}
	m := notify.Compose(notifytest.Plan("R-7"), notifytest.Notices()[0])
	if id, err := n.Send(t.Context(), m, &notify.Memory{}); err != nil || id == "" {
		t.Errorf("slack-go's server: %q, %v", id, err)
	}
}
