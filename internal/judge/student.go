package judge

import "math"

// usual is by how much hosts differ by themselves, as a logarithm, and as how many hosts that counts.
type usual struct {
	by, counts float64
	fades      bool // it is another in some minutes: each look shows it anew
}

// sides are one test's values on both arms.
type sides struct{ canary, baseline spreadOut }

// spreadOut is a number of values, their mean, and the sum of their squares around it.
type spreadOut struct{ n, mean, squares float64 }

func (s *sides) add(arm Arm, v float64) {
	if arm == Canary {
		s.canary.add(v)
	} else {
		s.baseline.add(v)
	}
}

func (s *spreadOut) add(v float64) {
	s.n++
	d := v - s.mean
	s.mean += d / s.n
	s.squares += d * (v - s.mean)
}

// pool is a variance that several looks have shown, each for as long as it stands for, and one known from before them.
type pool struct {
	sum, grains float64
	before      variance
}

// with adds a look, and returns the variance so far. What fades is seen anew about every ten minutes.
func (p *pool) with(now variance, grains int) variance {
	p.sum += now.of * float64(grains)
	p.grains += float64(grains)
	freedom := now.freedom * (1 + p.grains/float64(2*settled))
	all := freedom + p.before.freedom
	if all == 0 {
		return variance{}
	}
	return variance{(p.sum/p.grains*freedom + p.before.of*p.before.freedom) / all, all}
}

// difference is how much higher the canary's mean lies, with its error.
type difference struct {
	by, sd, freedom float64
	ok              bool
}

// compare takes the error from what the baseline's hosts have shown, from how hosts wander now, and from what is usual. What
// they show now is some chance too: it counts alone when it is more than half as much again.
func (s *sides) compare(u usual, p *pool, now variance, grains int) difference {
	const chance = 1.5
	if s.canary.n == 0 || s.baseline.n == 0 {
		return difference{}
	}
	seen := variance{s.baseline.squares / max(s.baseline.n-1, 1), s.baseline.n - 1}
	all := seen
	if u.fades {
		all = p.with(seen, grains)
	}
	freedom := all.freedom + u.counts
	of := (all.of*all.freedom + (u.by*u.by+now.of)*u.counts) / freedom
	for _, present := range []variance{seen, now} {
		if more := present.of/chance - of; more > 0 && present.freedom > 0 {
			// Welch's: the sum is known as well as its greater part.
			freedom = (of + more) * (of + more) / (of*of/freedom + more*more/present.freedom)
			of += more
		}
	}
	sd := math.Sqrt(of * (1/s.canary.n + 1/s.baseline.n))
	return difference{by: s.canary.mean - s.baseline.mean, sd: sd, freedom: freedom, ok: true}
}

// above is the evidence that the difference is more than a limit, and below that it is less, as a logarithm.
func (d difference) above(limit float64) float64 { return d.beyond(d.by - limit) }
func (d difference) below(limit float64) float64 { return d.beyond(limit - d.by) }

// beyond is Student's density around several numbers of errors to that around none. Its mean is 1 when there is
// nothing but the error.
func (d difference) beyond(by float64) float64 {
	if !d.ok {
		return 0
	}
	var logs, weights []float64
	for _, e := range [8]struct{ errors, weight float64 }{{3, 6}, {5, 6}, {7, 3}, {10, 1}, {16, 1}, {30, 1}, {80, 1}, {250, 1}} {
		logs, weights = append(logs, d.odds(by/d.sd, e.errors)), append(weights, e.weight)
	}
	return bounded(weighted(logs, weights))
}

// odds is how much likelier a number of errors is around another number than around 0.
func (d difference) odds(errors, around float64) float64 {
	far := errors - around
	return (d.freedom + 1) / 2 * (math.Log1p(errors*errors/d.freedom) - math.Log1p(far*far/d.freedom))
}
