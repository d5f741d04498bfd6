package rollout

import (
	"strconv"
	"time"
)

// EventKind is what happened.
type EventKind string

// The events. The first group are results of commands, the second are requests
// of people, the third comes from the engine.
const (
	HostDone  EventKind = "host"    // a command ended on one host
	StageDone EventKind = "verdict" // a bake ended

	Promote  EventKind = "promote"  // go on to the next stage, whatever the gate waits for
	Complete EventKind = "complete" // go on through all stages without further bakes or approvals
	Abort    EventKind = "abort"    // stop, and restore
	Rollback EventKind = "rollback" // the same, also after completion
	Pause    EventKind = "pause"    // start nothing new
	Resume   EventKind = "resume"   // go on after a pause

	// Reconcile settles what an ended rollout owes hosts: the release, or their restore.
	Reconcile EventKind = "reconcile"

	Start EventKind = "start" // the first event of a rollout
	Adopt EventKind = "adopt" // or else one of these a host: it remembers the rollout, and this journal does not
)

// Outcome is how a command ended on a host.
type Outcome string

// The outcomes. All but OK count against the budget, once a host.
const (
	OK          Outcome = "ok"
	Failed      Outcome = "failed"      // it was tried and did not work
	Unhealthy   Outcome = "unhealthy"   // it was changed and does not answer as it should
	Unreachable Outcome = "unreachable" // nobody could be asked
)

// Verdict is what a bake found. The four are different things.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
	NoData       Verdict = "no data"
)

// Event is one thing that happened. Key makes it unique in its rollout: an event
// with a key that is already journalled changes nothing.
type Event struct {
	Seq  int       `json:"seq,omitempty"` // given by the journal, from 1
	Kind EventKind `json:"kind"`
	At   time.Time `json:"at"`
	By   string    `json:"by,omitempty"` // requests: who asked

	Command int     `json:"command,omitempty"` // results: the command's id
	Host    string  `json:"host,omitempty"`
	Outcome Outcome `json:"outcome,omitempty"`
	Verdict Verdict `json:"verdict,omitempty"`
	// Reason says why in one line, for anything but ok and pass.
	Reason string `json:"reason,omitempty"`
	// Begun is true when the host may have been changed, even if nothing is known
	// of the result: it must then be restored and read back.
	Begun bool `json:"begun,omitempty"`
	// Version is what was read back from the host after update or restore.
	Version string `json:"version,omitempty"`
	// Digest is the digest of the captured state: before an update, after a restore.
	Digest string `json:"digest,omitempty"`
	// After is the digest of the state after an update, read back.
	After string `json:"after,omitempty"`
	// Equal is true when a restored host, or what was put back of a balancer, was read
	// back equal to its recorded state.
	Equal bool `json:"equal,omitempty"`
	// Balancer is what record read, opaque here.
	Balancer string `json:"balancer,omitempty"`
	// Adopted is true when the host had already done this command.
	Adopted bool `json:"adopted,omitempty"`
	// Detail is for people: differences, evidence. JSON text, opaque here.
	Detail string `json:"detail,omitempty"`
}

// Key is what makes an event unique in its rollout: one result for a command and
// host, one verdict for a bake. Requests of people have none and may repeat.
func (e Event) Key() string {
	switch e.Kind {
	case HostDone:
		return "c" + strconv.Itoa(e.Command) + "/" + e.Host
	case StageDone:
		return "c" + strconv.Itoa(e.Command)
	case Start:
		return "start"
	case Adopt:
		return "adopt/" + e.Host
	}
	return ""
}
