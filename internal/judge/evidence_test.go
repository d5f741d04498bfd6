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
					w.start(0.03)
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
		for _, alt := range []struct{ steps, weight float64 }{{4, 0.04}, {7, 0.14}, {11, 0.20}, {17, 0.34}, {24, 0.21}, {38, 0.07}} {
			want += alt.weight * pmf(c.a*c.p*math.Exp(alt.steps/10)) / pmf(c.a*c.p)
		}
		want = 0.9*want + 0.1
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

// Pearson's sum, by hand: 3 hosts alike that have 6, 0 and 0 of 6 events expect 2 each.
func TestDispersion(t *testing.T) {
	t.Parallel()
	known := []Count{{1e6, 1e8}, {1e6, 1e8}, {1e6, 1e8}}
	squares, freedom := pearson([]Count{{6, 100}, {0, 100}, {0, 100}}, known, 0.01)
	if want := (16.0 + 4 + 4) / 2; math.Abs(squares-want) > 1e-3 || freedom != 2 {
		t.Errorf("got %v of %v, want %v of 2", squares, freedom, want)
	}
	var d dispersion
	for i := range 512 { // one host has all errors of each look, in turn, for four looks
		look := []Count{{0, 100}, {0, 100}, {0, 100}}
		look[i/4%3].Events = 6
		d.add(look, known)
	}
	f := d.found()
	if _, scale := f.long(); f[0] < 3 || f[2] < 2*f[0] || scale < 1 || scale > 3 {
		t.Errorf("dispersions %v, bursts over at scale %d", f, scale)
	}
	if got, length := f.over(5); got != f[3] || length != 8 {
		t.Errorf("five looks: %v of %d", got, length)
	}
}

// Before anything is known bursts are taken for granted; after an hour without any they are not.
func TestWhatIsTakenForGrantedGivesWay(t *testing.T) {
	t.Parallel()
	var s stream
	dispersion := func() float64 { v, _ := s.bursts.found().long(); return v }
	traffic{seed: 3, rps: 200, base: 0.005}.ticks(time.Hour, func(k Tick) bool {
		var l look
		for i, x := range k.Samples {
			l.note(i, BaselineBefore, Count{x.Events, x.Exposure})
		}
		s.learn(&l)
		if k.At == 20*time.Second && dispersion() < 5 {
			t.Errorf("after 20 s it is taken as known that errors come one at a time: %v", dispersion())
		}
		return true
	})
	scale, _ := s.spread(0.3, 1)
	if v := dispersion(); v > 1.3 || scale > 0.25 {
		t.Errorf("after an hour of independent errors on hosts that are alike: dispersion %v, spread %v", v, scale)
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
