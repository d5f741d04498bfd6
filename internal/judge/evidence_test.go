package judge

import (
	"encoding/json"
	"math"
	"math/big"
	"os"
	"testing"
	"time"
)

// exactCase is one of testdata/exact.json, which testdata/exact.py worked out.
type exactCase struct {
	WorseBy float64 `json:"worse_by,string"`
	Scale   float64 `json:"scale,string"`
	Freedom float64 `json:"freedom,string"`
	Onsets  []int   `json:"onsets"`
	Blocks  []struct {
		X, A, Y, B float64
		Dispersion float64 `json:"dispersion,string"`
		Rate       float64 `json:"rate,string"`
	} `json:"blocks"`
	Against float64 `json:"against,string"`
	Favour  float64 `json:"favour,string"`
	Pass    float64 `json:"pass,string"`
}

func TestEvidenceAgainstExactNumbers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/exact.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []exactCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 20 {
		t.Fatalf("only %d cases", len(cases))
	}
	for i, c := range cases {
		w := comparison{rest: 1}
		w.start(first)
		for j, b := range c.Blocks {
			for _, onset := range c.Onsets {
				if onset == j {
					w.start(0.006)
				}
			}
			w.block = block{looks: 1, of: 1, canary: Count{b.X, b.A}, baseline: Count{b.Y, b.B}, rate: b.Rate, bursts: dispersions{max(1, b.Dispersion)}}
			if j < len(c.Blocks)-1 { // the last one has not ended
				w.end(c.WorseBy)
			}
		}
		b := alike()
		if c.Scale > 0 {
			b = student(c.Scale, c.Freedom)
		}
		now := w.now(c.WorseBy)
		got := map[string][2]float64{"against": {w.against(&b, c.WorseBy), c.Against}, "favour": {now.favour(&b, 0), c.Favour}, "pass": {now.favour(&b, 7), c.Pass}}
		w.end(c.WorseBy)
		got["against, the last block ended"] = [2]float64{w.against(&b, c.WorseBy), c.Against}
		for name, v := range got {
			if math.Abs(v[0]-v[1]) > 1e-9*max(1, math.Abs(v[1])) {
				t.Errorf("case %d, %s: got %v, want %v", i+1, name, v[0], v[1])
			}
		}
	}
}

// oneBlock is a comparison of one block, with a fault that may be there from the start.
func oneBlock(b block) *comparison {
	w := comparison{rest: 1}
	w.start(first)
	b.looks, b.of = 1, 1
	w.block = b
	return &w
}

// The canary alone, against a rate: the likelihood of Poisson's and of negative binomial counts, written out.
func TestTheGuardWrittenOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ x, a, p, dispersion float64 }{
		{0, 100, 0.01, 1}, {1, 100, 0.01, 1}, {5, 100, 0.01, 1}, {3, 5000, 0.001, 1}, {60, 1200, 0.01, 1}, {2, 3600, 0.0005, 1},
		{10, 33.5, 0.25, 1}, {5, 100, 0.01, 4}, {60, 1200, 0.01, 9}, {0, 5000, 0.001, 2},
	} {
		pmf := func(mean float64) float64 {
			if c.dispersion == 1 {
				return math.Exp(-mean) * math.Pow(mean, c.x)
			}
			// x successes before so many failures: shape and chance of the usual form.
			shape, chance := mean/(c.dispersion-1), 1/c.dispersion
			return math.Gamma(shape+c.x) / math.Gamma(shape) * math.Pow(chance, shape)
		}
		want := 0.0
		for _, alt := range []struct{ steps, weight float64 }{{4, 0.03}, {7, 0.10}, {10, 0.30}, {15, 0.23}, {22, 0.27}, {38, 0.07}} {
			want += alt.weight * pmf(c.a*c.p*math.Exp(alt.steps/10)) / pmf(c.a*c.p)
		}
		want = first*want + 1 - first
		hosts := alike()
		w := oneBlock(block{alone: true, rate: c.p, canary: Count{c.x, c.a}, bursts: dispersions{c.dispersion}})
		if got := math.Exp(w.against(&hosts, 1)); math.Abs(got-want) > 1e-8*want {
			t.Errorf("%+v: got %v, want %v", c, got, want)
		}
	}
}

// At the limit the evidence of one look has mean 1 exactly, summed over all that can happen, with hosts
// that differ and errors that come in bursts as believed.
func TestTheEvidenceOfALookHasMeanOne(t *testing.T) {
	t.Parallel()
	const a, b, ratio, rate = 120.0, 700.0, 1.5, 0.05
	for _, dispersion := range []float64{1, 3} {
		for _, hosts := range []belief{alike(), student(0.3, 16)} {
			for _, m := range []float64{0, 1, 2, 5, 17, 40} {
				mean, mirrored, all := 0.0, 0.0, 0.0
				for x := 0.0; x <= m; x++ {
					w := oneBlock(block{canary: Count{x, a}, baseline: Count{m - x, b}, rate: rate, bursts: dispersions{dispersion}})
					p := 0.0
					for i, v := range hosts {
						p += v * chance(x, m, a, b, ratio*math.Exp(float64(i-reach)*step), ratio, rate, dispersion)
					}
					all += p
					mean += p * math.Exp(w.against(&hosts, ratio))
					mirrored += p * math.Exp(w.now(ratio).favour(&hosts, 0))
				}
				if math.Abs(all-1) > 1e-9 || math.Abs(mean-1) > 1e-7 || math.Abs(mirrored-1) > 1e-7 {
					t.Errorf("dispersion %v, %v events: chances sum to %v, mean %v, mirrored %v", dispersion, m, all, mean, mirrored)
				}
			}
		}
	}
}

// chance is that of x of m events falling to the canary: binomial, or beta-binomial.
func chance(x, m, a, b, actual, tolerated, rate, dispersion float64) float64 {
	if dispersion == 1 {
		q := actual * a / (actual*a + b)
		return math.Exp(choose(m, x) + x*math.Log(q) + (m-x)*math.Log1p(-q))
	}
	c, d := rate*actual*a/(dispersion-1), rate*b/(dispersion-1)
	beta := func(p, q float64) float64 {
		u, _ := math.Lgamma(p)
		v, _ := math.Lgamma(q)
		w, _ := math.Lgamma(p + q)
		return u + v - w
	}
	return math.Exp(choose(m, x) + beta(x+c, m-x+d) - beta(c, d))
}

// How likely the counts of hosts are for each excess, against the chances of all counts by another way: those of
// one host are negative binomial, and those of several of a sum that is given are that beside
// the chances of all others with that sum.
func TestDispersionLikelihood(t *testing.T) {
	t.Parallel()
	negative := func(x, mean, v float64) float64 { // the chance of x
		if v == 0 {
			l, _ := math.Lgamma(x + 1)
			return math.Exp(x*math.Log(mean) - mean - l)
		}
		shape := mean / v
		a, _ := math.Lgamma(shape + x)
		b, _ := math.Lgamma(shape)
		c, _ := math.Lgamma(x + 1)
		return math.Exp(a - b - c - shape*math.Log1p(v) + x*math.Log(v/(1+v)))
	}
	known := []Count{{1e6, 1e8}, {1e6, 1e8}, {1e6, 1e8}}
	for _, look := range [][]Count{{{6, 100}, {0, 100}, {0, 100}}, {{2, 100}, {2, 100}, {2, 100}}, {{1, 50}, {0, 200}, {5, 350}}, {{4, 100}, {}, {}}} {
		var d dispersion
		d.add(look, known, 11, 5*time.Second)
		got := d.scales[0].likely
		var events, exposure, hosts float64
		for _, c := range look {
			events, exposure = events+c.Events, exposure+c.Exposure
			if c.Exposure > 0 {
				hosts++
			}
		}
		level := (events/exposure + 0.01) / 2 // halfway from what is usual to what came
		if hosts == 1 {
			level = 0.01
		}
		var want [excesses]float64
		for j := range want {
			joint := 0.0
			for _, c := range look {
				if c.Exposure > 0 {
					joint += math.Log(negative(c.Events, level*c.Exposure, excess(j)))
				}
			}
			if hosts > 1 {
				joint -= math.Log(negative(events, level*exposure, excess(j)))
			}
			want[j] = joint
		}
		for j := range want { // what is the same for all excesses does not matter
			if diff := (got[j] - got[0]) - (want[j] - want[0]); math.Abs(diff) > 1e-6 {
				t.Errorf("%v, excess %v: %v more likely than none, want %v", look, excess(j), got[j]-got[0], want[j]-want[0])
			}
		}
	}
}

// Bursts of four looks, and how many events hosts have by turns is no chance.
func TestDispersion(t *testing.T) {
	t.Parallel()
	known := []Count{{1e6, 1e7}, {1e6, 1e7}, {1e6, 1e7}}
	var d dispersion
	for i := range 512 { // one host has twice the others' errors of each look, in turn, for four looks
		look := []Count{{6, 100}, {6, 100}, {6, 100}}
		look[i/4%3].Events = 12
		d.add(look, known, 11, 5*time.Second)
	}
	f := d.known(wary)
	// Pearson's sum of a look: the hosts expect 8, and 4 + 4 + 16 are squared, so 24/8 of 2; of four looks four times that.
	if _, scale := f.long(); math.Abs(f[0]-1.5) > 0.2 || math.Abs(f[2]-6) > 1 || scale != 2 {
		t.Errorf("dispersions %v, bursts over at scale %d", f, scale)
	}
	if got := f.over(5); got != f[3] {
		t.Errorf("over five looks %v, want what it is over eight, %v", got, f[3])
	}
}

// Hosts that begin to have bursts when the time before had none are soon known to.
func TestNewBurstsAreSoonKnown(t *testing.T) {
	t.Parallel()
	s := stream{before: [2]Count{{}, {1, 1}}}
	at := func(s *stream, k Tick, arm Arm) {
		var l look
		for i, x := range k.Samples {
			l.note(i, arm, Count{x.Events, x.Exposure})
		}
		s.learn(&l, 5*time.Second)
	}
	traffic{seed: 3, rps: 200, base: 0.005}.ticks(time.Hour, func(k Tick) bool { at(&s, k, BaselineBefore); return true })
	if v, _ := s.found().long(); v > 1.2 {
		t.Fatalf("after a quiet hour %v", v)
	}
	traffic{seed: 4, rps: 200, base: 0.005, burst: 8}.ticks(2*time.Minute, func(k Tick) bool { at(&s, k, Baseline); return true })
	if v, _ := s.found().long(); v < 4 {
		t.Errorf("after two minutes of bursts %v, want about 8", v)
	}
}

// Before anything is known bursts are taken for granted; after an hour without any they are not.
func TestWhatIsTakenForGrantedGivesWay(t *testing.T) {
	t.Parallel()
	var s stream
	dispersion := func() float64 { v, _ := s.found().long(); return v }
	traffic{seed: 3, rps: 200, base: 0.005}.ticks(time.Hour, func(k Tick) bool {
		var l look
		for i, x := range k.Samples {
			l.note(i, BaselineBefore, Count{x.Events, x.Exposure})
		}
		s.learn(&l, 5*time.Second)
		if k.At == 5*time.Second && dispersion() < 5 {
			t.Errorf("after 5 s it is taken as known that errors come one at a time: %v", dispersion())
		}
		return true
	})
	if v := dispersion(); v > 1.3 {
		t.Errorf("after an hour of independent errors: dispersion %v", v)
	}
}

// Newcombe's published examples of Wilson's interval (Statistics in Medicine 17, 1998).
func TestIntervals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ x, n, low, high float64 }{
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718},
		{0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {5, 10, 0.2366, 0.7634}, {0, 0, 0, 0},
	} {
		r := Count{c.x, c.n}.interval()
		if math.Abs(r.Low-c.low) > 6e-5 || math.Abs(r.High-c.high) > 6e-5 {
			t.Errorf("%v of %v: got %.4f to %.4f, want %.4f to %.4f", c.x, c.n, r.Low, r.High, c.low, c.high)
		}
	}
	if r := (Count{30, 10}).interval(); !(r.Low < 3 && r.High > 3 && r.Low > 2 && r.High < 4.5) {
		t.Errorf("more events than exposure: %+v", r)
	}
}

func power(r *big.Rat, n int64) *big.Rat {
	e := big.NewInt(n)
	return new(big.Rat).SetFrac(new(big.Int).Exp(r.Num(), e, nil), new(big.Int).Exp(r.Denom(), e, nil))
}

func TestBinomialTail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x, n     int64
		num, den int64
	}{{0, 5, 1, 3}, {5, 5, 1, 3}, {3, 10, 1, 5}, {40, 60, 1, 2}, {9, 100, 1, 50}, {61, 70, 1, 2}} {
		sum := new(big.Rat)
		share := big.NewRat(c.num, c.den)
		for i := c.x; i <= c.n; i++ {
			term := new(big.Rat).SetInt(new(big.Int).Binomial(c.n, i))
			term.Mul(term, power(share, i)).Mul(term, power(new(big.Rat).Sub(big.NewRat(1, 1), share), c.n-i))
			sum.Add(sum, term)
		}
		want, _ := sum.Float64()
		s, _ := share.Float64()
		if got := atLeast(float64(c.x), float64(c.n), s); math.Abs(got-want) > 1e-10 {
			t.Errorf("%+v: got %v, want %v", c, got, want)
		}
	}
}

func TestOutlier(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		events [3]float64
		want   string
	}{
		{[3]float64{0, 0, 0}, ""}, {[3]float64{1, 2, 0}, ""}, {[3]float64{50, 51, 60}, ""},
		{[3]float64{1, 0, 30}, "h3"}, {[3]float64{40, 0, 0}, "h1"}, {[3]float64{2, 0, 0}, ""},
	} {
		k := metric{roster: roster{names: []string{"h1", "h2", "h3"}}}
		for _, e := range c.events {
			k.hosts = append(k.hosts, Count{e, 1000})
		}
		if got := k.outlier(); got != c.want {
			t.Errorf("%v: got %q, want %q", c.events, got, c.want)
		}
	}
	k := metric{roster: roster{names: []string{"h1"}}, hosts: []Count{{40, 100}}}
	if got := k.outlier(); got != "" {
		t.Errorf("one host alone: %q", got)
	}
}

// Stirling's series beside the library's function.
func TestLogGamma(t *testing.T) {
	t.Parallel()
	for s := 1e-6; s < 1e9; s *= 1.07 {
		want, _ := math.Lgamma(s)
		if got := logGamma(s); math.Abs(got-want) > 2e-11*max(1, math.Abs(want)) {
			t.Errorf("%v: got %v, want %v", s, got, want)
		}
	}
}

// The bets on a rank win nothing on average, whatever the number of hosts; ties do not help.
func TestBetsOnRanksAreFair(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 40; n++ {
		var sum, tied [3]float64
		for rank := 0; rank <= n; rank++ {
			others, same := make([]float64, n), make([]float64, n)
			for i := range others {
				others[i] = float64(i)
			}
			for j, e := range bets(float64(rank)-0.5, others) {
				sum[j] += e / float64(n+1)
			}
			for j, e := range bets(0, same) {
				tied[j] += e / float64(n+1)
			}
		}
		for j := range sum {
			if math.Abs(sum[j]-1) > 1e-12 || tied[j] > 1+1e-12 {
				t.Errorf("%d hosts, bet %d: mean %v, all tied %v", n, j, sum[j], tied[j])
			}
		}
	}
}

// One block says no more than that something strange is not more likely than its chance, and what it says otherwise stays.
func TestWhatOneBlockCanSay(t *testing.T) {
	t.Parallel()
	var g grid
	for i := range g {
		g[i] = -float64(i) / 2
	}
	before := g
	g.limit(0.01)
	for i := range g {
		if want := math.Log(0.99*math.Exp(before[i]) + 0.01); math.Abs(g[i]-want) > 0.02 {
			t.Errorf("%v became %v, want %v", before[i], g[i], want)
		}
	}
	s := stream{}
	unknown := s.strange(1)
	s.seen = 20 * time.Hour
	if known := s.strange(1); unknown != 0.02 || known > 3e-5 {
		t.Errorf("a chance of %v before any host was seen, %v after twenty hours of hosts", unknown, known)
	}
}
