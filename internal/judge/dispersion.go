package judge

import "math"

// scales is how many lengths of time bursts are looked for at: 1, 2, 4, ... looks.
const scales = 8

// Dispersion is how much more the counts of hosts that nothing was done to vary than
// independent errors would, over stretches of several lengths.
type Dispersion struct {
	Scales [scales]Scale `json:"scales"`
	Events float64       `json:"events"` // of all hosts
	Looks  float64       `json:"looks"`  // one a host
}

// Scale is one length of time.
type Scale struct {
	Looks   int     `json:"looks"`
	Partial []Count `json:"partial,omitempty"` // by host, of the stretch that has not ended
	Squares float64 `json:"squares"`           // Pearson's sum over all stretches
	Freedom float64 `json:"freedom"`           // what it would be of independent errors
}

// add takes a look at hosts, whose rates so far are known. A stretch that ends is handed on to the next scale.
func (d Dispersion) add(look, known []Count) Dispersion {
	for _, c := range look {
		if c.Exposure > 0 {
			d.Events, d.Looks = d.Events+c.Events, d.Looks+1
		}
	}
	for k := range d.Scales {
		s := &d.Scales[k]
		partial := make([]Count, len(look))
		copy(partial, s.Partial)
		for i, c := range look {
			partial[i] = partial[i].plus(c)
		}
		s.Partial, s.Looks = partial, s.Looks+1
		if k > 0 && s.Looks < 2 {
			return d
		}
		squares, freedom := pearson(partial, known)
		s.Squares, s.Freedom = s.Squares+squares, s.Freedom+freedom
		look, s.Partial, s.Looks = partial, nil, 0
	}
	return d
}

// pearson compares hosts with what each would have of the events of all, so that what they
// share cancels; a host that is alone is compared with its own rate.
func pearson(stretch, known []Count) (squares, freedom float64) {
	const usual = 11 // events that a host's own rate needs to outweigh the rate of all
	overall := sumOf(known).rate()
	if overall == 0 {
		return 0, 0
	}
	weights := make([]float64, len(stretch))
	events, sum, hosts := 0.0, 0.0, 0.0
	for i, c := range stretch {
		if c.Exposure == 0 {
			continue
		}
		hosts++
		own := (known[i].Events + usual) / (known[i].Exposure*overall + usual)
		weights[i] = c.Exposure * own
		events, sum = events+c.Events, sum+weights[i]
	}
	scale := overall
	switch {
	case hosts == 1 && sumOf(known).Events < 20:
		return 0, 0
	case hosts == 1:
		freedom = 1
	case hosts == 0 || events == 0:
		return 0, 0
	default:
		scale, freedom = events/sum, hosts-1
	}
	for i, c := range stretch {
		if e := weights[i] * scale; e > 0 {
			squares += (c.Events - e) * (c.Events - e) / e
		}
	}
	return squares, freedom
}

// Dispersions is the variance of counts to their mean over stretches of each length.
type Dispersions [scales]float64

// long is how dispersed counts are over long stretches, and the scale from which on
// they are: bursts are shorter than 2^scale looks.
func (d Dispersions) long() (dispersion float64, scale int) {
	for _, v := range d {
		dispersion = max(dispersion, v)
	}
	for scale < scales-1 && d[scale] < 0.8*dispersion {
		scale++
	}
	return dispersion, scale
}

// over is the dispersion of a stretch of so many looks, and the length that it is of.
func (d Dispersions) over(looks int) (dispersion float64, length int) {
	k := 0
	for k < scales-1 && 1<<k < looks {
		k++
	}
	return d[k], 1 << k
}

// found is what is known of every length. Before anything is, hosts' rates are taken to vary from
// one stretch of up to eight looks to the next by a standard deviation of roughly
// twice their mean and more.
func (d Dispersion) found() Dispersions {
	const variance, doubt = 6, 400
	// It fades: after an hour of looks it hardly counts any more.
	weight := doubt * doubt / (doubt + d.Scales[0].Freedom)
	found := d.after(1+variance*d.Events/max(d.Looks, 1), weight)
	for k := range found {
		// Bursts are rarely as even as a gamma distribution: their excess counts twice.
		found[k] += found[k] - 1
	}
	return found
}

// shown is what is known when errors are taken to be independent until they show otherwise:
// enough to say that a canary is not worse, which is no alarm.
func (d Dispersion) shown() Dispersions { return d.after(1, 20) }

// after is what is known after a first belief that outweighs so many observations. What
// is known of a length is taken for the next one, until that has shown itself.
func (d Dispersion) after(usual, weight float64) Dispersions {
	const longest, later = 3, 30
	var out Dispersions
	for k, s := range d.Scales {
		v := (s.Squares + usual*weight) / (s.Freedom + weight)
		usual, weight = v, later
		if k < longest {
			usual = 1 + 2*max(0, v-1)
		}
		// The greatest of several estimates is too great: what is unsure is taken off.
		out[k] = max(1, v*(1-math.Sqrt(1/(s.Freedom+later))))
	}
	return out
}
