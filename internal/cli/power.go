package cli

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/duration"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/judge/power"
	"github.com/slipway-deploy/slipway/internal/manifest"
)

// powerOptions describe a canary that is not yet running.
type powerOptions struct {
	on     bool
	rate   float64
	errors string
	worse  []string
	share  string
	hosts  int
	before time.Duration
}

func (o *powerOptions) bind(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&o.on, "power", false, "tell how long a canary needs to see a regression")
	f.Float64Var(&o.rate, "rate", 100, "requests a second of the whole service, for --power")
	f.StringVar(&o.errors, "errors", "0.1%", "share of errors in ordinary times, for --power")
	f.StringSliceVar(&o.worse, "worse", []string{"1.5x", "2x", "3x", "10x"}, "regressions to see, times the errors of ordinary times, for --power")
	f.StringVar(&o.share, "share", "", "share of the traffic on the canary, for --power; else the environment's")
	f.IntVar(&o.hosts, "fleet", 10, "hosts of the service, for --power")
	f.DurationVar(&o.before, "before", time.Hour, "how much of the time before is known, for --power")
}

// mostFleet bounds the hosts that are simulated: each takes its time, and what is seen depends
// on the requests, hardly on how many hosts share them.
const mostFleet = 500

// runPower simulates the canary of an environment.
func runPower(ctx context.Context, opts judgeOptions, env Env) error {
	m, s, err := opts.scenario(ctx, env)
	if err != nil {
		return err
	}
	factors, err := opts.factors(s.ErrorRate)
	if err != nil {
		return err
	}
	look, err := power.Of(ctx, m, s, factors)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return ctx.Err()
	case opts.set("worse-by") || opts.set("pass-below"):
		return usagef("%v\n  %s", err, app.BothRatios)
	default:
		return usagef("%v", err)
	}
	m.PassBelow = look.PassBelow
	return opts.out.print(env.Out, outlookOf(m, look), func() string { return powerText(m, look) })
}

// factors are the regressions to see. Of those that nobody asked for, the ones that cannot be
// are left out.
func (o judgeOptions) factors(rate float64) ([]float64, error) {
	var factors []float64
	most := strconv.FormatFloat(math.Floor(100/rate)/100, 'f', -1, 64) + "x"
	for _, text := range o.power.worse {
		f, err := ratio("--worse", text)
		switch {
		case err != nil:
			return nil, err
		case power.Possible(rate, f):
			factors = append(factors, f)
		case o.set("worse"):
			return nil, usagef("--worse %s of --errors %s is %s %%: allowed is up to %s", text, o.power.errors, number(100*rate*f), most)
		}
	}
	if len(factors) == 0 {
		return nil, usagef("--errors %s: of so many there are no %s: give --worse, up to %s", o.power.errors, strings.Join(o.power.worse, ", "), most)
	}
	return factors, nil
}

// scenario is the canary that is asked about: the environment's, but for what flags say.
func (o judgeOptions) scenario(ctx context.Context, env Env) (judge.Metric, power.Scenario, error) {
	p := o.power
	m := app.Usual("errors", judge.Counts)
	usual := manifest.Canary()
	s := power.Scenario{Rate: p.rate, Share: usual.Hosts.Percent / 100, Before: p.before, Most: usual.Bake.Most}
	switch {
	case !(p.rate > 0) || math.IsInf(p.rate, 0):
		return m, s, usagef("--rate %v makes no sense: it is requests a second, more than 0", p.rate)
	case p.hosts < 2:
		return m, s, usagef("--fleet %d makes no sense: a canary and its baseline are at least 2 hosts", p.hosts)
	case p.hosts > mostFleet:
		return m, s, usagef("--fleet %d: allowed is 2 to %d; of more hosts ask about so many, with the --rate and --share of them all: requests decide what is seen, hardly hosts", p.hosts, mostFleet)
	}
	if o.environment != "" {
		if err := o.ofManifest(ctx, env, &m, &s); err != nil {
			return m, s, err
		}
	}
	all, err := o.tolerance()
	if err != nil {
		return m, s, err
	}
	m = all.Of(m)
	if s.ErrorRate, err = part("--errors", p.errors); err != nil {
		return m, s, err
	}
	if o.set("share") {
		if s.Share, err = part("--share", p.share); err != nil {
			return m, s, err
		}
	}
	if s.Share >= 1 {
		return m, s, usagef("the canary of environment %s is all of --fleet %d: give more hosts, or --share below 100%%", o.environment, p.hosts)
	}
	if err := o.times(&s); err != nil {
		return m, s, err
	}
	s.Canary = min(max(1, int(math.Round(s.Share*float64(p.hosts)))), p.hosts-1)
	s.Baseline = p.hosts - s.Canary
	return m, s, nil
}

// times are how long is watched, and for how long it was before.
func (o judgeOptions) times(s *power.Scenario) error {
	if o.set("least") {
		s.Least = o.least
	}
	if o.set("most") {
		s.Most = o.most
	}
	const every, longest = power.UsualEvery, power.MostLooks * power.UsualEvery
	switch {
	case s.Before < 0 || s.Before > longest:
		return usagef("--before %s: allowed is 0s to %s", s.Before, longest)
	case (s.Most < every || s.Most > longest) && o.set("most"):
		return usagef("--most %s: allowed is %s, from one look to the next, to %s", s.Most, every, longest)
	case s.Most < every || s.Most > longest:
		return usagef("the longest bake of environment %s is %s: --most gives another, from %s to %s", o.environment, s.Most, every, longest)
	case s.Least > s.Most:
		return usagef("the shortest bake is %s, and the longest %s: give both, --least and --most", s.Least, s.Most)
	}
	return nil
}

// ofManifest takes what the manifest says of the canary.
func (o judgeOptions) ofManifest(ctx context.Context, env Env, m *judge.Metric, s *power.Scenario) error {
	canary, err := o.canary(ctx, env)
	if err != nil {
		return err
	}
	s.Least, s.Most = canary.Bake.Least, canary.Bake.Most
	switch h := canary.Hosts; {
	case h.Percent > 0:
		s.Share = h.Percent / 100
	case h.Count > 0:
		s.Share = min(float64(h.Count)/float64(o.power.hosts), 1)
	}
	for _, judged := range app.JudgedBy(canary) {
		if judged.Kind == judge.Counts {
			*m, m.DryRun = judged, false
			break
		}
	}
	return nil
}

// outlook is what --power prints as JSON. Times are in seconds.
type outlook struct {
	Rate     float64 `json:"rate"`
	Share    float64 `json:"share"`
	Canary   int     `json:"canary"`
	Baseline int     `json:"baseline"`
	Errors   float64 `json:"errors"`
	Before   float64 `json:"before"`
	Least    float64 `json:"least,omitempty"`
	Most     float64 `json:"most"`
	WorseBy  float64 `json:"worse_by"`
	// PassBelow is what the judge goes by, whoever said it. AtMost is there when it was set.
	PassBelow float64     `json:"pass_below,omitempty"`
	AtMost    float64     `json:"at_most,omitempty"`
	Cases     []powerCase `json:"cases"`
}

// powerCase is one regression. Times are null when it is not seen in time.
type powerCase struct {
	Worse  float64  `json:"worse"` // times the errors of ordinary times
	Median *float64 `json:"median"`
	Ninety *float64 `json:"ninety"`
	Found  float64  `json:"found"`
	Passed float64  `json:"passed,omitempty"` // share of such bakes that end with a pass
	Better float64  `json:"better,omitempty"` // share of the traffic at which half of them are seen
	Words  string   `json:"words"`
}

func outlookOf(m judge.Metric, l power.Outlook) outlook {
	s := l.Scenario
	out := outlook{Rate: s.Rate, Share: s.Share, Canary: s.Canary, Baseline: s.Baseline, Errors: s.ErrorRate,
		Before: s.Before.Seconds(), Least: s.Least.Seconds(), Most: s.Most.Seconds(), WorseBy: m.WorseBy, PassBelow: m.PassBelow, AtMost: m.AtMost, Cases: []powerCase{}}
	seconds := func(d time.Duration) *float64 {
		if d == 0 {
			return nil
		}
		return new(d.Seconds())
	}
	for _, c := range l.Cases {
		out.Cases = append(out.Cases, powerCase{Worse: c.Factor, Median: seconds(c.Median), Ninety: seconds(c.Ninety),
			Found: c.Found, Passed: c.Passed, Better: c.Better, Words: c.Words})
	}
	return out
}

func powerText(m judge.Metric, l power.Outlook) string {
	s := l.Scenario
	var b strings.Builder
	fmt.Fprintf(&b, "a canary of %s %% (%s of %d), %s requests a second in all, %s %% errors, watched for %s, %s, %s known before, a look every %s:\n",
		number(s.Share*100), view.Count(s.Canary, "host"), s.Canary+s.Baseline, number(s.Rate), number(s.ErrorRate*100), duration.Text(s.Most), tolerated(m), duration.Text(s.Before), duration.Text(s.Every))
	for _, c := range l.Cases {
		fmt.Fprintf(&b, "  %s\n", c.Words)
	}
	return b.String()
}

// tolerated is what a canary may do, in the words of the manifest.
func tolerated(m judge.Metric) string {
	var all []string
	if m.WorseBy > 0 {
		all = append(all, number(m.WorseBy)+"x the errors")
	}
	if m.AtMost > 0 {
		all = append(all, "at most "+number(m.AtMost*100)+" %")
	}
	text := strings.Join(all, " and ") + " tolerated"
	if m.PassBelow > 0 {
		text += " and a pass surely below " + number(m.PassBelow) + "x"
	}
	return text
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// ratio reads a flag such as 1.5x.
func ratio(flag, text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(text, "x"), 64)
	if err != nil || !(v >= 1) || v > 1000 {
		return 0, usagef("%s %q: it can be a ratio from 1x to 1000x, such as 1.5x", flag, text)
	}
	return v, nil
}

// percent reads a flag such as 0.1%, as a share of 1.
func percent(flag, text string) (float64, error) {
	number, ok := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(v > 0 && v <= 100) {
		return 0, usagef("%s %q: it can be a percentage above 0%%, such as 0.1%%", flag, text)
	}
	return v / 100, nil
}

// part reads a flag that is a share of something, and not all of it.
func part(flag, text string) (float64, error) {
	v, err := percent(flag, text)
	if err == nil && v >= 1 {
		err = usagef("%s %q: it can be a percentage above 0%% and below 100%%, such as 0.1%%", flag, text)
	}
	return v, err
}
