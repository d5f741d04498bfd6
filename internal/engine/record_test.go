package engine

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestRecordsComeBack: what is journalled of a look is what is read of it.
func TestRecordsComeBack(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		tick := judge.Tick{At: time.Duration(rapid.Int64Range(-7200e6, 86400e6).Draw(t, "at")) * time.Microsecond}
		arms := []judge.Arm{judge.Canary, judge.Baseline}
		if tick.At < 0 {
			arms = []judge.Arm{judge.CanaryBefore, judge.BaselineBefore}
		}
		if rapid.Bool().Draw(t, "gap") {
			tick.Gaps = map[string]string{"jobs": "no \"answer\""}
		}
		number := rapid.Float64Range(0, 1e9)
		for i := range rapid.IntRange(0, 5).Draw(t, "samples") {
			s := judge.Sample{
				Arm:  rapid.SampledFrom(arms).Draw(t, "arm"),
				Host: fmt.Sprintf("web%d", i), Kind: rapid.SampledFrom([]judge.Kind{judge.Counts, judge.Gauge, judge.Histogram}).Draw(t, "kind"),
			}
			s.Metric = "a \"" + string(s.Kind) + "\" é"
			switch s.Kind {
			case judge.Counts:
				s.Events, s.Exposure = number.Draw(t, "events"), 1+number.Draw(t, "exposure")
			case judge.Gauge:
				s.Value = number.Draw(t, "value")
			default:
				s.Buckets = []judge.Bucket{{AtMost: 0.1, Count: number.Draw(t, "low")}, {AtMost: math.Inf(1), Count: number.Draw(t, "high")}}
			}
			tick.Samples = append(tick.Samples, s)
		}
		body, err := lines(tick)
		if err != nil {
			t.Fatal(err)
		}
		c := rollout.Command{ID: 3, At: began}
		got, err := tickOf(journal.Look{At: began.Add(tick.At), Body: body}, c.At)
		if err != nil || !reflect.DeepEqual(got, tick) {
			t.Fatalf("%+v came back as %+v, %v", tick, got, err)
		}
	})
}

// TestOddSamplesAreLeftOut: a source that says "not a number", or a host twice, costs that
// sample alone.
func TestOddSamplesAreLeftOut(t *testing.T) {
	t.Parallel()
	gauge := func(host string, value float64) judge.Sample {
		return judge.Sample{Arm: judge.Canary, Host: host, Metric: "memory", Kind: judge.Gauge, Value: value}
	}
	body, err := lines(judge.Tick{Samples: []judge.Sample{gauge("web1", math.NaN()), gauge("web2", 1), gauge("web2", 2), gauge("", 3)}})
	want := "{\"t\":0,\"arm\":\"canary\",\"host\":\"web2\",\"metric\":\"memory\",\"kind\":\"gauge\",\"value\":1}\n"
	if err != nil || body != want {
		t.Errorf("%q, %v", body, err)
	}
}
