package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// latency is ten hosts' histograms, the first the canary: logarithms are normal, with a
// standard deviation of a half.
type latency struct {
	seed   uint64
	slower float64 // the canary's times, times what they would be
	tail   float64 // share of the canary's requests that take ten times as long
	differ float64
	before time.Duration
	rps    float64
	wander float64 // standard deviation of the logarithm of all times of a host, within a minute or so
}

var edges = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, math.Inf(1)}

func (l latency) judge(t *testing.T, c Config, length time.Duration) Finding {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(l.seed, 11))
	var own, slow [10]float64
	for i := range own {
		own[i] = l.differ * r.NormFloat64()
	}
	const every = 5 * time.Second
	for at := every - l.before; at <= length; at += every {
		tick := Tick{At: at}
		if at <= 0 {
			tick.At = min(at, -1)
		}
		for i := range own {
			slow[i] = 0.92*slow[i] + 0.39*l.wander*r.NormFloat64()
			arm, slower, tail := Baseline, 1.0, 0.0
			if i == 0 {
				arm = Canary
			}
			if i == 0 && at > 0 {
				slower, tail = l.slower, l.tail
			}
			counts := make([]float64, len(edges))
			for range int(poisson(r, l.rps/10*every.Seconds())) {
				v := 0.1 * slower * math.Exp(0.5*r.NormFloat64()+own[i]+slow[i])
				if r.Float64() < tail {
					v *= 10
				}
				j, _ := slices.BinarySearch(edges, v)
				counts[j]++
			}
			sample := Sample{Arm: arm, Host: fmt.Sprintf("h%d", i), Metric: "latency", Kind: Histogram}
			for j, e := range edges {
				sample.Buckets = append(sample.Buckets, Bucket{e, counts[j]})
			}
			tick.Samples = append(tick.Samples, sample)
		}
		if s.Look(tick); s.Failed() {
			break
		}
	}
	return s.End(0)
}

func TestLatency(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		latency latency
		want    Verdict
		share   float64
	}{
		{"30 % slower, known before", latency{slower: 1.3, rps: 200, before: 20 * time.Minute}, Fail, 0.9},
		{"twice as slow", latency{slower: 2, rps: 200}, Fail, 0.9},
		{"3 % of requests ten times as slow, known before", latency{slower: 1, tail: 0.03, rps: 200, before: 20 * time.Minute}, Fail, 0.9},
		{"the same", latency{slower: 1, rps: 200}, Fail, -1},
		{"the same, known before", latency{slower: 1, rps: 200, before: 20 * time.Minute, differ: 0.1}, Fail, -1},
		{"hosts that differ", latency{slower: 1, rps: 200, differ: 0.1}, Fail, -1},
		{"hosts that wander", latency{slower: 1, rps: 200, wander: 0.1}, Fail, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n, said := runs(4), 0
			var last Finding
			var times []float64
			for i := range n {
				c.latency.seed = uint64(i)
				f := c.latency.judge(t, Config{Metrics: []Metric{{Name: "latency", Kind: Histogram, WorseBy: 1.1}}}, 5*time.Minute)
				if last = f; f.Verdict == c.want {
					said++
					times = append(times, f.At.Seconds())
				}
			}
			slices.Sort(times)
			if len(times) > 0 {
				t.Logf("%s %d of %d, median %.0f s; %s", c.want, said, n, times[len(times)/2], last.Reason)
			}
			if c.share < 0 && said > 0 || c.share > 0 && float64(said) < c.share*float64(n) {
				t.Errorf("%s %d of %d times: %s", c.want, said, n, last.Reason)
			}
		})
	}
}

func TestBucketsThatDifferAreAGapWithAReason(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Metrics: []Metric{{Name: "latency", Kind: Histogram, WorseBy: 1.3}}})
	if err != nil {
		t.Fatal(err)
	}
	sample := func(arm Arm, host string, edges ...float64) Sample {
		x := Sample{Arm: arm, Host: host, Metric: "latency", Kind: Histogram}
		for _, e := range append(edges, math.Inf(1)) {
			x.Buckets = append(x.Buckets, Bucket{e, 10})
		}
		return x
	}
	f := see(s, Tick{At: time.Minute, Samples: []Sample{sample(Canary, "w1", 1, 2), sample(Baseline, "w2", 1, 3)}})
	if f.Verdict != NoData || !strings.Contains(f.Reason, "the buckets of w2 are not those that the hosts had so far") {
		t.Errorf("%s: %s", f.Verdict, f.Reason)
	}
}

// Shares above a value, by hand: half the way in logarithms is the root of the product.
func TestAbove(t *testing.T) {
	t.Parallel()
	b := []Bucket{{1, 10}, {4, 20}, {16, 40}, {math.Inf(1), 8}}
	for _, c := range []struct{ value, want float64 }{
		{0, 78}, {0.5, 73}, {1, 68}, {2, 58}, {4, 48}, {8, 28}, {16, 8}, {32, 0},
	} {
		if got := above(b, c.value); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("above %v: %v, want %v", c.value, got, c.want)
		}
	}
	if got := aboveEdge(b, 4); got != 48 {
		t.Errorf("above edge 4: %v", got)
	}
}
