package journaltest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Told gives a plan two channels: a chat that is told the standard, and a graph that is
// told two kinds.
func Told(p *rollout.Plan) *rollout.Plan {
	p.Notify = []rollout.Channel{
		{Name: "chat", Kind: "command"},
		{Name: "graph", Kind: "command", Events: []rollout.NoticeKind{rollout.NoticeStarted, rollout.NoticeCompleted}},
	}
	return p
}

// soon is after all that the tests make due, by which clock so ever.
func soon() time.Time { return time.Now().Add(time.Hour) }

func noticesGoWithEvents(t *testing.T, address string) {
	j, other := Open(t, address), Open(t, address)
	create(t, j, Told(Plan("R1", 3)))
	l := acquire(t, j, "R1")
	a := must(t, j, "R1", l.Token, start())
	if len(a.Notices) != 2 {
		t.Errorf("start told %+v", a.Notices)
	}
	must(t, other, "R1", l.Token, start()) // again: it is known
	if _, err := j.Append(t.Context(), "R1", 0, ask(rollout.Abort), ask(rollout.Promote)); err == nil {
		t.Fatal("a promote after an abort was accepted")
	}
	must(t, j, "R1", 0, ask(rollout.Pause))
	must(t, j, "R1", 0, ask(rollout.Resume))
	finish(t, other, "R1", l.Token)
	notices, err := other.Notices(t.Context(), "R1")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range notices {
		got = append(got, n.Key)
	}
	want := "0/planned 1/started 1/stage entered/canary 2/paused 4/stage left/canary 4/stage entered/complete 6/stage left/complete 6/completed"
	if strings.Join(got, " ") != want {
		t.Errorf("told %q\nwant %q", strings.Join(got, " "), want)
	}
	if n := notices[len(notices)-1]; n.Updated != 3 || n.Total != 3 || n.At.IsZero() {
		t.Errorf("the last one says %+v", n)
	}
	deliveries, err := j.Deliveries(t.Context(), "R1")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, d := range deliveries {
		count[d.Channel]++
		if d.Done || d.Attempts != 0 || d.Notice.Kind == rollout.NoticePaused {
			t.Errorf("%+v", d)
		}
	}
	if count["chat"] != len(got)-1 || count["graph"] != 2 {
		t.Errorf("deliveries: %v", count)
	}
}

// drained delivers all there is, and returns the order.
func drained(t *testing.T, j *journal.Journal) []string {
	t.Helper()
	var order []string
	for {
		due, err := j.Undelivered(t.Context(), soon(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			return order
		}
		for _, d := range due {
			if err := j.Delivered(t.Context(), d, "id of "+d.Notice.Key); err != nil {
				t.Fatal(err)
			}
			order = append(order, d.Channel+" "+d.Rollout+" "+d.Notice.Key)
		}
	}
}

func deliveriesKeepTheirOrder(t *testing.T, address string) {
	j := Open(t, address)
	for _, id := range []string{"R1", "R2"} {
		p := Told(Plan(id, 2))
		p.Notify = p.Notify[:1]
		create(t, j, p)
		l := acquire(t, j, id)
		must(t, j, id, l.Token, start())
		finish(t, j, id, l.Token)
		if err := j.Release(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	one := func(now time.Time, want string) journal.Delivery {
		t.Helper()
		due, err := j.Undelivered(t.Context(), now, 10)
		if err != nil || len(due) != 1 || due[0].Rollout+" "+due[0].Notice.Key != want {
			t.Fatalf("due are %+v, %v; want %s", due, err, want)
		}
		return due[0]
	}
	now := time.Now()
	d := one(now, "R1 0/planned")
	if err := j.Failed(t.Context(), d, "answered 500 \x00", now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if due, err := j.Undelivered(t.Context(), now.Add(59*time.Second), 10); err != nil || len(due) != 0 {
		t.Fatalf("before its time, and what comes after it: %+v, %v", due, err)
	}
	d = one(now.Add(time.Minute), "R1 0/planned")
	if d.Attempts != 2 || d.Err != "answered 500 " {
		t.Errorf("the second attempt: %+v", d)
	}
	if err := j.GiveUp(t.Context(), d, "the room is gone"); err != nil {
		t.Fatal(err)
	}
	d = one(now.Add(time.Minute), "R1 1/started")
	if err := j.Delivered(t.Context(), d, "ts 17"); err != nil {
		t.Fatal(err)
	}
	order := drained(t, j)
	if !slices.IsSortedFunc(order, func(a, b string) int { return strings.Compare(a[:7], b[:7]) }) || len(order) != 12 {
		t.Errorf("the rest came as %q", order)
	}
	all, err := j.Deliveries(t.Context(), "R1")
	if err != nil || len(all) != 7 {
		t.Fatalf("%d deliveries, %v", len(all), err)
	}
	if d := all[0]; !d.Done || !d.Delivered.IsZero() || d.Err != "the room is gone" {
		t.Errorf("given up: %+v", d)
	}
	if d := all[1]; !d.Done || d.Delivered.IsZero() || d.RemoteID != "ts 17" || d.Err != "" {
		t.Errorf("delivered: %+v", d)
	}
}

// aCorrectedChannelDoesNotWait: what the wrong address of a channel cannot take holds up
// nothing of what goes to the right one.
func aCorrectedChannelDoesNotWait(t *testing.T, address string) {
	j := Open(t, address)
	for i, to := range []string{"wrong", "wrong", "right"} {
		p := Told(Plan(fmt.Sprint("R", i+1), 3))
		p.Notify = p.Notify[:1]
		p.Notify[0].Settings = map[string]string{"url": to}
		create(t, j, p)
		l := acquire(t, j, p.ID)
		must(t, j, p.ID, l.Token, start())
		finish(t, j, p.ID, l.Token)
	}
	due, err := j.Undelivered(t.Context(), soon(), 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range due {
		got = append(got, d.ID())
	}
	slices.Sort(got)
	if want := []string{"R1/0/planned/chat", "R3/0/planned/chat"}; !slices.Equal(got, want) {
		t.Errorf("offered %v, want %v", got, want)
	}
}

func deliveriesAreTakenOnce(t *testing.T, address string) {
	journals := []*journal.Journal{Open(t, address), Open(t, address)}
	p := Plan("R1", 2)
	for i := range 40 {
		p.Notify = append(p.Notify, rollout.Channel{Name: fmt.Sprintf("c%02d", i), Kind: "command"})
	}
	create(t, journals[0], p)
	var mu sync.Mutex
	taken := map[string]int{}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 10 {
				due, err := journals[i%2].Undelivered(t.Context(), soon(), 3)
				if err != nil || len(due) > 3 {
					t.Errorf("%d at once, %v", len(due), err)
				}
				mu.Lock()
				for _, d := range due {
					taken[d.ID()]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, n := range taken {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	if len(taken) != 40 {
		t.Errorf("%d were taken", len(taken))
	}
}

func claimsEnd(t *testing.T, address string) {
	a, b := Open(t, address), Open(t, address)
	p := Told(Plan("R1", 2))
	p.Notify = p.Notify[:1]
	create(t, a, p)
	now := time.Now()
	take := func(j *journal.Journal, now time.Time, want int) journal.Delivery {
		t.Helper()
		due, err := j.Undelivered(t.Context(), now, 5)
		if err != nil || len(due) != want {
			t.Fatalf("%d due, %v; want %d", len(due), err, want)
		}
		return append(due, journal.Delivery{})[0]
	}
	first := take(a, now, 1)
	if err := a.Hold(t.Context(), first, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	take(b, now.Add(journal.ClaimTime+time.Second), 0)
	second := take(b, now.Add(time.Minute+journal.ClaimTime), 1)
	if second.Attempts != 2 {
		t.Errorf("attempts %d", second.Attempts)
	}
	for what, err := range map[string]error{
		"hold":    a.Hold(t.Context(), first, now),
		"fail":    a.Failed(t.Context(), first, "late", now),
		"give up": a.GiveUp(t.Context(), first, "late"),
	} {
		if !errors.Is(err, journal.ErrClaimed) {
			t.Errorf("%s by the old process: %v", what, err)
		}
	}
	// The old process's message did get through: that is so, whoever has the claim.
	if err := a.Delivered(t.Context(), first, "x"); err != nil {
		t.Fatal(err)
	}
	if err := b.Failed(t.Context(), second, "refused: a duplicate", now); !errors.Is(err, journal.ErrClaimed) {
		t.Errorf("failing what is done: %v", err)
	}
	all, err := b.Deliveries(t.Context(), "R1")
	if err != nil || len(all) != 1 || !all[0].Done || all[0].RemoteID != "x" {
		t.Errorf("%+v, %v", all, err)
	}
}

func remindersComeOnce(t *testing.T, address string) {
	j, other := Open(t, address), Open(t, address)
	create(t, j, Told(Plan("R1", 2)))
	l := acquire(t, j, "R1")
	n := rollout.Notice{Key: "3/reminder/1", Kind: rollout.NoticeReminder, At: Epoch(), Why: "stage complete needs an approval"}
	news := j.News()
	for _, j := range []*journal.Journal{j, other, j} {
		if err := j.Remind(t.Context(), l, n); err != nil {
			t.Fatal(err)
		}
	}
	<-news
	notices, err := other.Notices(t.Context(), "R1")
	if err != nil || len(notices) != 2 || notices[1].Why != n.Why {
		t.Errorf("%+v, %v", notices, err)
	}
	old := l
	if err := j.Release(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	acquire(t, other, "R1")
	if err := j.Remind(t.Context(), old, rollout.Notice{Key: "3/reminder/2"}); !errors.Is(err, journal.ErrStale) {
		t.Errorf("a reminder of a stale owner: %v", err)
	}
}

func channelsRemember(t *testing.T, address string) {
	j := Open(t, address)
	create(t, j, Told(Plan("R1", 2)))
	if text, err := j.Remembered(t.Context(), "R1", "chat"); text != "" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	for _, text := range []string{"1712.001", "1712.002"} {
		if err := j.Remember(t.Context(), "R1", "chat", text); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := Open(t, address).Remembered(t.Context(), "R1", "chat"); text != "1712.002" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	p, err := Open(t, address).Plan(t.Context(), "R1")
	if err != nil || len(p.Notify) != 2 {
		t.Errorf("plan %+v, %v", p, err)
	}
	if _, err := j.Plan(t.Context(), "R9"); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("the plan of an unknown rollout: %v", err)
	}
}

func samplesAreKept(t *testing.T, address string) {
	j, other := Open(t, address), Open(t, address)
	create(t, j, Plan("R1", 2))
	l := acquire(t, j, "R1")
	for i := range 3 {
		if err := j.AppendSamples(t.Context(), l, 7, journal.Look{At: Epoch().Add(time.Duration(i) * time.Second), Body: fmt.Sprintf("{\"t\":%d}\n", i)}); err != nil {
			t.Fatal(err)
		}
	}
	looks, err := other.Samples(t.Context(), "R1", 7, 1)
	if err != nil || len(looks) != 2 || looks[0].Seq != 2 || looks[1].Body != "{\"t\":2}\n" || !looks[0].At.Equal(Epoch().Add(time.Second)) {
		t.Errorf("%+v, %v", looks, err)
	}
	long := journal.Look{At: Epoch(), Body: strings.Repeat("{\"t\":12.5,\"arm\":\"canary\"}\n", 5000)}
	if err := j.AppendSamples(t.Context(), l, 9, long); err != nil {
		t.Fatal(err)
	}
	if looks, err := other.Samples(t.Context(), "R1", 9, 0); err != nil || len(looks) != 1 || looks[0].Body != long.Body {
		t.Errorf("a long look came back otherwise: %v", err)
	}
	if looks, err := other.Samples(t.Context(), "R1", 8, 0); err != nil || len(looks) != 0 {
		t.Errorf("another command has %+v, %v", looks, err)
	}
	if err := j.Release(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	acquire(t, other, "R1")
	if err := j.AppendSamples(t.Context(), l, 7, journal.Look{At: Epoch()}); !errors.Is(err, journal.ErrStale) {
		t.Errorf("samples of a stale owner: %v", err)
	}
}

func adopting(t *testing.T, address string) {
	j := Open(t, address)
	p := Told(Balanced(Plan("R1", 3)))
	if err := j.Adopt(t.Context(), p, []journal.Adopted{{Host: "nobody", Version: "1.1.0"}}); err == nil {
		t.Fatal("an unknown host was adopted")
	}
	remembered := []journal.Adopted{{Host: "host00000", Version: "1.1.0", Digest: "sha256:a"}, {Host: "host00002", Version: "1.1.0"}}
	if err := j.Adopt(t.Context(), p, remembered); err != nil {
		t.Fatal(err)
	}
	s, seq := load(t, Open(t, address), "R1")
	if s.Phase != rollout.Completed || seq != 2 || !s.Hosts[0].Begun || s.Hosts[0].Digest != "sha256:a" || !s.Hosts[1].Owed || s.Hosts[1].Begun {
		t.Fatalf("%s after %d events: %+v", s.Phase, seq, s.Hosts)
	}
	if err := j.Adopt(t.Context(), p, remembered); !errors.Is(err, journal.ErrExists) {
		t.Errorf("adopted twice: %v", err)
	}
	if notices, err := j.Notices(t.Context(), "R1"); err != nil || len(notices) != 0 {
		t.Errorf("told of %+v, %v", notices, err)
	}
	must(t, j, "R1", 0, ask(rollout.Rollback))
	l := acquire(t, j, "R1")
	if s := finish(t, j, "R1", l.Token); s.Phase != rollout.Restored || !s.Hosts[2].Restored || s.Hosts[1].Begun {
		t.Errorf("%s (%s): %+v", s.Phase, s.Why, s.Hosts)
	}
}
