package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Leave is the wish to go; the others are rollout.Promote, Resume, Complete and Abort.
const Leave rollout.EventKind = "leave"

// Options are what a show needs of the world.
type Options struct {
	In      io.Reader
	Out     io.Writer
	Environ []string
	Theme   view.Theme
	Owner   bool // this program drives the rollout
	Now     func() time.Time
	// Wish is called for each wish, in order. It must not block.
	Wish func(rollout.EventKind)
}

// Show is a running picture. Its methods may be called from any goroutine.
type Show struct {
	program *tea.Program
	done    chan struct{}
	err     error // read after done is closed
}

// Start takes the terminal and begins to draw a rollout.
func Start(ctx context.Context, st rollout.State, opts Options) *Show {
	m := model{wish: opts.Wish, now: opts.Now, screen: view.Screen{
		State: st, Now: opts.Now(), Owner: opts.Owner, Theme: opts.Theme, Width: 80, Height: 24,
	}}
	program := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(opts.In), tea.WithOutput(opts.Out),
		tea.WithEnvironment(opts.Environ), tea.WithoutSignalHandler(), tea.WithFPS(20))
	s := &Show{program: program, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		if _, err := program.Run(); err != nil && !errors.Is(err, tea.ErrProgramKilled) {
			s.err = fmt.Errorf("draw the rollout: %w", err)
		}
	}()
	return s
}

// Update shows a rollout as it is now, with the lines that its last event was worth.
func (s *Show) Update(st rollout.State, lines []view.Line) {
	s.program.Send(update{state: st, lines: lines})
}

// Look shows what the judge of a stage thinks now.
func (s *Show) Look(f view.Finding) { s.program.Send(f) }

// Note shows one line about what a wish leads to; "" takes it away.
func (s *Show) Note(text string) { s.program.Send(note(text)) }

// Stop gives the terminal back and returns what went wrong with it.
func (s *Show) Stop() error {
	s.program.Quit()
	<-s.done
	return s.err
}
