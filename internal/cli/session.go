package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/live"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// takeover is how often a follower asks whether the driver is gone.
const takeover = 2 * time.Second

// session shows one rollout while it moves, drives it unless somebody else does,
// and turns interrupts and keys into requests. Its fields belong to the goroutine
// that calls run.
type session struct {
	env    Env
	app    *app.App
	out    output
	atWait bool             // leave when the rollout waits for a person
	quiet  bool             // show nothing
	apart  bool             // the journal is not the user's: nothing that could be typed would find it
	also   func(app.Moment) // sees every moment, too; may be nil
	asked  int              // the event that the user asked for; what was before it ends nothing

	state    rollout.State
	seq      int
	printer  printer
	driving  bool               // a goroutine of ours is in app.Run
	pause    context.CancelFunc // makes app.Run pause the rollout and return
	returned bool               // app.Run has brought the rollout where it can
	target   int                // the event that the rollout had then
	leaving  int                // how often an interrupt was asked for
	told     bool               // the user knows who drives
	watcher  *app.Watcher       // judges along while another process drives
	wait     sync.WaitGroup
}

// drove is how app.Run ended.
type drove struct {
	seq int
	err error
}

// streams are what a session listens to.
type streams struct {
	wishes  chan rollout.EventKind
	moments chan app.Moment
	looks   chan view.Finding
	watched chan error
	driven  chan drove
	retry   <-chan time.Time
}

// run shows the rollout until it ends, is paused, or the user leaves, and returns
// the state it then has. errInterrupted says that the user left.
func (s *session) run(ctx context.Context, start app.Record) (rollout.State, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.state, s.seq = start.State, start.Seq
	in := &streams{
		wishes: make(chan rollout.EventKind, 16), moments: make(chan app.Moment),
		looks:   make(chan view.Finding, 1),
		watched: make(chan error, 1), driven: make(chan drove, 1),
	}
	wish := func(k rollout.EventKind) {
		select {
		case in.wishes <- k:
		default: // sixteen wishes are waiting: one more says nothing new
		}
	}
	defer s.env.interrupts.take(func() { wish(live.Leave) })()
	s.printer = s.env.printer(ctx, s.out, s.state, wish)
	if s.quiet {
		s.printer = silence{}
	}
	s.watch(ctx, in, start)
	s.drive(ctx, in)
	err := s.loop(ctx, in)
	cancel()
	s.settle(in)
	sum := view.Summarize(s.state, s.env.Now())
	if s.apart {
		sum.Next = nil
	}
	if end := s.printer.end(sum); end != nil {
		err = errors.Join(err, end)
	}
	s.untold(ctx)
	s.guide()
	if err == nil && s.leaving > 0 && !s.state.Phase.Ended() {
		err = errInterrupted
	}
	return s.state, err
}

// untold says which messages have not arrived by the end. It is nothing to the rollout.
func (s *session) untold(ctx context.Context) {
	if s.quiet || s.apart {
		return
	}
	left, err := s.app.Untold(context.WithoutCancel(ctx), s.state.Plan.ID)
	if err != nil || len(left) == 0 {
		return
	}
	fmt.Fprint(s.env.Err, untoldText(s.env.theme(s.env.Err), untoldOf(left)))
}

// loop handles one thing after the other.
func (s *session) loop(ctx context.Context, in *streams) error {
	for !s.over() {
		select {
		case m := <-in.moments:
			s.state, s.seq = m.After, m.Event.Seq
			if s.also != nil {
				s.also(m)
			}
			if err := s.printer.moment(m); err != nil {
				return err
			}
		case f := <-in.looks:
			if err := s.printer.look(f); err != nil {
				return err
			}
		case err := <-in.watched:
			return err
		case d := <-in.driven:
			if err := s.drivenTo(in, d); err != nil {
				return err
			}
		case <-in.retry:
			if err := s.along(ctx); err != nil {
				return err
			}
			s.drive(ctx, in)
		case kind := <-in.wishes:
			if s.wished(ctx, kind) {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// over reports whether there is nothing more to show. While this session drives, it
// is the engine that says so.
func (s *session) over() bool {
	switch {
	case s.driving, s.seq < s.asked:
		return false
	case s.returned:
		return s.seq >= s.target
	case s.state.Phase == rollout.Waiting:
		return s.atWait
	}
	return s.state.Phase.Ended() || s.state.Phase == rollout.Paused && len(s.state.Pending) == 0
}

// wished acts on a key or an interrupt, and reports whether the session is to end.
func (s *session) wished(ctx context.Context, kind rollout.EventKind) bool {
	if kind == live.Leave {
		return s.leave()
	}
	if _, err := s.app.Request(ctx, s.state.Plan.ID, kind, ""); err != nil {
		s.printer.note(message(err))
		return false
	}
	s.printer.note("")
	return false
}

// leave pauses a rollout that this session drives. Asked a second time it waits for no
// host, only for the end of what was started on this machine, which takes a moment. It
// reports whether the session ends at once: when it is asked once more, or somebody
// else drives.
func (s *session) leave() bool {
	s.leaving++
	switch {
	case !s.driving || s.leaving > 2:
		return true
	case s.leaving == 2:
		s.app.Abandon()
		s.printer.note("leaving: what hosts are at goes on there, and slipway resume finds it")
	default:
		s.pause()
		s.printer.note("pausing: hosts at work finish first; once more leaves at once")
	}
	return false
}

// watch feeds the session with what is journalled.
func (s *session) watch(ctx context.Context, in *streams, from app.Record) {
	s.wait.Go(func() {
		in.watched <- s.app.Watch(ctx, from, func(m app.Moment) bool {
			select {
			case in.moments <- m:
				return true
			case <-ctx.Done():
				return false
			}
		})
	})
}

// drive lets a goroutine run the rollout. Its context ends to pause it.
func (s *session) drive(ctx context.Context, in *streams) {
	s.driving, in.retry = true, nil
	running, pause := context.WithCancel(ctx)
	s.pause = pause
	id := s.state.Plan.ID
	go func() {
		defer pause()
		err := s.app.Run(running, id, !s.atWait, in.look(s.env.Now))
		rec, loadErr := s.app.Rollout(context.WithoutCancel(ctx), id)
		in.driven <- drove{seq: rec.Seq, err: errors.Join(err, loadErr)}
	}()
}

// drivenTo takes in how a drive ended. When somebody else drives, the session
// follows, and asks again later.
func (s *session) drivenTo(in *streams, d drove) error {
	s.driving = false
	var held *journal.HeldError
	switch {
	case errors.As(d.err, &held):
		s.follow(in, "driven by "+held.Owner.String()+"; following")
		return nil
	case errors.Is(d.err, journal.ErrStale):
		s.follow(in, "another process has taken the rollout over; following")
		return nil
	case d.err != nil:
		return d.err
	}
	s.returned, s.target = true, d.seq
	return nil
}

// along shows what the judge of the process that drives finds: it leaves what it saw in
// the journal. One that cannot be judged along is not shown.
func (s *session) along(ctx context.Context) error {
	if s.watcher == nil {
		s.watcher = s.app.Findings()
	}
	f, ok, err := s.watcher.Finding(ctx, s.state)
	if err != nil || !ok {
		return ctx.Err()
	}
	shown, ok := finding(app.Update{State: s.state, Finding: &f}, s.env.Now())
	if !ok {
		return nil
	}
	return s.printer.look(shown)
}

func (s *session) follow(in *streams, note string) {
	if !s.told {
		s.printer.note(note)
		s.told = true
	}
	in.retry = time.After(takeover)
}

// settle waits for what the session started, but not for a driver that was abandoned:
// what it does can be taken up again at any point.
func (s *session) settle(in *streams) {
	s.wait.Wait()
	if s.driving && s.leaving < 2 {
		<-in.driven
	}
}
