package rival

import (
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

const slipwayAbout = "errors worse_by 1.1x (its default), latency 1.1x, memory 1.2x; alpha 0.1 % in all; the hour before is shown to it; a bake that is as long whatever it says"

// SlipwayMetrics are errors, worse by so many times at most, and latency and memory if all are asked for.
func SlipwayMetrics(worseBy float64, all bool) []judge.Metric {
	metrics := []judge.Metric{
		{Name: stream.Errors, Kind: judge.Counts, WorseBy: worseBy},
		{Name: stream.Latency, Kind: judge.Histogram, WorseBy: 1.1},
		{Name: stream.Memory, Kind: judge.Gauge, WorseBy: 1.2},
	}
	if !all {
		return metrics[:1]
	}
	return metrics
}

// slipway is the judge that the engine runs.
type slipway struct{ state *judge.State }

func newSlipway(time.Duration) (Judge, error) {
	state, err := judge.New(judge.Config{Metrics: SlipwayMetrics(1.1, true)})
	if err != nil {
		return nil, fmt.Errorf("configure the judge: %w", err)
	}
	return &slipway{state}, nil
}

func (s *slipway) Look(t Seen) Verdict {
	s.state.Look(t.Tick)
	switch {
	case t.At < 0:
		return Wait
	case s.state.Failed():
		return Abort
	case !t.Last:
		return Wait
	case s.state.Verdict() == judge.Pass:
		return Promote
	}
	return Hold
}
