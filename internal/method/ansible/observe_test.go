package ansible

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

// One run of Ansible asks every host its own; who gives no answer says why.
func TestObserve(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "h1", "h2", "gone")
	must(t, f.hosts["h2"].write("code-observe", "refused"))
	f.hosts["gone"].cut(t)
	job, _ := f.job(t, "h1", "h2", "gone")
	want := map[string][]host.Observation{}
	for _, h := range []string{"h1", "h2", "gone", "absent"} {
		want[h] = []host.Observation{{Metric: "panics", What: "log", Pattern: "panic", Cursor: h + " "}, {Metric: "oom", What: "oom"}}
	}
	seen, failed := map[string][]host.Observed{}, map[string]error{}
	each := func(name string, o []host.Observed, err error) { seen[name], failed[name] = o, err }
	must(t, f.runner(t, nil).Observe(within(t, time.Minute), job.Plan, want, each))
	if o := seen["h1"]; failed["h1"] != nil || len(o) != 2 || o[0].Metric != "panics" || o[0].Events != 3 || o[0].Cursor != "h1 log" || o[1].Metric != "oom" {
		t.Errorf("h1: got %+v, %v", o, failed["h1"])
	}
	for name, reason := range map[string]string{"h2": "as the test wants it", "gone": "Connection refused", "absent": "not in the inventory"} {
		if err := failed[name]; err == nil || !strings.Contains(err.Error(), reason) || seen[name] != nil {
			t.Errorf("%s: got %+v, %v, want %q", name, seen[name], err, reason)
		}
	}
	must(t, f.runner(t, nil).Observe(within(t, time.Minute), job.Plan, nil, each))
	job.Plan.Method.Ansible = nil
	if err := f.runner(t, nil).Observe(within(t, time.Minute), job.Plan, want, each); !errors.Is(err, ErrProject) {
		t.Errorf("a plan of another method: %v", err)
	}
}
