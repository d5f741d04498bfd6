package judge

import (
	"reflect"
	"testing"
	"time"
)

// record is a bake of ten hosts, one canary, with so many lines, recorded.
func record(lines int, ratio float64) []Tick {
	var ticks []Tick
	traffic{seed: 1, rps: 200, base: 0.002, ratio: ratio, before: 10 * time.Minute}.ticks(time.Duration(lines/10)*5*time.Second-10*time.Minute, func(k Tick) bool {
		for i := range k.Samples {
			if k.At < 0 {
				k.Samples[i].Arm = k.Samples[i].Arm.Before()
			}
		}
		ticks = append(ticks, k)
		return true
	})
	return ticks
}

func TestReplay(t *testing.T) {
	t.Parallel()
	ticks := record(6000, 20)
	metrics := MetricsIn(ticks)
	if want := []Metric{{Name: "errors", WorseBy: 1.5}}; !reflect.DeepEqual(metrics, want) {
		t.Fatalf("metrics %+v", metrics)
	}
	r, err := Replay(Config{Metrics: metrics}, ticks, time.Minute)
	if err != nil || r.Final.Verdict != Fail || r.Final.Since != r.Final.At || r.Before < 119 || r.Looks == 0 || len(r.Series) == 0 {
		t.Fatalf("%v: %+v", err, r)
	}
	if _, err := Replay(Config{}, ticks, 0); err == nil {
		t.Error("a replay without metrics")
	}
}

func TestALongRecordReplaysInTime(t *testing.T) {
	t.Parallel()
	ticks := record(100_000, 1)
	began := time.Now()
	r, err := Replay(Config{Metrics: MetricsIn(ticks)}, ticks, 24*time.Hour)
	if err != nil || r.Final.Verdict == Fail || r.Looks+r.Before != len(ticks) {
		t.Fatalf("%v: %s", err, r.Final.Reason)
	}
	t.Logf("%d ticks in %s: %s", len(ticks), time.Since(began), r.Final.Reason)
}
