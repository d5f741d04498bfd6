package judge

import (
	"fmt"
	"math"
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
	// Longest is the longest bake; 8 hours when 0. It only spaces the fresh counts.
	Longest time.Duration `json:"longest"`
	// Fresh is how often the evidence is also counted from anew, so that a fault
	// that sets in late is found nearly as fast as an early one; when 0, the
	// longer of 2 minutes and a hundredth of Longest.
	Fresh time.Duration `json:"fresh"`
	// Patience is how long a source may be away before the verdict is no data;
	// 30 seconds when 0.
	Patience time.Duration `json:"patience"`
	Metrics  []Metric      `json:"metrics"`
}

// Metric is one thing that is counted on both arms.
type Metric struct {
	Name string `json:"name"`
	// WorseBy is the tolerated ratio of the canary's rate to the baseline's; 0: not compared.
	WorseBy float64 `json:"worse_by,omitempty"`
	// AtMost is the highest tolerated rate of the canary, baseline or not; 0: none.
	AtMost float64 `json:"at_most,omitempty"`
	// Negligible is a rate too low to matter: a canary that is surely below it is
	// let pass whatever the ratio. Without it two versions that make no errors at
	// all could never be told from each other. 0.001 when 0.
	Negligible float64 `json:"negligible,omitempty"`
	// DryRun metrics are shown and do not count.
	DryRun bool `json:"dry_run,omitempty"`
	// Before is what the same hosts did before the deploy, if known.
	Before *Before `json:"before,omitempty"`
}

// filled returns the configuration with its defaults, or what is wrong with it.
func (c Config) filled() (Config, error) {
	c.Alpha = or(c.Alpha, 0.001)
	c.Beta = or(c.Beta, 0.05)
	c.Longest = or(c.Longest, 8*time.Hour)
	c.Fresh = or(c.Fresh, max(2*time.Minute, c.Longest/100))
	c.Patience = or(c.Patience, 30*time.Second)
	for name, p := range map[string]float64{"alpha": c.Alpha, "beta": c.Beta} {
		if !(p > 0 && p <= 0.5) {
			return c, fmt.Errorf("%s %v: allowed is more than 0 and at most 0.5", name, p)
		}
	}
	if c.Longest < 0 || c.Fresh < 0 || c.Patience < 0 {
		return c, fmt.Errorf("longest %s, fresh %s, patience %s: durations must not be negative", c.Longest, c.Fresh, c.Patience)
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
	case !(m.AtMost >= 0 && finite(m.AtMost)):
		return fmt.Errorf("at_most %v: allowed is 0 or more", m.AtMost)
	case !(m.Negligible > 0 && finite(m.Negligible)):
		return fmt.Errorf("negligible %v: allowed is more than 0", m.Negligible)
	case m.Before == nil:
		return nil
	case !(m.Before.Ratio >= 0 && finite(m.Before.Ratio)) || !(m.Before.Dispersion >= 0 && finite(m.Before.Dispersion)):
		return fmt.Errorf("before: ratio %v and dispersion %v must not be negative", m.Before.Ratio, m.Before.Dispersion)
	}
	return nil
}

// tolerated is the ratio that is still not worse: what the user tolerates times what
// these hosts differed by before.
func (m Metric) tolerated() float64 {
	if m.Before == nil || m.Before.Ratio == 0 {
		return m.WorseBy
	}
	return m.WorseBy * m.Before.Ratio
}

func (m Metric) dispersion() float64 {
	if m.Before == nil {
		return 1
	}
	return max(1, m.Before.Dispersion)
}

func or[T float64 | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

func finite(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }
