package judge

import (
	"slices"
	"time"
)

// pace is how often something is said of the canary: some sources answer each few
// seconds, others of each minute.
type pace struct {
	heard int           // how many looks said something
	last  time.Duration // the last of them
	apart time.Duration // how far apart they are at most, without what was missed
	gap   bool          // the source was away since the last one
}

// look notes a look; away says that the source gave no answer.
func (p *pace) look(samples []Sample, at time.Duration, away bool) {
	p.gap = p.gap || away
	if !slices.ContainsFunc(samples, func(s Sample) bool { return s.Arm == Canary }) {
		return
	}
	switch {
	case p.gap && p.heard > 0:
	case p.heard < 2:
		p.apart = at - p.last // the first came late: data must be complete
	default:
		p.apart = max(p.apart, at-p.last)
	}
	p.heard, p.last, p.gap = p.heard+1, at, false
}
