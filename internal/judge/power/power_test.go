package power

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

func TestOutlooks(t *testing.T) {
	t.Parallel()
	s := Scenario{Rate: 200, Share: 0.1, Canary: 1, ErrorRate: 0.001, Before: 20 * time.Minute, Most: 10 * time.Minute, Runs: 9}
	out, err := Of(t.Context(), judge.Metric{Name: "errors", WorseBy: 1.3}, s, []float64{1.2, 1.4, 3, 20})
	if err != nil {
		t.Fatal(err)
	}
	good, never, slow, fast := out.Cases[0], out.Cases[1], out.Cases[2], out.Cases[3]
	if !good.Tolerated || good.Better != 0 || !strings.Contains(good.Words, "tolerated; ") {
		t.Errorf("1.2 times: %+v", good)
	}
	if never.Found != 0 || never.Better != 0 || !strings.Contains(never.Words, "no share of this traffic is enough") {
		t.Errorf("1.4 times: %+v", never)
	}
	if slow.Found > fast.Found || fast.Median == 0 || fast.Median > 2*time.Minute || fast.Ninety < fast.Median {
		t.Errorf("%+v and %+v", slow, fast)
	}
	for _, c := range []Scenario{{}, {Rate: 1, Share: 1}, {Rate: 1, Share: 0.5}, {Rate: 1, Share: 0.5, ErrorRate: 0.1}, {Rate: 1, Share: 0.5, ErrorRate: 0.1, Most: 1e18}} {
		if _, err := Of(t.Context(), judge.Metric{Name: "errors", WorseBy: 1.3}, c, []float64{2}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	if again, err := Of(t.Context(), judge.Metric{Name: "errors", WorseBy: 1.3}, s, []float64{20}); err != nil || again.Cases[0] != fast {
		t.Errorf("the same asked twice: %+v and %+v", again.Cases, fast)
	}
}

// TestPassedBefore: what passes is not found any more, unless the bake has to last longer.
func TestPassedBefore(t *testing.T) {
	t.Parallel()
	s := Scenario{Rate: 1000, Share: 0.2, Canary: 2, Baseline: 8, ErrorRate: 0.005, Before: 20 * time.Minute, Most: 30 * time.Minute, Runs: 9}
	try := func(below float64, least time.Duration) Case {
		s := s
		s.Least = least
		out, err := Of(t.Context(), judge.Metric{Name: "errors", WorseBy: 1.5, PassBelow: below}, s, []float64{2})
		if err != nil {
			t.Fatal(err)
		}
		return out.Cases[0]
	}
	tight, wide, held := try(1.5, 0), try(15, 0), try(15, 30*time.Minute)
	if wide.Passed < 0.9 || wide.Found > 0.1 || !strings.Contains(wide.Words, "pass before: lower pass_below") {
		t.Errorf("wide: %+v", wide)
	}
	if tight.Passed > 0.2 || tight.Found <= wide.Found || held.Found <= wide.Found {
		t.Errorf("tight %+v, wide %+v, held %+v", tight, wide, held)
	}
}

// TestAPastWouldHelp: what no share of the traffic shows, a known past may.
func TestAPastWouldHelp(t *testing.T) {
	t.Parallel()
	s := Scenario{Rate: 200, Share: 0.5, Canary: 1, Baseline: 1, ErrorRate: 0.01, Most: 10 * time.Minute, Runs: 5}
	out, err := Of(t.Context(), judge.Metric{Name: "errors", WorseBy: 1.5}, s, []float64{3})
	if err != nil {
		t.Fatal(err)
	}
	if c := out.Cases[0]; c.Median != 0 || c.Better != 0 || !c.Past || !strings.HasSuffix(c.Words, "; with an hour before known it would be") {
		t.Errorf("%+v", c)
	}
	s.Before = time.Hour
	if out, err = Of(t.Context(), judge.Metric{Name: "errors", WorseBy: 1.5}, s, []float64{3}); err != nil || out.Cases[0].Median == 0 || out.Cases[0].Past {
		t.Errorf("%v: %+v", err, out.Cases)
	}
}

// cutOff is a context that ends after it was asked a few times, and counts how often it was.
type cutOff struct {
	context.Context
	left, asked int
}

func (c *cutOff) Err() error {
	c.asked++
	if c.asked > c.left {
		return context.Canceled
	}
	return nil
}

// TestEnds: within a bake, between bakes and while a better share is sought, the end of the
// context is the end of it.
func TestEnds(t *testing.T) {
	t.Parallel()
	s := Scenario{Rate: 200, Share: 0.1, Canary: 1, ErrorRate: 0.001, Before: time.Minute, Most: time.Minute, Runs: 3}
	whole := &cutOff{Context: t.Context(), left: 1 << 30}
	if out, err := Of(whole, judge.Metric{Name: "errors", WorseBy: 1.3}, s, []float64{1.5}); err != nil || out.Cases[0].Median != 0 {
		t.Fatalf("%v: %+v: nothing was to be seen", err, out.Cases)
	}
	for _, left := range []int{0, 1, 30, whole.asked - 40, whole.asked - 1} {
		ctx := &cutOff{Context: t.Context(), left: left}
		_, err := Of(ctx, judge.Metric{Name: "errors", WorseBy: 1.3}, s, []float64{1.5, 2, 3})
		if !errors.Is(err, context.Canceled) || ctx.asked != left+1 {
			t.Errorf("ended after %d looks: %v, and it went on for %d", left, err, ctx.asked-left)
		}
	}
}

// TestNotMoreThanAll: a regression to more errors than requests is refused, not capped.
func TestNotMoreThanAll(t *testing.T) {
	t.Parallel()
	s := Scenario{Rate: 200, Share: 0.1, Canary: 1, ErrorRate: 0.6, Most: time.Minute, Runs: 1}
	_, err := Of(t.Context(), judge.Metric{Name: "errors", WorseBy: 1.3}, s, []float64{1.5, 2})
	if err == nil || !strings.HasPrefix(err.Error(), "factor 2 of error rate 0.6: allowed is up to 1.66") {
		t.Error(err)
	}
	if s.ErrorRate = 1.0 / 3; !Possible(s.ErrorRate, 3) || Possible(s.ErrorRate, 3.01) {
		t.Error("three times a third is all there is")
	}
}

// TestPassBelow: what was judged by is told, though nobody set it.
func TestPassBelow(t *testing.T) {
	t.Parallel()
	s := Scenario{Rate: 200, Share: 0.1, Canary: 1, ErrorRate: 0.001, Most: time.Minute, Runs: 1}
	for _, c := range []struct{ worse, below, want float64 }{{1.1, 0, 3}, {2, 0, 4}, {2, 2.5, 2.5}} {
		out, err := Of(t.Context(), judge.Metric{Name: "errors", WorseBy: c.worse, PassBelow: c.below}, s, []float64{1.5})
		if err != nil || out.PassBelow != c.want {
			t.Errorf("%+v: %v, %v", c, err, out.PassBelow)
		}
	}
}
