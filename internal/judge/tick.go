package judge

import "time"

// Arm is the side of the comparison that a host is on at a tick.
type Arm string

// The arms.
const (
	Canary   Arm = "canary"
	Baseline Arm = "baseline"
)

// Sample is what one host did since the last tick.
type Sample struct {
	Arm      Arm     `json:"arm"`
	Host     string  `json:"host"`
	Metric   string  `json:"metric"`
	Events   float64 `json:"events"`   // errors
	Exposure float64 `json:"exposure"` // requests, jobs, host-seconds
}

// Tick is one look at the sources.
type Tick struct {
	// At is the time since the bake began; it never goes back.
	At      time.Duration `json:"at"`
	Samples []Sample      `json:"samples,omitempty"`
	// Gap says why there are no samples, when a source could not be asked.
	Gap string `json:"gap,omitempty"`
}
