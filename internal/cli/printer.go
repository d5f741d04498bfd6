package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/live"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// printer shows a rollout while it moves.
type printer interface {
	// moment shows one event and what came of it.
	moment(m app.Moment) error
	// look shows what the judge of a stage thinks.
	look(f view.Finding) error
	// note says something that is not an event.
	note(text string)
	// end shows how things stand when the command leaves.
	end(sum view.Summary) error
}

// printer picks the form: a picture in a terminal, lines or objects elsewhere.
func (e Env) printer(ctx context.Context, out output, st rollout.State, wish func(rollout.EventKind)) printer {
	switch {
	case out == asJSON:
		return &objects{out: e.Out, errs: e.Err}
	case e.terminal():
		return newPicture(ctx, st, e, wish)
	}
	return &lines{out: e.Out, theme: e.theme(e.Out), now: e.Now}
}

func tell(m app.Moment) []view.Line {
	return view.Tell(view.Moment{Before: m.Before.Head, Event: m.Event, After: m.After})
}

// lines prints what is worth telling, one line each, for pipes.
type lines struct {
	out   io.Writer
	theme view.Theme
	now   func() time.Time
	last  time.Time // when a line was printed
}

func (p *lines) moment(m app.Moment) error {
	for _, l := range tell(m) {
		p.last = p.now()
		if _, err := fmt.Fprintln(p.out, p.theme.Line(l)); err != nil {
			return err
		}
	}
	return nil
}

// silent is how long nothing else is printed before a finding is. It grows with the
// bake: a day's does not fill a log.
func silent(f view.Finding) time.Duration {
	return max(15*time.Second, time.Duration(f.T/10*float64(time.Second)))
}

func (p *lines) look(f view.Finding) error {
	if f.Time.Sub(p.last) < silent(f) {
		return nil
	}
	p.last = f.Time
	_, err := fmt.Fprintln(p.out, p.theme.Line(view.TellFinding(f)))
	return err
}

func (p *lines) note(text string) {
	if text == "" {
		return
	}
	fmt.Fprintln(p.out, p.theme.Line(view.Line{At: p.now(), Tone: view.Warn, Text: text}))
}

func (p *lines) end(sum view.Summary) error {
	_, err := fmt.Fprint(p.out, "\n"+p.theme.Summary(sum))
	return err
}

// objects prints one JSON object a line: every event, and at the end the summary.
type objects struct {
	out  io.Writer
	errs io.Writer
}

// eventObject is one line of --output json while a rollout moves.
type eventObject struct {
	Type  string        `json:"type"` // event
	Phase rollout.Phase `json:"phase"`
	Stage string        `json:"stage,omitempty"`
	Event rollout.Event `json:"event"`
	Text  []view.Line   `json:"text,omitempty"`
}

// findingObject is one look of the judge.
type findingObject struct {
	Type string `json:"type"` // finding
	view.Finding
}

// summaryObject is the last line.
type summaryObject struct {
	Type string `json:"type"` // summary
	view.Summary
}

func (p *objects) moment(m app.Moment) error {
	o := eventObject{Type: "event", Phase: m.After.Phase, Event: m.Event, Text: tell(m)}
	if i := m.After.Stage; i < len(m.After.Plan.Stages) {
		o.Stage = m.After.Plan.Stages[i].Name
	}
	return json.NewEncoder(p.out).Encode(o)
}

func (p *objects) look(f view.Finding) error {
	return json.NewEncoder(p.out).Encode(findingObject{Type: "finding", Finding: f})
}

func (p *objects) note(text string) {
	if text != "" {
		fmt.Fprintln(p.errs, "slipway: "+text)
	}
}

func (p *objects) end(sum view.Summary) error {
	return json.NewEncoder(p.out).Encode(summaryObject{Type: "summary", Summary: sum})
}

// silence shows nothing.
type silence struct{}

func (silence) moment(app.Moment) error { return nil }

func (silence) look(view.Finding) error { return nil }

func (silence) note(string) {}

func (silence) end(view.Summary) error { return nil }

// picture is the live view; at the end it leaves the summary behind.
type picture struct {
	show  *live.Show
	out   io.Writer
	theme view.Theme
}

func newPicture(ctx context.Context, st rollout.State, env Env, wish func(rollout.EventKind)) *picture {
	theme := env.theme(env.Out)
	return &picture{out: env.Out, theme: theme, show: live.Start(ctx, st, live.Options{
		In: env.In, Out: env.Out, Environ: env.Environ, Theme: theme, Now: env.Now, Owner: true, Wish: wish,
	})}
}

func (p *picture) moment(m app.Moment) error {
	p.show.Update(m.After, tell(m))
	return nil
}

func (p *picture) look(f view.Finding) error {
	p.show.Look(f)
	return nil
}

func (p *picture) note(text string) { p.show.Note(text) }

func (p *picture) end(sum view.Summary) error {
	if err := p.show.Stop(); err != nil {
		return err
	}
	_, err := fmt.Fprint(p.out, "\n"+p.theme.Summary(sum))
	return err
}
