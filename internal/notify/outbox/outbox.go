package outbox

import (
	"context"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Store is the outbox. *journal.Journal is one; its methods say more.
type Store interface {
	// Undelivered takes up what is due: of every queue the first, and nothing while
	// that is taken up.
	Undelivered(ctx context.Context, now time.Time, limit int) ([]journal.Delivery, error)
	Delivered(ctx context.Context, d journal.Delivery, remoteID string) error
	Failed(ctx context.Context, d journal.Delivery, text string, nextAt time.Time) error
	GiveUp(ctx context.Context, d journal.Delivery, text string) error
	Remember(ctx context.Context, rollout, channel, text string) error
	Remembered(ctx context.Context, rollout, channel string) (string, error)
	Plan(ctx context.Context, id string) (*rollout.Plan, error)
	News() <-chan struct{}
}

var _ Store = (*journal.Journal)(nil)

// Opener makes the Notifier of a channel. An error means that it cannot work now: a
// secret that is not there in this process may be in the next.
type Opener func(c rollout.Channel) (notify.Notifier, error)

// Pace is how patient a Deliverer is. What is zero has its standard.
type Pace struct {
	Attempt time.Duration // how long one attempt may take; 60 s, half of a claim's time
	First   time.Duration // the wait after the first failure, which then doubles; 1 s
	Look    time.Duration // how often it looks for retries, and for what other processes wrote; 1 s
}

func (p Pace) standard() Pace {
	if p.Attempt == 0 {
		p.Attempt = time.Minute
	}
	if p.First == 0 {
		p.First = time.Second
	}
	if p.Look == 0 {
		p.Look = time.Second
	}
	return p
}

const (
	// longest is the longest wait between attempts.
	longest = 5 * time.Minute
	// calm is how long it lets news gather: a large wave makes hundreds.
	calm = 20 * time.Millisecond
	// refusals is how often a message is sent that the service refuses for good.
	refusals = 4
	// Patience is when an undelivered message is given up.
	Patience = 24 * time.Hour
	// lingering is how long Linger goes on at most, moment how long it takes a channel for
	// one that works after it took a message, and beat how often it looks.
	lingering = 10 * time.Second
	moment    = 1500 * time.Millisecond
	beat      = 100 * time.Millisecond
	// atOnce is how many queues are served at the same time.
	atOnce = 32
)

// Deliverer empties an outbox. Its methods may be called at the same time.
type Deliverer struct {
	store Store
	open  Opener
	pace  Pace

	stop context.CancelFunc
	done chan struct{} // closed when the loop has ended
	idle chan chan bool
	news chan struct{} // an attempt has ended

	sending sync.WaitGroup
	mu      sync.Mutex           // guards what follows
	flying  map[string]int       // messages under way, by channel
	works   map[string]time.Time // channels that took a message, and when they took the last
	broken  error                // what the journal said last; nil when it works
}

// Start begins to deliver, until Close or the end of ctx.
func Start(ctx context.Context, store Store, open Opener, pace Pace) *Deliverer {
	ctx, stop := context.WithCancel(ctx)
	d := &Deliverer{
		store: store, open: open, pace: pace.standard(), stop: stop,
		done: make(chan struct{}), idle: make(chan chan bool), news: make(chan struct{}, 1),
		flying: map[string]int{}, works: map[string]time.Time{},
	}
	go d.run(ctx)
	return d
}

// Close ends deliveries under way, and returns when nothing runs any more. What was
// not delivered stays. It may be called twice. The error is the journal's, if it
// could not be used.
func (d *Deliverer) Close() error {
	d.stop()
	<-d.done
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.broken
}

// Flush waits until all that is due has been tried, at most for most, and reports
// whether it was. What another process has taken up is not waited for.
func (d *Deliverer) Flush(ctx context.Context, most time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	answer := make(chan bool, 1)
	select {
	case d.idle <- answer:
	case <-d.done:
		return false
	case <-ctx.Done():
		return false
	}
	select {
	case <-answer:
		return true
	case <-d.done:
		return false
	case <-ctx.Done():
		return false
	}
}

// Linger is Flush for a grace, and then goes on as long as messages arrive: a channel that
// works gets all of them, and one that does not holds nobody up. It ends after lingering.
func (d *Deliverer) Linger(ctx context.Context, grace time.Duration) bool {
	until := time.Now().Add(grace + lingering)
	for !d.Flush(ctx, grace) {
		if !d.arriving() || ctx.Err() != nil || !time.Now().Before(until) {
			return false
		}
		grace = beat
	}
	return true
}

// arriving reports whether a channel that took a message a moment ago is at the next, or
// may be about to take it up.
func (d *Deliverer) arriving() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for channel, at := range d.works {
		if ago := time.Since(at); ago < beat || ago < moment && d.flying[channel] > 0 {
			return true
		}
	}
	return false
}

// took notes whether a channel takes messages.
func (d *Deliverer) took(channel string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.works, channel)
	if ok {
		d.works[channel] = time.Now()
	}
}

// Grace is how long a rollout's end waits for what is due: 2 % of its time, and 250 ms at
// least.
func Grace(took time.Duration) time.Duration { return max(250*time.Millisecond, took/50) }

func (d *Deliverer) run(ctx context.Context) {
	defer close(d.done)
	defer d.sending.Wait()
	defer d.stop()
	var waiting []chan bool
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		news := d.store.News()
		found := d.round(ctx)
		if !found && d.inFlight() == 0 {
			for _, w := range waiting {
				w <- true
			}
			waiting = nil
		}
		timer.Reset(d.pace.Look)
		select {
		case <-ctx.Done():
			return
		case w := <-d.idle:
			waiting = append(waiting, w)
		case <-d.news:
		case <-timer.C:
		case <-news:
			pause(ctx, timer, calm)
		}
	}
}

func pause(ctx context.Context, timer *time.Timer, d time.Duration) {
	timer.Reset(d)
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// round takes up what is due and starts to send it; it reports whether there was any.
func (d *Deliverer) round(ctx context.Context) bool {
	now := time.Now()
	free := atOnce - d.inFlight()
	if free <= 0 || ctx.Err() != nil {
		return true
	}
	due, err := d.store.Undelivered(ctx, now, free)
	d.note(ctx, err)
	for _, one := range due {
		d.count(one.Channel, 1)
		d.sending.Go(func() {
			d.note(ctx, d.deliver(ctx, one))
			d.count(one.Channel, -1)
			select {
			case d.news <- struct{}{}:
			default:
			}
		})
	}
	return len(due) > 0
}

func (d *Deliverer) inFlight() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := 0
	for _, n := range d.flying {
		all += n
	}
	return all
}

func (d *Deliverer) count(channel string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flying[channel] += n
}

// note keeps the journal's last error for Close. At the end of ctx everything fails,
// and means nothing.
func (d *Deliverer) note(ctx context.Context, err error) {
	if err != nil && ctx.Err() != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
}
