package outbox

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// shelf is an outbox in memory, with the contract of the journal's: of every queue the
// first, and nothing while that is taken up.
type shelf struct {
	mu    sync.Mutex
	plan  *rollout.Plan
	all   []*journal.Delivery
	taken map[string]bool
	known map[string]string
	news  chan struct{}
}

func newShelf(channels ...string) *shelf {
	s := &shelf{taken: map[string]bool{}, known: map[string]string{}, news: make(chan struct{})}
	var all []rollout.Channel
	for _, name := range channels {
		all = append(all, rollout.Channel{Name: name, Kind: name})
	}
	s.plan = notifytest.Plan("R-7", all...)
	return s
}

func (s *shelf) add(n rollout.Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.plan.Notify {
		s.all = append(s.all, &journal.Delivery{Rollout: "R-7", Channel: c.Name, Notice: n})
	}
	close(s.news)
	s.news = make(chan struct{})
}

func (s *shelf) Undelivered(_ context.Context, now time.Time, limit int) ([]journal.Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []journal.Delivery
	seen := map[string]bool{}
	for _, d := range s.all {
		if d.Done || seen[d.Channel] {
			continue
		}
		seen[d.Channel] = true
		if len(out) < limit && !s.taken[d.Channel] && !d.NextAt.After(now) {
			s.taken[d.Channel] = true
			d.Attempts++
			out = append(out, *d)
		}
	}
	return out, nil
}

func (s *shelf) end(d journal.Delivery, change func(*journal.Delivery)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken[d.Channel] = false
	for _, one := range s.all {
		if one.ID() == d.ID() {
			change(one)
		}
	}
	return nil
}

func (s *shelf) Delivered(_ context.Context, d journal.Delivery, id string) error {
	return s.end(d, func(o *journal.Delivery) { o.Done, o.RemoteID, o.Delivered, o.Err = true, id, time.Now(), "" })
}

func (s *shelf) Failed(_ context.Context, d journal.Delivery, text string, at time.Time) error {
	return s.end(d, func(o *journal.Delivery) { o.Err, o.NextAt = text, at })
}

func (s *shelf) GiveUp(_ context.Context, d journal.Delivery, text string) error {
	return s.end(d, func(o *journal.Delivery) { o.Err, o.Done = text, true })
}

func (s *shelf) Remember(_ context.Context, _, channel, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[channel] = text
	return nil
}

func (s *shelf) Remembered(_ context.Context, _, channel string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[channel], nil
}

func (s *shelf) Plan(context.Context, string) (*rollout.Plan, error) { return s.plan, nil }

func (s *shelf) News() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.news
}

func (s *shelf) left() (open int, given []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.all {
		switch {
		case !d.Done:
			open++
		case d.Delivered.IsZero():
			given = append(given, d.Err)
		}
	}
	return open, given
}

// sender is a Notifier made of a function.
type sender func(ctx context.Context, m notify.Message, memory *notify.Memory) (string, error)

func (f sender) Send(ctx context.Context, m notify.Message, memory *notify.Memory) (string, error) {
	return f(ctx, m, memory)
}

func opening(all map[string]sender) Opener {
	return func(c rollout.Channel) (notify.Notifier, error) { return all[c.Name], nil }
}

func now(i int) rollout.Notice {
	return rollout.Notice{Key: fmt.Sprint(i), Kind: rollout.NoticeEntered, At: time.Now(), Stage: "canary", Total: 1}
}

// TestSlowChannel: one that takes 30 s holds up neither the others nor the rollout's
// end, and is told all the same, in order, once it answers.
func TestSlowChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf("slow", "quick")
		var got []string
		begin := time.Now()
		quick := 0
		d := Start(t.Context(), s, opening(map[string]sender{
			"slow": func(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
				select {
				case <-time.After(30 * time.Second):
				case <-ctx.Done():
					return "", ctx.Err()
				}
				got = append(got, m.Key)
				return "", nil
			},
			"quick": func(context.Context, notify.Message, *notify.Memory) (string, error) {
				if quick++; time.Since(begin) > time.Second {
					t.Errorf("message %d of the quick channel came after %s", quick, time.Since(begin))
				}
				return "", nil
			},
		}), Pace{})
		for i := range 5 {
			s.add(now(i))
		}
		at := time.Now()
		if d.Flush(t.Context(), Grace(5*time.Second)) {
			t.Error("the slow channel was flushed")
		}
		if waited := time.Since(at); waited != 250*time.Millisecond {
			t.Errorf("the end waited for %s", waited)
		}
		if !d.Flush(t.Context(), time.Hour) || time.Since(at) > 3*time.Minute {
			t.Errorf("flushed after %s", time.Since(at))
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if want := []string{"R-7/0", "R-7/1", "R-7/2", "R-7/3", "R-7/4"}; !slices.Equal(got, want) || quick != 5 {
			t.Errorf("the slow channel got %v, the quick one %d", got, quick)
		}
	})
}

// TestServerTime: a channel that says when it may be asked again is not asked before.
func TestServerTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf("limited")
		begin := time.Now()
		var at []time.Duration
		d := Start(t.Context(), s, opening(map[string]sender{"limited": func(context.Context, notify.Message, *notify.Memory) (string, error) {
			at = append(at, time.Since(begin))
			if len(at) == 1 {
				return "", &notify.Error{Op: "post", Status: 429, After: 90 * time.Second}
			}
			return "", nil
		}}), Pace{})
		s.add(now(0))
		time.Sleep(3 * time.Minute)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if len(at) != 2 || at[1]-at[0] < 90*time.Second || at[1]-at[0] > 92*time.Second {
			t.Errorf("asked at %v", at)
		}
	})
}

// TestPatience: after a day a message is given up, and the next one gets its turn.
func TestPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf("down")
		tries := 0
		d := Start(t.Context(), s, opening(map[string]sender{"down": func(_ context.Context, m notify.Message, memory *notify.Memory) (string, error) {
			if m.Key != "R-7/0" {
				return "", nil
			}
			if memory.Again != (tries > 0) {
				t.Errorf("attempt %d has Again %v", tries, memory.Again)
			}
			tries++
			return "", errors.New("no answer")
		}}), Pace{})
		s.add(now(0))
		s.add(now(1))
		time.Sleep(23 * time.Hour)
		if open, given := s.left(); open != 2 || len(given) > 0 {
			t.Errorf("after 23 h: %d open, given up %v", open, given)
		}
		time.Sleep(2 * time.Hour)
		if open, given := s.left(); open != 0 || !slices.Equal(given, []string{"given up: no answer"}) {
			t.Errorf("after 25 h: %d open, given up %v", open, given)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if tries < 250 || tries > 700 {
			t.Errorf("%d attempts in a day", tries)
		}
	})
}

// TestClosing: what is under way when a command ends is not blamed on the channel, and
// is due at once for the next command.
func TestClosing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf("slow")
		d := Start(t.Context(), s, opening(map[string]sender{"slow": func(ctx context.Context, _ notify.Message, memory *notify.Memory) (string, error) {
			memory.Text = "thread"
			<-ctx.Done()
			return "", ctx.Err()
		}}), Pace{})
		s.add(now(0))
		time.Sleep(time.Second)
		for range 2 {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		if d.Flush(t.Context(), time.Second) {
			t.Error("a closed one flushes")
		}
		if one := s.all[0]; one.Done || one.Err != "interrupted: context canceled" || one.NextAt.After(time.Now()) || s.known["slow"] != "thread" {
			t.Errorf("left: %+v, known %v", one, s.known)
		}
	})
}

// TestUnknown: a channel that cannot be opened is tried again; one that the plan does
// not have is given up.
func TestUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf("secretive")
		var there atomic.Bool
		open := func(rollout.Channel) (notify.Notifier, error) {
			if !there.Load() {
				return nil, errors.New("token: env:TOKEN: it is not set")
			}
			return sender(func(context.Context, notify.Message, *notify.Memory) (string, error) { return "7", nil }), nil
		}
		s.all = append(s.all, &journal.Delivery{Rollout: "R-7", Channel: "secretive", Notice: now(0)}, &journal.Delivery{Rollout: "R-7", Channel: "gone", Notice: now(1)})
		d := Start(t.Context(), s, open, Pace{})
		time.Sleep(time.Minute)
		there.Store(true)
		time.Sleep(5 * time.Minute)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if open, given := s.left(); open != 0 || !slices.Equal(given, []string{"the plan has no channel gone"}) || s.all[0].RemoteID != "7" {
			t.Errorf("%d open, given up %v, %+v", open, given, s.all[0])
		}
	})
}

// TestLinger: at the end a channel that works gets all that is left for it, however long
// that takes together, and one that hangs is not waited for.
func TestLinger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf("works", "hangs", "quick")
		taking := func(d time.Duration) sender {
			return func(ctx context.Context, _ notify.Message, _ *notify.Memory) (string, error) {
				select {
				case <-time.After(d):
					return "", nil
				case <-ctx.Done():
					return "", ctx.Err()
				}
			}
		}
		d := Start(t.Context(), s, opening(map[string]sender{"works": taking(600 * time.Millisecond), "hangs": taking(time.Hour), "quick": taking(0)}), Pace{})
		for i := range 5 {
			s.add(now(i))
		}
		time.Sleep(700 * time.Millisecond) // the rollout
		at := time.Now()
		if d.Linger(t.Context(), Grace(0)) {
			t.Error("nothing is left for the channel that hangs")
		}
		if waited := time.Since(at); waited < 2300*time.Millisecond || waited > 2600*time.Millisecond {
			t.Errorf("the end waited for %s", waited)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		for _, one := range s.all {
			if one.Done != (one.Channel != "hangs") {
				t.Errorf("%s to %s: done %v", one.Notice.Key, one.Channel, one.Done)
			}
		}
	})
}

// TestBackoff: it doubles to five minutes, and never waits less than a half.
func TestBackoff(t *testing.T) {
	t.Parallel()
	for attempts, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 9: 256 * time.Second, 10: 5 * time.Minute, 1000: 5 * time.Minute} {
		if least, most := backoff(time.Second, attempts, 0), backoff(time.Second, attempts, 1); least != want/2 || most != want {
			t.Errorf("after %d attempts between %s and %s, want %s", attempts, least, most, want)
		}
	}
	if Grace(time.Second) != 250*time.Millisecond || Grace(time.Hour) != 72*time.Second {
		t.Error("the grace of a rollout's end")
	}
}

// TestTwoProcesses: two deliverers on one journal, and every message is sent once.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	plan := notifytest.Plan("R-7", rollout.Channel{Name: "room", Kind: "hipchat"})
	var mu sync.Mutex
	var got []string
	send := sender(func(_ context.Context, m notify.Message, _ *notify.Memory) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, m.Key)
		return "", nil
	})
	var all []*journal.Journal
	for range 2 {
		j, err := journal.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		all = append(all, j)
	}
	if err := all[0].Create(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	lease, err := all[0].Acquire(t.Context(), plan.ID, journal.Self("test"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var deliverers []*Deliverer
	for _, j := range all {
		deliverers = append(deliverers, Start(t.Context(), j, opening(map[string]sender{"room": send}), Pace{Look: 5 * time.Millisecond}))
	}
	for i := range 15 {
		if err := all[0].Remind(t.Context(), lease, now(i)); err != nil {
			t.Fatal(err)
		}
	}
	processtest.Until(t, func() error {
		done, err := all[0].Deliveries(t.Context(), "R-7")
		if slices.ContainsFunc(done, func(d journal.Delivery) bool { return !d.Done }) {
			return errors.New("not all are delivered")
		}
		return err
	})
	for _, d := range deliverers {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(got) != 16 {
		t.Errorf("sent %d: %v", len(got), got)
	}
	for i := range min(15, len(got)-1) {
		if want := fmt.Sprintf("R-7/%d", i); got[i+1] != want {
			t.Errorf("message %d is %s, want %s", i, got[i+1], want)
		}
	}
}
