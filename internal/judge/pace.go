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

// spans is how long each answer of a source is of, before the deploy too.
type spans struct {
	last, before time.Duration // when the last answer was, and how long it was of
	any          bool
}

// until is how long an answer is of: since the one before, but no more than twice as long as that one was. In longer
// times nobody looked. Nobody knows how long the first one is of, but of the bake's own.
func (p *spans) until(at time.Duration) time.Duration {
	const most = 5 * time.Minute
	span, limit := max(0, at-p.last), most
	if p.before > 0 {
		limit = 2 * p.before
	}
	if !p.any {
		span = max(0, at)
	}
	p.last, p.before, p.any = at, min(span, limit), true
	return p.before
}
