package engine

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/judge/record"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// replay is a judge, and which bake it judges. It takes looks that are live and looks
// that were journalled, also those of bakes of the same stage that were cut off.
type replay struct {
	command rollout.Command
	origin  time.Time // when the first bake of the stage began: ticks count from there
	state   *judge.State
	found   judge.Finding
	before  time.Duration     // of the last tick of the time before
	last    time.Duration     // of the last look
	gaps    map[string]string // of the last look
	heard   map[string]bool   // metrics that had a sample of the canary
	seq     int               // of the last journalled look of the command
	broken  error             // why there can be no judge
}

func newReplay(c rollout.Command, stage rollout.Stage) *replay {
	r := &replay{command: c, origin: c.At, before: math.MinInt64, heard: map[string]bool{}}
	r.state, r.broken = judge.New(config(stage))
	return r
}

// take judges one tick.
func (r *replay) take(t judge.Tick) judge.Finding {
	r.state.Look(t)
	if t.At < 0 {
		r.before = max(r.before, t.At)
	} else {
		r.last, r.gaps = max(r.last, t.At), t.Gaps
		for _, s := range t.Samples {
			r.heard[s.Metric] = r.heard[s.Metric] || s.Arm == judge.Canary
		}
		r.found = r.state.Finding()
	}
	return r.found
}

// open reports whether the last look left something open that counts. Such a look passes
// no stage: what was not said may be what is wrong.
func (r *replay) open(stage rollout.Stage) bool {
	return slices.ContainsFunc(stage.Metrics, func(m rollout.Metric) bool { return !m.DryRun && r.gaps[m.Name] != "" })
}

// cutOff judges what was seen in earlier bakes of the stage: the hosts are the same, and
// so is the release.
func (r *replay) cutOff(ctx context.Context, j *journal.Journal, id string) error {
	commands, err := j.Commands(ctx, id, false)
	if err != nil {
		return err
	}
	commands = slices.DeleteFunc(commands, func(b rollout.Command) bool {
		return b.Kind != rollout.BakeStage || b.Stage != r.command.Stage || b.ID >= r.command.ID
	})
	for i, b := range commands {
		if i == 0 {
			r.origin = b.At
		}
		if _, err := r.looks(ctx, j, id, b.ID, 0); err != nil {
			return err
		}
	}
	return nil
}

// catchUp judges what was journalled of the bake itself and is new.
func (r *replay) catchUp(ctx context.Context, j *journal.Journal, id string) error {
	seq, err := r.looks(ctx, j, id, r.command.ID, r.seq)
	r.seq = seq
	return err
}

// looks judges what was journalled of a bake after a look, and returns the last one.
func (r *replay) looks(ctx context.Context, j *journal.Journal, id string, command, after int) (int, error) {
	err := j.EachLook(ctx, id, command, after, func(l journal.Look) error {
		t, err := tickOf(l, r.origin)
		if err != nil {
			return fmt.Errorf("samples of command %d: %w", command, err)
		}
		r.take(t)
		after = l.Seq
		return nil
	})
	return after, err
}

// keep journals a tick. Without that the rollout ends here, as with any other result.
func (d *drive) keep(ctx context.Context, r *replay, t judge.Tick) error {
	body, err := lines(t)
	if err != nil {
		return err
	}
	err = d.Journal.AppendSamples(ctx, d.lease, r.command.ID, journal.Look{At: r.origin.Add(t.At), Body: body})
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
		r := newReplay(c, stage)
		if r.broken != nil {
			return f, false, r.broken
		}
		if err := r.cutOff(ctx, w.journal, s.Plan.ID); err != nil {
			return f, false, err
		}
		w.replay = r
	}
	if err := w.replay.catchUp(ctx, w.journal, s.Plan.ID); err != nil {
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

// tickOf reads a journalled look of a stage whose first bake began at origin.
func tickOf(l journal.Look, origin time.Time) (judge.Tick, error) {
	t := judge.Tick{At: l.At.Sub(origin)}
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
