package rollout

import "time"

// Phase is where a rollout is.
type Phase string

// The phases. The last three are end states.
const (
	Planned     Phase = "planned"
	Running     Phase = "running"
	Waiting     Phase = "waiting" // for a person: promote, complete or abort
	Paused      Phase = "paused"
	Restoring   Phase = "restoring"
	Completed   Phase = "completed"
	Restored    Phase = "restored"
	NeedsPerson Phase = "needs a person"
)

// Ended reports whether the phase is an end state.
func (p Phase) Ended() bool { return p == Completed || p == Restored || p == NeedsPerson }

// State is a rollout at one moment, derived from its plan and its events alone.
type State struct {
	Plan  *Plan       `json:"-"` // immutable, stored beside the state
	Hosts []HostState `json:"-"` // one a host, in the plan's order; stored beside the state
	Head
}

// Head is the part of a state that does not grow with the number of hosts.
type Head struct {
	Phase  Phase  `json:"phase"`
	Was    Phase  `json:"was,omitempty"`    // the phase that a pause interrupted
	Why    string `json:"why,omitempty"`    // why it is in this phase, in one line
	Stage  int    `json:"stage"`            // index of the stage it is in
	Step   Step   `json:"step,omitempty"`   // where in the stage
	Forced bool   `json:"forced,omitempty"` // complete was asked: no bakes, no approvals
	// ForcedBy is who asked for that. Rollouts that an older Slipway began lack it.
	ForcedBy string `json:"forced_by,omitempty"`
	Back     bool   `json:"back,omitempty"` // it was taken back, as far as that went
	// Reconciling is true while hosts are given what an ended rollout owed them.
	Reconciling bool `json:"reconciling,omitempty"`
	// Since is when it entered its phase (the one before a pause while that lasts), and
	// SinceSeq the event that led there.
	Since    time.Time    `json:"since,omitzero"`
	SinceSeq int          `json:"since_seq,omitempty"`
	Excused  int          `json:"excused,omitempty"`  // failures that a person has accepted by a promote
	Approved bool         `json:"approved,omitempty"` // the stage it is in needs no more approval
	Passed   int          `json:"passed"`             // how many stages have passed
	Next     int          `json:"next"`               // id of the next command
	Pending  []Pending    `json:"pending,omitempty"`  // commands without all their results, by id
	Stages   []StageState `json:"stages"`             // one a stage of the plan
	Started  time.Time    `json:"started,omitzero"`
	Changed  time.Time    `json:"changed,omitzero"` // time of the last event
	Ended    time.Time    `json:"ended,omitzero"`
}

// Step is where in a stage a rollout is.
type Step string

// The steps of a stage, in order.
const (
	StepRecord   Step = "record"
	StepApproval Step = "approval" // only seen while waiting for it
	StepWaves    Step = "waves"
	StepChecks   Step = "checks"
	StepBake     Step = "bake"
	StepLast     Step = "last" // after the last stage: hosts that could not be reached get a second chance
)

// Pending is a command that still lacks results.
type Pending struct {
	Command
	Left int `json:"left"` // how many hosts have no result yet; 1 for a bake
}

// StageState is what became of one stage.
type StageState struct {
	Entered time.Time `json:"entered,omitzero"`
	Left    time.Time `json:"left,omitzero"`
	// Verdict is empty in a stage that a person had left before there was one.
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"`
	By      string  `json:"by,omitempty"` // who promoted it, when a person did
	// Longer is how often it was watched for as long again, because nothing was clear.
	Longer int    `json:"longer,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Unjudged reports whether the stage was left because a person said so, without a verdict.
func (s StageState) Unjudged() bool { return !s.Left.IsZero() && s.Verdict == "" }

// HostState is one host of a rollout.
type HostState struct {
	Exposure Exposure `json:"exposure"`
	// Command is the id of the pending command this host has no result of; 0: none.
	Command int `json:"command,omitempty"`
	// Begun is true from the moment an update may have changed the host.
	Begun bool `json:"begun,omitempty"`
	// Updated is true while it runs the release, read back.
	Updated bool `json:"updated,omitempty"`
	// Restored is true once it was read back equal to its recorded state.
	Restored bool `json:"restored,omitempty"`
	// Failure is why it counts against the budget; empty when it does not.
	Failure string  `json:"failure,omitempty"`
	Outcome Outcome `json:"outcome,omitempty"` // of the failure
	// Rehearsing is true while the host is taken back for the rehearsal, Rehearsed once it
	// was read back equal then, NoWayBack when it could not be.
	Rehearsing bool `json:"rehearsing,omitempty"`
	Rehearsed  bool `json:"rehearsed,omitempty"`
	NoWayBack  bool `json:"no_way_back,omitempty"`
	// After is the digest of the state that the last good update left.
	After string `json:"after,omitempty"`
	// Ajar is true when the host was opened and not every balancer answered: some may
	// send it requests.
	Ajar bool `json:"ajar,omitempty"`
	// Owed is true when the host did not get the change that the others got.
	Owed bool `json:"owed,omitempty"`
	// Counted is true once the host has counted against the budget; it does so once.
	Counted bool `json:"counted,omitempty"`
	// Retried is true once an unreachable host has had its second chance at the end.
	Retried bool `json:"retried,omitempty"`
	// Tries counts restores, and Returns the attempts to put its balancer back, that
	// did not work: after two of either a person is needed.
	Tries    int    `json:"tries,omitempty"`
	Returns  int    `json:"returns,omitempty"`
	Version  string `json:"version"`            // last read back
	Digest   string `json:"digest,omitempty"`   // of its recorded state
	Balancer string `json:"balancer,omitempty"` // recorded, opaque
	Detail   string `json:"detail,omitempty"`   // last difference, for people
}
