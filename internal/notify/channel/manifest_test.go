package channel_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/notify/channel"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestManifest: what can be written in slipway.yaml is what can be opened, kind by kind.
func TestManifest(t *testing.T) {
	t.Parallel()
	opener := channel.New(func(string) (string, error) { return "a=b", nil })
	var written []string
	for _, k := range manifest.Channels() {
		written = append(written, k.Name)
		choices := k.Either
		if len(choices) == 0 {
			choices = []string{""}
		}
		for _, choice := range choices {
			c := least(k, choice)
			if _, err := opener.Open(c); err != nil {
				t.Errorf("%s with no more than %v and %v: %v", k.Name, c.Settings, c.Secrets, err)
			}
		}
	}
	slices.Sort(written)
	if !slices.Equal(written, channel.Kinds()) {
		t.Errorf("slipway.yaml knows %s\nhere are      %s", strings.Join(written, " "), strings.Join(channel.Kinds(), " "))
	}
	for _, kind := range channel.Kinds() {
		for _, n := range channel.Standard(kind) {
			if !slices.Contains(manifest.Events(), manifest.Event(n)) {
				t.Errorf("no event %s", n)
			}
		}
	}
}

// least is a channel with what it must have, and one of the settings of which it needs one.
func least(k manifest.ChannelKind, choice string) rollout.Channel {
	c := rollout.Channel{Name: k.Name, Kind: k.Name, Settings: map[string]string{}, Secrets: map[string]string{}}
	for _, s := range k.Settings {
		switch {
		case !s.Required && s.Name != choice && k.With[choice] != s.Name:
		case s.Secret:
			c.Secrets[s.Name] = "env:X"
		case s.Name == "command":
			c.Settings[s.Name] = `["true"]`
		default:
			c.Settings[s.Name] = "x"
		}
	}
	return c
}
