package judge

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// mean is the spread that is expected, in usual ones.
func (p *spread) mean() float64 {
	sum := 0.0
	for j, likely := range p {
		times, _ := width(j)
		sum += likely * times
	}
	return sum
}

// Hosts that differ by so much are found to, more surely the more was seen of them.
func TestSpreadIsLearnt(t *testing.T) {
	t.Parallel()
	const usual = 0.3
	for _, c := range []struct {
		name        string
		hosts       int
		events      float64 // of each host, expected
		differ      float64
		least, most float64 // the spread expected, in the mean of many fleets
	}{
		{"nothing seen", 20, 0, 0, 0.19, 0.21},
		{"one host", 1, 100, 0, 0.19, 0.21},
		{"two that are alike", 2, 100, 0, 0.10, 0.16},
		{"many that are alike", 20, 100, 0, 0.03, 0.06},
		{"few errors of many", 20, 5, 0, 0.1, 0.18},
		{"a little", 20, 100, 0.1, 0.07, 0.13},
		{"as usual", 20, 100, 0.3, 0.25, 0.36},
		{"twice as much", 20, 100, 0.6, 0.45, 0.72},
		{"far more", 20, 100, 1, 0.7, 1},
	} {
		const fleets = 200
		sum, d := 0.0, rand.New(rand.NewPCG(5, 6))
		for range fleets {
			var s stream
			for range c.hosts {
				rate := c.events * math.Exp(c.differ*d.NormFloat64())
				s.known = append(s.known, Count{poisson(d, rate), 1000})
			}
			p := s.spread(usual, 1)
			sum += usual * p.mean() / fleets
		}
		if sum < c.least || sum > c.most {
			t.Errorf("%s: hosts are taken to differ by %.3f, want %.2f to %.2f", c.name, sum, c.least, c.most)
		}
	}
}

// The same by integrating the probabilities of the negative binomial distribution, as the library's gamma function has
// them, over the rate of all.
func TestSpreadIsBayes(t *testing.T) {
	t.Parallel()
	const usual, dispersion = 0.3, 2.0
	s := stream{known: []Count{{10, 1000}, {40, 500}, {310, 2000}, {0, 0}, {90, 1000}}}
	got := s.spread(usual, dispersion)
	var want spread
	sum := 0.0
	for j := range want {
		times, weight := width(j)
		k := math.Pow(times*usual, -2)
		for rate := 0.001; rate < 10; rate *= 1.01 {
			log := 0.0
			for _, c := range s.known {
				if c.Exposure > 0 {
					x, e := c.Events/dispersion, c.Exposure*rate/dispersion
					log += lgamma(x+k) - lgamma(k) - lgamma(x+1) - k*math.Log1p(e/k) + x*math.Log(e/(e+k))
				}
			}
			want[j] += weight * math.Exp(log)
		}
		sum += want[j]
	}
	for j := range want {
		if w := want[j] / sum; math.Abs(got[j]-w) > 0.2*w+1e-3 {
			t.Errorf("width %d: %v, want %v", j, got[j], w)
		}
	}
}

func lgamma(v float64) float64 {
	l, _ := math.Lgamma(v)
	return l
}

// A canary on the one host that always was worse is no worse for it: one host of a fleet that is alike may be of its own
// kind, when it was seen to be before the deploy, and not else.
func TestOddHost(t *testing.T) {
	t.Parallel()
	s := stream{hosts: [2]float64{1, 19}, ever: true}
	for i := range 20 {
		c := Count{4, 4000}
		if i == 0 {
			c.Events = 14
		}
		s.known = append(s.known, c)
	}
	unknown := s.beliefs(pooled, 0.3, dispersions{1}).against
	s.before = [2]Count{{14, 4000}, {76, 76000}}
	known := s.beliefs(pooled, 0.3, dispersions{1}).against
	at := func(b belief, times float64) float64 { return b[reach+int(math.Round(math.Log(times)/step))] }
	if v := at(known, 5) / top(known[:]); v < 0.005 {
		t.Errorf("a host that made 3.5 times the errors may not make 5 times: %v of the likeliest", v)
	}
	if v := at(unknown, 5) / top(unknown[:]); v > 0.01 {
		t.Errorf("any host may make 5 times the errors: %v of the likeliest", v)
	}
}

// A few errors of one host at once may look like bursts of any size where errors are rare. What an hour before has told of
// a canary's host is not forgotten for it.
func TestErrorsSinceTheDeployDoNotBlurThePast(t *testing.T) {
	t.Parallel()
	const hosts = 20
	var s stream
	s.hosts, s.ever = [2]float64{1, hosts - 1}, true
	arms := func(canary, baseline Arm) []Arm {
		return append([]Arm{canary}, slices.Repeat([]Arm{baseline}, hosts-1)...)
	}
	look := func(arms []Arm, erring ...int) {
		l := look{arms: arms, counts: make([]Count, hosts)}
		for i := range l.counts {
			l.counts[i].Exposure = 5
		}
		for _, i := range erring {
			l.counts[i].Events++
		}
		s.learn(&l, 5*time.Second)
		if arms[0] == CanaryBefore {
			s.before[0] = s.before[0].plus(l.counts[0])
			s.before[1] = s.before[1].plus(l.total(BaselineBefore))
		}
	}
	for at := range 720 {
		switch {
		case at%40 == 0:
			look(arms(CanaryBefore, BaselineBefore), 0) // the canary's host, 5 times as often as the others
		case at%10 == 0:
			look(arms(CanaryBefore, BaselineBefore), 1+(at/10*7)%(hosts-1))
		default:
			look(arms(CanaryBefore, BaselineBefore))
		}
	}
	odd := func() float64 { // how likely it is that the host is more than 3 times as bad as others
		sum := 0.0
		b := (&trial{even: &comparison{}}).known(&s, pooled, 0.3).even.against
		for i, v := range b {
			if i > reach+11 {
				sum += v
			}
		}
		return sum
	}
	before := odd()
	look(arms("", Baseline), 3, 3, 3)
	if now, _ := s.found().long(); now < 10 {
		t.Fatalf("three errors of one host are no burst: dispersion %v", now)
	}
	if after := odd(); before < 0.9 || after < 0.4 {
		t.Errorf("that the canary's host is of its own kind was likely by %.2f, and is then by %.2f", before, after)
	}
}
