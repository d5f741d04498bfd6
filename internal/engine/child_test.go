package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/work"
)

// What a child process is told.
const (
	childDirectory = "SLIPWAY_TEST_DIRECTORY"
	childDieAt     = "SLIPWAY_TEST_DIE_AT" // the number of the change after which it kills itself
	childHold      = "SLIPWAY_TEST_HOLD"   // how long its lease lasts
	childBlock     = "SLIPWAY_TEST_BLOCK"  // hosts are changed only once the file "go" is there
)

// child drives the one rollout of a directory to its end, as slipway deploy would.
func child(dir string) int {
	ctx := context.Background()
	j, err := journal.Open(ctx, filepath.Join(dir, "journal.db"))
	if err != nil {
		return complain(err)
	}
	defer j.Close()
	p := journaltest.Told(journaltest.Balanced(journaltest.Plan("R1", 6)))
	p.Stages[0].Bake.Most = 50 * time.Millisecond
	p.Stages[0].Kind, p.Rehearse = rollout.StageInternal, true
	if err := j.Create(ctx, p); err != nil && !errors.Is(err, journal.ErrExists) {
		return complain(err)
	}
	hold, _ := time.ParseDuration(os.Getenv(childHold))
	disk := diskFleet{dir: dir}
	durable := work.New(filepath.Join(dir, "work.db"), nil)
	s, err := engine.New(engine.Config{
		Journal: j, Work: durable, Method: disk, Traffic: disk, Name: "child", Hold: hold,
	}).Run(ctx, "R1", nil)
	if err != nil {
		return complain(err)
	}
	type end struct {
		Phase  rollout.Phase
		Why    string
		Passed int
		Next   int
		Hosts  []rollout.HostState
		Told   []string // which notice goes to which channel, in order
	}
	deliveries, err := j.Deliveries(ctx, "R1")
	if err != nil {
		return complain(err)
	}
	var told []string
	for _, d := range deliveries {
		told = append(told, d.ID())
	}
	if err := json.NewEncoder(os.Stdout).Encode(end{s.Phase, s.Why, s.Passed, s.Next, s.Hosts, told}); err != nil {
		return complain(err)
	}
	return 0
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	if errors.Is(err, journal.ErrStale) {
		return 3
	}
	return 1
}

// diskFleet is hosts that survive the process: files in a directory. Like the helper
// on a real host it refuses a stale token, and answers a repeated command with the
// first one's result.
type diskFleet struct{ dir string }

func (f diskFleet) Run(ctx context.Context, job engine.Job, report func(engine.Report)) error {
	for _, h := range job.Command.Hosts {
		if err := f.block(ctx, job); err != nil {
			return err
		}
		r, err := f.one(job, h)
		if err != nil {
			return err
		}
		report(r)
	}
	return nil
}

func (f diskFleet) one(job engine.Job, host string) (engine.Report, error) {
	r := engine.Report{Host: host, Outcome: rollout.OK, Balancer: "ready", Version: "1.1.0", Begun: job.Command.Kind == rollout.Update}
	if job.Command.Kind == rollout.Restore {
		r.Version, r.Equal = "1.0.0", true
	}
	stale, err := f.stale(job.Token)
	if err != nil || stale {
		return engine.Report{Host: host, Outcome: rollout.Failed, Reason: "stale token"}, err
	}
	what := fmt.Sprintf("%s-%d-%s", job.Command.Kind, job.Command.ID, host)
	// One write is both the change and the note of it: a kill comes before or after.
	done, err := f.changes()
	if err != nil {
		return r, err
	}
	if slices.Contains(done, what) {
		r.Adopted = true
		return r, nil
	}
	log, err := os.OpenFile(filepath.Join(f.dir, "changes"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return r, err
	}
	_, err = fmt.Fprintln(log, what)
	if err := errors.Join(err, log.Close()); err != nil {
		return r, err
	}
	return r, f.die()
}

func (f diskFleet) changes() ([]string, error) {
	text, err := os.ReadFile(filepath.Join(f.dir, "changes"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return strings.Fields(string(text)), nil
}

// die kills the process after its chosen change, before anybody has heard of it.
func (f diskFleet) die() error {
	at, err := strconv.Atoi(os.Getenv(childDieAt))
	if err != nil {
		return nil
	}
	done, err := f.changes()
	if err == nil && len(done) == at {
		err = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return err
}

// stale notes the highest token that was seen, and refuses a lower one.
func (f diskFleet) stale(token int64) (bool, error) {
	path := filepath.Join(f.dir, "token")
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	seen, _ := strconv.ParseInt(string(text), 10, 64)
	if token < seen {
		return true, nil
	}
	return false, os.WriteFile(path, []byte(strconv.FormatInt(token, 10)), 0o600)
}

// block says that it has reached a host, and waits until it may go on.
func (f diskFleet) block(ctx context.Context, job engine.Job) error {
	if os.Getenv(childBlock) == "" || job.Command.Kind != rollout.Update {
		return nil
	}
	if err := os.WriteFile(filepath.Join(f.dir, "blocked"), nil, 0o600); err != nil {
		return err
	}
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		if _, err := os.Stat(filepath.Join(f.dir, "go")); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}
