package view

import (
	"charm.land/lipgloss/v2"
)

// Theme is how things look: the marks, and the styles of the terminal's own 16
// colours, which stay readable on any background.
type Theme struct {
	Marks
	Strong, Faint, Good, Bad, Warn, Active lipgloss.Style
}

// Marks are the signs of a picture.
type Marks struct {
	Done, Failed, Current, Waiting, Later, Back string
	Full, Empty                                 string
	Arrow, Dot, Rule                            string
}

// Unicode returns the marks of a UTF-8 terminal.
func Unicode() Marks {
	return Marks{
		Done: "✔", Failed: "✘", Current: "●", Waiting: "◆", Later: "○", Back: "↩",
		Full: "━", Empty: "─", Arrow: "→", Dot: "·", Rule: "─",
	}
}

// ASCII returns the marks of a terminal that knows nothing else.
func ASCII() Marks {
	return Marks{
		Done: "+", Failed: "x", Current: "*", Waiting: "?", Later: ".", Back: "<",
		Full: "#", Empty: "-", Arrow: "->", Dot: "-", Rule: "-",
	}
}

// Plain returns a theme without colours.
func Plain(marks Marks) Theme {
	none := lipgloss.NewStyle()
	return Theme{Marks: marks, Strong: none, Faint: none, Good: none, Bad: none, Warn: none, Active: none}
}

// Colour returns a theme with the terminal's colours.
func Colour(marks Marks) Theme {
	return Theme{
		Marks:  marks,
		Strong: lipgloss.NewStyle().Bold(true),
		Faint:  lipgloss.NewStyle().Faint(true),
		Good:   lipgloss.NewStyle().Foreground(lipgloss.Color("2")),
		Bad:    lipgloss.NewStyle().Foreground(lipgloss.Color("1")).Bold(true),
		Warn:   lipgloss.NewStyle().Foreground(lipgloss.Color("3")),
		Active: lipgloss.NewStyle().Foreground(lipgloss.Color("6")),
	}
}

// Tone says how a line should be taken.
type Tone string

// The tones.
const (
	Neutral Tone = ""
	Good    Tone = "good"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
)

// style returns the style of a tone.
func (t Theme) style(tone Tone) lipgloss.Style {
	switch tone {
	case Good:
		return t.Good
	case Warn:
		return t.Warn
	case Bad:
		return t.Bad
	}
	return lipgloss.NewStyle()
}
