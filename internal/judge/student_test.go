package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// The numbers are the logarithms of quotients of Student's density, worked out from the gamma function.
func TestStudentsOdds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ freedom, errors, around, want float64 }{
		{3, 4, 3, 3.116289236}, {8, 5, 5, 6.376797089}, {18, -2, 3, -6.366497792}, {60, 6, 7, 13.830966982}, {120, 5.5, 5, 13.475023698}, {1, 20, 16, 3.160748083},
	} {
		if got := (difference{freedom: c.freedom}).odds(c.errors, c.around); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%v: %.7f", c, got)
		}
	}
	for _, c := range []struct{ freedom, by, sd, limit, want float64 }{
		{60, 0.35, 0.025, math.Log(1.2), 15.527418}, {8, 2.302585, 0.4243, math.Log(1.5), 4.641436},
		{20, 0, 0.0235, math.Log(1.2), -6.686074}, {4, 1.1, 0.07, 0.4, 5.342196},
	} {
		d := difference{by: c.by, sd: c.sd, freedom: c.freedom, ok: true}
		if got := d.above(c.limit); math.Abs(got-c.want) > 1e-4 {
			t.Errorf("%v: %.6f", c, got)
		}
	}
}

// For hosts that are exchangeable, the mean of the evidence against a canary at the limit is at most 1, however
// far they differ, as long as there are some to see it from; so is that in favour of one. The stated error is three
// standard deviations.
func TestTheMeanOfTheEvidenceOfOneLookAtAGaugeIsAtMostOne(t *testing.T) {
	t.Parallel()
	const limit = 0.4
	for _, c := range []struct {
		canary, baseline int
		differ           float64
		usual            usual
	}{
		{1, 9, 0.3, usual{}}, {2, 18, 0.02, usual{}}, {5, 15, 1, usual{}}, {1, 4, 0.01, usual{}},
		{1, 1, 0.3, usual{0.3, 8, false}}, {1, 3, 0.2, usual{0.3, 8, false}}, {2, 18, 0.05, usual{0.05, 3, false}},
	} {
		t.Run(fmt.Sprintf("%d and %d by %v", c.canary, c.baseline, c.differ), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(11, uint64(c.baseline)))
			n := runs(20_000)
			var against, favour spreadOut
			for range n {
				var above, below sides
				for range c.canary {
					v := c.differ * r.NormFloat64()
					above.add(Canary, limit+v)
					below.add(Canary, limit+v)
				}
				for range c.baseline {
					v := c.differ * r.NormFloat64()
					above.add(Baseline, v)
					below.add(Baseline, v)
				}
				against.add(math.Exp(above.compare(c.usual, &pool{}, variance{}, 1).above(limit)))
				favour.add(math.Exp(below.compare(c.usual, &pool{}, variance{}, 1).below(limit)))
			}
			for what, e := range map[string]spreadOut{"against it": against, "in favour": favour} {
				stated := 3 * math.Sqrt(e.squares/e.n/e.n)
				t.Logf("%s: mean %.3f, stated error %.3f", what, e.mean, stated)
				if e.mean > 1+stated {
					t.Errorf("%s: mean %.3f, promised at most 1 with a stated error of %.3f", what, e.mean, stated)
				}
			}
		})
	}
}

// Looks share what may go wrong: however many there are, together they have at most 1.
func TestTheSharesOfTheLooks(t *testing.T) {
	t.Parallel()
	sum, last := 0.0, 0
	for n := 1; n < 100_000; n += max(1, n/16) {
		sum, last = sum+unspent(last)-unspent(n), n
		if math.Abs(sum+unspent(n)-1) > 1e-9 {
			t.Fatalf("after %d grains: %v spent, %v not", n, sum, unspent(n))
		}
	}
	if unspent(20) != 0.5 {
		t.Errorf("after ten minutes: %v", unspent(20))
	}
}

// What hosts wander is found from their past, without knowing how long a value stays alike.
func TestWandered(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		hosts, values  int
		sd, remembered float64 // in values
	}{{20, 720, 0.03, 60}, {10, 700, 0.05, 24}, {2, 2000, 0.02, 12}, {20, 120, 0.03, 60}, {20, 720, 0.03, 0.01}} {
		ratio := 0.0
		n := runs(30)
		for range n {
			g := level{grains: 1}
			keep := math.Exp(-1 / c.remembered)
			for i := range c.hosts {
				h, noise := gaugeHost{arm: Baseline}, c.sd*r.NormFloat64()
				for range c.values {
					noise = keep*noise + math.Sqrt(1-keep*keep)*c.sd*r.NormFloat64()
					h.early.add(mean{float64(100*(i+1)) * math.Exp(noise), 1})
				}
				h.past.add(0, mean{11, 11})
				g.hosts = append(g.hosts, h)
				g.usual = g.usual.plus(mean{1, 1})
			}
			w := g.wanderedBefore(Metric{})
			if w.freedom > float64(c.hosts*c.values) || w.freedom <= 0 {
				t.Fatalf("%+v: freedom %v", c, w.freedom)
			}
			ratio += w.of / (c.sd * c.sd) / float64(n)
		}
		t.Logf("%+v: %.2f of the variance", c, ratio)
		if least := min(0.7, c.remembered/20); ratio < least || ratio > 1.8 {
			t.Errorf("%+v: %.2f of the variance was found", c, ratio)
		}
	}
}

// So it is over a whole bake whose canary is as much worse as is tolerated, on hosts that wander and of which the past is known,
// or not.
func TestTheMeanOfTheEvidenceAgainstAGaugeIsAtMostOne(t *testing.T) {
	t.Parallel()
	for _, c := range []memory{
		{level: 1.3, differ: 0.3, noise: 0.03, before: 10 * time.Minute},
		{level: 1.3, differ: 0.3, noise: 0.1, before: time.Hour},
		{level: 1.3, differ: 0.3, noise: 0.03},
		{level: 1.3, differ: 0.1, noise: 0.1},
	} {
		t.Run(fmt.Sprintf("noise %v, %v before", c.noise, c.before), func(t *testing.T) {
			t.Parallel()
			var e spreadOut
			alarms := 0
			for i := range runs(40) {
				c.seed = uint64(1000 + i)
				f := c.judge(t, memoryWorseBy(1.3), 15*time.Minute)
				e.add(math.Exp(f.Against))
				if f.Verdict == Fail {
					alarms++
				}
			}
			stated := 3 * math.Sqrt(e.squares/e.n/e.n)
			t.Logf("mean %.3f, stated error %.3f; %d alarms of %v", e.mean, stated, alarms, e.n)
			if e.mean > 1+stated || float64(alarms) > 0.001*e.n+3*math.Sqrt(0.001*e.n) {
				t.Errorf("mean %.3f, stated error %.3f; %d alarms of %v", e.mean, stated, alarms, e.n)
			}
		})
	}
}
