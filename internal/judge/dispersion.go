package judge

import (
	"math"
	"time"
)

// scales is how many lengths of time bursts are looked for at: 1, 2, 4, ... looks.
const scales = 8

// dispersion is how the counts of hosts that nothing was done to vary, over stretches of several
// lengths: how likely that is, for each excess of the variance over the mean.
type dispersion struct {
	scales [scales]stretch
	said   [2]dispersions // what was last made of it, of both beliefs
	middle [2]dispersions
	fresh  [2]bool // whether that still holds
	looks  int
	span   time.Duration // of all looks
	events float64       // of all hosts
	seen   float64       // looks, one a host
}

// stretch is one length of time.
type stretch struct {
	looks   int
	partial []Count           // by host, of the stretch that has not ended
	ended   int               // stretches that said something
	likely  [excesses]float64 // logarithms
}

// add takes a look at hosts, whose rates so far are known. A stretch that ends is handed on to the next scale.
func (d *dispersion) add(look, known []Count, span time.Duration) {
	if span > 0 { // nobody knows how long the first one was
		d.looks, d.span = d.looks+1, d.span+span
	}
	for _, c := range look {
		if c.Exposure > 0 {
			d.events, d.seen = d.events+c.Events, d.seen+1
		}
	}
	overall := sumOf(known)
	d.fresh = [2]bool{}
	for k := range d.scales {
		s := &d.scales[k]
		if k > 0 {
			s.take(look)
			if s.looks < 2 {
				return
			}
			look = s.partial
		}
		s.weigh(look, known, overall)
		if k > 0 {
			defer s.clear()
		}
	}
}

func (s *stretch) take(look []Count) {
	for len(s.partial) < len(look) {
		s.partial = append(s.partial, Count{})
	}
	for i, c := range look {
		s.partial[i] = s.partial[i].plus(c)
	}
	s.looks++
}

func (s *stretch) clear() {
	clear(s.partial)
	s.looks = 0
}

// usualEvents is how many a host needs for its own rate to outweigh the rate of all.
const usualEvents = 11

// expects is how many events a host should have had, if the rate of all is scaled to 1.
func expects(c, known Count, overall float64) float64 {
	return c.Exposure * (known.Events + usualEvents) / (known.Exposure*overall + usualEvents)
}

// weigh compares hosts with what each would have of the events of all, so that what they
// share cancels; a host that is alone is compared with its own rate.
func (s *stretch) weigh(look, known []Count, overall Count) {
	rate, events, sum, hosts := overall.rate(), 0.0, 0.0, 0
	for i, c := range look {
		if c.Exposure > 0 {
			hosts++
			events, sum = events+c.Events, sum+expects(c, known[i], rate)
		}
	}
	alone := hosts == 1
	if rate == 0 || hosts == 0 || (alone && overall.Events < 20) || (!alone && events == 0) {
		return
	}
	s.ended++
	// How many there were in all lies between what was to be expected and what came.
	level := (events/sum + rate) / 2
	if alone {
		level = rate
	}
	const many = 8
	if level*sum > many*float64(hosts) {
		s.many(look, known, rate, events/sum, level, alone)
		return
	}
	s.few(look, known, rate, level, events, sum, alone)
}

// many is for counts that are nearly normal: Pearson's sum says it all.
func (s *stretch) many(look, known []Count, rate, scale, level float64, alone bool) {
	squares, freedom := 0.0, -1.0
	if alone {
		scale, freedom = level, 0
	}
	for i, c := range look {
		if c.Exposure > 0 {
			e := expects(c, known[i], rate) * scale
			freedom, squares = freedom+1, squares+(c.Events-e)*(c.Events-e)/e
		}
	}
	for j := range s.likely {
		dispersion := 1 + excess(j)
		s.likely[j] -= (freedom*math.Log(dispersion) + squares/dispersion) / 2
	}
}

// few is for counts of which many are 0: negative binomial each, of a sum that is given.
func (s *stretch) few(look, known []Count, rate, level, events, sum float64, alone bool) {
	for j := range s.likely {
		s.likely[j] -= sumLikelihood(excess(j), level*sum, events, alone)
	}
	var product [excesses]float64 // of the hosts' chances so far: a logarithm of each would take most of the time
	for j := range product {
		product[j] = 1
	}
	for i, c := range look {
		if c.Events == 0 {
			continue
		}
		e := level * expects(c, known[i], rate)
		s.likely[0] += c.Events * math.Log(e)
		for j := 1; j < excesses; j++ {
			if v := product[j] * risingFew(e/excess(j), c.Events); v > 1e-200 && v < 1e200 {
				product[j] = v
				continue
			}
			s.likely[j] += math.Log(product[j]) + rising(e/excess(j), c.Events)
			product[j] = 1
		}
	}
	for j := 1; j < excesses; j++ {
		s.likely[j] += math.Log(product[j])
	}
}

// sumLikelihood is what is taken off for the sum: of several hosts it is given, of one it is all there is.
func sumLikelihood(excess, expected, events float64, alone bool) float64 {
	switch {
	case excess == 0 && alone:
		return expected
	case excess == 0:
		return events * math.Log(expected)
	case alone:
		return expected/excess*math.Log1p(excess) - events*math.Log(excess/(1+excess))
	}
	return rising(expected/excess, events)
}

func sumOf(counts []Count) Count {
	var sum Count
	for _, c := range counts {
		sum = sum.plus(c)
	}
	return sum
}
