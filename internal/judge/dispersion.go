package judge

import "math"

// scales is how many lengths of time bursts are looked for at: 1, 2, 4, ... looks.
const scales = 8

// dispersion is how much more the counts of hosts that nothing was done to vary than
// independent errors would, over stretches of several lengths.
type dispersion struct {
	scales [scales]stretch
	events float64 // of all hosts
	looks  float64 // one a host
}

// stretch is one length of time.
type stretch struct {
	looks   int
	partial []Count // by host, of the stretch that has not ended
	squares float64 // Pearson's sum over all stretches
	freedom float64 // what it would be of independent errors
}

// add takes a look at hosts, whose rates so far are known. A stretch that ends is handed on to the next scale.
func (d *dispersion) add(look, known []Count) {
	for _, c := range look {
		if c.Exposure > 0 {
			d.events, d.looks = d.events+c.Events, d.looks+1
		}
	}
	overall := sumOf(known).rate()
	for k := range d.scales {
		s := &d.scales[k]
		if k > 0 {
			s.take(look)
			if s.looks < 2 {
				return
			}
			look = s.partial
		}
		squares, freedom := pearson(look, known, overall)
		s.squares, s.freedom = s.squares+squares, s.freedom+freedom
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

// pearson compares hosts with what each would have of the events of all, so that what they
// share cancels; a host that is alone is compared with its own rate.
func pearson(stretch, known []Count, overall float64) (squares, freedom float64) {
	events, sum, hosts := 0.0, 0.0, 0.0
	for i, c := range stretch {
		if c.Exposure > 0 {
			hosts++
			events, sum = events+c.Events, sum+expects(c, known[i], overall)
		}
	}
	if overall == 0 || hosts == 0 {
		return 0, 0
	}
	scale := overall
	if hosts == 1 {
		if sumOf(known).Events < 20 {
			return 0, 0
		}
		freedom = 1
	} else {
		if events == 0 {
			return 0, 0
		}
		scale, freedom = events/sum, hosts-1
	}
	for i, c := range stretch {
		if c.Exposure > 0 {
			e := expects(c, known[i], overall) * scale
			squares += (c.Events - e) * (c.Events - e) / e
		}
	}
	return squares, freedom
}

// dispersions is the variance of counts to their mean over stretches of each length.
type dispersions [scales]float64

// long is how dispersed counts are over long stretches, and the scale from which on
// they are: bursts are shorter than 2^scale looks.
func (d dispersions) long() (dispersion float64, scale int) {
	dispersion = top(d[:])
	for scale < scales-1 && d[scale] < 0.8*dispersion {
		scale++
	}
	return dispersion, scale
}

// over is the dispersion of a stretch of so many looks, and the length that it is of.
func (d dispersions) over(looks int) (dispersion float64, length int) {
	k := 0
	for k < scales-1 && 1<<k < looks {
		k++
	}
	return d[k], 1 << k
}

// found is what is known of every length. Before anything is, hosts' rates are taken to vary from
// one stretch of up to eight looks to the next by a standard deviation of nearly
// twice their mean and more.
func (d *dispersion) found() dispersions {
	const variance, doubt = 3, 400
	// It fades: after an hour of looks it hardly counts any more.
	weight := doubt * doubt / (doubt + d.scales[0].freedom)
	found := d.after(1+variance*d.events/max(d.looks, 1), weight)
	for k := range found {
		// Bursts are rarely as even as a gamma distribution: their excess counts twice.
		found[k] += found[k] - 1
	}
	return found
}

// shown is what is known when errors are taken to be independent until they show otherwise.
func (d *dispersion) shown() dispersions { return d.after(1, 20) }

// after is what is known after a first belief that outweighs so many observations. What
// is known of a length is taken for the next one, until that has shown itself.
func (d *dispersion) after(usual, weight float64) dispersions {
	const longest, later = 3, 30
	var out dispersions
	for k := range d.scales {
		s := &d.scales[k]
		v := (s.squares + usual*weight) / (s.freedom + weight)
		usual, weight = v, later
		if k < longest {
			usual = 1 + 2*max(0, v-1)
		}
		// The greatest of several estimates is too great: what is unsure is taken off.
		out[k] = max(1, v*(1-math.Sqrt(1/(s.freedom+later))))
	}
	return out
}

func sumOf(counts []Count) Count {
	var sum Count
	for _, c := range counts {
		sum = sum.plus(c)
	}
	return sum
}
