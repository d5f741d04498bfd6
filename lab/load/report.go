package load

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Kind is what became of a request.
type Kind string

// The kinds. All but OK are failures, and only Service is the service's own doing.
const (
	OK        Kind = "ok"
	Service   Kind = "service"   // the service itself answered with an error
	Balancer  Kind = "balancer"  // an error without a version: something before the service made it
	Transport Kind = "transport" // the connection broke, or no answer came in time
	Unsent    Kind = "unsent"    // too many were under way
)

// Report is what was counted.
type Report struct {
	Sent   int     `json:"sent"`
	OK     int     `json:"ok"`
	Failed int     `json:"failed"`
	Phases []Phase `json:"phases"` // in order
}

// Phase is what was counted of the requests that were sent during a phase.
type Phase struct {
	Name     string             `json:"name"`
	Started  time.Time          `json:"started"`
	Sent     int                `json:"sent"`
	OK       int                `json:"ok"`
	Failed   map[Kind]int       `json:"failed,omitempty"`
	Status   map[int]int        `json:"status"`
	Versions map[string]Version `json:"versions"`          // by X-Version
	Reasons  map[string]int     `json:"reasons,omitempty"` // of failures, at most 20 different ones
	Latency  Latency            `json:"latency"`           // of what was answered, nanoseconds
}

// Version is what one version answered.
type Version struct {
	OK     int `json:"ok"`
	Failed int `json:"failed"`
}

// Latency is how long answers took.
type Latency struct {
	P50 time.Duration `json:"p50"`
	P95 time.Duration `json:"p95"`
	P99 time.Duration `json:"p99"`
	Max time.Duration `json:"max"`
}

// Failures counts the failures of a phase of the given kinds; of all kinds when none
// is given.
func (p Phase) Failures(kinds ...Kind) int {
	n := 0
	for kind, count := range p.Failed {
		if len(kinds) == 0 || slices.Contains(kinds, kind) {
			n += count
		}
	}
	return n
}

// Lost counts the failures, in all phases, that no version of the service answered
// itself: a deploy is to blame for them.
func (r Report) Lost() int {
	n := 0
	for _, p := range r.Phases {
		n += p.Failures(Balancer, Transport, Unsent)
	}
	return n
}

// Phase returns the counts of a phase by name; ok is false when there was none.
func (r Report) Phase(name string) (p Phase, ok bool) {
	for _, p := range r.Phases {
		if p.Name == name {
			return p, true
		}
	}
	return Phase{}, false
}

// Version counts what a version answered in all phases.
func (r Report) Version(version string) Version {
	var sum Version
	for _, p := range r.Phases {
		sum.OK += p.Versions[version].OK
		sum.Failed += p.Versions[version].Failed
	}
	return sum
}

const (
	mostReasons = 20
	otherReason = "other reasons"
)

// answer is what became of one request.
type answer struct {
	kind    Kind
	status  int
	version string
	why     string
	took    time.Duration
}

// phase collects; whoever uses it holds the generator's lock.
type phase struct {
	name     string
	started  time.Time
	sent     int
	kinds    map[Kind]int
	status   map[int]int
	versions map[string]Version
	reasons  map[string]int
	took     []time.Duration
}

func newPhase(name string, at time.Time) *phase {
	return &phase{name: name, started: at, kinds: map[Kind]int{}, status: map[int]int{}, versions: map[string]Version{}, reasons: map[string]int{}}
}

func (p *phase) count(a answer) {
	p.kinds[a.kind]++
	if a.status != 0 {
		p.status[a.status]++
		p.took = append(p.took, a.took)
	}
	if a.version != "" {
		v := p.versions[a.version]
		if a.kind == OK {
			v.OK++
		} else {
			v.Failed++
		}
		p.versions[a.version] = v
	}
	if a.kind == OK {
		return
	}
	if _, known := p.reasons[a.why]; !known && len(p.reasons) >= mostReasons {
		a.why = otherReason
	}
	p.reasons[a.why]++
}

// report sums up; what is still under way is sent, and not yet ok or failed.
func report(phases []*phase) Report {
	r := Report{Phases: make([]Phase, 0, len(phases))}
	for _, p := range phases {
		failed := maps.Clone(p.kinds)
		delete(failed, OK)
		out := Phase{
			Name: p.name, Started: p.started, Sent: p.sent, OK: p.kinds[OK], Failed: failed,
			Status: maps.Clone(p.status), Versions: maps.Clone(p.versions), Reasons: maps.Clone(p.reasons), Latency: latency(p.took),
		}
		r.Phases = append(r.Phases, out)
		r.Sent += out.Sent
		r.OK += out.OK
		r.Failed += out.Failures()
	}
	return r
}

func latency(took []time.Duration) Latency {
	if len(took) == 0 {
		return Latency{}
	}
	sorted := slices.SortedFunc(slices.Values(took), cmp.Compare)
	at := func(share float64) time.Duration { return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)] }
	return Latency{P50: at(0.50), P95: at(0.95), P99: at(0.99), Max: sorted[len(sorted)-1]}
}
