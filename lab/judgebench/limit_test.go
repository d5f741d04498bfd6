package judgebench

import (
	"math"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
	"gonum.org/v1/gonum/stat/distuv"
)

// What the page says of latency that grows by 30 % over 20 minutes: how many of the rollouts any judge can find in so much time that calls at most one
// in a thousand whose latency never was more than 1.1 times what it was. Of lognormal latencies the logarithms are normal; the
// test of the most power compares the fault with the same fault held at the limit.
func TestNobodyCanFindWhatIsTolerated(t *testing.T) {
	t.Parallel()
	const tolerated, grown = 1.1, 0.3 // the latter after 20 minutes
	found := func(after time.Duration) float64 {
		squares, cell := 0.0, Usual()
		for at := time.Second / 2; at < after; at += time.Second {
			worse := math.Log(1+grown*at.Minutes()/20) - math.Log(tolerated)
			squares += cell.Rate * cell.Share * math.Pow(max(0, worse)/stream.LatencySD, 2)
		}
		standard := distuv.UnitNormal
		return standard.CDF(math.Sqrt(squares) - standard.Quantile(1-Alpha))
	}
	if v := found(10 * time.Minute); math.Abs(v-0.36) > 0.005 {
		t.Errorf("after ten minutes %.3f, the page says 0.36", v)
	}
	if v := found(11 * time.Minute); v < 0.5 {
		t.Errorf("after eleven minutes %.3f: half of them could be found then", v)
	}
	var names []string
	for _, s := range stream.All() {
		for _, f := range s.Faults() {
			if s.Name == "slow leak" && f.Latency == 1+grown {
				names = append(names, f.Name)
			}
		}
	}
	if len(names) != 1 {
		t.Errorf("the fault that the page tells of: %q", names)
	}
}
