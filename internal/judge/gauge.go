package judge

import (
	"math"
	"slices"
	"strings"
	"time"
)

// lengths is how many lengths of time a gauge's growth is ranked over: each twice the one before.
const lengths = 4

// Level is what is known of a gauge: how every host's value grew, and where it lies.
type Level struct {
	Hosts  []GaugeHost     `json:"hosts,omitempty"` // by name
	Least  float64         `json:"least"`           // values are not told apart below this
	Blocks [lengths]Growth `json:"blocks"`
	Looked int             `json:"looked"`           // how many of the looks at the level are done
	Worse  []float64       `json:"worse,omitempty"`  // evidence of each, as a logarithm
	Better []float64       `json:"better,omitempty"` // and that it is not worse
	Over   time.Duration   `json:"over,omitempty"`   // since when a canary host has been beyond at_most; 0: none is
	Host   string          `json:"host,omitempty"`   // which one
	Since  time.Duration   `json:"since"`            // of the first value after the warm-up
}

// GaugeHost is one host's gauge. Values are logarithms, and more of them is worse.
type GaugeHost struct {
	Host   string        `json:"host"`
	Arm    Arm           `json:"arm"`
	Last   float64       `json:"last"`  // as it came
	Seen   time.Duration `json:"seen"`  // when
	Now    Mean          `json:"now"`   // since the last look at the level
	Early  Mean          `json:"early"` // before the deploy
	First  float64       `json:"first"` // after the warm-up
	Begun  bool          `json:"begun"`
	Blocks [lengths]Span `json:"blocks"`
}

// Span is one host's values over one length of time.
type Span struct {
	Mean    Mean    `json:"mean"`    // of the block that has not ended
	Before  float64 `json:"before"`  // the mean of the block before it
	Has     bool    `json:"has"`     // there was one
	Fastest float64 `json:"fastest"` // its greatest growth from block to block
}

// Mean is a mean so far.
type Mean struct {
	Sum float64 `json:"sum"`
	N   float64 `json:"n"`
}

func (m Mean) with(v float64) Mean { return Mean{m.Sum + v, m.N + 1} }
func (m Mean) value() float64      { return m.Sum / max(m.N, 1) }

// Growth is the ranks of one length of time: bets on the canary's growth ranking high,
// timid to bold, and what each has won, as a logarithm.
type Growth struct {
	Ends time.Duration `json:"ends"`
	Won  [3]float64    `json:"won"`
}

func (k MetricState) takeGauge(s State, m Metric, samples []Sample) MetricState {
	g := k.Level
	g.Hosts = slices.Clone(g.Hosts)
	if g.Least == 0 {
		g.Least = leastValue(samples)
	}
	for _, sample := range samples {
		if g.Least > 0 {
			g = g.note(sample, m, s)
		}
	}
	if slices.ContainsFunc(samples, func(s Sample) bool { return s.Arm == Canary }) {
		k.Last = s.At
		g = g.guard(m, s.At)
		if m.WorseBy > 0 && s.At > s.Config.Warmup {
			g = g.weigh(m, s)
		}
	}
	k.Level = g
	k.Canary, k.Baseline = g.counted(Canary), g.counted(Baseline)
	k.Against, k.For = g.evidence(m, s)
	return k
}

// leastValue is where values are no longer told apart, so that a queue of nothing has a logarithm:
// a hundredth of what is usual.
func leastValue(samples []Sample) float64 {
	var m Mean
	for _, s := range samples {
		m = m.with(math.Abs(s.Value))
	}
	return m.value() / 100
}

// note takes one value.
func (g Level) note(sample Sample, m Metric, s State) Level {
	i, found := slices.BinarySearchFunc(g.Hosts, sample.Host, func(h GaugeHost, name string) int { return strings.Compare(h.Host, name) })
	if !found {
		g.Hosts = slices.Insert(g.Hosts, i, GaugeHost{Host: sample.Host})
	}
	h := &g.Hosts[i]
	v := math.Log(max(sample.Value, g.Least))
	if m.Higher {
		v = -v
	}
	h.Arm, h.Last, h.Seen = sample.Arm, sample.Value, s.At
	if sample.Arm == CanaryBefore || sample.Arm == BaselineBefore {
		h.Early = h.Early.with(v)
		return g
	}
	if s.At <= s.Config.Warmup {
		return g
	}
	if !h.Begun {
		h.First, h.Begun = v, true
	}
	if g.Since == 0 {
		g.Since = s.At
	}
	h.Now = h.Now.with(v)
	for l := range h.Blocks {
		h.Blocks[l].Mean = h.Blocks[l].Mean.with(v)
	}
	return g
}

// guard notes a canary host that is beyond what is tolerated at all.
func (g Level) guard(m Metric, at time.Duration) Level {
	host := ""
	for _, h := range g.Hosts {
		if h.Arm == Canary && h.Seen == at && m.AtMost > 0 && beyond(m, h.Last) {
			host = h.Host
			break
		}
	}
	if host == "" {
		g.Over, g.Host = 0, ""
		return g
	}
	if g.Over == 0 {
		g.Over = max(at, 1)
	}
	g.Host = host
	return g
}

func beyond(m Metric, value float64) bool {
	if m.Higher {
		return value < m.AtMost
	}
	return value > m.AtMost
}

// weigh ends the blocks whose time is over, and looks at the level when it is due.
func (g Level) weigh(m Metric, s State) Level {
	length := max(10*time.Second, min(s.Config.Longest, time.Hour)/60)
	for l := range g.Blocks {
		b := &g.Blocks[l]
		if b.Ends == 0 {
			b.Ends = g.Since + length
		}
		if s.At < b.Ends {
			length *= 2
			continue
		}
		g.Blocks[l] = g.rank(l, m)
		g.Blocks[l].Ends = s.At + length
		for i := range g.Hosts {
			g.Hosts[i].Blocks[l] = g.Hosts[i].Blocks[l].next()
		}
		length *= 2
	}
	if due := 30 * time.Second << min(g.Looked, 20); s.At-g.Since >= due {
		g = g.compare(m, s)
	}
	return g
}

// next ends a block.
func (p Span) next() Span {
	if p.Mean.N == 0 {
		return Span{Fastest: p.Fastest}
	}
	v := p.Mean.value()
	if p.Has {
		p.Fastest = max(p.Fastest, v-p.Before)
	}
	return Span{Before: v, Has: true, Fastest: p.Fastest}
}

// grown is by how much a host grew from the block before to the one that ends.
func (h GaugeHost) grown(l int) (float64, bool) {
	p := h.Blocks[l]
	return p.Mean.value() - p.Before, p.Has && p.Mean.N > 0
}

// rank bets on each canary host's growth ranking high among the baseline's in this block. If the release
// changes nothing, every rank is as likely as the others, and the bets win nothing on average.
func (g Level) rank(l int, m Metric) Growth {
	b := g.Blocks[l]
	var others, excess []float64
	for _, h := range g.Hosts {
		if grown, ok := h.grown(l); ok && h.Arm == Baseline {
			others, excess = append(others, grown), append(excess, h.Blocks[l].Before-h.First)
		}
	}
	if len(others) == 0 {
		return b
	}
	slices.Sort(excess)
	var won [len(b.Won)]float64
	hosts := 0.0
	for _, h := range g.Hosts {
		grown, ok := h.grown(l)
		if !ok || h.Arm != Canary {
			continue
		}
		hosts++
		if h.Blocks[l].Before-h.First-excess[len(excess)/2] < 0.01 {
			addAll(&won, 1) // it has not grown so far: no bet
			continue
		}
		for j, e := range bets(asTolerated(grown, m, h.Blocks[l].Fastest), others) {
			won[j] += e
		}
	}
	for j := range won {
		if hosts > 0 {
			b.Won[j] = bounded(b.Won[j] + math.Log(won[j]/hosts))
		}
	}
	return b
}

func addAll(sums *[3]float64, v float64) {
	for j := range sums {
		sums[j] += v
	}
}

// asTolerated takes off a canary's growth what is tolerated. A process that fills its caches grows fast and then
// less and less; a leak goes on: a quarter of the fastest growth so far is taken off too.
func asTolerated(grown float64, m Metric, fastest float64) float64 {
	if grown > 0 {
		grown /= m.WorseBy
	}
	return grown - max(0, fastest)/(4*m.WorseBy)
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
	for j, power := range [3]float64{1, 4, 12} {
		mean := 0.0
		for r := range len(others) + 1 {
			mean += math.Pow((float64(r)+0.5)/n, power) / n
		}
		e[j] = math.Pow((below+0.5)/n, power) / mean
	}
	return e
}

// counted is the mean of an arm's last values, over how many hosts.
func (g Level) counted(arm Arm) Count {
	var c Count
	for _, h := range g.Hosts {
		if h.Arm == arm {
			c = c.plus(Count{h.Last, 1})
		}
	}
	return c
}
