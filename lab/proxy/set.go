package proxy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// setServer does `set server <backend>/<server> <what> <value>`.
func (p *Proxy) setServer(target, what, value string, now time.Time) string {
	return p.on(target, func(s *server) string {
		switch what {
		case "weight":
			return s.setWeight(value)
		case "state":
			return s.setState(value, now)
		case "health":
			return s.setHealth(value, now)
		}
		return "usage: set server <backend>/<server> health | state | weight\n"
	})
}

func (s *server) setState(value string, now time.Time) string {
	switch value {
	case "ready":
		s.set(0, now)
	case "drain":
		s.set(forcedDrain, now)
	case "maint":
		s.set(forcedMaint, now)
	default:
		return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n"
	}
	return ""
}

func (s *server) setHealth(value string, now time.Time) string {
	switch value {
	case "up", "down":
		s.believe(value == "up", now)
		return ""
	}
	return "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n"
}

// setWeight takes an absolute weight, or a share of the configured one: 50%.
func (s *server) setWeight(value string) string {
	if value == "" {
		return "Require <weight> or <weight%>.\n"
	}
	digits := strings.TrimLeft(value, "+-")
	digits = digits[:len(digits)-len(strings.TrimLeft(digits, "0123456789"))]
	sign := value[:strings.Index(value, digits)]
	if digits == "" || len(sign) > 1 {
		return "Empty weight string empty or preceded by garbage"
	}
	n, err := strconv.Atoi(sign + digits)
	if err != nil {
		n = mostWeight + 1 // too long for a number is too great for a weight
	}
	switch rest := value[len(sign)+len(digits):]; rest {
	case "%":
		if n < 0 {
			return "Relative weight must be positive.\n"
		}
		n = min(s.initial*min(n, 100*mostWeight)/100, mostWeight)
	case "":
		if n < 0 || n > mostWeight {
			return fmt.Sprintf("Absolute weight can only be between 0 and %d inclusive.\n", mostWeight)
		}
	default:
		return "Trailing garbage in weight string"
	}
	s.weight = n
	return ""
}

func (s *server) tellWeight() string {
	return fmt.Sprintf("%d (initial %d)\n", s.weight, s.initial)
}
