package judge

import (
	"math"
	"time"
)

// excesses is how many excesses of the variance over the mean are tried.
const excesses = 19

// excess is the j-th: none, 0.05, and then about 1.7 times as much each, later twice.
func excess(j int) float64 {
	return [excesses]float64{0, 0.05, 0.085, 0.14, 0.25, 0.42, 0.71, 1.2, 2.1, 3.5, 6, 10, 17, 29, 60, 120, 250, 500, 1000}[j]
}

// dispersions is the variance of counts to their mean over stretches of each length.
type dispersions [scales]float64

// long is how dispersed counts are over long stretches, and the scale from which on
// they are: bursts are shorter than 2^scale looks.
func (d dispersions) long() (dispersion float64, scale int) {
	const nearly = 0.8
	dispersion = top(d[:])
	if dispersion-1 < evenly {
		return dispersion, 0
	}
	for scale < scales-1 && d[scale]-1 < nearly*(dispersion-1) {
		scale++
	}
	return dispersion, scale
}

// over is that of stretches of so many looks, or a little longer ones.
func (d dispersions) over(looks int) float64 {
	k := 0
	for k < scales-1 && 1<<k < looks {
		k++
	}
	return d[k]
}

// and is the greater of two, length by length.
func (d dispersions) and(e dispersions) dispersions {
	for k := range d {
		d[k] = max(d[k], e[k])
	}
	return d
}

// doubt is what is believed of bursts before anything is known: how likely they are, and
// how likely it is that stretches of twice the length show some that shorter ones do not.
type doubt struct{ bursts, longer float64 }

// Two beliefs: bursts that nobody has seen yet may well come, or errors are independent until they show otherwise.
const (
	wary = iota
	trusting
)

func doubts() [2]doubt { return [2]doubt{{0.3, 0.05}, {1e-5, 1e-5}} }

// known is what is made of all that was seen, from one of the two beliefs: as much as must be feared.
func (d *dispersion) known(belief int) dispersions {
	d.learn(belief)
	return d.said[belief]
}

// likely is the same, as likely too much as too little.
func (d *dispersion) likely(belief int) dispersions {
	d.learn(belief)
	return d.middle[belief]
}

func (d *dispersion) learn(belief int) {
	if !d.fresh[belief] {
		d.said[belief], d.middle[belief] = d.after(doubts()[belief])
		d.fresh[belief] = true
	}
}

// after is what is known of every length. What is known of one is believed of the next one, give or take; up to
// the length that bursts usually have, even when nothing that long has been seen once.
func (d *dispersion) after(b doubt) (feared, likely dispersions) {
	usual := d.usual()
	p := d.first(b.bursts)
	any := d.first(1 - 1.0/excesses)
	for k := range d.scales {
		s := &d.scales[k]
		if k > 0 && (s.ended > 0 || k <= usual) {
			p = longer(p, b.longer, any)
		}
		most, sum := top(s.likely[:]), 0.0
		for j := range p {
			p[j] *= math.Exp(s.likely[j] - most)
			sum += p[j]
		}
		for j := range p {
			p[j] /= sum
		}
		feared[k], likely[k] = 1+cautious(&p), 1+median(&p)
	}
	return feared, likely
}

// median is the excess that is as likely too great as too small.
func median(p *[excesses]float64) float64 {
	sum := 0.0
	for j, v := range p {
		if sum+v >= 0.5 {
			if j == 0 {
				return 0
			}
			return excess(j-1) + (0.5-sum)/v*(excess(j)-excess(j-1))
		}
		sum += v
	}
	return excess(excesses - 1)
}

// first is what is believed before anything is known: that hosts' rates vary by up to some times themselves, from one
// stretch as long as bursts to the next. More is not, but can be learnt.
func (d *dispersion) first(bursts float64) [excesses]float64 {
	const variance = 5 // of a rate, to the square of its mean
	const rare = 1e-5
	p := [excesses]float64{1}
	greatest, n := variance*(d.events+0.5)/max(d.seen, 1)*float64(int(1)<<d.usual()), 1
	for n < excesses && excess(n) < greatest {
		n++
	}
	for j := 1; j < excesses; j++ {
		p[j] = rare
		if j < n {
			p[j] = bursts / float64(n-1)
		}
		p[0] -= p[j]
	}
	return p
}

// usual is the scale of stretches as long as bursts usually are.
func (d *dispersion) usual() int {
	k := 0
	for k < scales-1 && d.span<<k < burstLength*time.Duration(d.looks) {
		k++
	}
	return k
}

// longer is what is believed of stretches that are twice as long: their excess is the same or up to twice as
// much (as of a rate that wanders slowly), or anything.
func longer(p [excesses]float64, anything float64, any [excesses]float64) [excesses]float64 {
	const same, less = 0.7, 0.05
	var out [excesses]float64
	for j, v := range p {
		v *= 1 - anything
		stays := same
		if j == 0 {
			stays = 0.85
		}
		out[j] += v * stays
		out[max(j-1, 0)] += v * less
		out[min(j+1, excesses-1)] += v * (1 - stays - less)
	}
	for j := range out {
		out[j] += anything * any[j]
	}
	return out
}

// cautious is the least excess with which the chance of a false alarm, averaged over what the excess may be, is hardly
// greater than if it were known. Evidence worked out with a dispersion of c where it is d is too great by
// a factor of d/c, as a logarithm.
func cautious(p *[excesses]float64) float64 {
	const alarm = 6.9 // ln 1000: nothing depends on its being exact
	const hardly = 0.4
	last := 0.0
	for j := range p {
		sum := 0.0
		for i, v := range p {
			sum += v * math.Exp(alarm*(1-min(1, (1+excess(j))/(1+excess(i)))))
		}
		over := math.Log(sum)
		if over <= hardly {
			if j == 0 {
				return 0
			}
			part := (last - hardly) / (last - over)
			return excess(j-1) + part*(excess(j)-excess(j-1))
		}
		last = over
	}
	return excess(excesses - 1)
}
