package rollout

import "time"

// CommandKind is what a command asks of the engine.
type CommandKind string

// The commands. Every one is idempotent or adoptable: run twice, it changes a host once.
const (
	// Record reads the balancer's state of each host, before anything is touched.
	Record CommandKind = "record"
	// Drain takes hosts out of all traffic and waits for their sessions to end.
	Drain CommandKind = "drain"
	// Update captures each host's state and puts the release on it.
	Update CommandKind = "update"
	// Expose opens hosts to Command.Exposure, once healthy.
	Expose CommandKind = "expose"
	// CheckHosts runs the checks of the stage on hosts.
	CheckHosts CommandKind = "check"
	// BakeStage watches the stage and ends with one verdict.
	BakeStage CommandKind = "bake"
	// Restore puts hosts back to their recorded state and reads them back.
	Restore CommandKind = "restore"
	// Return puts the balancer's recorded state of hosts back.
	Return CommandKind = "return"
)

// Command is one thing to do. It can be printed, stored, and run twice: its
// identity is (rollout, ID), and its results are journalled once for each host.
type Command struct {
	ID       int         `json:"id"`
	Kind     CommandKind `json:"kind"`
	Stage    int         `json:"stage"`
	Hosts    []string    `json:"hosts,omitempty"` // one result for each; none for bake
	Exposure Exposure    `json:"exposure,omitempty"`
	At       time.Time   `json:"at"` // when it was decided
}
