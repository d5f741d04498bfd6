// Package power tells before a rollout what its canary will be able to see: it runs seeded,
// imagined bakes through the judge. The command line asks it; it judges nothing that is real.
package power

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

const (
	// UsualEvery is between looks when nothing else is said.
	UsualEvery = 5 * time.Second
	// MostLooks bounds the looks of a bake, and those at the time before it.
	MostLooks = 100_000
)

// Scenario is a canary that is not yet running.
type Scenario struct {
	Rate      float64       `json:"rate"`       // requests a second, canary and baseline together
	Share     float64       `json:"share"`      // of them on the canary, 0.1
	Canary    int           `json:"canary"`     // hosts; 1 when 0
	Baseline  int           `json:"baseline"`   // hosts; as many as the share asks for when 0
	ErrorRate float64       `json:"error_rate"` // of the baseline
	Before    time.Duration `json:"before"`     // how much of the time before the deploy is known
	Least     time.Duration `json:"least"`      // the shortest bake: no pass comes sooner
	Most      time.Duration `json:"most"`       // the longest bake
	Every     time.Duration `json:"every"`      // between looks; UsualEvery when 0
	Runs      int           `json:"-"`          // simulated bakes a factor; 60 when 0
}

// Outlook is what a canary will be able to see.
type Outlook struct {
	Scenario Scenario `json:"scenario"`
	WorseBy  float64  `json:"worse_by,omitempty"`
	// PassBelow is the one that was judged by: the judge's own when none is set.
	PassBelow float64 `json:"pass_below,omitempty"`
	AtMost    float64 `json:"at_most,omitempty"`
	Cases     []Case  `json:"cases"`
}

// Case is one regression: how long it takes to be seen.
type Case struct {
	Factor float64 `json:"factor"` // times the baseline's rate
	// Median and Ninety are when half, and nine of ten, such bakes have failed; 0: not within Most.
	Median time.Duration `json:"median,omitempty"`
	Ninety time.Duration `json:"ninety,omitempty"`
	Found  float64       `json:"found"` // share of such bakes that fail within Most
	// Passed is the share of such bakes that end with a pass: they are not found any more.
	Passed float64 `json:"passed,omitempty"`
	// Tolerated says that a release that is worse by so much is good enough, by worse_by and at_most.
	Tolerated bool `json:"tolerated,omitempty"`
	// Better is the smallest share of the traffic at which a typical bake of this kind fails
	// within Most, when this one is too small; 0: none does, or none is needed.
	Better float64 `json:"better,omitempty"`
	// Past says that a typical bake fails in time when an hour before is known, though no share will do.
	Past  bool   `json:"past,omitempty"`
	Words string `json:"words"` // the case in one line
}

// Of tells how long a canary needs to see regressions of a count, by simulating
// seeded bakes through the same judge. Factors are times the baseline's rate. It ends early,
// with the error of ctx, when ctx does.
func Of(ctx context.Context, m judge.Metric, s Scenario, factors []float64) (Outlook, error) {
	m.Kind = judge.Counts
	s, err := s.filled()
	if err != nil {
		return Outlook{}, err
	}
	c := judge.Config{Metrics: []judge.Metric{m}}
	state, err := judge.New(c)
	if err != nil {
		return Outlook{}, err
	}
	if len(factors) == 0 {
		return Outlook{}, errors.New("no factors: name at least one regression, 10 for ten times the errors")
	}
	out := Outlook{Scenario: s, WorseBy: m.WorseBy, AtMost: m.AtMost}
	for _, judged := range state.Finding().Metrics {
		out.PassBelow = judged.Tolerated.PassBelow
	}
	for _, factor := range factors {
		switch {
		case !(factor >= 1 && finite(factor)):
			return Outlook{}, fmt.Errorf("factor %v: allowed is 1 or more", factor)
		case !Possible(s.ErrorRate, factor):
			return Outlook{}, fmt.Errorf("factor %v of error rate %v: allowed is up to %v", factor, s.ErrorRate, 1/s.ErrorRate)
		}
	}
	for _, factor := range factors {
		tried, err := s.try(ctx, c, factor)
		if err != nil {
			return Outlook{}, err
		}
		out.Cases = append(out.Cases, tried)
	}
	return out, nil
}

// Possible reports whether a rate can be so many times as high: more than everything cannot fail.
func Possible(rate, factor float64) bool {
	const rounding = 1e-9 // three times a third is all
	return rate*factor <= 1+rounding
}

func (s Scenario) filled() (Scenario, error) {
	s.Every, s.Runs, s.Canary = or(s.Every, UsualEvery), max(s.Runs, 0), max(s.Canary, 1)
	if s.Runs == 0 {
		s.Runs = 60
	}
	switch {
	case !(s.Rate > 0 && finite(s.Rate)):
		return s, fmt.Errorf("%v requests a second: allowed is more than 0", s.Rate)
	case !(s.Share > 0 && s.Share < 1):
		return s, fmt.Errorf("share %v: allowed is between 0 and 1", s.Share)
	case !(s.ErrorRate > 0 && s.ErrorRate < 1):
		return s, fmt.Errorf("error rate %v: allowed is between 0 and 1", s.ErrorRate)
	case s.Most < s.Every || s.Every < 0 || s.Before < 0 || s.Least < 0:
		return s, fmt.Errorf("least %s, most %s, every %s, before %s: a bake needs at least one look, and no time is negative", s.Least, s.Most, s.Every, s.Before)
	case s.Most/s.Every > MostLooks || s.Before/s.Every > MostLooks:
		return s, fmt.Errorf("most %s, before %s, every %s: more than %d looks", s.Most, s.Before, s.Every, MostLooks)
	}
	if s.Baseline <= 0 {
		s.Baseline = max(1, int(float64(s.Canary)*(1-s.Share)/s.Share+0.5))
	}
	return s, nil
}

// try simulates bakes with a regression.
func (s Scenario) try(ctx context.Context, c judge.Config, factor float64) (Case, error) {
	out := Case{Factor: factor}
	var found []time.Duration
	passed := 0
	for seed := range s.Runs {
		at, verdict, err := s.bake(ctx, c, factor, newDraws(uint64(seed)))
		if err != nil {
			return out, err
		}
		switch verdict {
		case judge.Fail:
			found = append(found, at)
		case judge.Pass:
			passed++
		}
	}
	slices.Sort(found)
	out.Found = float64(len(found)) / float64(s.Runs)
	out.Passed = float64(passed) / float64(s.Runs)
	if i := s.Runs / 2; i < len(found) {
		out.Median = found[i]
	}
	if i := s.Runs * 9 / 10; i < len(found) {
		out.Ninety = found[i]
	}
	out.Tolerated = tolerated(c.Metrics[0], factor, s.ErrorRate)
	if out.Median == 0 && !out.Tolerated {
		if err := out.helped(ctx, s, c); err != nil {
			return out, err
		}
	}
	out.Words = out.words(s)
	return out, nil
}

// helped finds out what would make a case seen that is not.
func (c *Case) helped(ctx context.Context, s Scenario, by judge.Config) (err error) {
	if c.Better, err = s.better(ctx, by, c.Factor); err != nil || c.Better > 0 {
		return err
	}
	c.Past, err = s.past(ctx, by, c.Factor)
	return err
}

// tolerated reports whether so many times the errors are no reason for a fail.
func tolerated(m judge.Metric, factor, rate float64) bool {
	return (m.WorseBy == 0 || factor <= m.WorseBy) && (m.AtMost == 0 || rate*factor <= m.AtMost)
}

// better is the smallest larger share with which a bake that goes as expected fails in time. The
// same hosts get more of the traffic, or there are more of them.
func (s Scenario) better(ctx context.Context, c judge.Config, factor float64) (float64, error) {
	hosts := float64(s.Canary + s.Baseline)
	for _, share := range []float64{0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5} {
		if share <= s.Share {
			continue
		}
		more := s
		more.Share = share
		more.Canary = max(s.Canary, int(hosts*share+0.5))
		more.Baseline = max(1, int(hosts)-more.Canary)
		if _, verdict, err := more.bake(ctx, c, factor, expected{}); err != nil || verdict == judge.Fail {
			return share, err
		}
	}
	return 0, nil
}

// past reports whether a bake that goes as expected fails in time when more is known of the time before.
func (s Scenario) past(ctx context.Context, c judge.Config, factor float64) (bool, error) {
	const enough = time.Hour
	if s.Before >= enough {
		return false, nil
	}
	s.Before = enough
	_, verdict, err := s.bake(ctx, c, factor, expected{})
	return verdict == judge.Fail, err
}

// bake judges one bake. One of many hosts takes seconds: every look asks whether to go on.
func (s Scenario) bake(ctx context.Context, c judge.Config, factor float64, d draws) (time.Duration, judge.Verdict, error) {
	state, err := judge.New(c)
	if err != nil {
		return 0, judge.Inconclusive, err
	}
	for at := s.Every - s.Before; at <= s.Most; at += s.Every {
		if err := ctx.Err(); err != nil {
			return 0, judge.Inconclusive, err
		}
		t := judge.Tick{At: at}
		worse := factor
		if at <= 0 {
			t.At, worse = min(at, -1), 1
		}
		t.Samples = append(s.arm(c, d, judge.Canary, s.Canary, s.Share, worse), s.arm(c, d, judge.Baseline, s.Baseline, 1-s.Share, 1)...)
		state.Look(t)
		v := state.Verdict()
		if at > 0 && (judge.Finding{Verdict: v, At: at}).Ends(s.Least, s.Most) {
			return at, v, nil
		}
	}
	return 0, judge.Inconclusive, nil
}

func (s Scenario) arm(c judge.Config, d draws, arm judge.Arm, hosts int, share, factor float64) []judge.Sample {
	samples := make([]judge.Sample, hosts)
	for i := range samples {
		requests := d.poisson(s.Rate * share / float64(hosts) * s.Every.Seconds())
		errs := min(requests, d.poisson(requests*min(1, s.ErrorRate*factor)))
		samples[i] = judge.Sample{Arm: arm, Host: fmt.Sprintf("%s%d", arm[:1], i), Metric: c.Metrics[0].Name, Events: errs, Exposure: requests}
	}
	return samples
}

func or(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

func finite(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }

func percent(share float64) string { return strconv.FormatFloat(100*share, 'g', 3, 64) + " %" }

// words is a case in one line.
func (c Case) words(s Scenario) string {
	text := fmt.Sprintf("%.3g times the errors (%s): ", c.Factor, percent(min(1, s.ErrorRate*c.Factor)))
	switch {
	case c.Tolerated && c.Found == 0:
		return text + fmt.Sprintf("tolerated; %s of such bakes pass within %s", percent(c.Passed), s.Most)
	case c.Ninety > 0:
		return text + fmt.Sprintf("found after %s in half of such bakes, after %s in nine of ten", c.Median, c.Ninety)
	case c.Median > 0:
		return text + fmt.Sprintf("found after %s in half of such bakes; %s of them find it within %s", c.Median, percent(c.Found), s.Most)
	case c.Found == 0:
		text += fmt.Sprintf("never found within %s", s.Most)
	default:
		text += fmt.Sprintf("found within %s by %s of such bakes", s.Most, percent(c.Found))
	}
	if c.Passed >= 0.5 {
		return text + fmt.Sprintf("; %s pass before: lower pass_below, or tolerate less", percent(c.Passed))
	}
	if c.Better > 0 {
		return text + fmt.Sprintf("; with %s of the traffic it would be", percent(c.Better))
	}
	if c.Past {
		return text + "; with an hour before known it would be"
	}
	return text + "; no share of this traffic is enough: bake longer, or tolerate less"
}
