package host

import (
	"time"

	"encoding/json"
)

// Protocol is the version of the wire format. A helper refuses another one.
const Protocol = 1

// Verb is what a request asks for.
type Verb string

// The verbs. facts, capture, verify, check and observe change nothing; release changes
// nothing of the service.
const (
	Facts   Verb = "facts"   // what runs here, and could it go back
	Capture Verb = "capture" // record the state of the service (content stays on the host)
	Update  Verb = "update"  // capture, install, restart, wait for health, read back
	Restore Verb = "restore" // put the recorded state back, read back, compare
	Verify  Verb = "verify"  // is this version installed, running and healthy
	Check   Verb = "check"   // run the checks
	Observe Verb = "observe" // count what the judge asks of a host
	Release Verb = "release" // give the package's hold back, if it is Slipway's; keep all else
)

// Request is one call of slipway-host.
type Request struct {
	Protocol int    `json:"protocol"`
	Verb     Verb   `json:"verb"`
	Service  string `json:"service"`
	Rollout  string `json:"rollout,omitempty"`
	// Command is the id of the command in its rollout. A second call with the same
	// rollout, command and verb waits for the first one and answers with its result.
	Command int `json:"command,omitempty"`
	// Token is the fencing token: a request with one lower than the host has seen
	// for this service is refused with CodeStale.
	Token int64 `json:"token,omitempty"`
	// Root is where the host's files begin; "" is "/". Only a local fleet sets it.
	Root string `json:"root,omitempty"`
	// Address is what an empty host in health and check URLs means; "" is 127.0.0.1.
	Address string `json:"address,omitempty"`
	// Units says who runs them: systemd, or process in a local fleet. "" is systemd.
	Units string `json:"units,omitempty"`
	// Wait is how long apt and dpkg, run by somebody else, are waited for before anything
	// is touched; 0 is five minutes. Then the answer is CodeBusy and names who runs them.
	Wait time.Duration `json:"wait,omitempty"` // nanoseconds

	Spec     Spec          `json:"spec"`
	Artifact *Artifact     `json:"artifact,omitempty"` // update: what to install
	Previous *Artifact     `json:"previous,omitempty"` // restore: what to go back to, when the host did not keep it
	Checks   []CheckOf     `json:"checks,omitempty"`
	Version  string        `json:"version,omitempty"` // verify, check: the version expected
	Observe  []Observation `json:"observe,omitempty"`
}

// Spec is the service as the helper sees it. It mirrors rollout.Spec field by
// field: the two change for different reasons, one is a journal, one a wire format.
type Spec struct {
	Format    string   `json:"format"` // deb or tar.gz
	Package   string   `json:"package,omitempty"`
	Directory string   `json:"directory,omitempty"` // holds releases/, current, shared/
	Keep      int      `json:"keep,omitempty"`
	Units     []string `json:"units,omitempty"`
	Timers    []string `json:"timers,omitempty"`
	Config    []string `json:"config,omitempty"`
	Data      []string `json:"data,omitempty"`
	Health    *Health  `json:"health,omitempty"`
}

// Health says when the service is healthy. Expect maps fields of a JSON answer to
// values; "{{version}}" stands for the version that should be running.
type Health struct {
	HTTP   string            `json:"http"`
	Status int               `json:"status,omitempty"`
	Expect map[string]string `json:"expect,omitempty"`
	Within time.Duration     `json:"within"` // nanoseconds
}

// CheckOf is one check of a stage; exactly one of HTTP and Command is set.
type CheckOf struct {
	Name    string        `json:"name"`
	HTTP    string        `json:"http,omitempty"`
	Status  int           `json:"status,omitempty"`
	Body    string        `json:"body,omitempty"`
	Command []string      `json:"command,omitempty"`
	Within  time.Duration `json:"within"`
}

// Artifact is a file that the method put on the host, or that the host may have kept.
type Artifact struct {
	Format  string `json:"format"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Arch    string `json:"arch"`
	Digest  string `json:"digest"` // sha256:<hex>
	Size    int64  `json:"size"`
	// Path is where the method would put the file. When nothing is there and the
	// helper has no copy of that digest, it answers CodeNeedsArtifact.
	Path string `json:"path,omitempty"`
}

// Code is the machine's word for how a call ended.
type Code string

// The codes.
const (
	CodeOK            Code = "ok"
	CodeNeedsArtifact Code = "needs artifact" // put it at Artifact.Path (or Previous.Path) and call again
	CodeStale         Code = "stale"          // a newer owner has spoken to this host
	CodeBusy          Code = "busy"           // another change of the service, or somebody's apt, runs here
	CodeRefused       Code = "refused"        // the request makes no sense here; nothing was touched
	CodeDisk          Code = "disk full"
	CodeInstall       Code = "install" // unpacking or dpkg went wrong
	CodeUnit          Code = "unit"    // a unit did not start
	CodeUnhealthy     Code = "unhealthy"
	CodeDifferent     Code = "different" // restore: not as recorded; update: not as the rollout's first one left it
	CodeCheck         Code = "check"     // a check did not hold
	CodeInternal      Code = "internal"
)

// Response is the answer to one request, printed as one line of JSON.
type Response struct {
	Protocol int    `json:"protocol"`
	Verb     Verb   `json:"verb"`
	Code     Code   `json:"code"`
	Reason   string `json:"reason,omitempty"` // one line, for people
	// Begun is true when the host may have been changed, whatever Code says.
	Begun       bool         `json:"begun,omitempty"`
	Adopted     bool         `json:"adopted,omitempty"` // an earlier call had done it
	Facts       *FactsOf     `json:"facts,omitempty"`
	Version     string       `json:"version,omitempty"` // installed version, read back at the end
	State       string       `json:"state,omitempty"`   // digest of the captured state (before an update; after a restore)
	After       string       `json:"after,omitempty"`   // update: digest of the state at its end
	Equal       bool         `json:"equal,omitempty"`   // restore: read back equal
	Differences []Difference `json:"differences,omitempty"`
	Steps       []Step       `json:"steps,omitempty"`
	Observed    []Observed   `json:"observed,omitempty"` // in the order of Request.Observe
}

// Observation is one thing to count on a host for the judge.
type Observation struct {
	Metric string `json:"metric"`
	// What is restarts, oom, memory, log or command. restarts and log are what came since
	// Cursor; oom is a total that only grows while Since stays the same; memory is in
	// bytes; a command prints "EVENTS EXPOSURE" or "VALUE".
	What    string   `json:"what"`
	Pattern string   `json:"pattern,omitempty"` // log: an extended regular expression (RE2) that lines of the units match
	Command []string `json:"command,omitempty"`
	// Cursor is what the last answer said: lines and restarts are counted from there.
	// Without one counting begins with this look.
	Cursor string `json:"cursor,omitempty"`
}

// Observed is what was counted. Error is set, and nothing else, when it could not be.
type Observed struct {
	Metric   string  `json:"metric"`
	Events   float64 `json:"events,omitempty"`
	Exposure float64 `json:"exposure,omitempty"` // log: lines; others: none, time is the exposure
	Value    float64 `json:"value,omitempty"`
	Since    string  `json:"since,omitempty"` // identity of what is counted (boot, invocation): a total that begins anew has another
	Cursor   string  `json:"cursor,omitempty"`
	Error    string  `json:"error,omitempty"`
}

// FactsOf is what a host tells before a plan is made.
type FactsOf struct {
	Arch    string `json:"arch"`              // Debian's name
	Version string `json:"version,omitempty"` // installed now; empty: not installed
	Digest  string `json:"digest,omitempty"`  // of the artifact it came from, when known here
	// Previous says whether the installed version could be put back after an update:
	// "kept", "package cache", "archive" (apt could fetch it), or "" when nothing here has it.
	Previous string   `json:"previous,omitempty"`
	Running  bool     `json:"running"`         // every unit is active
	Stale    []string `json:"stale,omitempty"` // units whose process is older than what is installed
	Free     int64    `json:"free"`            // bytes free where releases or packages go
	// Last is the rollout that changed this host last, so that it can be rolled back by
	// somebody who has no journal of it.
	Last *LastChange `json:"last,omitempty"`
	// Drift is what is not as the last update, or the last restore, left it.
	Drift    []Difference `json:"drift,omitempty"`
	Problems []string     `json:"problems,omitempty"` // half-installed package, missing unit: each would stop an update
}

// LastChange is what the host remembers of a rollout.
type LastChange struct {
	Rollout  string    `json:"rollout"`
	From     string    `json:"from,omitempty"` // version recorded before; empty: not installed
	To       string    `json:"to"`
	At       time.Time `json:"at"`
	Restored bool      `json:"restored,omitempty"`
	Held     bool      `json:"held,omitempty"` // the package is on hold, and the hold is Slipway's: Release gives it back
}

// Difference is one item that is not as it was recorded.
type Difference struct {
	Item   string `json:"item"`   // "conffile /etc/x.conf", "unit checkout.service enabled"
	Before string `json:"before"` // secrets never: digests of content, not content
	After  string `json:"after"`
}

// Step is one part of the work with how long it took.
type Step struct {
	Name     string        `json:"name"`
	Duration time.Duration `json:"duration"` // nanoseconds
}

// Encode writes a request as one line of JSON.
func (r Request) Encode() ([]byte, error) { return json.Marshal(r) }
