package judge

import (
	"math"
	"slices"
	"time"
)

// length is the time over which a gauge's growth is ranked: so long that a process which fills its
// caches within some minutes has mostly done so after one of them.
const length = 3 * time.Minute

// level is what is known of a gauge: how every host's value grew, and where it lies.
type level struct {
	hosts  []gaugeHost // by number
	least  float64     // values are not told apart below this
	ranks  growth
	looked int           // how many of the looks at the level are done
	due    time.Duration // when the next one is
	worse  []float64     // evidence of each, as a logarithm
	better float64       // of the last one, that the canary is good enough
	over   time.Duration // since when a canary host has been beyond at_most; 0: none is
	host   string        // which one
	since  time.Duration // of the first value after the warm-up
}

// gaugeHost is one host's gauge. Values are logarithms, and more of them is worse.
type gaugeHost struct {
	name  string
	arm   Arm
	last  float64       // as it came
	seen  time.Duration // when
	now   mean          // since the last look at the level
	early mean          // before the deploy
	first float64       // after the warm-up
	begun bool
	block span
}

// span is one host's values over one length of time.
type span struct {
	mean    mean    // of the block that has not ended
	before  float64 // the mean of the block before it
	has     bool    // there was one
	fastest float64 // its greatest growth from block to block
}

// mean is a mean so far.
type mean struct{ sum, n float64 }

func (m mean) with(v float64) mean { return mean{m.sum + v, m.n + 1} }
func (m mean) value() float64      { return m.sum / max(m.n, 1) }

// growth is the ranks so far: bets on the canary's growth ranking high,
// timid to bold, and what each has won, as a logarithm.
type growth struct {
	ends time.Duration
	won  [3]float64
}

func (k *metric) takeGauge(s *State, samples []Sample) {
	g := &k.level
	if g.least == 0 {
		g.least = leastValue(samples)
	}
	canary := false
	for i := range samples {
		if g.least > 0 {
			g.note(k.roster.of(samples[i].Host, i), &samples[i], k.Metric, s)
		}
		canary = canary || samples[i].Arm == Canary
	}
	if canary {
		k.last = s.at
		g.guard(k.Metric, s.at)
		if k.WorseBy > 0 && !s.config.warming(Gauge, s.at) && g.since > 0 {
			g.weigh(k.Metric, s)
		}
		k.canary, k.baseline = g.counted(Canary), g.counted(Baseline)
		k.against = g.evidence(k.Metric, s)
	}
}

// leastValue is where values are no longer told apart, so that a queue of nothing has a logarithm:
// a hundredth of what is usual.
func leastValue(samples []Sample) float64 {
	var m mean
	for i := range samples {
		m = m.with(math.Abs(samples[i].Value))
	}
	return m.value() / 100
}

// note takes one value.
func (g *level) note(number int, sample *Sample, m Metric, s *State) {
	for len(g.hosts) <= number {
		g.hosts = append(g.hosts, gaugeHost{})
	}
	h := &g.hosts[number]
	v := math.Log(max(sample.Value, g.least))
	if m.Higher {
		v = -v
	}
	h.name, h.arm, h.last, h.seen = sample.Host, sample.Arm, sample.Value, s.at
	if sample.Arm == CanaryBefore || sample.Arm == BaselineBefore {
		h.early = h.early.with(v)
		return
	}
	if s.config.warming(Gauge, s.at) {
		return
	}
	if !h.begun {
		h.first, h.begun = v, true
	}
	if g.since == 0 {
		g.since = s.at
	}
	h.now = h.now.with(v)
	h.block.mean = h.block.mean.with(v)
}

// guard notes a canary host that is beyond what is tolerated at all.
func (g *level) guard(m Metric, at time.Duration) {
	host := ""
	for i := range g.hosts {
		h := &g.hosts[i]
		if h.arm == Canary && h.seen == at && m.AtMost > 0 && beyond(m, h.last) && (host == "" || h.name < host) {
			host = h.name
		}
	}
	if host == "" {
		g.over, g.host = 0, ""
		return
	}
	if g.over == 0 {
		g.over = max(at, 1)
	}
	g.host = host
}

func beyond(m Metric, value float64) bool {
	if m.Higher {
		return value < m.AtMost
	}
	return value > m.AtMost
}

// weigh ends the block when its time is over, and looks at the level when it is due.
func (g *level) weigh(m Metric, s *State) {
	const soonest = 30 * time.Second
	if g.due == 0 {
		g.ranks.ends, g.due = g.since+length, g.since+soonest
	}
	if s.at >= g.ranks.ends {
		g.rank(m)
		g.ranks.ends = s.at + length
		for i := range g.hosts {
			g.hosts[i].block.next()
		}
	}
	if s.at >= g.due {
		g.compare(m, s)
		g.due = s.at + max(soonest, (s.at-g.since)/4)
	}
}

// next ends a block.
func (p *span) next() {
	if p.mean.n == 0 {
		*p = span{fastest: p.fastest}
		return
	}
	v := p.mean.value()
	if p.has {
		p.fastest = max(p.fastest, v-p.before)
	}
	*p = span{before: v, has: true, fastest: p.fastest}
}

// grown is by how much a host grew from the block before to the one that ends.
func (h *gaugeHost) grown() (float64, bool) {
	p := &h.block
	return p.mean.value() - p.before, p.has && p.mean.n > 0
}

// rank bets on each canary host's growth ranking high among the baseline's in this block. If the release
// changes nothing, every rank is as likely as the others, and the bets win nothing on average.
func (g *level) rank(m Metric) {
	var others, excess []float64
	for i := range g.hosts {
		h := &g.hosts[i]
		if grown, ok := h.grown(); ok && h.arm == Baseline {
			others, excess = append(others, grown), append(excess, h.block.before-h.first)
		}
	}
	if len(others) == 0 {
		return
	}
	slices.Sort(excess)
	var won [3]float64
	hosts := 0.0
	for i := range g.hosts {
		h := &g.hosts[i]
		grown, ok := h.grown()
		if !ok || h.arm != Canary {
			continue
		}
		hosts++
		wins := [3]float64{1, 1, 1} // it has not grown so far: no bet
		if h.block.before-h.first-excess[len(excess)/2] >= 0.01 {
			wins = bets(asTolerated(grown, m, h.block.fastest), others)
		}
		for j, e := range wins {
			won[j] += e
		}
	}
	b := &g.ranks
	for j := range won {
		if hosts > 0 {
			b.won[j] = bounded(b.won[j] + math.Log(won[j]/hosts))
		}
	}
}

// asTolerated takes off a canary's growth what is tolerated. A process that fills its caches grows fast and then
// less and less; a leak goes on: half of the fastest growth so far is taken off too.
func asTolerated(grown float64, m Metric, fastest float64) float64 {
	if grown > 0 {
		grown /= m.WorseBy
	}
	return grown - max(0, fastest)/(2*m.WorseBy)
}

// bets is what each bet wins on a value's rank among others: a power of the rank, divided by its
// mean over all ranks.
func bets(value float64, others []float64) [3]float64 {
	below := 0.0
	for _, o := range others {
		switch {
		case o < value:
			below++
		case o == value:
			below += 0.5
		}
	}
	var e [3]float64
	n := float64(len(others) + 1)
	for j, power := range [3]float64{1, 3, 6} {
		mean := 0.0
		for r := range len(others) + 1 {
			mean += math.Pow((float64(r)+0.5)/n, power) / n
		}
		e[j] = math.Pow((below+0.5)/n, power) / mean
	}
	return e
}

// counted is the mean of an arm's last values, over how many hosts.
func (g *level) counted(arm Arm) Count {
	var c Count
	for i := range g.hosts {
		if g.hosts[i].arm == arm {
			c = c.plus(Count{g.hosts[i].last, 1})
		}
	}
	return c
}
