package judgelab

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// bake is the longest bake of a round, as slipway.yaml has it.
const bake = "5m"

// Config says what to run.
type Config struct {
	Slipway string        // absolute path of the program
	Rounds  int           // of each scenario
	Hosts   int           // of each scenario's lab
	Rate    int           // requests a second of each lab
	Only    []string      // names of scenarios; none: all
	Inturn  bool          // one scenario after the other, instead of side by side
	Before  time.Duration // how long traffic is seen before the first deploy
}

// Round is what came of one deploy.
type Round struct {
	Scenario string        `json:"scenario"`
	Number   int           `json:"round"`
	Version  string        `json:"version"`
	Verdict  string        `json:"verdict"`
	Reason   string        `json:"reason"`
	After    time.Duration `json:"after"` // from the beginning of the bake to the verdict, nanoseconds
	Hurt     int           `json:"hurt"`  // requests that the release answered with an error
	Ended    string        `json:"ended"` // phase of the rollout
	Right    bool          `json:"right"`
}

// Report is what came of all.
type Report struct {
	Config    Config     `json:"config"`
	Scenarios []Scenario `json:"-"`
	Rounds    []Round    `json:"rounds"` // in the order of scenarios, then of rounds
}

// Right reports whether every round ended as it must, and all were run.
func (r Report) Right() bool {
	return len(r.Rounds) == len(r.Scenarios)*r.Config.Rounds &&
		!slices.ContainsFunc(r.Rounds, func(o Round) bool { return !o.Right })
}

// Run runs the scenarios. Each is told when it ends a round; progress must be safe to call
// from several goroutines. The first error ends its scenario, the others go on.
func Run(ctx context.Context, cfg Config, progress func(string)) (Report, error) {
	r := Report{Config: cfg}
	for _, s := range Scenarios() {
		if len(cfg.Only) == 0 || slices.Contains(cfg.Only, s.Name) {
			r.Scenarios = append(r.Scenarios, s)
		}
	}
	if len(r.Scenarios) == 0 {
		return r, fmt.Errorf("no scenario is called %q", cfg.Only)
	}
	parts := r.parts()
	var all sync.WaitGroup
	for i := range parts {
		p := &parts[i]
		one := func() { p.rounds, p.err = runOne(ctx, cfg, *p, progress) }
		if cfg.Inturn {
			one()
			continue
		}
		all.Go(one)
	}
	all.Wait()
	var first error
	for _, p := range parts {
		r.Rounds = append(r.Rounds, p.rounds...)
		if first == nil && p.err != nil {
			first = fmt.Errorf("scenario %s: %w", p.Name, p.err)
		}
	}
	return r, first
}

// part is the rounds of a scenario that one lab runs, and what came of them.
type part struct {
	Scenario
	first, step int // number of its first round, and how many to the next
	rounds      []Round
	err         error
}

// parts deals the rounds out to labs.
func (r Report) parts() []part {
	var parts []part
	for _, s := range r.Scenarios {
		labs := max(1, min(s.labs, r.Config.Rounds))
		for n := range labs {
			parts = append(parts, part{Scenario: s, first: n + 1, step: labs})
		}
	}
	return parts
}
