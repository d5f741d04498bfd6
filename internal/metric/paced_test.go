package metric

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
)

// scripted is a source that answers as it is told.
type scripted struct {
	calls   int
	samples []engine.Sample
	err     error
}

func (s *scripted) Sample(context.Context, []string) ([]engine.Sample, error) {
	s.calls++
	return s.samples, s.err
}

// A source is asked when it is due, and what it could not say stands until then. One
// that fails takes nothing from the others.
func TestSourcesAreAskedWhenDue(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	fast := &scripted{samples: []engine.Sample{{Host: "web1", Metric: "errors"}}}
	slow := &scripted{samples: []engine.Sample{{Host: "web1", Metric: "queue"}}, err: engine.Gaps{{Metric: "queue", Host: "web2", Reason: "gone"}}}
	s := &Sources{all: []*paced{
		{source: fast, metrics: []string{"errors"}, every: 5 * time.Second, timeout: time.Second, now: clock},
		{source: slow, metrics: []string{"queue", "depth"}, every: 15 * time.Second, timeout: time.Second, now: clock},
	}}
	look := func(want string, gaps string) {
		t.Helper()
		got, err := s.Sample(t.Context(), []string{"web1", "web2"})
		var said string
		if err != nil {
			said = err.Error()
		}
		var names []string
		for _, x := range got {
			names = append(names, x.Metric)
		}
		if fmt.Sprint(names) != want || said != gaps {
			t.Errorf("at %d: got %v, %q; want %s, %q", now.Unix(), names, said, want, gaps)
		}
		now = now.Add(5 * time.Second)
	}
	look("[errors queue]", "queue of web2: gone")
	look("[errors]", "queue of web2: gone") // a host that is silent is so until it is asked again
	look("[errors]", "queue of web2: gone")
	slow.samples, slow.err = nil, errors.New("refused")
	look("[errors]", "queue: refused; depth: refused")
	look("[errors]", "queue: refused; depth: refused")
	fast.err = errors.New("down")
	fast.samples = nil
	look("[]", "errors: down; queue: refused; depth: refused")
	slow.err = nil
	look("[]", "errors: down")
	if fast.calls != 7 || slow.calls != 3 {
		t.Errorf("asked %d and %d times, want 7 and 3", fast.calls, slow.calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := s.Sample(ctx, nil); !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("cancelled: %v, %v", got, err)
	}
}
