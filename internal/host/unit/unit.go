// Package unit runs the units of a service: with systemd on a real host, as plain
// processes in a local fleet, where a host is a directory.
//
// work drives it, capture reads from it. It starts, stops and describes; it decides
// neither the order nor what a failure means, and never touches a process that it
// cannot prove to be the unit's.
package unit

import (
	"fmt"
	"time"
)

// Status is what a unit is doing.
type Status struct {
	Name    string
	Load    string // loaded, not-found, masked, bad-setting, error
	Active  string // active, activating, deactivating, inactive, failed
	Sub     string // running, dead, auto-restart, exited, ...
	Result  string // success, exit-code, signal, timeout, ...
	Enabled string // enabled, disabled, masked, static, ...; empty: no such unit
	// Batch is true for a unit that runs and ends: a timer starts it, an update does not.
	Batch    bool
	Outdated bool // its file changed since systemd read it
	Exit     int  // of the main process, when it has ended
	Restarts int  // by systemd itself, since the unit was started
	PID      int  // of the main process; 0: none
	Started  time.Time
	// Identity is of what runs: no other run of this or any unit has the same. Empty when
	// nothing runs.
	Identity   string
	Invocation string // systemd's id of the unit's start; changes with its own restarts too
	Memory     int64  // bytes, of all its processes; 0: not known
	Group      string // its control group
	// Environment lists the files that the unit reads its environment from.
	Environment []string
}

// Up reports whether the unit is doing its work.
func (s Status) Up() bool { return s.Active == "active" }

// Missing reports whether there is no such unit.
func (s Status) Missing() bool { return s.Load == "not-found" }

// String says in a few words what the unit is doing and why, for people.
func (s Status) String() string {
	text := fmt.Sprintf("%s is %s (%s)", s.Name, s.Active, s.Sub)
	if s.Load != "loaded" && s.Load != "" {
		return fmt.Sprintf("%s is %s", s.Name, s.Load)
	}
	if s.Result != "" && s.Result != "success" {
		text += fmt.Sprintf(", result %s, exit status %d", s.Result, s.Exit)
	}
	if s.Restarts > 0 {
		text += fmt.Sprintf(", restarted %d times", s.Restarts)
	}
	return text
}
