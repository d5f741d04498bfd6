package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// recheck is how often commands that are pending and do not run are asked for again.
const recheck = time.Second

// drive is one Run: this process's ownership of one rollout.
//
// Its goroutines are the caller's, which alone enqueues commands and calls watch;
// one that renews the lease, one that follows the journal, one that appends results, one that
// observes hosts, and those in which Work runs commands. What they share is guarded by mu.
type drive struct {
	Config
	id    string
	lease journal.Lease
	watch func(Update)

	reminded string // key of the last reminder; for the caller's goroutine

	loose sync.WaitGroup // goroutines of this drive

	results  chan result
	findings chan judge.Finding
	failed   chan error // the first error that ends the drive

	mu       sync.Mutex
	state    rollout.State
	running  map[int]context.CancelFunc // commands at work here
	ran      map[int]bool               // commands that may have reached hosts before
	stopping bool                       // no command begins any more, and no error matters
}

func newDrive(cfg Config, lease journal.Lease, watch func(Update)) *drive {
	return &drive{
		Config: cfg, id: lease.Rollout, lease: lease, watch: watch,
		results: make(chan result, batch), findings: make(chan judge.Finding), failed: make(chan error, 1),
		running: map[int]context.CancelFunc{}, ran: map[int]bool{},
	}
}

// run drives until the rollout needs this process no more, or an interrupt has been
// obeyed. It leaves nothing running behind it. base does not end before.
func (d *drive) run(base context.Context, interrupt <-chan struct{}) (err error) {
	ctx, cancel := context.WithCancel(base)
	var appending sync.WaitGroup
	appending.Go(func() { d.append(base) })
	d.loose.Go(func() { d.renew(ctx) })
	defer func() {
		d.halt()
		cancel()
		err = errors.Join(err, d.Work.Stop(d.id))
		close(d.results) // nobody reports any more
		appending.Wait()
		d.loose.Wait()
		err = errors.Join(err, d.settle(base), d.Journal.Release(base, d.lease))
	}()
	return d.loop(ctx, interrupt)
}

// loop reacts to what the journal says.
func (d *drive) loop(ctx context.Context, interrupt <-chan struct{}) error {
	seq, err := d.begin(ctx)
	if err != nil {
		return err
	}
	events := make(chan []rollout.Event)
	d.loose.Go(func() { d.follow(ctx, seq, events) })
	d.loose.Go(func() { d.observe(ctx) })
	interrupted := false
	again := time.NewTicker(recheck)
	defer again.Stop()
	for !d.done(interrupted) {
		select {
		case news := <-events:
			err = d.advance(ctx, news)
		case f := <-d.findings:
			d.watch(Update{State: d.current(), Finding: &f})
		case <-interrupt:
			interrupt, interrupted = nil, true
			err = d.pause(ctx)
		case <-again.C:
			err = errors.Join(d.enqueue(ctx, d.current()), d.remind(ctx))
		case err = <-d.failed:
		case <-d.Abandon:
			err = ErrInterrupted
		}
		if err != nil {
			return err
		}
	}
	// What came to its end may have done so in another process's hands.
	if err := d.Journal.Check(ctx, d.lease); err != nil {
		return err
	}
	if interrupted && !d.current().Phase.Ended() {
		return ErrInterrupted
	}
	return nil
}

// begin loads the state, starts the rollout if it is planned, and takes up its work.
func (d *drive) begin(ctx context.Context) (seq int, err error) {
	s, seq, err := d.Journal.Load(ctx, d.id)
	if err != nil {
		return 0, err
	}
	before := s.Pending
	if s.Phase == rollout.Planned {
		start := rollout.Event{Kind: rollout.Start, At: d.Clock.Now(), By: d.Name}
		a, err := d.Journal.Append(ctx, d.id, d.lease.Token, start)
		if err != nil {
			return 0, err
		}
		s, seq = a.State, a.Seq
		d.watch(Update{State: s, Seq: seq, Events: a.Events})
	}
	d.inherit(before)
	d.set(s)
	if err := d.Work.Start(ctx, d.id, d.do); err != nil {
		return 0, err
	}
	return seq, d.enqueue(ctx, s)
}

// advance brings the drive to where the journal is.
func (d *drive) advance(ctx context.Context, news []rollout.Event) error {
	s, seq, err := d.Journal.Load(ctx, d.id)
	if err != nil {
		return err
	}
	d.set(s)
	d.watch(Update{State: s, Seq: seq, Events: news})
	return d.enqueue(ctx, s)
}

// enqueue asks for every pending command that does not run here. One may be asked
// for many times: another process may have taken its work, and lost the rollout.
func (d *drive) enqueue(ctx context.Context, s rollout.State) error {
	for _, p := range s.Pending {
		if d.runs(p.ID) {
			continue
		}
		if err := d.Work.Enqueue(ctx, d.id, p.ID); err != nil {
			return err
		}
	}
	return nil
}

func (d *drive) runs(command int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.running[command] != nil
}

// done reports whether the rollout has no use for this process now.
func (d *drive) done(interrupted bool) bool {
	s := d.current()
	if s.Phase.Ended() {
		return true
	}
	idle := len(s.Pending) == 0 && (s.Phase == rollout.Waiting || s.Phase == rollout.Paused)
	return idle && (!d.Wait || interrupted)
}

// pause asks for a pause; what waits for a person anyway needs none.
func (d *drive) pause(ctx context.Context) error {
	s, _, err := d.Journal.Load(ctx, d.id)
	if err != nil || s.Phase == rollout.Waiting {
		d.set(s)
		return err
	}
	e := rollout.Event{Kind: rollout.Pause, At: d.Clock.Now(), By: d.Name, Reason: "interrupted"}
	_, err = d.Journal.Append(ctx, d.id, 0, e)
	if _, refused := errors.AsType[*rollout.Refusal](err); refused {
		return nil // it has ended, waits or is paused: there is nothing to interrupt
	}
	return err
}

// follow hands on what any process adds to the journal.
func (d *drive) follow(ctx context.Context, seq int, events chan<- []rollout.Event) {
	for {
		news, err := d.Journal.Watch(ctx, d.id, seq)
		if err != nil {
			d.fail(err)
			return
		}
		seq = news[len(news)-1].Seq
		select {
		case events <- news:
		case <-ctx.Done():
			return
		}
	}
}

// settle loads what the last results led to, and forgets the work of a rollout that
// has ended.
func (d *drive) settle(ctx context.Context) error {
	s, _, err := d.Journal.Load(ctx, d.id)
	if err != nil {
		return err
	}
	d.set(s)
	if s.Phase.Ended() {
		return d.Work.Forget(ctx, d.id)
	}
	return nil
}

// fail ends the drive with an error, unless it is ending anyway.
func (d *drive) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping {
		return
	}
	select {
	case d.failed <- err:
	default:
	}
}

// halt cancels the commands at work here, and lets no other begin.
func (d *drive) halt() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopping = true
	for _, cancel := range d.running {
		cancel()
	}
}

func (d *drive) current() rollout.State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// set notes the state, and cancels commands that it does not wait for any more.
func (d *drive) set(s rollout.State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = s
	for id, cancel := range d.running {
		if !slices.ContainsFunc(s.Pending, func(p rollout.Pending) bool { return p.ID == id }) {
			cancel()
		}
	}
}
