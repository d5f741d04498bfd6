package judge

import "time"

// grain is how finely the past of a gauge is kept.
const grain = 30 * time.Second

// settled is after how many grains a gauge can pass, five minutes: a leak of some percent a minute has
// shown by then, and most of what a new process takes to begin with it has taken.
const settled = int(5 * time.Minute / grain)

// past is a host's values since the warm-up, a mean for each grain; some are empty.
type past []mean

func (p *past) add(n int, v mean) {
	for len(*p) <= n {
		*p = append(*p, mean{})
	}
	(*p)[n] = (*p)[n].plus(v)
}

// at is the host's value when n grains had passed: of the last two of them, or, from a source
// that answers seldom, of the last one within five minutes that has any.
func (p past) at(n int) (float64, bool) {
	const old = 10
	for i := min(n, len(p)) - 1; i >= max(0, n-old); i-- {
		if p[i].n > 0 {
			return p.of(max(i-1, 0, n-old), i+1)
		}
	}
	return 0, false
}

// of is the mean of the grains from one to before another.
func (p past) of(from, to int) (float64, bool) {
	var m mean
	for i := max(from, 0); i < min(to, len(p)); i++ {
		m = m.plus(p[i])
	}
	return m.value(), m.n > 0
}

// values is how many a mean is of, when n grains had passed.
func (p past) values(n int) float64 {
	sum := 0.0
	for i := max(0, n-2); i < min(n, len(p)); i++ {
		sum += p[i].n
	}
	return sum
}
