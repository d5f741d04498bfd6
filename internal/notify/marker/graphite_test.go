package marker

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/graphitetest"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

func put(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, to string, into any) error {
	t.Helper()
	r, err := http.Get(to)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", to, r.Status)
	}
	return json.NewDecoder(r.Body).Decode(into)
}

// TestGraphite: metrics are read back through /render, and events through /events.
func TestGraphite(t *testing.T) {
	t.Parallel()
	server := graphitetest.Start(t, graphitetest.Config{Host: processtest.Loopback, Retentions: "1s:10m", Events: true})
	client := wire.New()
	t.Cleanup(client.Close)
	g := &Graphite{Wire: client, Address: server.Carbon.Address, Prefix: "slipway", Web: server.URL()}
	if err := g.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	plan := notifytest.Plan("R-7")
	n := rollout.Notice{Key: "9/completed", Kind: rollout.NoticeCompleted, At: time.Now().Add(-5 * time.Second), Updated: 12, Total: 12, Took: 90 * time.Second}
	m := notify.Compose(plan, n)
	for again := range 3 { // twice more, as after lost answers
		if _, err := g.Send(t.Context(), m, &notify.Memory{Again: again > 0}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]float64{
		"slipway.production.checkout.version.2_4_1": 12, "slipway.production.checkout.version.2_4_0": 0,
		"slipway.production.checkout.duration": 90, "slipway.production.checkout.outcome.completed": 1,
		"slipway.production.checkout.events.completed": 1, "slipway.production.checkout.hosts.updated": 12,
	}
	for name, value := range want {
		processtest.Until(t, func() error { return rendered(t, server.URL(), name, n.At, value) })
	}
	var events []struct {
		What, Data string
		Tags       []string
		When       float64
	}
	if err := ask(t, server.URL()+"/events/get_data?tags=slipway&from=-1h", &events); err != nil {
		t.Fatal(err)
	}
	if len(events) != 1 || events[0].What != m.Headline || events[0].Data != m.Plain() || int64(events[0].When) != n.At.Unix() {
		t.Errorf("events are %+v", events)
	}
}

func rendered(t *testing.T, web, name string, at time.Time, want float64) error {
	t.Helper()
	var series []struct{ Datapoints [][2]*float64 }
	query := url.Values{"target": {name}, "format": {"json"}, "from": {"-1min"}}
	if err := ask(t, web+"/render?"+query.Encode(), &series); err != nil {
		return err
	}
	for _, s := range series {
		for _, p := range s.Datapoints {
			if p[0] != nil && int64(*p[1]) == at.Unix() {
				if *p[0] != want {
					t.Fatalf("%s is %g, want %g", name, *p[0], want)
				}
				return nil
			}
		}
	}
	return fmt.Errorf("%s has no value at %d: %d series", name, at.Unix(), len(series))
}

// TestGraphiteDown: errors say where, and no half is called done.
func TestGraphiteDown(t *testing.T) {
	t.Parallel()
	g := &Graphite{Address: processtest.Free(t, processtest.Loopback).String(), Prefix: "slipway"}
	_, err := g.Send(t.Context(), notify.Compose(notifytest.Plan("R-7"), notifytest.Notices()[1]), &notify.Memory{})
	if final, _ := notify.Refused(err); err == nil || final || !strings.Contains(err.Error(), "connect to Carbon") {
		t.Errorf("got %v", err)
	}
}
