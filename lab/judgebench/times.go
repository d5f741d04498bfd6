package judgebench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/lab/judgebench/rival"
	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

// timed is one row of the table of times in docs/judge.md.
type timed struct {
	base, worse float64 // error rate, and how many times that the canary makes
	worseBy     float64 // what is tolerated
	all         bool    // latency and memory are judged as well
	known       bool    // an hour before the deploy
}

func (t timed) name() string {
	name := fmt.Sprintf("%v times %v %% errors", t.worse, 100*t.base)
	if t.worse == 1 {
		name = fmt.Sprintf("healthy, %v %% errors: a pass", 100*t.base)
	}
	if t.all {
		name += ", latency and memory judged too"
	}
	if t.worseBy != 1.1 {
		name += fmt.Sprintf(", `worse_by: %vx`", t.worseBy)
	}
	return name
}

func timedRows() []timed {
	return []timed{
		{usual, 10, 1.1, false, true}, {usual, 10, 1.1, true, true}, {usual, 3, 1.1, false, true}, {usual, 3, 1.1, true, true},
		{0.003, 3, 1.1, false, true}, {0.01, 10, 1.1, false, true}, {0.01, 3, 1.1, false, true},
		{usual, 10, 1.5, false, true}, {usual, 3, 1.5, false, true},
		{usual, 10, 1.1, false, false}, {usual, 3, 1.1, false, false}, {0.01, 10, 1.1, false, false}, {0.01, 3, 1.1, false, false},
		{usual, 1, 1.1, false, true}, {0.01, 1, 1.1, false, true}, {usual, 1, 1.1, true, true},
	}
}

// usual is the error rate of most streams.
const usual = 0.001

// Times is the table of docs/judge.md: when Slipway says fail of a bad release on the steady stream, and pass of a healthy one, in
// so many bakes of half an hour each.
func Times(ctx context.Context, n, workers int) (string, error) {
	var b strings.Builder
	b.WriteString("| what happens | known before | n | a quarter | half | three quarters | nine of ten |\n|---|---|---:|---:|---:|---:|---:|\n")
	for _, row := range timedRows() {
		times := make([]float64, n)
		var next atomic.Int64
		var playing sync.WaitGroup
		for range max(1, workers) {
			playing.Go(func() {
				for i := next.Add(1) - 1; int(i) < n && ctx.Err() == nil; i = next.Add(1) - 1 {
					times[i] = row.play(8_000_001 + uint64(i))
				}
			})
		}
		playing.Wait()
		if err := ctx.Err(); err != nil {
			return "", err
		}
		slices.Sort(times)
		known := map[bool]string{true: "an hour", false: "nothing"}[row.known]
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s | %s |\n", row.name(), known, n, after(times[n/4]), after(times[n/2]), after(times[3*n/4]), after(times[9*n/10]))
	}
	return b.String(), nil
}

func after(seconds float64) string {
	if math.IsInf(seconds, 1) {
		return "not in 30 min"
	}
	return span(seconds)
}

// play is after how many seconds there is a fail of a bad release, or a pass of a healthy one.
func (t timed) play(seed uint64) float64 {
	const bake = 30 * time.Minute
	state, err := judge.New(judge.Config{Metrics: rival.SlipwayMetrics(t.worseBy, t.all)})
	if err != nil {
		panic(err) // the configurations of the table are right
	}
	s := stream.Stream{Name: promised, Base: t.base}
	rollout := s.Rollout(Usual(), stream.Fault{Errors: t.worse, Latency: 1}, seed, bake)
	want := judge.Fail
	if t.worse == 1 {
		want = judge.Pass
	}
	for tick, ok := rollout.Next(); ok; tick, ok = rollout.Next() {
		if tick.At < 0 && !t.known {
			continue
		}
		if state.Look(tick.Tick); tick.At > 0 && state.Verdict() == want {
			return tick.At.Seconds()
		}
	}
	return math.Inf(1)
}
