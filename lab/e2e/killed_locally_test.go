//go:build !lab

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/local"
)

// localFleet brings up a fleet of directories and processes for one test.
func localFleet(t *testing.T, hosts int) lab.Info {
	t.Helper()
	dir, err := os.MkdirTemp(workspace, "f")
	if err != nil {
		t.Fatal(err)
	}
	f, err := local.Up(t.Context(), local.Config{Dir: dir, Hosts: hosts, Cache: filepath.Join(workspace, "cache")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return f.Info()
}

// startsInLogs are the lines that every start of the service left in the logs of a local
// fleet, a host each.
func startsInLogs(t *testing.T, info lab.Info) []int {
	t.Helper()
	var all []int
	for _, h := range info.Hosts {
		text, err := os.ReadFile(filepath.Join(h.Root, "var/log/checkout.service.log"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Count(string(text), " listens on "))
	}
	return all
}

// row is all writes of one course, each before or after it is committed.
type row struct {
	course int
	when   string
}

// moments hands out every write of a journal to several fleets.
type moments struct {
	mu    sync.Mutex // guards what follows
	rows  []row      // those that are not through yet
	next  int
	kills int
}

func (m *moments) take() (r row, write int, more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.rows) == 0 {
		return row{}, 0, false
	}
	m.next++
	return m.rows[0], m.next, true
}

// done notes a moment; one that never came ends its row, once it lies behind all the
// writes that an undisturbed rollout has.
func (m *moments) done(r row, write, writes int, killed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if killed {
		m.kills++
		return
	}
	if write > writes && len(m.rows) > 0 && m.rows[0] == r {
		m.rows, m.next = m.rows[1:], 0
	}
}

// TestKilledLocally kills slipway at every write of the journal of a rollout to six
// hosts, before and after it is committed, and of one that fails and is restored. Each
// time what follows must end as if nothing had happened, with every host changed once.
func TestKilledLocally(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("deploys a hundred times")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("slipway and the sample cannot be built: %v", err)
	}
	start := time.Now()
	all := &moments{rows: []row{{0, "before"}, {0, "after"}, {1, "before"}, {1, "after"}}}
	t.Run("at every write", func(t *testing.T) {
		for i := range 2 {
			t.Run(fmt.Sprintf("fleet %d", i+1), func(t *testing.T) {
				t.Parallel()
				killedEverywhere(t, all)
			})
		}
	})
	if t.Failed() {
		return
	}
	t.Logf("%d kills, each taken up to the same end, in %s", all.kills, time.Since(start).Round(time.Second))
	if all.kills < 40 {
		t.Errorf("only %d kills: they are said to be at every write", all.kills)
	}
}

func killedEverywhere(t *testing.T, all *moments) {
	t.Helper()
	info := localFleet(t, 6)
	f := newKilledFleet(t, info, func(t *testing.T) []int { return startsInLogs(t, info) })
	courses := []course{f.good(t), f.bad(t)}
	for {
		r, write, more := all.take()
		if !more {
			t.Logf("an undisturbed rollout writes %d times, one that is restored %d", courses[0].writes, courses[1].writes)
			return
		}
		c := courses[r.course]
		all.done(r, write, c.writes, f.killedAt(t, c, r.when, write))
	}
}
