//go:build lab

package e2e

import (
	"strconv"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
)

// TestKilled kills slipway at ten or eleven writes of the journal of a rollout to six
// hosts, spread over all of it, every other one before it is committed.
func TestKilled(t *testing.T) {
	t.Parallel()
	l := up(t, lab.Config{Name: "killed", Hosts: 6})
	f := newKilledFleet(t, l.Info(), func(t *testing.T) []int { return startsInJournals(t, l) })
	c := f.good(t)
	t.Logf("an undisturbed rollout writes %d times and takes %s", c.writes, c.took.Round(100*time.Millisecond))
	start, kills, last := time.Now(), 0, 1
	for i := range 11 {
		when := []string{"before", "after"}[i%2]
		write := max(last, 1+i*(c.writes-1)/10)
		// Writes that only keep the lease come when they come, more of them in a rollout that is
		// slow: one that this rollout does not come to is looked for nearer to the last one.
		for ; write > last && !f.killedAt(t, c, when, write); write = (last + write) / 2 {
			t.Logf("%s write %d: it was over before", when, write)
		}
		if write > last || f.killedAt(t, c, when, write) {
			last = write
			kills++
			t.Logf("%s write %d: taken up to the same end", when, write)
		}
	}
	t.Logf("%d kills in %s", kills, time.Since(start).Round(time.Second))
	if kills < 10 {
		t.Errorf("only %d kills", kills)
	}
}

// startsInJournals counts the starts of the service in the journals of hosts.
func startsInJournals(t *testing.T, l *lab.Lab) []int {
	t.Helper()
	var all []int
	for _, h := range l.Info().Hosts {
		out := on(t, l, h.Name, "sh", "-c", `journalctl --sync; journalctl -q -u checkout.service -o cat | grep -c " listens on "`)
		n, err := strconv.Atoi(out)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}
