package judge

import "time"

// Arm is the side of the comparison that a host is on at a tick.
type Arm string

// The arms.
const (
	Canary   Arm = "canary"
	Baseline Arm = "baseline"
	// The same hosts in the time before the deploy: At of such ticks is below 0.
	CanaryBefore   Arm = "canary-before"
	BaselineBefore Arm = "baseline-before"
)

// Kind is what a sample holds.
type Kind string

// The kinds of samples; "" is a count.
const (
	Counts    Kind = "count"
	Histogram Kind = "histogram"
	Gauge     Kind = "gauge"
)

// Bucket is how many of a histogram's observations were at most AtMost and more than the
// edge before; the last edge is +Inf. In JSON it is a pair, [0.25, 17] or ["+Inf", 3], and so alone is +Inf written.
type Bucket struct {
	AtMost float64
	Count  float64
}

// Sample is what one host did since the last tick.
type Sample struct {
	Arm      Arm      `json:"arm"`
	Host     string   `json:"host"`
	Metric   string   `json:"metric"`
	Kind     Kind     `json:"kind,omitempty"`
	Events   float64  `json:"events"`            // count: errors
	Exposure float64  `json:"exposure"`          // count: requests, jobs, host-seconds
	Value    float64  `json:"value,omitempty"`   // gauge
	Buckets  []Bucket `json:"buckets,omitempty"` // histogram, since the last tick
}

// Tick is one look at the sources.
type Tick struct {
	// At is the time since the bake began; it never goes back. Ticks of the time before the
	// deploy have a negative At: they teach how the hosts differ, and are no evidence.
	At      time.Duration `json:"at"`
	Samples []Sample      `json:"samples,omitempty"`
	// Gap says why there are no samples at all, when no source could be asked.
	Gap string `json:"gap,omitempty"`
	// Gaps says it of single metrics, so that a source that is silent silences no other.
	Gaps map[string]string `json:"gaps,omitempty"`
}
