package judge

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Stream is a count on both arms with all that is learnt of its hosts: what differs between them,
// and how their errors hang together.
type Stream struct {
	Names      []string   `json:"names,omitempty"` // hosts that run what was live before, sorted
	Known      []Count    `json:"known,omitempty"` // of each, the time before the deploy included
	Bursts     Dispersion `json:"bursts"`
	Before     [2]Count   `json:"before"` // canary's and baseline's hosts before the deploy
	Hosts      [2]float64 `json:"hosts"`  // how many there are, by their weight
	Ever       bool       `json:"ever"`   // there was a baseline at the same time
	Comparison Comparison `json:"comparison"`
	Mild       Comparison `json:"mild"` // the same, bursts being what has been seen of them alone
}

// look is what hosts did at one look, by arm and sorted by host.
type look struct {
	canary, baseline []HostCount
	before           [2][]HostCount
}

// calm is the hosts of a look that run what was live before.
func (l look) calm() []HostCount {
	all := slices.Concat(l.before[0], l.before[1], l.baseline)
	slices.SortStableFunc(all, func(a, b HostCount) int { return strings.Compare(a.Host, b.Host) })
	return all
}

// take adds a look. Evidence comes first: what is learnt from a look is for the next one.
func (s Stream) take(l look, c Config, began, at time.Duration, tolerated float64) Stream {
	if len(l.canary)+len(l.baseline) > 0 {
		s = s.weigh(l, c, began, at, tolerated)
	}
	for i := range s.Before {
		s.Before[i] = s.Before[i].plus(total(l.before[i]))
	}
	if len(l.before[0])+len(l.before[1]) > 0 && !s.Ever {
		s.Hosts = [2]float64{effective(l.before[0]), effective(l.before[1])}
	}
	return s.learn(l.calm())
}

func (s Stream) weigh(l look, c Config, began, at time.Duration, tolerated float64) Stream {
	if len(l.canary) > 0 {
		s.Hosts[0] = effective(l.canary)
	}
	if len(l.baseline) > 0 {
		s.Hosts[1], s.Ever = effective(l.baseline), true
	}
	s.Comparison = s.Comparison.begin(began, c.Fresh).add(l, at <= c.Warmup, s.block, tolerated)
	s.Mild = s.Mild.begin(began, c.Fresh).add(l, at <= c.Warmup, s.mildBlock, tolerated)
	return s
}

// alone compares the canary's count with a rate that is given; the stream tells how errors hang together.
func (s Stream) alone(w Comparison, l look, c Config, at time.Duration, rate float64, next func() Block) Comparison {
	return w.add(look{canary: l.canary}, at <= c.Warmup, func() Block {
		b := next()
		b.Alone, b.Rate = true, rate
		return b
	}, 1)
}

// against is the evidence that the canary is worse than tolerated, as a logarithm: the lesser of
// the two. One holds when errors come in bursts that nobody has seen yet; but it
// takes errors that come evenly for many bursts, and there the other one holds.
func (s Stream) against(hosts belief, tolerated float64) float64 {
	against := s.Comparison.against(hosts, tolerated)
	if against <= 0 {
		return against
	}
	return min(against, s.Mild.against(hosts, tolerated))
}

// block is the next one, made from the past alone.
func (s Stream) block() Block { return s.blockOf(s.Bursts.found()) }

// mildBlock is the next one when it is asked whether the canary is not worse.
func (s Stream) mildBlock() Block { return s.blockOf(s.Bursts.shown()) }

func (s Stream) blockOf(bursts Dispersions) Block {
	_, scale := bursts.long()
	b := Block{Of: 1 << scale, Bursts: bursts, Alone: !s.Ever && s.Before[0].Exposure > 0}
	if b.Alone {
		b.Rate = max(s.Before[0].Events, 0.5) / s.Before[0].Exposure
	} else if known := sumOf(s.Known); known.Exposure > 0 {
		b.Rate = max(known.Events, 0.5) / known.Exposure
	}
	return b
}

// learn takes hosts to which nothing was done.
func (s Stream) learn(calm []HostCount) Stream {
	if len(calm) == 0 {
		return s
	}
	s.Known = slices.Clone(s.Known)
	for _, h := range calm {
		if i, found := slices.BinarySearch(s.Names, h.Host); !found {
			s.Names, s.Known = slices.Insert(slices.Clone(s.Names), i, h.Host), slices.Insert(s.Known, i, Count{})
			s.Bursts = s.Bursts.insert(i)
		}
	}
	counts := make([]Count, len(s.Names))
	for _, h := range calm {
		i, _ := slices.BinarySearch(s.Names, h.Host)
		counts[i] = counts[i].plus(h.Count)
	}
	s.Bursts = s.Bursts.add(counts, s.Known)
	for i, c := range counts {
		s.Known[i] = s.Known[i].plus(c)
	}
	return s
}

// insert makes room for a host that is seen for the first time.
func (d Dispersion) insert(i int) Dispersion {
	for k, s := range d.Scales {
		if len(s.Partial) >= i && s.Partial != nil {
			d.Scales[k].Partial = slices.Insert(slices.Clone(s.Partial), i, Count{})
		}
	}
	return d
}

// spread is by how much hosts differ: the scale and the freedom of Student's distribution of the logarithm
// of a host's rate. What is usual gives way to what they show, sooner when it is more.
func (s Stream) spread(usual, dispersion float64) (scale, freedom float64) {
	const limit, prior = 0.7, 16
	var hosts, expected, squares, q float64
	rate := sumOf(s.Known).rate()
	for _, c := range s.Known {
		if e := c.Exposure * rate; e > 0 {
			hosts, expected, squares = hosts+1, expected+e, squares+e*e
			q += (c.Events - e) * (c.Events - e) / e
		}
	}
	if hosts < 2 {
		return usual, prior
	}
	shown := max(0, (q-dispersion*(hosts-1))/(expected-squares/expected))
	sure := usual * usual * expected / hosts / dispersion
	seen := (hosts - 1) * (sure / (1 + sure)) * (sure / (1 + sure))
	weight := float64(prior)
	if shown > usual*usual {
		weight = 4
	}
	variance := (seen*shown + weight*usual*usual) / (seen + weight)
	return min(limit, math.Sqrt(variance)), prior + seen
}

// beliefs are how the canary's hosts may differ from the baseline's: for evidence against
// the canary, and for it, where only what was seen before the deploy is taken into account.
func (s Stream) beliefs(usual float64) (against, favour belief) {
	const same = 0.1  // a host's rate changes by this much by itself, against the others'
	const drift = 0.3 // and in time, when nothing else is there to compare with
	dispersion, _ := s.Bursts.found().long()
	x, y := s.Before[0], s.Before[1]
	if !s.Ever {
		sd := math.Sqrt(drift*drift + dispersion/max(x.Events, 0.5))
		return student(sd, 200), student(sd, 200)
	}
	between := math.Sqrt(1/max(s.Hosts[0], 1) + 1/max(s.Hosts[1], 1))
	scale, freedom := s.spread(usual, dispersion)
	against = student(max(0.05, scale*between), freedom)
	if x.Exposure == 0 || y.Exposure == 0 || x.Events+y.Events == 0 {
		return against, alike()
	}
	odds := x.Exposure / y.Exposure
	against = against.times(func(rho float64) float64 {
		return (x.Events*rho - (x.Events+y.Events)*math.Log1p(odds*math.Exp(rho))) / dispersion
	}).blurred(max(0.03, same*between))
	return against, against
}

func total(hosts []HostCount) Count {
	var sum Count
	for _, h := range hosts {
		sum = sum.plus(h.Count)
	}
	return sum
}

// effective is how many hosts there are; ones with little traffic count for little.
func effective(hosts []HostCount) float64 {
	sum, squares := 0.0, 0.0
	for _, h := range hosts {
		sum, squares = sum+h.Exposure, squares+h.Exposure*h.Exposure
	}
	if squares == 0 {
		return 0
	}
	return sum * sum / squares
}

func sumOf(counts []Count) Count {
	var sum Count
	for _, c := range counts {
		sum = sum.plus(c)
	}
	return sum
}
