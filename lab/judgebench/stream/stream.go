package stream

import "time"

// What a tick holds for every host.
const (
	Errors  = "errors"  // count: of requests
	Latency = "latency" // histogram, in seconds
	Memory  = "memory"  // gauge, in MB
)

// The fleet and its clock.
const (
	Hosts    = 20
	Interval = 5 * time.Second
	Before   = time.Hour // how long the fleet is watched before the deploy
)

// Stream is a kind of traffic. The zero value of a member means that there is none of it.
// All of it is as true of a healthy release as of a bad one.
type Stream struct {
	Name  string
	About string  // one line, for the table
	Base  float64 // share of requests that fail
	// Drift is how many times Base the rate of both arms has become by the end of the bake.
	Drift float64
	// Swing is the amplitude of a day, which is two hours long so that a bake sees it:
	// traffic and errors of all hosts rise and fall by this share of themselves.
	Swing float64
	// HostBurst is the variance to the mean of a host's errors in a tick; hosts burst alone.
	HostBurst float64
	// FleetBurst multiplies the errors of all hosts at once, for 20 seconds every 5 minutes on average.
	FleetBurst float64
	// Wander is the standard deviation of the logarithm of a host's error rate around its
	// own mean, as it comes and goes over minutes; SlowWander that of its latency.
	Wander, SlowWander float64
	// Differ is the standard deviation of the logarithm of hosts' own error rates, which
	// stay as they are; SlowDiffer that of their latencies, SizeDiffer of their memory.
	Differ, SlowDiffer, SizeDiffer float64
	// WorstHost is how many times the others' errors one canary host makes, before the deploy too.
	WorstHost float64
	// Startup: new processes fail 2 % of their requests and take three times as long, at
	// first; both fall off over 5 seconds.
	Startup bool

	// When and where a bad release shows.
	Onset   time.Duration // not before
	Ramp    time.Duration // growing to its full size over this time
	OneHost bool          // on one canary host only
	Leaks   bool          // a release that leaks memory is tried as well
	// Like: healthy releases fare as on the stream of this name, from which their counts are taken.
	Like string
}

const usual = 0.001

// All are the streams of the benchmark.
func All() []Stream {
	return []Stream{
		{Name: "steady", About: "0.1 % of requests fail, independently, on hosts that are alike", Base: usual},
		{Name: "drifting", About: "both arms' error rate rises to 5 times over the bake", Base: usual, Drift: 5},
		{Name: "diurnal", About: "traffic and errors swing by half, a day pressed into two hours", Base: usual, Swing: 0.5},
		{Name: "bursts on a host", About: "a host's errors come in bursts: variance 8 times the mean", Base: usual, HostBurst: 8},
		{Name: "bursts on all hosts", About: "30 times the errors on all hosts at once, 20 s every 5 min", Base: usual, FleetBurst: 30},
		{Name: "autocorrelated", About: "each host's error rate (log-sd 0.5) and latency (log-sd 0.1) wander over 2 min", Base: usual, Wander: 0.5, SlowWander: 0.1},
		{Name: "hosts that differ", About: "hosts' own error rates (log-sd 0.3), latencies (0.1) and memory (0.1) differ and stay so", Base: usual, Differ: 0.3, SlowDiffer: 0.1, SizeDiffer: 0.1},
		{Name: "sparse errors", About: "one request in 100,000 fails", Base: 1e-5},
		{Name: "one bad host", About: "one canary host makes 5 times the errors, before the deploy too", Base: usual, WorstHost: 5},
		{Name: "fault on one host", About: "steady; a bad release shows on one canary host only", Base: usual, OneHost: true, Like: "steady"},
		{Name: "slow leak", About: "steady; a bad release grows bad over 20 min, or leaks 2 % of memory a minute", Base: usual, Ramp: 20 * time.Minute, Leaks: true, Like: "steady"},
		{Name: "late onset", About: "steady; a bad release turns bad after 10 min", Base: usual, Onset: 10 * time.Minute, Like: "steady"},
		{Name: "startup noise", About: "new processes fail 2 % and take 3 times as long in their first seconds", Base: usual, Startup: true},
	}
}

// Fault is what is wrong with a release.
type Fault struct {
	Name    string
	Errors  float64 // times the error rate
	Latency float64 // times the latency
	Leak    float64 // share of its memory that a process grows by in a minute
}

// The faults; Healthy is none.
func Healthy() Fault { return Fault{Name: "healthy", Errors: 1, Latency: 1} }

// Faults are the bad releases that a stream is tried with.
func (s Stream) Faults() []Fault {
	faults := []Fault{
		{Name: "errors 3x", Errors: 3, Latency: 1},
		{Name: "errors 10x", Errors: 10, Latency: 1},
		{Name: "latency +30 %", Errors: 1, Latency: 1.3},
	}
	if s.Leaks {
		faults = append(faults, Fault{Name: "memory +2 %/min", Errors: 1, Latency: 1, Leak: 0.02})
	}
	return faults
}

// Cell is how much traffic there is and how much of it goes to the canary.
type Cell struct {
	Rate  float64 // requests a second, on all hosts together
	Share float64 // of the hosts, and so of the traffic
}

// Cells are all that are tried.
func Cells() []Cell {
	var cells []Cell
	for _, rate := range []float64{20, 200, 1000} {
		for _, share := range []float64{0.05, 0.10, 0.25} {
			cells = append(cells, Cell{rate, share})
		}
	}
	return cells
}

// canaries is how many hosts the canary has.
func (c Cell) canaries() int { return min(Hosts-1, max(1, int(c.Share*Hosts+0.5))) }
