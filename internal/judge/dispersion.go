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
	past   []Count       // by host, before a stretch; kept to be used again
}

// stretch is one length of time.
type stretch struct {
	looks   int
	partial []Count           // by host, of the stretch that has not ended
	ended   int               // stretches that said something
	likely  [excesses]float64 // logarithms
}

// add takes a look at hosts, whose rates so far are known; a host that has had so many events as own tells has a rate that is as much
// its own as that of all. A stretch that ends is handed on to the next scale.
func (d *dispersion) add(look, known []Count, own float64, span time.Duration) {
	if span > 0 { // nobody knows how long the first one was
		d.looks, d.span = d.looks+1, d.span+span
	}
	for _, c := range look {
		if c.Exposure > 0 {
			d.events, d.seen = d.events+c.Events, d.seen+1
		}
	}
	d.fresh = [2]bool{}
	now := look
	for k := range d.scales {
		s := &d.scales[k]
		if k > 0 {
			s.take(look)
			if s.looks < 2 {
				return
			}
			look = s.partial
		}
		d.past = before(d.past[:0], known, look, now)
		s.weigh(look, d.past, own)
		if k > 0 {
			defer s.clear()
		}
	}
}

// before is what was known when a stretch began: one that is compared with what it is itself a part of shows less than there is.
// The last look of it is not known yet.
func before(out, known, stretch, last []Count) []Count {
	const nothing = 1e-9
	for i, c := range known {
		if i < len(stretch) {
			c.Events = max(0, c.Events-(stretch[i].Events-last[i].Events))
			c.Exposure = max(0, c.Exposure-(stretch[i].Exposure-last[i].Exposure))
		}
		if c.Exposure < nothing*known[i].Exposure {
			c = Count{} // what is left of counts that are no whole numbers
		}
		out = append(out, c)
	}
	return out
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

// expects is how many events a host should have had, if the rate of all is scaled to 1.
func expects(c, known Count, overall, own float64) float64 {
	return c.Exposure * (known.Events + own) / (known.Exposure*overall + own)
}

// weigh compares hosts with what each would have of the events of all, so that what they
// share cancels; a host that is alone is compared with its own rate.
func (s *stretch) weigh(look, known []Count, own float64) {
	overall := sumOf(known)
	rate, events, sum, hosts := overall.rate(), 0.0, 0.0, 0
	for i, c := range look {
		if c.Exposure > 0 {
			hosts++
			events, sum = events+c.Events, sum+expects(c, known[i], rate, own)
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
		s.many(look, known, own, events/sum, level, alone)
		return
	}
	s.few(look, known, own, level, events, sum, alone)
}

// many is for counts that are nearly normal: Pearson's sum says it all. How surely a host's own rate is known is part of how far counts
// may lie from it.
func (s *stretch) many(look, known []Count, own, scale, level float64, alone bool) {
	rate := sumOf(known).rate()
	squares, freedom := 0.0, -1.0
	if alone {
		scale, freedom = level, 0
	}
	for i, c := range look {
		if c.Exposure > 0 {
			e := expects(c, known[i], rate, own) * scale
			freedom, squares = freedom+1, squares+(c.Events-e)*(c.Events-e)/(e*(1+e/(known[i].Events+own)))
		}
	}
	for j := range s.likely {
		dispersion := 1 + excess(j)
		s.likely[j] -= (freedom*math.Log(dispersion) + squares/dispersion) / 2
	}
}

// few is for counts of which many are 0: negative binomial each, of a sum that is given.
func (s *stretch) few(look, known []Count, own, level, events, sum float64, alone bool) {
	rate := sumOf(known).rate()
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
		e := level * expects(c, known[i], rate, own)
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
