package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

const (
	// version is pinned: the default is a hash of the program, and work in flight
	// would then never be taken up after an upgrade.
	version = "1"
	// application and schema name our part of a shared database.
	application = "slipway"
	schema      = "slipway_work"
	// workflow is the one kind of work there is. Every process registers it, for
	// work of an unknown kind stays where it is, silently.
	workflow = "command"
	// A queue is looked at this often, so that work starts at most that much late: a
	// local file often, for 3 % of a core; a server that others use less so.
	pollFile   = 25 * time.Millisecond
	pollServer = 50 * time.Millisecond
	// patience is how long Stop waits for handlers that do not return.
	patience = 30 * time.Second
	// idle is how long a frozen process may hold a transaction open in PostgreSQL.
	idle = "10s"
)

// Run does one command. Its context ends when the work is stopped; it is then run
// again by whoever starts the rollout's work next, as it is after a crash.
type Run = func(ctx context.Context, command int) error

// Work is durable work in one database. It is safe for concurrent use.
type Work struct {
	address string
	log     *slog.Logger

	mu      sync.Mutex // guards started
	started map[string]*site
}

// site is the work of one rollout in this process.
type site struct {
	dbos  dbos.Context
	poll  time.Duration
	close func() error

	mu     sync.Mutex // guards active
	active map[int]bool
}

// New returns work that is kept at an address: the path of a SQLite file, or a
// postgres:// URL. Nothing is opened before Start.
func New(address string, log *slog.Logger) *Work {
	return &Work{address: address, log: quiet(log), started: map[string]*site{}}
}

// ref is what is stored of a command: where to find it in the journal.
type ref struct {
	Rollout string
	Command int
}

// Start begins to take the work of a rollout, beginning with what an earlier process
// had not finished. Several commands may run at once. The caller owns the rollout's
// lease: two processes that start the same rollout's work would share it.
func (w *Work) Start(ctx context.Context, rollout string, run Run) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.started[rollout] != nil {
		return fmt.Errorf("start work of %s: it has been started", rollout)
	}
	s, err := w.open(ctx, rollout)
	if err != nil {
		return fmt.Errorf("start work of %s: %w", rollout, err)
	}
	do := func(ctx dbos.Context, r ref) (bool, error) {
		defer s.enter(r.Command)()
		return true, run(ctx, r.Command)
	}
	// No limit of attempts: a process may be killed as often as somebody likes.
	dbos.RegisterWorkflow(s.dbos, do, dbos.WithWorkflowName(workflow), dbos.WithMaxRecoveryAttempts(0))
	if err := s.launch(rollout); err != nil {
		return fmt.Errorf("start work of %s: %w", rollout, errors.Join(err, s.stop()))
	}
	w.started[rollout] = s
	return nil
}

// launch begins to listen to the queue of the rollout, and to no other.
func (s *site) launch(rollout string) error {
	_, err := dbos.RegisterQueue(s.dbos, rollout,
		dbos.WithQueueBasePollingInterval(s.poll), dbos.WithQueueOnConflict(dbos.QueueConflictAlwaysUpdate))
	if err != nil {
		return err
	}
	dbos.ListenQueues(s.dbos, rollout)
	return dbos.Launch(s.dbos)
}

func (s *site) stop() error {
	return errors.Join(dbos.Shutdown(s.dbos, patience), s.close())
}

// Enqueue asks for a command to be run. Asking again while it waits or runs is
// nothing; asking after it ended, in whatever way, runs it again. In the moment in
// which a command begins, asking may run it a second time beside the first.
func (w *Work) Enqueue(ctx context.Context, rollout string, command int) error {
	w.mu.Lock()
	s := w.started[rollout]
	w.mu.Unlock()
	if s == nil {
		return fmt.Errorf("enqueue command %d of %s: its work has not been started", command, rollout)
	}
	err := s.enqueue(ref{Rollout: rollout, Command: command}, 1)
	if errors.Is(err, dbos.ErrWorkflowIDInUse) {
		err = s.enqueueAgain(ref{Rollout: rollout, Command: command})
	}
	if err != nil {
		return fmt.Errorf("enqueue command %d of %s: %w", command, rollout, err)
	}
	return ctx.Err()
}

func (s *site) enqueue(r ref, attempt int) error {
	_, err := dbos.Enqueue[bool](s.dbos, r.Rollout, workflow, r,
		dbos.WithEnqueueWorkflowID(fmt.Sprintf("%s%d", r.prefix(), attempt)),
		dbos.WithEnqueueWorkflowIDReusePolicy(dbos.WorkflowIDReusePolicyReject))
	return err
}

// prefix begins the ids of all attempts at a command.
func (r ref) prefix() string { return fmt.Sprintf("%s/%d/", r.Rollout, r.Command) }

// enter notes that a command runs here, until the function it returns is called.
func (s *site) enter(command int) (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active[command] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.active, command)
	}
}

func (s *site) runs(command int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active[command]
}

// enqueueAgain makes a new attempt, unless one waits or runs here. One that has
// begun and does not run here was taken by a process that has lost the rollout, and
// may never end.
func (s *site) enqueueAgain(r ref) error {
	attempts, err := dbos.ListWorkflows(s.dbos, dbos.WithFilterWorkflowIDPrefix(r.prefix()),
		dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil {
		return err
	}
	for _, a := range attempts {
		waits := a.Status == dbos.WorkflowStatusEnqueued
		if waits || (a.Status == dbos.WorkflowStatusPending && s.runs(r.Command)) {
			return nil
		}
	}
	return s.enqueue(r, len(attempts)+1)
}

// Stop ends taking the work of a rollout: the contexts of handlers that run are
// cancelled, and Stop returns when they have returned. Stopping twice is nothing.
func (w *Work) Stop(rollout string) error {
	w.mu.Lock()
	s := w.started[rollout]
	delete(w.started, rollout)
	w.mu.Unlock()
	if s == nil {
		return nil
	}
	if err := s.stop(); err != nil {
		return fmt.Errorf("stop work of %s: %w", rollout, err)
	}
	return nil
}

// Forget deletes what is stored of a rollout that has ended and whose work was
// stopped.
func (w *Work) Forget(ctx context.Context, rollout string) error {
	s, err := w.open(ctx, rollout)
	if err != nil {
		return fmt.Errorf("forget work of %s: %w", rollout, err)
	}
	if err := errors.Join(s.forget(rollout), s.stop()); err != nil {
		return fmt.Errorf("forget work of %s: %w", rollout, err)
	}
	return nil
}

func (s *site) forget(rollout string) error {
	ended, err := dbos.ListWorkflows(s.dbos, dbos.WithFilterWorkflowIDPrefix(rollout+"/"),
		dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil {
		return err
	}
	ids := make([]string, len(ended))
	for i, e := range ended {
		ids[i] = e.ID
	}
	if len(ids) > 0 {
		if err := dbos.DeleteWorkflows(s.dbos, ids); err != nil {
			return err
		}
	}
	return dbos.DeleteQueue(s.dbos, rollout)
}

// Close stops all work of this process. It may be called twice.
func (w *Work) Close() error {
	w.mu.Lock()
	started := w.started
	w.started = map[string]*site{}
	w.mu.Unlock()
	var errs []error
	for _, s := range started {
		errs = append(errs, s.stop())
	}
	return errors.Join(errs...)
}
