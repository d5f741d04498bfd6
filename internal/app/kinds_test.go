package app

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/metric"
	"github.com/slipway-deploy/slipway/internal/notify/channel"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// valid is a manifest that the manifest's own tests accept.
func valid(t *testing.T, name string) *manifest.Manifest {
	t.Helper()
	file := filepath.Join("..", "manifest", "testdata", "valid", name)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Parse(file, data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestChannels: what the manifest takes can be opened, and there is no kind on one side
// alone.
func TestChannels(t *testing.T) {
	t.Parallel()
	var kinds []string
	for _, k := range manifest.Channels() {
		kinds = append(kinds, k.Name)
	}
	slices.Sort(kinds)
	if !slices.Equal(kinds, channel.Kinds()) {
		t.Errorf("the manifest has the channels %v, and there are %v", kinds, channel.Kinds())
	}
	opener := channel.New(func(ref string) (string, error) { return "https://secret.example/" + ref[4:], nil })
	defer opener.Close()
	m := valid(t, "channels.yaml")
	seen := map[string]bool{}
	for _, c := range plan.Channels(m, &m.Environments[0]) {
		seen[c.Kind] = true
		if c.Kind == "otel" {
			c.Secrets = nil // its secret has a form of its own
		}
		if _, err := opener.Open(c); err != nil {
			t.Errorf("channel %s: %v", c.Name, err)
		}
	}
	for _, k := range kinds {
		if !seen[k] {
			t.Errorf("no example of channel %s", k)
		}
	}
}

// TestEvents: the manifest's words are those of the rollout.
func TestEvents(t *testing.T) {
	t.Parallel()
	var words []rollout.NoticeKind
	for _, e := range manifest.Events() {
		words = append(words, rollout.NoticeKind(e))
	}
	want := []rollout.NoticeKind{rollout.NoticePlanned, rollout.NoticeStarted, rollout.NoticeEntered, rollout.NoticeLeft, rollout.NoticeWaiting,
		rollout.NoticePromoted, rollout.NoticePaused, rollout.NoticeAborted, rollout.NoticeRestoring, rollout.NoticeRestored,
		rollout.NoticeCompleted, rollout.NoticePerson, rollout.NoticeReminder}
	if !slices.Equal(words, want) {
		t.Errorf("the manifest's events are %q, and the rollout's %q", words, want)
	}
}

// TestSources: what the manifest takes of a source, the source takes, and there is no
// source on one side alone.
func TestSources(t *testing.T) {
	t.Parallel()
	var kinds, known []string
	for _, k := range manifest.Sources() {
		kinds = append(kinds, k.Name)
	}
	for _, k := range metric.Kinds() {
		known = append(known, k.Source)
	}
	slices.Sort(kinds)
	if !slices.Equal(kinds, known) {
		t.Errorf("the manifest has the sources %v, and there are %v", kinds, known)
	}
	m := valid(t, "sources.yaml")
	seen := map[string]bool{"haproxy": true} // it needs a balancer, which that file has not
	for _, s := range m.Environments[0].Stages {
		for _, judged := range plan.Metrics(s.Judge) {
			seen[judged.Source] = true
			if err := metric.Check(judged); err != nil {
				t.Error(err)
			}
		}
	}
	for _, k := range kinds {
		if !seen[k] {
			t.Errorf("no example of source %s", k)
		}
	}
}
