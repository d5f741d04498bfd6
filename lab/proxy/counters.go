package proxy

// counters is what a server, a backend or a frontend has done since the proxy started.
type counters struct {
	now, most int64 // requests being served
	total     int64
	in, out   int64    // bytes of bodies
	answers   [6]int64 // by the first digit of the status; 0 is anything else

	connErrors, respErrors   int64
	retries, redispatches    int64
	denied, aborts, balanced int64
}

func (c *counters) begin() {
	c.total++
	c.now++
	c.most = max(c.most, c.now)
}

func (c *counters) end() { c.now-- }

func (c *counters) answered(status int) {
	class := status / 100
	if class < 1 || class > 5 {
		class = 0
	}
	c.answers[class]++
}
