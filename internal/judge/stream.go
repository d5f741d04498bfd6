package judge

import "time"

// stream is a count on both arms with all that is learnt of its hosts: what differs between them,
// and how their errors hang together.
type stream struct {
	known  []Count // by host, while it ran what was live before
	calm   []Count // the same of one look; kept to be used again
	bursts dispersion
	lately dispersion    // the same, since the deploy alone
	seen   time.Duration // how long hosts were seen at that, all together
	before [2]Count      // canary's and baseline's hosts before the deploy
	hosts  [2]float64    // how many there are, by their weight
	ever   bool          // there was a baseline at the same time
	every  int           // it is weighed every so many looks; 1 when 0
	looks  int
	own    ownRate
	all    trial    // the canary's hosts together
	single []*trial // each of them, by number, when there are several
	// Evidence against the canary, as a logarithm, as of when it was last weighed.
	against float64
}

// take adds a look. Evidence comes first: what is learnt from a look is for the next one.
func (s *stream) take(l *look, now moment) {
	canary, baseline := l.has(Canary), l.has(Baseline)
	if canary {
		s.hosts[0] = l.effective(Canary)
	}
	if baseline {
		s.hosts[1], s.ever = l.effective(Baseline), true
	}
	if canary || baseline {
		s.weigh(l, now)
	}
	for i, arm := range [2]Arm{CanaryBefore, BaselineBefore} {
		if l.has(arm) {
			s.before[i] = s.before[i].plus(l.total(arm))
			if !s.ever {
				s.hosts[i] = l.effective(arm)
			}
		}
	}
	s.learn(l, now.span)
}

// singly is how much rarer single hosts are weighed than all together: they need more errors.
const singly = 4

// weigh adds a look to the evidence.
func (s *stream) weigh(l *look, now moment) {
	baseline := l.total(Baseline)
	s.all.add(s, l.total(Canary), baseline, s.hosts[0], now)
	for i, arm := range l.arms {
		if arm != Canary || s.hosts[0] < 1.5 || !s.ever {
			continue
		}
		for len(s.single) <= i {
			s.single = append(s.single, nil)
		}
		if s.single[i] == nil {
			s.single[i] = &trial{least: singly}
		}
		s.single[i].add(s, l.counts[i], baseline, 1, now)
	}
	s.looks++
	if s.looks%max(s.every, 1) != 0 || !s.comparable() {
		return
	}
	s.all.weigh(s, pooled, now)
	if s.looks%(singly*max(s.every, 1)) == 0 {
		for i, t := range s.single {
			if t != nil {
				t.weigh(s, i, now)
			}
		}
	}
	s.against = s.evidence()
}

// evidence is the mean of that against all of the canary's hosts together and that against
// each: a fault that only one host has would be lost among the others.
func (s *stream) evidence() float64 {
	const together = 0.95
	var each []float64
	for _, t := range s.single {
		if t != nil {
			each = append(each, t.against)
		}
	}
	if len(each) < 2 {
		return s.all.against
	}
	return weighted([]float64{s.all.against, logMean(each)}, []float64{together, 1 - together})
}

// comparable reports whether there is something to compare the canary with.
func (s *stream) comparable() bool { return s.ever || s.before[0].Exposure > 0 }

// burstLength is how long bursts usually last; a block is no shorter.
const burstLength = 20 * time.Second

// next is the next block, of so many hosts of the canary, made from the past alone.
func (s *stream) next(bursts dispersions, hosts float64) block {
	_, scale := bursts.long()
	b := block{of: 1 << min(scale, s.bursts.usual()+1), bursts: bursts, strange: s.strange(hosts), alone: !s.ever && s.before[0].Exposure > 0}
	if b.alone {
		b.rate = max(s.before[0].Events, 0.5) / s.before[0].Exposure
	} else if known := sumOf(s.known); known.Exposure > 0 {
		b.rate = max(known.Events, 0.5) / known.Exposure
	}
	return b
}

// strange is the chance that some of the canary's hosts does in a block what no host has been seen to do: the less, the
// longer hosts have been seen.
func (s *stream) strange(hosts float64) float64 {
	const first, before, most = 0.1, 5, 0.2
	return min(most, first*hosts/(before+s.seen.Seconds()/burstLength.Seconds()))
}

// found is what is known of how counts vary, when bursts that nobody has seen yet are taken for likely.
func (s *stream) found() dispersions { return s.bursts.known(wary).and(s.lately.known(trusting)) }

// shown is what is known when errors are taken to be independent until they show otherwise.
func (s *stream) shown() dispersions { return s.bursts.known(trusting).and(s.lately.known(trusting)) }

// learn takes hosts to which nothing was done, after so much time.
func (s *stream) learn(l *look, span time.Duration) {
	for len(s.known) < len(l.arms) {
		s.known, s.calm = append(s.known, Count{}), append(s.calm, Count{})
	}
	any, now := false, false
	for i, arm := range l.arms {
		s.calm[i] = Count{}
		if arm.calm() {
			s.calm[i], any, now = l.counts[i], true, now || arm == Baseline
			s.seen += span
		}
	}
	if !any {
		return
	}
	own := s.ownEvents()
	s.bursts.add(s.calm, s.known, own, span)
	if now && s.before[1].Exposure > 0 {
		s.lately.add(s.calm, s.known, own, span)
	}
	for i, c := range s.calm {
		s.known[i] = s.known[i].plus(c)
	}
}

// ownRate is how many events a host needs for its own rate to outweigh the rate of all, as of when so much was known.
type ownRate struct{ events, exposure float64 }

// ownEvents is that number: the more, the less hosts differ. It is worked out anew when a tenth more is known.
func (s *stream) ownEvents() float64 {
	const more = 1.1
	if exposure := sumOf(s.known).Exposure; s.own.events == 0 || exposure > more*s.own.exposure {
		dispersion, _ := s.bursts.known(trusting).long()
		differ := s.spread(usualSpread, dispersion)
		s.own = ownRate{1 / differ.variance(usualSpread), exposure}
	}
	return s.own.events
}
