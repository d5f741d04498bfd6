package matrix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Result is how a case ended.
type Result struct {
	Claim Claim
	// Differences is what the oracle says is not as it was, and documentedly should be.
	Differences []Difference
	// Stayed is what documentedly does not go back, and has not.
	Stayed []Difference
	Forth  time.Duration // how long bringing the release took, and taking it back
	Back   time.Duration
	Note   string // why the deploy did not work, when it did not
}

// Restored tells whether all is as it was.
func (r Result) Restored() bool { return len(r.Differences) == 0 }

// Run does a case on a host that is fresh, with a tool.
func Run(ctx context.Context, h *Host, row Row, t Tool) (Result, error) {
	var r Result
	if err := h.Script(ctx, row.Before); err != nil {
		return r, fmt.Errorf("before: %w", err)
	}
	before, err := h.Snapshot(ctx, row.Look())
	if err != nil {
		return r, err
	}
	if err := r.forth(ctx, h, row, t); err != nil {
		return r, err
	}
	var up Snapshot
	if row.Twice {
		if up, err = h.Snapshot(ctx, row.Look()); err != nil {
			return r, err
		}
	}
	data := dataOf(h)
	if err := r.back(ctx, h, row, t); err != nil {
		return r, err
	}
	if row.Twice {
		if err := r.again(ctx, h, row, t, up); err != nil {
			return r, err
		}
		data = dataOf(h) // written while it ran again
	}
	if err := h.Script(ctx, row.After); err != nil {
		return r, fmt.Errorf("after: %w", err)
	}
	after, err := h.Snapshot(ctx, row.Look())
	if err != nil {
		return r, err
	}
	r.sort(row, t, Compare(before, after))
	if now := dataOf(h); row.Data && now != data {
		r.Differences = append(r.Differences, Difference{"data " + dataFile, data, now})
	}
	if row.Fault == FullBack || row.Fault == FullUpdate {
		return r, h.Lab.Empty(ctx, h.Name)
	}
	return r, nil
}

const dataFile = "/var/lib/checkout/data"

func dataOf(h *Host) string {
	text, err := os.ReadFile(h.at(dataFile))
	if err != nil {
		return "none"
	}
	return string(text)
}

// sort tells what stays as documented from what should have gone back, and drops what
// a tool writes about itself.
func (r *Result) sort(row Row, t Tool, all []Difference) {
	_, cap := t.(*Capistrano)
	for _, d := range all {
		begins := func(prefix string) bool { return strings.HasPrefix(d.Item, prefix) }
		switch {
		case r.Claim.Held && d == Difference{"package " + row.name() + " hold", "", "yes"}:
		case cap && slices.ContainsFunc([]string{"file /opt/checkout/revisions.log", "file /opt/checkout/rolled-back-release-", "file /opt/checkout/shared", "file /opt/checkout/repo"}, begins):
		case slices.ContainsFunc(row.Stays, begins):
			r.Stayed = append(r.Stayed, d)
		default:
			r.Differences = append(r.Differences, d)
		}
	}
}

// forth brings the version, with what happens on the way.
func (r *Result) forth(ctx context.Context, h *Host, row Row, t Tool) error {
	start := time.Now()
	if row.Fault == FullUpdate {
		if err := h.Lab.Fill(ctx, h.Name, 0); err != nil {
			return err
		}
	}
	var failed error
	deploy := func() { failed = t.Deploy(ctx, row.new()) }
	if row.Fault.inUpdate() {
		if err := r.interrupt(ctx, h, row.Fault, t, deploy); err != nil {
			return err
		}
	} else {
		deploy()
	}
	r.Forth = time.Since(start)
	if failed != nil {
		r.Note = failed.Error()
	}
	if row.Then != "" {
		if err := t.Deploy(ctx, row.Then); err != nil {
			return fmt.Errorf("deploy %s: %w", row.Then, err)
		}
	}
	if err := h.Script(ctx, row.Between); err != nil {
		return fmt.Errorf("between: %w", err)
	}
	return nil
}

// back takes the version back, with what happens on the way.
func (r *Result) back(ctx context.Context, h *Host, row Row, t Tool) error {
	start := time.Now()
	back := func() { r.Claim = t.Back(ctx) }
	switch row.Fault {
	case FullBack, FullLaterFix:
		if err := h.Lab.Fill(ctx, h.Name, 0); err != nil {
			return err
		}
	case LockedBack:
		if err := h.Script(ctx, holdLock); err != nil {
			return err
		}
	}
	if row.Fault.inBack() {
		if err := r.interrupt(ctx, h, row.Fault, t, back); err != nil {
			return err
		}
	}
	back()
	if row.Fault == FullLaterFix {
		if err := h.Lab.Empty(ctx, h.Name); err != nil {
			return err
		}
		back()
	}
	r.Back = time.Since(start)
	return nil
}

// holdLock makes something else hold dpkg's lock for a while, and returns when it does.
const holdLock = `cat >/run/lock.py <<'END'
import fcntl, time
f = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(f, fcntl.LOCK_EX)
g = open('/var/lib/dpkg/lock', 'w'); fcntl.lockf(g, fcntl.LOCK_EX)
print('held', flush=True); open('/run/held', 'w').close(); time.sleep(3)
END
systemd-run --quiet --collect python3 /run/lock.py
while ! [ -e /run/held ]; do sleep 0.05; done`

// interrupt begins something, and stops it half way as the fault says.
func (r *Result) interrupt(ctx context.Context, h *Host, f Fault, t Tool, do func()) error {
	if err := h.Script(ctx, "rm -f "+reached+" "+letGo); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	err := h.waitUntil(ctx, reached, done)
	if err == nil {
		err = strike(ctx, h, f, t)
	}
	if err == nil {
		err = h.Script(ctx, "touch "+letGo)
	}
	<-done
	return err
}

func strike(ctx context.Context, h *Host, f Fault, t Tool) error {
	switch f {
	case CutUpdate, CutBack:
		return t.Cut(ctx)
	case DpkgUpdate:
		return h.Script(ctx, "pkill --signal KILL --exact dpkg")
	case PowerUpdate, PowerBack:
		return h.Reboot(ctx)
	}
	return errors.New("this fault is none that interrupts")
}

// again brings the version and takes it back once more. Brought again, it must leave the
// host as it did the first time.
func (r *Result) again(ctx context.Context, h *Host, row Row, t Tool, up Snapshot) error {
	if err := t.Deploy(ctx, row.new()); err != nil {
		return fmt.Errorf("deploy again: %w", err)
	}
	now, err := h.Snapshot(ctx, row.Look())
	if err != nil {
		return err
	}
	var differ []Difference
	for _, d := range Compare(up, now) {
		if !strings.HasPrefix(d.Item, "file /opt/"+Service+"/shared") {
			differ = append(differ, Difference{d.Item + " after the second update", d.Before, d.After})
		}
	}
	r.sort(row, t, differ)
	return r.back(ctx, h, row, t)
}
