package notifytest

import (
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// At is when the rollout begins.
func At() time.Time { return time.Date(2026, 11, 28, 14, 3, 0, 0, time.UTC) }

// Plan is a rollout of checkout 2.4.1 to twelve hosts. Some of its texts try to be more
// than text.
func Plan(id string, channels ...rollout.Channel) *rollout.Plan {
	p := &rollout.Plan{
		ID: id, Service: "checkout", Type: "listener", Environment: "production", Project: "/srv/checkout",
		By: "kim", At: At(), Link: "https://slipway.example/rollouts/" + id,
		Release: rollout.Release{Version: "2.4.1", Commit: "4f2a91c07d5be61d2a3b1c9e8f7a6b5c4d3e2f10",
			Artifacts: []rollout.Artifact{{Format: "deb", Name: "checkout", Version: "2.4.1", Arch: "all", Digest: "sha256:1111111111111111111111111111111111111111111111111111111111111111", Size: 1}}},
		Changes: []rollout.Change{
			{Commit: "4f2a91c07d5be61d2a3b1c9e8f7a6b5c4d3e2f10", Subject: "round prices half up, as the law wants", By: "Ana"},
			{Commit: "b81d0e3aa0915c7f", Subject: `cart: <b>fast</b> path & "quotes" @channel <!here> [x](http://evil.example) *not bold* _x_`, By: "Ben"},
			{Commit: "c0ffee11d00d", Subject: "drop the old tax table"},
		},
		Budget: 1, MaxOut: 3, OnFail: rollout.ChooseRestore, OnUnclear: rollout.ChooseAsk,
		Spec: rollout.Spec{Format: "deb", Package: "checkout", Units: []string{"checkout.service"}}, Method: rollout.Method{Ansible: &rollout.Ansible{Inventory: "hosts"}},
		Notify: channels,
	}
	var names []string
	for i := range 12 {
		name := fmt.Sprintf("app%02d", i+1)
		names = append(names, name)
		p.Hosts = append(p.Hosts, rollout.Host{Name: name, Arch: "amd64", From: "2.4.0", Back: rollout.Back{How: "package"}})
	}
	p.Stages = []rollout.Stage{
		{Name: "internal", Kind: rollout.StageInternal, Waves: [][]string{names[:1]}},
		{Name: "canary", Kind: rollout.StageCanary, Waves: [][]string{names[1:3]}},
		{Name: "complete", Kind: rollout.StageComplete, Waves: [][]string{names[3:]}},
	}
	return p
}

// Notices are one of each kind, and of a stage that was left one of each verdict. They
// are no one rollout's, but in an order that one could have.
func Notices() []rollout.Notice {
	all := []rollout.Notice{
		{Kind: rollout.NoticePlanned, By: "kim"},
		{Kind: rollout.NoticeStarted, By: "kim"},
		{Kind: rollout.NoticeEntered, Stage: "internal"},
		{Kind: rollout.NoticeLeft, Stage: "internal", Verdict: rollout.Pass, Updated: 1, Took: 42 * time.Second},
		{Kind: rollout.NoticeEntered, Stage: "canary", Updated: 1},
		{Kind: rollout.NoticeLeft, Stage: "canary", Verdict: rollout.NoData, Why: "haproxy did not answer", Updated: 3, Took: 15 * time.Minute},
		{Kind: rollout.NoticeLeft, Stage: "canary", Verdict: rollout.Inconclusive, Why: "errors: 41 requests are too few", Updated: 3, Took: 15 * time.Minute},
		{Kind: rollout.NoticeWaiting, Stage: "canary", Why: "the verdict is inconclusive: promote or abort", Updated: 3, Took: 17 * time.Minute},
		{Kind: rollout.NoticeReminder, Stage: "canary", Why: "nobody has answered for 30m: promote or abort", Updated: 3, Took: 47 * time.Minute},
		{Kind: rollout.NoticePromoted, Stage: "canary", By: "lee", Updated: 3, Took: 48 * time.Minute},
		{Kind: rollout.NoticePaused, Stage: "complete", By: "lee", Updated: 5, Took: 50 * time.Minute},
		{Kind: rollout.NoticeLeft, Stage: "complete", Verdict: rollout.Fail, Why: "errors are 2.3 times the baseline's (<0.4 % & rising>)", Updated: 7, Failed: 1, Hosts: []string{"app07"}, Took: 6 * time.Minute},
		{Kind: rollout.NoticeAborted, Stage: "complete", By: "lee", Why: "customers see wrong totals", Updated: 7, Failed: 1, Took: 55 * time.Minute},
		{Kind: rollout.NoticeRestoring, Stage: "complete", Why: "lee aborted it: customers see wrong totals", Updated: 7, Failed: 1, Took: 55 * time.Minute},
		{Kind: rollout.NoticeRestored, Why: "lee aborted it: customers see wrong totals", Restored: 7, Failed: 1, Took: 58*time.Minute + 12*time.Second},
		{Kind: rollout.NoticePerson, Why: "app07 could not be put back", Updated: 1, Restored: 6, Failed: 1, Hosts: []string{"app07"}, Took: time.Hour},
		{Kind: rollout.NoticeCompleted, Updated: 12, Took: 61*time.Minute + 30*time.Second},
	}
	for i := range all {
		all[i].Key = fmt.Sprintf("%d/%s", i, all[i].Kind)
		all[i].At = At().Add(time.Duration(i) * time.Minute)
		all[i].Total = 12
	}
	return all
}

// Ending are notices that every kind of channel tells of, in order.
func Ending() []rollout.Notice {
	var all []rollout.Notice
	for _, n := range Notices() {
		if n.Kind == rollout.NoticeRestored || n.Kind == rollout.NoticeCompleted {
			all = append(all, n)
		}
	}
	return all
}
