package journaltest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

func resultsNeedTheToken(t *testing.T, address string) {
	j, other := Open(t, address), Open(t, address)
	create(t, j, Plan("R1", 3))
	old := acquire(t, j, "R1")
	c := must(t, j, "R1", old.Token, start()).Commands[0]
	if err := j.Release(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	l := acquire(t, other, "R1")
	e := Done(c, c.Hosts[0])
	for _, token := range []int64{0, old.Token, l.Token + 1} {
		if _, err := j.Append(t.Context(), "R1", token, e); !errors.Is(err, journal.ErrStale) {
			t.Errorf("token %d: %v", token, err)
		}
	}
	if err := j.Check(t.Context(), old); !errors.Is(err, journal.ErrStale) {
		t.Errorf("the old lease holds: %v", err)
	}
	if err := j.Check(t.Context(), l); err != nil {
		t.Error(err)
	}
	if _, seq := load(t, j, "R1"); seq != 1 {
		t.Errorf("a stale owner wrote: seq %d", seq)
	}
	must(t, j, "R1", 0, ask(rollout.Pause))
	if a := must(t, j, "R1", l.Token, e); a.Seq != 3 {
		t.Errorf("seq %d", a.Seq)
	}
}

func leasesExclude(t *testing.T, address string) {
	journals := []*journal.Journal{Open(t, address), Open(t, address)}
	create(t, journals[0], Plan("R1", 3))
	var mu sync.Mutex
	var won []journal.Lease
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			l, err := journals[i%2].Acquire(t.Context(), "R1", journal.Self("alice"), time.Minute)
			if held, ok := errors.AsType[*journal.HeldError](err); ok {
				if held.Rollout != "R1" || held.Owner.Name != "alice" || held.Owner.PID == 0 {
					t.Errorf("held by %+v", held)
				}
				return
			}
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			won = append(won, l)
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d owners at once", len(won))
	}
	o, ok, err := journals[1].Owner(t.Context(), "R1")
	if err != nil || !ok || o.Name != "alice" {
		t.Errorf("owner %v %v %v", o, ok, err)
	}
	if err := journals[1].Release(t.Context(), won[0]); err != nil {
		t.Fatal(err)
	}
	if o, ok, err := journals[1].Owner(t.Context(), "R1"); err != nil || ok {
		t.Errorf("after release the owner is %v, %v", o, err)
	}
	acquire(t, journals[1], "R1")
}

func leasesEnd(t *testing.T, address string) {
	j := Open(t, address)
	create(t, j, Plan("R1", 3))
	// An owner elsewhere, of whom nothing but silence can be known.
	far := journal.Owner{Name: "carol", Host: "elsewhere", PID: 1, Started: "1", Boot: "other", Space: "pid:[1]"}
	first, err := j.Acquire(t.Context(), "R1", far, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Acquire(t.Context(), "R1", journal.Self(""), time.Minute); err == nil {
		t.Fatal("a lease was taken from a living owner")
	}
	if err := j.Renew(t.Context(), first, -time.Second); err != nil {
		t.Fatal(err)
	}
	if err := j.Renew(t.Context(), first, -time.Second); err != nil {
		t.Errorf("renewing a lease that ran out and nobody took: %v", err)
	}
	second := acquire(t, j, "R1")
	if second.Token <= first.Token {
		t.Errorf("token %d after %d", second.Token, first.Token)
	}
	if err := j.Renew(t.Context(), first, time.Minute); !errors.Is(err, journal.ErrStale) {
		t.Errorf("renewing a lost lease: %v", err)
	}
	if err := j.Release(t.Context(), first); err != nil {
		t.Errorf("releasing a lost lease: %v", err)
	}
	if err := j.Check(t.Context(), second); err != nil {
		t.Errorf("the new owner lost its lease to the old one: %v", err)
	}
}

func deadOwner(t *testing.T, address string) {
	j := Open(t, address)
	create(t, j, Plan("R1", 3))
	gone := journal.Self("dave")
	if gone.Started == "" {
		t.Skip("without /proc nobody is known to be dead")
	}
	gone.Started = "1" // the number was given to another process since
	if _, err := j.Acquire(t.Context(), "R1", gone, time.Hour); err != nil {
		t.Fatal(err)
	}
	acquire(t, j, "R1")
	if _, err := j.Acquire(t.Context(), "R1", gone, time.Hour); err == nil {
		t.Error("a living owner was replaced")
	}
}

// idleTokens: whoever takes a lease can tell whether anybody had it since somebody looked.
func idleTokens(t *testing.T, address string) {
	j := Open(t, address)
	p := create(t, j, Plan("R1", 2))
	if token, idle, err := j.Idle(t.Context(), p.ID); err != nil || !idle || token != 0 {
		t.Errorf("before any owner: token %d, idle %v, %v", token, idle, err)
	}
	first := acquire(t, j, p.ID)
	if first.Before != 0 {
		t.Errorf("the first owner came after token %d", first.Before)
	}
	if _, idle, err := j.Idle(t.Context(), p.ID); err != nil || idle {
		t.Errorf("while it is driven: idle %v, %v", idle, err)
	}
	if err := j.Renew(t.Context(), first, -time.Second); err != nil {
		t.Fatal(err)
	}
	if _, idle, err := j.Idle(t.Context(), p.ID); err != nil || idle {
		t.Errorf("with an owner that has only been silent: idle %v, %v", idle, err)
	}
	if err := j.Release(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	token, idle, err := j.Idle(t.Context(), p.ID)
	if err != nil || !idle || token != first.Token {
		t.Errorf("given back: token %d, idle %v, %v; want %d", token, idle, err, first.Token)
	}
	if second := acquire(t, j, p.ID); second.Before != token {
		t.Errorf("the next owner came after token %d, want %d", second.Before, token)
	}
}

func tokensOnlyGrow(t *testing.T, address string) {
	j := Open(t, address)
	var last int64
	for i := range 4 {
		p := create(t, j, Plan(fmt.Sprintf("R%d", i), 2))
		for range 3 {
			l := acquire(t, j, p.ID)
			if l.Token <= last {
				t.Fatalf("token %d after %d", l.Token, last)
			}
			last = l.Token
			if err := j.Release(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
		l := acquire(t, j, p.ID)
		must(t, j, p.ID, l.Token, start())
		finish(t, j, p.ID, l.Token)
		if err := j.Release(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		last = l.Token
	}
}

// tokensOutgrowLoss: an empty journal gives tokens that are higher than those which
// hosts may have seen from the journal before it, however often that one was asked.
func tokensOutgrowLoss(t *testing.T, address string) {
	j := Open(t, address)
	create(t, j, Plan("R1", 3))
	before := time.Now().Unix()
	first := acquire(t, j, "R1")
	// The clocks of PostgreSQL and of this test are the same machine's.
	if first.Token < before || first.Token > time.Now().Unix() {
		t.Errorf("the first token is %d, and the time %d", first.Token, before)
	}
	if err := j.Release(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	last := first.Token
	for range 20 { // faster than one a second
		again := take(t, j, "R1")
		if again <= last {
			t.Fatalf("token %d after %d", again, last)
		}
		last = again
	}
}

// take acquires a lease that has run out as it is given.
func take(t *testing.T, j *journal.Journal, id string) int64 {
	t.Helper()
	l, err := j.Acquire(t.Context(), id, journal.Self("test"), -time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return l.Token
}
