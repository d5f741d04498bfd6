package judge

import (
	"math"
	"time"
)

// trial is the canary, or one host of it, against the baseline. It is held twice: with bursts that must be feared,
// those that nobody has seen yet among them, and with as many as is likely, none until errors show some. Too much of a burst
// is not the safe side: errors that come evenly pass for many bursts, and an arm that has some of each for one that
// has more of them. The lesser evidence counts. When bursts are known to be few the first is enough.
type trial struct {
	bursty, even *comparison
	least        int // looks in a block
	prior        prior
	against      float64 // evidence, as a logarithm
}

// moment is what a look is weighed by.
type moment struct {
	began, at time.Duration
	span      time.Duration
	warmup    bool
	tolerated float64
	spread    float64
}

// pooled stands for all of the canary's hosts where a host's number is asked for.
const pooled = -1

func (t *trial) add(s *stream, canary, baseline Count, hosts float64, now moment) {
	if t.bursty == nil {
		const few = 1.25
		t.bursty = &comparison{}
		if dispersion, _ := s.found().long(); dispersion > few {
			t.even = &comparison{}
		}
	}
	next := func(bursts dispersions) block {
		b := s.next(bursts, hosts)
		b.of = max(b.of, t.least)
		return b
	}
	t.bursty.add(canary, baseline, now, func() block { return next(s.found()) })
	if t.even != nil {
		t.even.add(canary, baseline, now, func() block { return next(s.bursts.likely(trusting)) })
	}
}

// weigh works the evidence out.
func (t *trial) weigh(s *stream, host int, now moment) {
	p := t.known(s, host, now.spread)
	t.against = t.bursty.against(&p.bursty.against, now.tolerated)
	if t.even != nil && t.against > 0 {
		t.against = min(t.against, t.even.against(&p.even.against, now.tolerated))
	}
}

// favour is the evidence that the rate is less than e^(bound·step) times what is tolerated, as if
// everything had been seen factor times over; foreseen is the evidence against it then.
func (t *trial) favour(s *stream, spread, tolerated float64, bound int, factor float64) float64 {
	if t.bursty == nil {
		return 0
	}
	p := t.known(s, pooled, spread)
	if t.even != nil {
		return t.even.now(tolerated).times(factor).favour(&p.even.favour, bound)
	}
	return t.bursty.now(tolerated).times(factor).favour(&p.bursty.favour, bound)
}

func (t *trial) foreseen(s *stream, spread, tolerated, factor float64) float64 {
	if t.bursty == nil {
		return 0
	}
	return t.bursty.now(tolerated).times(factor).fromStart(&t.known(s, pooled, spread).bursty.against)
}

// prior is what is believed of the hosts' differences, of both ways in which a trial is held, and what was known when it
// was worked out.
type prior struct {
	bursty, even beliefs
	exposure     float64
	hosts        [2]float64
	ever, done   bool
}

// beliefs are how the canary's hosts may differ from the baseline's: for evidence against
// the canary, and for it, where only what was seen before the deploy is taken into account.
type beliefs struct{ against, favour belief }

// known is what is believed, worked out anew when more is known. Errors that come in bursts tell less of a host than as
// many that are independent: each of the two ways has its own belief. How errors hang together since the deploy alone says
// nothing of the time before.
func (t *trial) known(s *stream, host int, usual float64) *prior {
	const more = 1.1
	p, exposure := &t.prior, sumOf(s.known).Exposure
	same := math.Abs(p.hosts[0]-s.hosts[0])+math.Abs(p.hosts[1]-s.hosts[1]) < 0.1*(s.hosts[0]+s.hosts[1])
	if p.done && exposure < more*p.exposure && p.ever == s.ever && same {
		return p
	}
	*p = prior{exposure: exposure, hosts: s.hosts, ever: s.ever, done: true}
	p.bursty = s.beliefs(host, usual, s.bursts.known(wary))
	if t.even != nil {
		p.even = s.beliefs(host, usual, s.bursts.likely(trusting))
	}
	return p
}

func (s *stream) beliefs(host int, usual float64, bursts dispersions) beliefs {
	const drift = 0.3 // of a rate in time, when nothing else is there to compare with
	dispersion, _ := bursts.long()
	x, y, hosts := s.before[0], s.before[1], s.hosts[0]
	if host != pooled {
		hosts, x = 1, Count{}
		if host < len(s.known) {
			x = s.known[host]
		}
	}
	if !s.ever {
		b := student(math.Sqrt(drift*drift+dispersion/max(x.Events, 0.5)), 200)
		return beliefs{b, b}
	}
	between := math.Sqrt(1/max(hosts, 1) + 1/max(s.hosts[1], 1))
	if x.Exposure == 0 || y.Exposure == 0 || x.Events+y.Events == 0 {
		differ := s.spread(usual, dispersion)
		return beliefs{differ.belief(usual, between), alike()}
	}
	b := s.narrowed(x, y, usual, between, dispersion)
	if dispersion-1 > evenly {
		// A few errors at once may look like bursts of any size, that let the past tell nothing: it is taken both ways.
		b = b.either(s.narrowed(x, y, usual, between, 1))
	}
	return beliefs{b, b}
}

// narrowed is how hosts may differ, given what x and y were before the deploy.
func (s *stream) narrowed(x, y Count, usual, between, dispersion float64) belief {
	const same = 0.05 // a host's rate changes by this much by itself, against the others'
	odds := x.Exposure / y.Exposure
	var logs belief
	for i := range logs {
		rho := float64(i-reach) * step
		logs[i] = (x.Events*rho - (x.Events+y.Events)*math.Log1p(odds*math.Exp(rho))) / dispersion
	}
	differ := s.spread(usual, dispersion)
	b := differ.belief(usual, between).odd(x.Exposure * y.rate() / dispersion)
	return b.times(&logs).blurred(max(0.03, same*between))
}
