package proxy

// pick chooses a server for a new request and counts it there: not the one that was
// just tried in vain, unless it is the only one. It returns nil when none takes any.
func (t *transport) pick(not *server) *server {
	t.proxy.mu.Lock()
	defer t.proxy.mu.Unlock()
	s := t.backend.next(not)
	if s == nil {
		s = t.backend.next(nil)
	}
	if s == nil {
		return nil
	}
	if not != nil && s != not {
		not.redispatches++
	}
	s.begin()
	s.balanced++
	return s
}

// next is smooth weighted round robin: every server earns its weight, and the one
// with most pays the sum.
func (b *backend) next(not *server) *server {
	var best *server
	sum := 0
	for _, s := range b.servers {
		if s == not || !s.takes() {
			s.share = min(s.share, 0) // what it earned while away is forfeit
			continue
		}
		s.share += s.weight
		sum += s.weight
		if best == nil || s.share > best.share {
			best = s
		}
	}
	if best != nil {
		best.share -= sum
	}
	return best
}
