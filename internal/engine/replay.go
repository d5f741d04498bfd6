package engine

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/judge/record"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// replay is a judge, and which bake it judges. It takes looks that are live and looks
// that were journalled.
type replay struct {
	command rollout.Command
	state   *judge.State
	found   judge.Finding
	seq     int   // of the last journalled look
	broken  error // why there can be no judge
}

func newReplay(c rollout.Command, stage rollout.Stage) *replay {
	r := &replay{command: c}
	r.state, r.broken = judge.New(config(stage))
	return r
}

// take judges one tick.
func (r *replay) take(t judge.Tick) judge.Finding {
	r.state.Look(t)
	if t.At >= 0 {
		r.found = r.state.Finding()
	}
	return r.found
}

// looks judges what was journalled.
func (r *replay) looks(looks []journal.Look) error {
	for _, l := range looks {
		t, err := tickOf(l, r.command)
		if err != nil {
			return fmt.Errorf("samples of command %d: %w", r.command.ID, err)
		}
		r.take(t)
		r.seq = l.Seq
	}
	return nil
}

// keep journals a tick. Without that the rollout ends here, as with any other result.
func (d *drive) keep(ctx context.Context, r *replay, t judge.Tick) error {
	body, err := lines(t)
	if err != nil {
		return err
	}
	err = d.Journal.AppendSamples(ctx, d.lease, r.command.ID, journal.Look{At: r.command.At.Add(t.At), Body: body})
	if err != nil && ctx.Err() == nil {
		d.fail(err)
	}
	return err
}

// Watcher shows what the judge of a bake finds to a process that does not drive the
// rollout: it judges the same samples again. It is for one goroutine.
type Watcher struct {
	journal *journal.Journal
	replay  *replay
}

// NewWatcher returns a watcher of the rollouts of a journal.
func NewWatcher(j *journal.Journal) *Watcher { return &Watcher{journal: j} }

// Finding is the finding at hand of the bake that a rollout is in; ok is false when it is
// in none that is judged, or nothing was seen yet. Asked again it reads what is new.
func (w *Watcher) Finding(ctx context.Context, s rollout.State) (f judge.Finding, ok bool, err error) {
	if len(s.Pending) != 1 || s.Pending[0].Kind != rollout.BakeStage {
		return f, false, nil
	}
	c := s.Pending[0].Command
	stage := s.Plan.Stages[c.Stage]
	if len(stage.Metrics) == 0 {
		return f, false, nil
	}
	if w.replay == nil || w.replay.command.ID != c.ID || !w.replay.command.At.Equal(c.At) {
		w.replay = newReplay(c, stage)
	}
	if w.replay.broken != nil {
		return f, false, w.replay.broken
	}
	looks, err := w.journal.Samples(ctx, s.Plan.ID, c.ID, w.replay.seq)
	if err != nil {
		return f, false, err
	}
	if err := w.replay.looks(looks); err != nil {
		return f, false, err
	}
	return w.replay.found, w.replay.found.Verdict != "", nil
}

// lines writes a tick as JSON lines, those alone that can be read again: a source that
// says what is no number, or says it twice, must not make a rollout unreadable.
func lines(t judge.Tick) (string, error) {
	if body, err := written(t); err == nil {
		return body, nil
	}
	good := t
	good.Samples = nil
	seen := map[[2]string]bool{}
	for _, s := range t.Samples {
		key := [2]string{s.Host, s.Metric}
		if _, err := written(judge.Tick{At: t.At, Samples: []judge.Sample{s}}); err != nil || seen[key] {
			continue
		}
		seen[key] = true
		good.Samples = append(good.Samples, s)
	}
	return written(good)
}

// written is a tick as JSON lines that were read back.
func written(t judge.Tick) (string, error) {
	if len(t.Samples)+len(t.Gaps) == 0 {
		return "", nil
	}
	var b bytes.Buffer
	if err := record.Write(&b, []judge.Tick{t}); err != nil {
		return "", err
	}
	body := b.String()
	_, err := record.Read(strings.NewReader(body))
	return body, err
}

// tickOf reads a journalled look of a bake.
func tickOf(l journal.Look, c rollout.Command) (judge.Tick, error) {
	t := judge.Tick{At: l.At.Sub(c.At)}
	if l.Body == "" {
		return t, nil
	}
	ticks, err := record.Read(strings.NewReader(l.Body))
	if err != nil {
		return t, fmt.Errorf("look %d cannot be read: %w", l.Seq, err)
	}
	if len(ticks) != 1 {
		return t, fmt.Errorf("look %d cannot be read: it holds %d times instead of one", l.Seq, len(ticks))
	}
	return ticks[0], nil
}
