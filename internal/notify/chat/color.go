package chat

import "github.com/slipway-deploy/slipway/internal/notify"

// shade is the colour of a severity, for chats that take any.
func shade(s notify.Severity) string {
	switch s {
	case notify.Good:
		return "#2e8b57"
	case notify.Warning:
		return "#d9a400"
	case notify.Bad:
		return "#c0392b"
	}
	return "#6b7785"
}

// rgb is the same as a number.
func rgb(s notify.Severity) int {
	switch s {
	case notify.Good:
		return 0x2e8b57
	case notify.Warning:
		return 0xd9a400
	case notify.Bad:
		return 0xc0392b
	}
	return 0x6b7785
}
