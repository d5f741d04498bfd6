package metric

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// fleet answers as helpers do: log lines and restarts since a cursor, others in all.
type fleet struct {
	now   time.Time
	said  map[string]host.Observed // by metric: what the next answer says
	away  bool
	calls int
}

func (f *fleet) Observe(_ context.Context, _ *rollout.Plan, want map[string][]host.Observation, each func(string, []host.Observed, error)) error {
	f.calls++
	for name, asked := range want {
		if f.away {
			each(name, nil, errors.New("connection refused"))
			continue
		}
		var seen []host.Observed
		for _, a := range asked {
			o := f.said[a.Metric]
			o.Metric = a.Metric
			if o.Cursor != "" && a.Cursor == "" {
				o.Events, o.Exposure = 0, 0 // without a cursor counting begins now
			}
			seen = append(seen, o)
		}
		each(name, seen, nil)
	}
	return nil
}

func TestOnHosts(t *testing.T) {
	t.Parallel()
	f := &fleet{now: time.Now()}
	s, err := New(Deps{Observer: f, Now: func() time.Time { return f.now }}, &rollout.Plan{Service: "shop"}, []rollout.Metric{
		{Name: "panics", Source: "log", Ask: &rollout.Ask{Pattern: "panic"}},
		{Name: "warnings", Source: "log", Ask: &rollout.Ask{Pattern: "warn", Exposure: "lines"}},
		{Name: "restarts", Source: "restarts"},
		{Name: "oom", Source: "oom"},
		{Name: "memory", Source: "memory", Kind: rollout.Gauge},
		{Name: "jobs", Source: "command", Ask: &rollout.Ask{Command: []string{"count", "{{service}}"}, OnHosts: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	look := func(want string, gaps ...string) {
		t.Helper()
		f.now = f.now.Add(30 * time.Second)
		got, err := s.Sample(t.Context(), []string{"web1"})
		if fmt.Sprint(got) != want {
			t.Errorf("got  %v\nwant %s", got, want)
		}
		for _, g := range gaps {
			if err == nil || !strings.Contains(err.Error(), g) {
				t.Errorf("the error is %v, want %s", err, g)
			}
		}
		if len(gaps) == 0 && err != nil {
			t.Error(err)
		}
	}
	f.said = map[string]host.Observed{
		"panics": {Cursor: "a"}, "warnings": {Cursor: "a"}, "restarts": {Cursor: "a", Since: "boot"},
		"oom": {Events: 7, Since: "boot"}, "memory": {Value: 1e6}, "jobs": {Events: 5, Exposure: 100},
	}
	look("[]")
	f.said = map[string]host.Observed{
		"panics": {Events: 2, Exposure: 50, Cursor: "b"}, "warnings": {Events: 4, Exposure: 50, Cursor: "b"}, "restarts": {Events: 1, Cursor: "b", Since: "boot"},
		"oom": {Events: 7, Since: "boot"}, "memory": {Value: 2e6}, "jobs": {Events: 6, Exposure: 110},
	}
	look("[{web1 panics count 2 30 0 []} {web1 warnings count 4 50 0 []} {web1 restarts count 1 30 0 []} {web1 oom count 0 30 0 []} {web1 memory gauge 0 0 2e+06 []} {web1 jobs count 1 10 0 []}]")
	// Away, and then back after a boot: what went on in between is in the log alone.
	f.away = true
	look("[]", "panics of web1: connection refused", "memory of web1: connection refused")
	f.away = false
	f.said = map[string]host.Observed{
		"panics": {Events: 3, Exposure: 9, Cursor: "c"}, "warnings": {Error: "the log cannot be read"}, "restarts": {Cursor: "c", Since: "boot 2"},
		"oom": {Events: 9, Since: "boot 2"}, "memory": {Value: 1e6}, "jobs": {Events: 1, Exposure: 10},
	}
	look("[{web1 panics count 3 60 0 []} {web1 memory gauge 0 0 1e+06 []}]", "warnings of web1: the log cannot be read", "oom of web1: "+reasonAnew, "restarts of web1: "+reasonAnew, "jobs of web1: "+reasonAnew)
	if f.calls != 4 {
		t.Errorf("%d calls of the helper for 4 looks", f.calls)
	}
}

func TestNobodyCountsOnHosts(t *testing.T) {
	t.Parallel()
	if _, err := New(Deps{}, &rollout.Plan{}, []rollout.Metric{{Name: "oom", Source: "oom"}}); err == nil || !strings.Contains(err.Error(), "metric oom: this method cannot count on hosts") {
		t.Errorf("got %v", err)
	}
}
