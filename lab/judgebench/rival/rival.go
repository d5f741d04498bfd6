package rival

import (
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// Verdict is what a judge does about a rollout.
type Verdict string

// The verdicts. Abort ends a rollout at any time, the others at the end of its bake.
const (
	Wait    Verdict = ""
	Abort   Verdict = "abort"
	Promote Verdict = "promote"
	Hold    Verdict = "hold" // neither: a person is asked
)

// Judge judges one rollout.
type Judge interface {
	// Look takes the next tick: the hour before the deploy, then the bake. The tick's
	// samples are not kept. After a verdict other than Wait it is not called again; at the
	// last tick of the bake it does not say Wait.
	Look(t Seen) Verdict
}

// Contender makes judges of one kind.
type Contender struct {
	Name  string
	About string // its parameters, and where they are from
	// Tuned: not the documented defaults, but what a user would set who knows the service.
	Tuned bool
	New   func(bake time.Duration) (Judge, error)
}

// All are the contenders of the benchmark, Slipway first.
func All() []Contender {
	return []Contender{
		{Name: "Slipway", About: slipwayAbout, New: newSlipway(1.5)},
		{Name: "Slipway, strict", Tuned: true, About: strictAbout, New: newSlipway(1.1)},
		{Name: "Flagger", About: "its tutorial's analysis: every 60 s success rate >= 99 % and P99 <= 500 ms; threshold 5", New: flagger{every: time.Minute, success: 0.99, slowest: 0.5, threshold: 5}.begin},
		{Name: "Flagger, tuned", Tuned: true, About: "success rate >= 99.5 %, P99 <= 450 ms, for a service that usually has 99.9 % and 420 ms", New: flagger{every: time.Minute, success: 0.995, slowest: 0.45, threshold: 5}.begin},
		{Name: "Argo Rollouts", About: "its documentation's success-rate template: every 5 min result >= 0.95; failureLimit 3", New: argo{every: 5 * time.Minute, success: 0.95, failureLimit: 3}.begin},
		{Name: "Argo Rollouts, tuned", Tuned: true, About: "every 1 min result >= 0.995; failureLimit 2", New: argo{every: time.Minute, success: 0.995, failureLimit: 2}.begin},
		{Name: "Kayenta", About: "Mann-Whitney, 98 % interval, tolerance 0.25, on one point a minute of errors, P99 and memory (allowedIncrease 1.1); one verdict at the end of the bake", New: newKayenta(0)},
		{Name: "Kayenta, 10 min", About: "the same, with an interval of 10 minutes", New: newKayenta(10 * time.Minute)},
		{Name: "fixed test", About: "exact test of two proportions, errors and requests over 250 ms, 0.1 % in all; once, at the end of the bake", New: newFixed(0.001, false)},
		{Name: "fixed test, peeked at", About: "the same, looked at every 5 s, as one must not", New: newFixed(0.001, true)},
		{Name: "10-minute bake", About: "no judge: abort when over 5 % of a minute's requests fail, promote after 10 min", New: newBake(10*time.Minute, 0.05)},
	}
}

// Seen is a tick with its sums.
type Seen struct {
	judge.Tick
	Canary, Baseline Side
	// Last: no tick of the bake comes after it.
	Last bool
}
