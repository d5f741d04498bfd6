package rival

import (
	"cmp"
	"math"
	"time"

	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

// kayenta is Kayenta's NetflixACAJudge-v1.0 as spinnaker/kayenta runs it (docs/canary-config.md;
// NetflixACAJudge.scala, WeightedSumScorer.scala) on a stage as Spinnaker's "Best practices
// for configuring canary" sets it up (spinnaker.io/guides/user/canary/best-practices).
//
// At the end of each interval all the points since the deploy are judged: the lookback that
// grows is the default. A metric is High or not, see high; its direction is "increase", so
// that less memory fails nobody. The score is the share of metrics that are not High, of
// those that have data (a point that is missing is removed, which is the default); it is 0
// when half of the metrics have none. A score at or below the marginal threshold fails, and
// so does a last score below the pass threshold; both are the best practices' starting
// points. One of three metrics is enough for either.
//
// The best practices ask for 50 points or more a judgment and begin with 60, an hour at the
// default step of a minute: here too an interval has 60, or a point a tick. They also ask
// for three hours, and for a baseline that was started with the canary and is as large;
// neither is given.
type kayenta struct {
	interval time.Duration // between judgments
	step     time.Duration // between points
	allowed  increases

	canary, baseline Side // since the last point
	series           [3]pair
}

// pair is the two series of a metric.
type pair struct{ canary, baseline []float64 }

const (
	kayentaMarginal = 75
	kayentaPass     = 95
	kayentaNoData   = 0.5 // of the metrics
	kayentaPoints   = 60  // an interval
)

func newKayenta(interval time.Duration, allowed increases) func(time.Duration) (Judge, error) {
	return func(bake time.Duration) (Judge, error) {
		every := min(cmp.Or(interval, bake), bake)
		step := (every / kayentaPoints).Truncate(stream.Interval)
		return &kayenta{interval: every, step: max(step, stream.Interval), allowed: allowed}, nil
	}
}

func (k *kayenta) Look(t Seen) Verdict {
	k.canary.add(t.Canary)
	k.baseline.add(t.Baseline)
	if t.At > 0 && t.At%k.step == 0 {
		k.points()
	}
	switch {
	case t.Last && k.score() >= kayentaPass:
		return Promote
	case t.Last:
		return Abort
	case t.At > 0 && t.At%k.interval == 0 && k.score() <= kayentaMarginal:
		return Abort
	}
	return Wait
}

func (k *kayenta) points() {
	for i, of := range []func(*Side) float64{
		func(s *Side) float64 { return 1 - s.success() },
		func(s *Side) float64 { return s.quantile(0.99) },
		func(s *Side) float64 { return s.Memory / s.Hosts },
	} {
		p := &k.series[i]
		p.canary, p.baseline = point(p.canary, of(&k.canary)), point(p.baseline, of(&k.baseline))
	}
	k.canary, k.baseline = Side{}, Side{}
}

// point adds a point to a series; one that is missing is left out.
func point(series []float64, v float64) []float64 {
	if math.IsNaN(v) {
		return series
	}
	return append(series, v)
}

func (k *kayenta) score() float64 {
	passed, judged, all := 0.0, 0.0, float64(len(k.series))
	for i, p := range k.series {
		if len(p.canary) == 0 || len(p.baseline) == 0 {
			continue
		}
		judged++
		if !p.high(k.allowed[i]) {
			passed++
		}
	}
	if (all-judged)/all >= kayentaNoData {
		return 0
	}
	return 100 * passed / judged
}

// increases are the allowedIncrease of errors, of the 99th percentile, and of memory.
type increases [3]float64

// documented are the default of the first two, and for memory, which differs from host to host, the documentation's
// example. asSlipway are what Slipway is told to tolerate.
func documented() increases { return increases{1, 1, 1.1} }
func asSlipway() increases  { return increases{1.1, 1.1, 1.2} }
