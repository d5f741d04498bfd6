package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// ErrInterrupted says that Run ended because its ctx did: the rollout is paused, or
// waits for a person, and can be driven again.
var ErrInterrupted = errors.New("interrupted")

// Config is what an engine works with. Journal, Work and Method must be set.
type Config struct {
	Journal *journal.Journal
	Work    Work
	Method  Method
	Traffic Traffic // may be nil when no plan has a balancer
	// Source makes the source that a stage's metrics name; it may be nil when no plan
	// has metrics. It is asked once when a drive begins and once a bake, and again after an error.
	Source func(p *rollout.Plan, name string) (Source, error)
	Clock  Clock         // nil: real time
	Log    *slog.Logger  // nil: nothing is logged
	Name   string        // who drives, for people
	Hold   time.Duration // how long the lease lasts without a heartbeat; 0: journal.LeaseTime
	// Wait makes Run stay while a rollout waits for a person or is paused, until a
	// request arrives or ctx ends. Without it Run returns the state then.
	Wait bool
	// Abandon, once it is closed, makes every Run cut off the work on hosts and return
	// ErrInterrupted without waiting for its end; nil: never. What a host was told goes
	// on there, and the next Run finds it.
	Abandon <-chan struct{}
	// Unrun is what no process has run yet of what is pending; zero: that is not known.
	Unrun Unrun
}

// Unrun are commands that a request issued while nobody drove the rollout: those whose
// ids are From or more, as long as nobody has driven it since the owner with a token.
type Unrun struct {
	Token int64
	From  int
}

// Engine drives rollouts. It may drive several at once.
type Engine struct{ cfg Config }

// New returns an engine.
func New(cfg Config) *Engine {
	if cfg.Clock == nil {
		cfg.Clock = realTime{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Hold == 0 {
		cfg.Hold = journal.LeaseTime
	}
	return &Engine{cfg: cfg}
}

// Update is what happened to a rollout since the last one.
type Update struct {
	State  rollout.State // after the events, or later
	Seq    int
	Events []rollout.Event
	// Finding is set, and Events is empty, when a bake had a look at its sources.
	Finding *judge.Finding
}

// Run drives a rollout until it ends, and starts it if it is planned. It returns
// early when the rollout waits for a person or is paused (see Config.Wait).
//
// When ctx ends, Run asks for a pause, lets the work on hosts that has begun come to
// its end, and returns ErrInterrupted. When another process takes the rollout over,
// Run stops at once with journal.ErrStale; while one drives it, Run fails with a
// *journal.HeldError. An error from the journal stops it, too: nothing is lost by
// that, for Run can be called again, by this process or another one.
//
// watch, which may be nil, is called for what happens, never at the same time.
func (e *Engine) Run(ctx context.Context, id string, watch func(Update)) (rollout.State, error) {
	if watch == nil {
		watch = func(Update) {}
	}
	base := context.WithoutCancel(ctx)
	s, _, err := e.cfg.Journal.Load(base, id)
	if err != nil {
		return rollout.State{}, err
	}
	if s.Phase.Ended() {
		return s, nil
	}
	lease, err := e.cfg.Journal.Acquire(base, id, journal.Self(e.cfg.Name), e.cfg.Hold)
	if err != nil {
		return s, err
	}
	d := newDrive(e.cfg, lease, watch)
	err = d.run(base, ctx.Done())
	if errors.Is(err, ErrInterrupted) {
		err = errors.Join(err, context.Cause(ctx))
	}
	if err != nil {
		err = fmt.Errorf("drive rollout %s: %w", id, err)
	}
	return d.current(), err
}

type realTime struct{}

func (realTime) Now() time.Time { return time.Now() }

func (realTime) After(d time.Duration) <-chan time.Time { return time.After(d) }
