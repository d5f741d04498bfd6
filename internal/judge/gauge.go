package judge

import (
	"fmt"
	"math"
	"time"
)

// level is what is known of a gauge: every host's values, and what has been made of them.
type level struct {
	hosts  []gaugeHost // by number
	usual  mean        // of all values, without their signs
	since  time.Duration
	begun  bool // there has been a value after the warm-up, at since
	grains int  // how many have passed since then
	ranks  growth
	looked int     // after how many grains the level was looked at last
	due    int     // and is next
	won    float64 // what its looks have won, as a logarithm
	better float64 // the evidence of the last one that the canary is good enough
	noise  [tests]pool
	over   time.Duration // since when a canary host has been beyond at_most; 0: none is
	host   string        // which one
}

// gaugeHost is one host's gauge.
type gaugeHost struct {
	name  string
	arm   Arm
	last  float64       // as it came
	seen  time.Duration // when
	early early         // before the deploy
	past  past          // after the warm-up
}

// mean is a mean so far.
type mean struct{ sum, n float64 }

func (m mean) plus(o mean) mean { return mean{m.sum + o.sum, m.n + o.n} }
func (m mean) value() float64   { return m.sum / max(m.n, 1) }

func (k *metric) takeGauge(s *State, samples []Sample) {
	g, canary := &k.level, false
	if k.oddity = g.below(k.Metric, samples); k.oddity != "" {
		return
	}
	for i := range samples {
		g.note(k.roster.of(samples[i].Host, i), &samples[i], s)
		canary = canary || samples[i].Arm == Canary
	}
	if !canary {
		return
	}
	k.last = s.at
	g.guard(k.Metric, s.at)
	g.weigh(k.Metric, s)
	k.canary, k.baseline = g.counted(Canary), g.counted(Baseline)
	k.against = g.evidence(k.Metric, s)
}

// below says which value cannot be compared as a ratio: one below 0 by more than values are told apart.
func (g *level) below(m Metric, samples []Sample) string {
	for i := range samples {
		if v := samples[i].Value; m.WorseBy > 0 && v < 0 && -v > g.usual.value()/10 {
			return fmt.Sprintf("%s has %.4g, and so many times a value below 0 says nothing: set at_most instead of worse_by", samples[i].Host, v)
		}
	}
	return ""
}

// note takes one value.
func (g *level) note(number int, sample *Sample, s *State) {
	const greatest = 1e300 // so that sums stay finite
	for len(g.hosts) <= number {
		g.hosts = append(g.hosts, gaugeHost{})
	}
	h := &g.hosts[number]
	h.name, h.arm, h.last, h.seen = sample.Host, sample.Arm, sample.Value, s.at
	v := mean{min(max(sample.Value, -greatest), greatest), 1}
	g.usual = g.usual.plus(mean{math.Abs(v.sum), 1})
	switch {
	case sample.Arm == CanaryBefore || sample.Arm == BaselineBefore:
		h.early.add(v)
	case !s.config.warming(Gauge, s.at):
		if !g.begun {
			g.since, g.begun = s.at, true
		}
		h.past.add(int((s.at-g.since)/grain), v)
	}
}

// log is a value's logarithm, of which more is worse. Values are not told apart below a tenth of
// what is usual, so that a queue of nothing has one too.
func (g *level) log(value float64, m Metric) float64 {
	least := g.usual.value() / 10
	if least == 0 {
		least = 1 // all have been 0 so far
	}
	v := math.Log(max(value, least))
	if m.Higher {
		return -v
	}
	return v
}

// guard notes a canary host that is beyond what is tolerated at all.
func (g *level) guard(m Metric, at time.Duration) {
	host := ""
	for i := range g.hosts {
		h := &g.hosts[i]
		if h.arm == Canary && h.seen == at && m.AtMost > 0 && m.beyond(h.last) && (host == "" || h.name < host) {
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

// beyond reports whether a gauge's value is beyond at_most.
func (m Metric) beyond(value float64) bool {
	if m.Higher {
		return value < m.AtMost
	}
	return value > m.AtMost
}

// weigh looks at the grains that have passed since the last tick, once each that counts.
func (g *level) weigh(m Metric, s *State) {
	if !g.begun || s.config.warming(Gauge, s.at) {
		return
	}
	passed := int((s.at - g.since) / grain)
	if passed == g.grains {
		return
	}
	ranked := g.grains / rankedOver
	g.grains = passed
	if m.WorseBy == 0 {
		return
	}
	if b := passed / rankedOver; b > ranked {
		g.rank(m, b-1)
	}
	if passed >= g.due {
		g.compare(m, s.config.Spread)
		g.looked, g.due = passed, passed+max(1, passed/16)
	}
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

// certain is evidence of what was seen with one's own eyes.
const certain = 20

// evidence against a gauge: that it lies higher, mostly, and that it grows. A host that
// has been beyond at_most for as long as the judge's patience is no matter of chance.
func (g *level) evidence(m Metric, s *State) float64 {
	if g.over > 0 && s.at-g.over >= s.config.Patience {
		return certain - math.Log(s.config.Alpha)
	}
	if m.WorseBy == 0 {
		return 0
	}
	level := math.Log(unspent(g.looked))
	if g.looked > 0 {
		level = logSum([]float64{level, g.won})
	}
	return weighted([]float64{level, logMean(g.ranks.won[:])}, []float64{3, 1})
}

// favour is the evidence that a gauge is good enough: its level is, it does not grow, and it has been seen
// for long enough to have shown that.
func (g *level) favour(m Metric, s *State) float64 {
	compared := m.WorseBy > 0 && g.counted(Baseline).Exposure > 0
	switch {
	case g.over > 0, g.grains < settled, m.AtMost > 0 && g.onItsWay(m):
		return 0
	case compared:
		return g.better
	case m.AtMost > 0:
		return certain
	}
	return 0
}
