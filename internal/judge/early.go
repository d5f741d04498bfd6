package judge

import "math"

// early is what a host's gauge was before the deploy, in stretches of as many values each: twice as
// many whenever there are too many stretches.
type early struct {
	all       mean
	stretches []mean
	of        float64   // values in a stretch
	hidden    []float64 // variance within pairs of stretches of 1, 2, 4 ... values
}

func (e *early) add(v mean) {
	const most = 24
	e.all = e.all.plus(v)
	n := len(e.stretches)
	if n > 0 && e.stretches[n-1].n < e.of {
		e.stretches[n-1] = e.stretches[n-1].plus(v)
		return
	}
	if n == most {
		e.join()
	}
	e.stretches, e.of = append(e.stretches, v), max(e.of, 1)
}

// join makes one stretch of two, and notes what that hides.
func (e *early) join() {
	n, hides := len(e.stretches)/2, mean{}
	for i := range n {
		a, b := e.stretches[2*i], e.stretches[2*i+1]
		e.stretches[i] = a.plus(b)
		if all := math.Abs(a.sum + b.sum); all > 0 {
			half := min(1, math.Abs(a.sum-b.sum)/all) // of the difference of their logarithms
			hides = hides.plus(mean{half * half, 1})
		}
	}
	e.stretches, e.of = e.stretches[:n], 2*e.of
	e.hidden = append(e.hidden, hides.value())
}

// within is the variance that stretches hide of means of so many values.
func (e *early) within(values float64) float64 {
	sum, of := 0.0, 1.0
	for _, hides := range e.hidden {
		if 2*of > values {
			sum += hides
		}
		of *= 2
	}
	return sum
}

// wanderedBefore is how hosts wandered around their own levels before the deploy, with what stretches hide
// of means of as many values as one has now.
func (g *level) wanderedBefore(m Metric) variance {
	var rows [][]float64
	var values, within mean
	for i := range g.hosts {
		h := &g.hosts[i]
		if h.arm != Canary && h.arm != Baseline || len(h.early.stretches) == 0 {
			continue
		}
		row := make([]float64, len(h.early.stretches)-1) // the last may not be over
		for b := range row {
			row[b] = g.log(h.early.stretches[b].value(), m)
		}
		rows = append(rows, row)
		values = values.plus(mean{h.past.values(g.grains), 1})
	}
	w := wander(rows)
	if w.freedom == 0 {
		return w
	}
	for i := range g.hosts {
		if h := &g.hosts[i]; len(h.early.stretches) > 0 {
			within = within.plus(mean{h.early.within(values.value()), 1})
		}
	}
	hosts := float64(max(1, len(rows)-1))
	w.of *= 1 + hosts/(w.freedom+hosts) // the level before is not quite known either
	w.of += within.value()
	return w
}
