package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Job is one command for hosts, with all that is needed to do it.
type Job struct {
	Plan    *rollout.Plan
	Command rollout.Command // Hosts holds only those that have no result yet
	Token   int64           // fencing token of the engine that sends it
	// Balancer is what record read of each host of the job, for return and expose;
	// empty for record itself.
	Balancer map[string]string
	// Check fails once another process has taken the rollout over. A Traffic calls it
	// just before each command that opens a host: a process that stood still must not wake
	// up and open what its successor has closed. It may be nil.
	Check func(ctx context.Context) error
}

// Report is how a job ended on one host; it becomes a rollout.HostDone event.
type Report struct {
	Host     string
	Outcome  rollout.Outcome
	Reason   string // one line; set for every outcome but OK
	Begun    bool
	Version  string
	Digest   string // of the state before an update, or after a restore
	After    string // of the state after an update
	Equal    bool
	Balancer string
	Adopted  bool
	Detail   string
}

// ErrUntouched is wrapped by an error of a Method that can promise that no host
// without a report was touched. Without the promise such hosts of an update count as
// begun, and are restored and read back.
var ErrUntouched = errors.New("no host was touched")

// Method changes hosts: it does update, restore and check commands.
//
// Run calls report exactly once for each host of the job, as soon as that host is
// done and never at the same time, and returns after the last one. It may be called
// again for a job that was cut off: hosts that had done it say so (Adopted). A
// cancelled ctx ends it early with ctx's error; hosts without a report have none.
// An error means that the method itself could not work (no ansible-playbook, a
// broken inventory); hosts already reported stand.
type Method interface {
	Run(ctx context.Context, job Job, report func(Report)) error
}

// Traffic opens hosts to requests and closes them: it does record, drain, expose
// and return commands with the same contract as Method.Run. With several balancers
// a host is done when all of them are; one that cannot be reached makes the host
// Unreachable.
type Traffic interface {
	Run(ctx context.Context, job Job, report func(Report)) error
}

// Sample is what one host did between two looks at a source.
type Sample struct {
	Host     string
	Metric   string
	Kind     rollout.MetricKind // count when empty
	Events   float64            // count: errors
	Exposure float64            // count: requests, jobs or host-seconds
	Value    float64            // gauge: now
	Buckets  []Bucket           // histogram: since the last look, by rising edge
}

// Bucket is how many of a histogram's observations were at most AtMost and more than the
// edge before; the last edge is +Inf.
type Bucket struct {
	AtMost float64
	Count  float64
}

// Source tells what hosts did.
type Source interface {
	// Sample returns one sample a host and metric for the time since the last call;
	// the first call returns none. An error means no data, never a verdict; with Gaps
	// the samples that came with it stand.
	Sample(ctx context.Context, hosts []string) ([]Sample, error)
}

// Gap is what a source could not say.
type Gap struct {
	Metric string
	Host   string // "": of no host
	Reason string
	// Early is true when nothing is wrong: the first data of the source is not complete yet.
	Early bool
}

// Gaps is the error of a Source that answered in part.
type Gaps []Gap

// Error names each of them on one line.
func (g Gaps) Error() string {
	var all []string
	for _, gap := range g {
		what := gap.Metric
		if gap.Host != "" {
			what += " of " + gap.Host
		}
		all = append(all, what+": "+gap.Reason)
	}
	return strings.Join(all, "; ")
}

// Past is a Source that also knows what hosts did before it was first asked.
type Past interface {
	Source
	// Past returns samples for each step of a time that has ended, oldest first. Fewer
	// than asked for, or none, are no error: the judge then knows less.
	Past(ctx context.Context, hosts []string, from, to time.Time, step time.Duration) ([][]Sample, error)
}

// Light is a Source that costs next to nothing to ask: it is asked while nothing is judged, too, so that a judge knows
// what hosts did before, though the source itself does not.
type Light interface {
	Source
	Light() bool
}

// Clock is real time, or a test's.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}
