package judge

import (
	"fmt"
	"time"
)

// Config is what is judged and how surely. The zero value of each member but
// Metrics means its default.
type Config struct {
	// Alpha bounds the chance of ever saying fail of a release that is not worse
	// than tolerated; 0.001 when 0.
	Alpha float64 `json:"alpha"`
	// Beta bounds the chance of ever saying pass of a release that is worse than
	// tolerated; 0.05 when 0.
	Beta float64 `json:"beta"`
	// Patience is how long a source may be away before the verdict is no data;
	// 30 seconds when 0.
	Patience time.Duration `json:"patience"`
	// Warmup is how long after the bake begins the canary may still be starting: what
	// it does in that time counts as one burst and no more. 15 seconds when 0; negative: none.
	// Histograms and gauges have a third longer: a new process is slow for longer than it fails.
	Warmup time.Duration `json:"warmup"`
	// Spread is how much hosts of one service usually differ before anything is known of
	// them: the standard deviation of the logarithms of their rates; 0.3 when 0.
	Spread  float64  `json:"spread"`
	Metrics []Metric `json:"metrics"`
}

// Metric is one thing that is measured on both arms.
type Metric struct {
	Name string `json:"name"`
	// Kind is what its samples hold; a count when empty.
	Kind Kind `json:"kind,omitempty"`
	// WorseBy is how many times worse than the baseline the canary may be: for a count,
	// that many times its rate; for a histogram, observations that many times as large;
	// for a gauge, that many times its value or its growth. 0: not compared.
	WorseBy float64 `json:"worse_by,omitempty"`
	// PassBelow is the ratio that a canary must surely be below to pass before its bake is over; when 0 it is
	// twice WorseBy, and of a count at least 3. That it is not even worse than WorseBy takes too many requests to show. Of a histogram
	// it bounds how many requests are slow: PassBelow/WorseBy times the baseline's, at every edge.
	PassBelow float64 `json:"pass_below,omitempty"`
	// AtMost is the highest tolerated rate of a count, or value of a gauge (with Higher the
	// lowest), baseline or not; of a histogram, what no more than one in twenty may lie above; 0: none.
	AtMost float64 `json:"at_most,omitempty"`
	// Higher says that more of a gauge is better.
	Higher bool `json:"higher,omitempty"`
	// Negligible, of a count, is a rate too low to matter: a canary that is surely below it is
	// let pass whatever the ratio. Without it two versions that make no errors at
	// all could never be told from each other. 0.001 when 0.
	Negligible float64 `json:"negligible,omitempty"`
	// DryRun metrics are shown and do not count.
	DryRun bool `json:"dry_run,omitempty"`
}

// usualSpread is how much hosts of one service usually differ.
const usualSpread = 0.3

// filled returns the configuration with its defaults, or what is wrong with it.
func (c Config) filled() (Config, error) {
	c.Alpha = or(c.Alpha, 0.001)
	c.Beta = or(c.Beta, 0.05)
	c.Patience = or(c.Patience, 30*time.Second)
	c.Warmup = or(c.Warmup, 15*time.Second)
	c.Spread = or(c.Spread, usualSpread)
	for name, p := range map[string]float64{"alpha": c.Alpha, "beta": c.Beta} {
		if !(p > 0 && p <= 0.5) {
			return c, fmt.Errorf("%s %v: allowed is more than 0 and at most 0.5", name, p)
		}
	}
	if c.Patience < 0 {
		return c, fmt.Errorf("patience %s: allowed is 0 or more", c.Patience)
	}
	if !(c.Spread > 0 && c.Spread <= 2) {
		return c, fmt.Errorf("spread %v: allowed is more than 0 and at most 2", c.Spread)
	}
	if len(c.Metrics) == 0 {
		return c, fmt.Errorf("no metrics: name at least one")
	}
	c.Metrics = append([]Metric(nil), c.Metrics...)
	named := map[string]bool{}
	for i, m := range c.Metrics {
		if m.Name == "" || named[m.Name] {
			return c, fmt.Errorf("metric %d, %q: every metric needs a name of its own", i+1, m.Name)
		}
		named[m.Name] = true
		m.Negligible = or(m.Negligible, 0.001)
		if m.Kind == "" {
			m.Kind = Counts
		}
		m.PassBelow = or(m.PassBelow, m.passBelow())
		if err := m.check(); err != nil {
			return c, fmt.Errorf("metric %s: %w", m.Name, err)
		}
		c.Metrics[i] = m
	}
	return c, nil
}

func (m Metric) check() error {
	switch {
	case m.WorseBy == 0 && m.AtMost == 0:
		return fmt.Errorf("neither worse_by nor at_most: set one")
	case m.WorseBy != 0 && !(m.WorseBy >= 1 && finite(m.WorseBy)):
		return fmt.Errorf("worse_by %v: allowed is 1 or more", m.WorseBy)
	case m.WorseBy != 0 && !(m.PassBelow >= m.WorseBy && m.PassBelow <= 10*m.WorseBy):
		return fmt.Errorf("pass_below %v: allowed is worse_by, %v, to ten times as much", m.PassBelow, m.WorseBy)
	case !(m.AtMost >= 0 && finite(m.AtMost)):
		return fmt.Errorf("at_most %v: allowed is 0 or more", m.AtMost)
	case !(m.Negligible > 0 && finite(m.Negligible)):
		return fmt.Errorf("negligible %v: allowed is more than 0", m.Negligible)
	case m.Kind != Counts && m.Kind != Histogram && m.Kind != Gauge:
		return fmt.Errorf("kind %q: allowed are count, histogram and gauge", m.Kind)
	case m.Higher && m.Kind != Gauge:
		return fmt.Errorf("higher: only a gauge can be better for being more, this is a %s", m.Kind)
	}
	return nil
}

// passBelow is the ratio to surely be below when none is set.
func (m Metric) passBelow() float64 {
	if m.Kind == Counts && m.WorseBy > 0 {
		return max(3, 2*m.WorseBy)
	}
	return 2 * m.WorseBy
}

// warming reports whether the canary may still be starting.
func (c Config) warming(kind Kind, at time.Duration) bool {
	if kind != Counts {
		at = at * 3 / 4
	}
	return at <= c.Warmup
}

func or[T float64 | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}
