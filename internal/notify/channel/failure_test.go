package channel_test

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/channel"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/notify/outbox"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// quick is a Pace for tests.
func quick() outbox.Pace {
	return outbox.Pace{Attempt: 400 * time.Millisecond, First: 5 * time.Millisecond, Look: 10 * time.Millisecond}
}

// told makes a journal with a rollout of one channel, and its notices in the outbox.
func told(t *testing.T, c rollout.Channel, notices ...rollout.Notice) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	c.Events = []rollout.NoticeKind{rollout.NoticeRestored, rollout.NoticeCompleted}
	plan := notifytest.Plan("R-7", c)
	if err := j.Create(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	lease, err := j.Acquire(t.Context(), plan.ID, journal.Self("test"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notices {
		if err := j.Remind(t.Context(), lease, n); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

// recent are the notices as if they happened now, so that nothing is too old to send.
func recent() []rollout.Notice {
	all := notifytest.Ending()
	for i := range all {
		all[i].At = time.Now().Add(time.Duration(i-len(all)) * time.Second)
	}
	return all
}

// deliver runs a Deliverer until everything is done, and returns the deliveries.
func deliver(t *testing.T, j *journal.Journal, resolve func(string) (string, error)) []journal.Delivery {
	t.Helper()
	opener := channel.New(resolve)
	defer opener.Close()
	d := outbox.Start(t.Context(), j, opener.Open, quick())
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	return settled(t, j)
}

// settled waits until all deliveries are done.
func settled(t *testing.T, j *journal.Journal) []journal.Delivery {
	t.Helper()
	return until(t, j, func(all []journal.Delivery) bool {
		left := 0
		for _, d := range all {
			if strings.Contains(d.Err, notifytest.Token) {
				t.Fatalf("the journal holds a secret: %s", d.Err)
			}
			if !d.Done {
				left++
			}
		}
		return left == 0
	})
}

// until looks at the deliveries until they are as wanted. The journal does not tell of
// changes to them, which nobody but a test waits for.
func until(t *testing.T, j *journal.Journal, as func([]journal.Delivery) bool) []journal.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		all, err := j.Deliveries(ctx, "R-7")
		if err != nil {
			t.Fatal(err)
		}
		if as(all) {
			return all
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("deliveries are not as they should be: %+v", all)
		}
	}
}

// once checks that the server has accepted each notice once, in order.
func once(t *testing.T, s *notifytest.Server, notices []rollout.Notice) {
	t.Helper()
	got := s.Accepted()
	if len(got) != len(notices) {
		t.Fatalf("accepted %d messages of %d:\n%s", len(got), len(notices), strings.Join(got, "\n---\n"))
	}
	plan := notifytest.Plan("R-7")
	for i, n := range notices {
		m := notify.Compose(plan, n)
		first, _, _ := strings.Cut(m.Headline, ":")
		// Of a trace and of a deploy the server sees a name.
		if !strings.Contains(got[i], first) && !strings.Contains(m.Key, strings.TrimSpace(got[i])) && !strings.Contains(got[i], string(n.Kind)) && !strings.HasPrefix(got[i], "rollout ") {
			t.Errorf("message %d is %q, want %q", i, got[i], m.Headline)
		}
	}
}

// TestRecovery: whatever goes wrong on the way, once it stops every message arrives
// once, and in order.
func TestRecovery(t *testing.T) {
	t.Parallel()
	every(t, func(t *testing.T, name string, w world) {
		s := notifytest.Serve(t, w.contract(t))
		s.Break(notifytest.Status(http.StatusInternalServerError), notifytest.HalfRead, notifytest.HalfAnswer,
			notifytest.Status(http.StatusTooManyRequests, "X-RateLimit-Reset-After", "0.02"),
			notifytest.Hang, notifytest.Status(http.StatusServiceUnavailable), nil, notifytest.HalfRead)
		c, resolve := w.at(name, s.URL)
		j := told(t, c, recent()...)
		for _, d := range deliver(t, j, resolve) {
			if d.Err != "" || d.Delivered.IsZero() {
				t.Errorf("delivery %s: %+v", d.ID(), d)
			}
		}
		once(t, s, recent())
	})
}

// TestDown: a server that nobody listens for is tried again until it is back.
func TestDown(t *testing.T) {
	t.Parallel()
	every(t, func(t *testing.T, name string, w world) {
		s := notifytest.Serve(t, w.contract(t))
		s.Down()
		c, resolve := w.at(name, s.URL)
		j := told(t, c, recent()...)
		opener := channel.New(resolve)
		defer opener.Close()
		d := outbox.Start(t.Context(), j, opener.Open, quick())
		defer func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}()
		failing(t, j)
		s.Up(t)
		settled(t, j)
		once(t, s, recent())
	})
}

// failing waits until an attempt has failed.
func failing(t *testing.T, j *journal.Journal) {
	t.Helper()
	until(t, j, func(all []journal.Delivery) bool {
		return slices.ContainsFunc(all, func(d journal.Delivery) bool { return d.Err != "" })
	})
}

// asks are the kinds whose service can be asked, or knows an idempotency key: a message
// whose answer was lost is not told twice. docs/notify.md says the same.
var asks = map[string]bool{
	"slack": true, "matrix": true, "webhook": true, "newrelic": true, "newrelic-rest": true, "grafana": true,
	"sentry": true, "cdevents": true, "otel": true,
}

// TestLostAnswer: the service accepts a message, and the answer never arrives.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	every(t, func(t *testing.T, name string, w world) {
		s := notifytest.Serve(t, w.contract(t))
		s.Lose(1)
		c, resolve := w.at(name, s.URL)
		j := told(t, c, recent()...)
		deliver(t, j, resolve)
		want := len(recent())
		if !asks[name] {
			want++
		}
		if got := len(s.Accepted()); got != want {
			t.Errorf("accepted %d messages, want %d:\n%s", got, want, strings.Join(s.Accepted(), "\n---\n"))
		}
	})
}

// TestRefused: what a service refuses for good is given up after a few attempts, and
// does not keep the next message from being tried.
func TestRefused(t *testing.T) {
	t.Parallel()
	every(t, func(t *testing.T, name string, w world) {
		s := notifytest.Serve(t, func(*http.Request, []byte) (int, map[string]string, string, string) {
			return http.StatusForbidden, nil, "not you, " + notifytest.Token, ""
		})
		c, resolve := w.at(name, s.URL)
		for _, d := range deliver(t, told(t, c, recent()...), resolve) {
			if !d.Delivered.IsZero() || !strings.Contains(d.Err, "given up") || d.Attempts != 4 {
				t.Errorf("delivery %s: %+v", d.ID(), d)
			}
		}
	})
}
