package live

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// kept is how many lines are remembered: more than any screen shows.
const kept = 200

type update struct {
	state rollout.State
	lines []view.Line
}

type (
	note string
	tick time.Time
)

// model is the picture and what the last key asked for.
type model struct {
	screen view.Screen
	wish   func(rollout.EventKind)
	now    func() time.Time
	armed  rollout.EventKind // asked for once, and done when asked again
}

// Init starts the clock.
func (m model) Init() tea.Cmd { return everySecond() }

func everySecond() tea.Cmd {
	return tea.Every(time.Second, func(t time.Time) tea.Msg { return tick(t) })
}

// Update takes one message in.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tick:
		m.screen.Now = m.now()
		return m, everySecond()
	case tea.WindowSizeMsg:
		m.screen.Width, m.screen.Height = msg.Width, msg.Height
	case update:
		m.screen.State, m.screen.Now = msg.state, m.now()
		lines := append(m.screen.Lines[:len(m.screen.Lines):len(m.screen.Lines)], msg.lines...)
		m.screen.Lines = lines[max(0, len(lines)-kept):]
	case view.Finding:
		m.screen.Finding = &msg
	case note:
		m.screen.Note = string(msg)
	case tea.KeyPressMsg:
		return m.press(msg.String()), nil
	}
	return m, nil
}

// press turns a key into a wish. What cannot be taken back is asked for twice.
func (m model) press(key string) model {
	armed := m.armed
	m.armed, m.screen.Note = "", ""
	switch key {
	case "p":
		m.wish(rollout.Promote)
	case "r":
		m.wish(rollout.Resume)
	case "c":
		return m.twice(armed, rollout.Complete, "press c again to go through all stages without watching them or asking again")
	case "a":
		return m.twice(armed, rollout.Abort, "press a again to abort and put production back")
	case "q", "ctrl+c":
		m.wish(Leave)
	}
	return m
}

func (m model) twice(armed, kind rollout.EventKind, question string) model {
	if armed == kind {
		m.wish(kind)
		return m
	}
	m.armed, m.screen.Note = kind, question
	return m
}

// View draws.
func (m model) View() tea.View {
	v := tea.NewView(m.screen.String())
	v.AltScreen = true
	if p := m.screen.State.Plan; p != nil {
		v.WindowTitle = "slipway " + p.Service + " " + p.Release.Version
	}
	return v
}
