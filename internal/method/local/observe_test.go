package local

import (
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/method/methodtest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// The helper of each host counts there what it is asked, in order; a host that is none
// says why it does not.
func TestObserve(t *testing.T) {
	t.Parallel()
	f, s := newFleet(t, 2), methodtest.NewService(t, "127.0.0.1")
	f.cfg.Store = s.Store
	site := methodtest.Site{Hosts: []string{"h1"}, Project: f.cfg.Directory, Place: rollout.Method{Local: &rollout.Local{Directory: f.cfg.Directory}}}
	job := s.Update(site, "first", "1.0.0")
	update := func(job engine.Job) {
		t.Helper()
		if err := f.Run(t.Context(), job, func(r engine.Report) {
			if r.Outcome != rollout.OK {
				t.Fatalf("update: %+v", r)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	update(job)
	want := []host.Observation{
		{Metric: "memory", What: "memory"}, {Metric: "jobs", What: "command", Command: []string{"/bin/echo", "3", "410"}}, {Metric: "restarts", What: "restarts"},
	}
	look := func(cursor string) (map[string][]host.Observed, map[string]error) {
		t.Helper()
		want[2].Cursor = cursor
		seen, failed := map[string][]host.Observed{}, map[string]error{}
		err := f.Observe(t.Context(), job.Plan, map[string][]host.Observation{"h1": want, "h9": want}, func(name string, o []host.Observed, err error) {
			if _, twice := failed[name]; twice {
				t.Errorf("%s was told twice", name)
			}
			seen[name], failed[name] = o, err
		})
		if err != nil {
			t.Fatal(err)
		}
		return seen, failed
	}
	seen, failed := look("")
	if len(seen) != 2 || failed["h1"] != nil || failed["h9"] == nil || !strings.Contains(failed["h9"].Error(), `host "h9"`) {
		t.Fatalf("got %+v, %v", seen, failed)
	}
	o := seen["h1"]
	if len(o) != 3 || o[0].Value <= 0 || o[1].Events != 3 || o[1].Exposure != 410 || o[2].Error != "" || o[2].Cursor == "" || o[2].Events != 0 {
		t.Fatalf("got %+v", o)
	}
	update(s.Update(site, "second", "1.1.0"))
	if seen, _ = look(o[2].Cursor); len(seen["h1"]) != 3 || seen["h1"][2].Events != 1 || seen["h1"][2].Since != o[2].Since {
		t.Errorf("after a restart: %+v", seen["h1"])
	}
}
