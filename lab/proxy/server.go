package proxy

import (
	"fmt"
	"time"
)

// mostWeight is HAProxy's greatest weight.
const mostWeight = 256

// What was asked of a server, as bits of srv_admin_state.
const (
	forcedMaint = 0x01
	configMaint = 0x04 // it was disabled in the configuration; says nothing about now
	forcedDrain = 0x08
)

// server is one server of a backend. The proxy's mutex guards it; its methods know
// neither the clock nor the network.
type server struct {
	name, address string
	backend       string
	id            int

	admin   int
	running bool // as far as its checks know
	weight  int
	initial int
	health  int // counts up to rise+fall-1; from rise on it is up
	check   Check
	last    result
	changed time.Time // when running or admin last changed
	down    time.Duration
	// generation is raised when checks begin anew, so that one that was under way
	// then is not counted.
	generation int
	share      int // what weighted round robin owes it

	checksFailed, timesDown int64
	counters
}

// result is how a health check ended.
type result struct {
	code   int    // HAProxy's number, as in `show servers state`
	name   string // HAProxy's name, as in `show stat`
	passed bool
	http   int // status, 0 when there was none
	text   string
	took   time.Duration
}

func newServer(s Server, backend string, id int, check Check, disabled bool, now time.Time) *server {
	if s.Weight == 0 {
		s.Weight = 100
	}
	v := &server{
		name: s.Name, address: s.Address, backend: backend, id: id, check: check, changed: now,
		weight: s.Weight, initial: s.Weight, running: true, health: check.Rise, last: result{code: 1, name: "INI"},
	}
	if disabled {
		v.admin, v.running, v.health = forcedMaint|configMaint, false, 0
	}
	return v
}

func (s *server) full() int { return s.check.Rise + s.check.Fall - 1 }

func (s *server) inMaint() bool { return s.admin&forcedMaint != 0 }

// takes tells whether new requests go to it.
func (s *server) takes() bool {
	return s.running && s.admin&(forcedMaint|forcedDrain) == 0 && s.weight > 0
}

// set does what `set server state` does.
func (s *server) set(bits int, now time.Time) {
	was := s.inMaint()
	if s.admin&(forcedMaint|forcedDrain) == bits {
		return
	}
	s.admin = s.admin&configMaint | bits
	switch {
	case s.inMaint():
		s.turn(false, now)
		s.health = 0
		s.generation++
	case was:
		// Just up: the first failure takes it down, the first success makes it full.
		s.turn(true, now)
		s.health = s.check.Rise
		s.generation++
	default:
		s.changed = now
	}
}

// turn changes whether it runs.
func (s *server) turn(running bool, now time.Time) {
	if s.running == running {
		return
	}
	if running {
		s.down += now.Sub(s.changed)
	}
	if !running {
		s.timesDown++ // into maint, too
	}
	s.running, s.changed = running, now
}

// checked counts the result of a health check that began in a generation.
func (s *server) checked(r result, generation int, now time.Time) {
	if generation != s.generation || s.inMaint() {
		return
	}
	s.last = r
	if r.passed {
		s.passed(now)
		return
	}
	if s.health < s.check.Rise {
		s.health = 0
		return
	}
	s.checksFailed++
	s.health--
	if s.health < s.check.Rise {
		s.health = 0
		s.turn(false, now)
	}
}

func (s *server) passed(now time.Time) {
	if s.health >= s.full() {
		return
	}
	s.health++
	if s.health >= s.check.Rise {
		s.health = s.full()
		s.turn(true, now)
	}
}

// believe does what `set server health` does.
func (s *server) believe(up bool, now time.Time) {
	if s.inMaint() {
		return
	}
	if up {
		s.health = s.full()
		s.turn(true, now)
		return
	}
	s.health = 0
	s.turn(false, now)
}

// unsettled tells whether checks should come faster: it is coming or going.
func (s *server) unsettled() bool {
	return s.health > 0 && s.health < s.full()
}

// status is the word of `show stat`.
func (s *server) status() string {
	if s.inMaint() {
		return "MAINT"
	}
	if !s.running {
		if s.health > 0 {
			return fmt.Sprintf("DOWN %d/%d", s.health, s.check.Rise)
		}
		return "DOWN"
	}
	word := "UP"
	if s.admin&forcedDrain != 0 {
		word = "DRAIN"
	}
	if s.health < s.full() {
		return fmt.Sprintf("%s %d/%d", word, s.health-s.check.Rise+1, s.check.Fall)
	}
	return word
}
