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
		{Name: "Slipway", About: slipwayAbout, New: newSlipway},
		{Name: "Flagger", About: "the analysis of \"How it works\": every 1 min success rate >= 99 % and P99 <= 500 ms, and no requests are a failed check too; rolled back at the 10th failed check", New: flagger{every: time.Minute, success: 0.99, slowest: 0.5, threshold: 10}.begin},
		{Name: "Flagger, tuned", Tuned: true, About: "the same with success rate >= 99.5 %, P99 <= 450 ms, for a service that usually has 99.9 % and 420 ms", New: flagger{every: time.Minute, success: 0.995, slowest: 0.45, threshold: 10}.begin},
		{Name: "Argo Rollouts", About: "the success-rate template of \"Background Analysis\": every 5 min result >= 0.95; failureLimit 3, so that the fourth failure aborts", New: argo{every: 5 * time.Minute, success: 0.95, failureLimit: 3}.begin},
		{Name: "Argo Rollouts, tuned", Tuned: true, About: "every 1 min result >= 0.995; failureLimit 2", New: argo{every: time.Minute, success: 0.995, failureLimit: 2}.begin},
		{Name: "Kayenta", About: "NetflixACAJudge: Mann-Whitney, 98 % interval, tolerance 0.25, on 60 points of errors, P99 and memory (allowedIncrease 1.1); thresholds 75 and 95; one judgment, at the end of the bake", New: newKayenta(0, documented())},
		{Name: "Kayenta, 10 min", About: "the same every 10 minutes, on all points since the deploy, 60 an interval", New: newKayenta(10*time.Minute, documented())},
		{Name: "Kayenta, 10 min, 1.1x", Tuned: true, About: "the same, told to tolerate what Slipway tolerates: allowedIncrease 1.1 of errors and P99, 1.2 of memory", New: newKayenta(10*time.Minute, asSlipway())},
		{Name: "fixed test", About: "conditional test of two Poisson rates (Przyborowski and Wilenski, 1940), errors and requests over 250 ms, 0.1 % in all; once, at the end of the bake", New: newFixed(0.001, false)},
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
