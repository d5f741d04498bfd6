package judgebench

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/lab/judgebench/rival"
	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

// Page is docs/bench-judge.md. Nothing in it depends on the machine or the day.
func (r Report) Page() string {
	var b strings.Builder
	c := r.Config
	fmt.Fprintf(&b, "# Benchmark of the judge\n\nWritten by `make bench-judge`: do not edit. The same seeds give the same page on every machine.\n\n")
	fmt.Fprintf(&b, "A fleet of %d hosts, looked at every %s, a bake of %s, an hour before the deploy. On each stream %d healthy\nrollouts, spread evenly over %d, and %d of each bad release at %s (%d on %q, %d in each other cell).\nSeeds count from %d up; every judge sees the same rollouts.\n\n",
		stream.Hosts, span(stream.Interval.Seconds()), span(c.Bake.Seconds()), c.Healthy, len(c.Cells), c.BadUsual, cellName(Usual()), max(c.BadUsual, c.BadSteady), promised, c.Bad, c.First)
	b.WriteString(r.Targets())
	b.WriteString("\n## Who hurts fewest requests\n\n" + r.winners() + rankingAbout)
	b.WriteString("\n## The table\n\n" + tableAbout + "\n")
	b.WriteString(r.table())
	b.WriteString("\n## At other rates and shares\n\n" + r.cells())
	b.WriteString("\n## The streams\n\n" + streamsAbout)
	for _, s := range c.Streams {
		fmt.Fprintf(&b, "- **%s**: %s%s\n", s.Name, s.About, like(s))
	}
	b.WriteString("\n## The judges\n\n" + judgesAbout)
	for _, j := range c.Contenders {
		fmt.Fprintf(&b, "- **%s**: %s\n", j.Name, j.About)
	}
	return b.String()
}

func like(s stream.Stream) string {
	if s.Like == "" {
		return ""
	}
	return fmt.Sprintf(" (healthy releases are those of %q)", s.Like)
}

const rankingAbout = `
Of latency that grows by 30 % over 20 minutes, "Kayenta, 10 min" sees the first 15 %, and tolerates nothing; Slipway is told to tolerate 10 %, as a
team does that does not want to be called for less, and "Kayenta, 10 min, 1.1x" is told the same. With that tolerance and 0.1 % false alarms nobody can be that early in the
median: after ten minutes the release has been worse than tolerated for 3 min 20 s, and the most powerful test there is (Neyman and Pearson's, of all latencies, with the fault's shape and
the baseline known) finds 36 % of them.
`

const tableAbout = `False alarms: aborts of healthy releases, with the upper bound of their share (Clopper-Pearson, 95 % one-sided).
**kept** means that no more than 0.1 % were counted; *unclear* that more were, which chance may explain; broken that it
may not (the lower bound is above 0.1 %). Held: healthy rollouts that end with a question to a person, which only
Slipway asks; the others promote what they cannot tell.

Bad releases, at 200 requests a second and a canary of 10 %: the median time from when the fault set in to the abort; the median number of
requests hurt until then (errors that a healthy release would not have made; for latency and memory, requests served slowly or by a
leaking process); the share that was missed. A release that was missed counts as longer and more than any that was found.
`

const streamsAbout = `Requests are Poisson around a load that wanders by 10 %; latency is lognormal with a median of 80 ms in Prometheus' default
buckets; memory is about 500 MB a host, wanders by 3 % over 5 minutes, and new processes begin at 60 % of it. The deploy starts the canary's processes anew.

`

const judgesAbout = `Each is written from its project's documentation and source and has the values documented there; "tuned" is what a user might
set who knows the service. Where the documentation leaves a choice, the one that serves that judge best was taken.

- Flagger (github.com/fluxcd/flagger, July 2026): "How it works", "Metrics Analysis", "Deployment Strategies" in docs/gitbook/usage;
  pkg/controller/scheduler.go. Its Istio tutorial rolls back at the 5th failed check, of an analysis of five minutes.
- Argo Rollouts (github.com/argoproj/argo-rollouts, August 2026): "Analysis & Progressive Delivery", docs/features/analysis.md; analysis/analysis.go.
  Its template's irate would measure the last two scrapes; here the whole interval is measured.
- Kayenta (github.com/spinnaker/kayenta, April 2025): docs/canary-config.md, NetflixACAJudge.scala, MannWhitneyClassifier.scala, MannWhitney.scala; and
  spinnaker.io/guides/user/canary: "How canary judgment works", "Best practices for configuring canary". These ask for three hours, and for
  a baseline that was started with the canary and is as large: here it is the rest of the fleet, as it was running.

All are given the same canary share from the first to the last minute, although Flagger (5, 10 ... 50 %) and Argo Rollouts (20, 40, 60, 80 %) step it up
in their examples; and all end with the bake, although a failed check makes Flagger's analysis longer.

`

// Targets says what was to be reached, and what was.
func (r Report) Targets() string {
	var b strings.Builder
	ours := r.Config.Contenders[0].Name
	b.WriteString("| to reach | counted | |\n|---|---|---|\n")
	worst, all := Row{}, true
	for _, s := range r.Config.Streams {
		row := r.row(key{s.Name, ours, stream.Healthy().Name, stream.Cell{}})
		all = all && (row.Kept == KeptSurely || row.Kept == KeptSeen)
		if row.N > 0 && (worst.N == 0 || row.Aborted > worst.Aborted) {
			worst = row
		}
	}
	fmt.Fprintf(&b, "| %s's false alarms at most 0.1 %% on every stream | at most %d of %d, on %q | %s |\n", ours, worst.Aborted, worst.N, worst.Stream, reached(all))
	for _, t := range []struct {
		fault string
		most  time.Duration
	}{{"errors 10x", time.Minute}, {"errors 3x", 8 * time.Minute}} {
		row := r.row(key{promised, ours, t.fault, Usual()})
		fmt.Fprintf(&b, "| %s at %s: median under %s | %s | %s |\n", t.fault, cellName(Usual()), span(t.most.Seconds()), when(row), reached(row.Seconds != nil && *row.Seconds < t.most.Seconds()))
	}
	first, of := 0, 0
	for _, s := range r.Config.Streams {
		for _, f := range s.Faults() {
			w := r.winner(s, f)
			if w.best == "" {
				continue
			}
			of++
			if w.rank == 1 {
				first++
			}
		}
	}
	fmt.Fprintf(&b, "| %s first on requests hurt, among those that keep false alarms | %d of %d | %s |\n", ours, first, of, reached(first == of))
	return b.String()
}

func reached(ok bool) string {
	if ok {
		return "reached"
	}
	return "missed"
}

func when(row Row) string {
	switch {
	case row.N == 0:
		return "not run"
	case row.Seconds == nil:
		return "not found"
	}
	return span(*row.Seconds)
}

// span is a number of seconds as people say it.
func span(seconds float64) string {
	switch {
	case seconds < 120:
		return fmt.Sprintf("%.0f s", seconds)
	case seconds < 600 && int(seconds)%60 != 0:
		return fmt.Sprintf("%.1f min", seconds/60)
	}
	return fmt.Sprintf("%.0f min", seconds/60)
}

func cellName(c stream.Cell) string {
	return fmt.Sprintf("%.0f requests/s and a canary of %.0f %%", c.Rate, 100*c.Share)
}

func names(contenders []rival.Contender) []string {
	var all []string
	for _, c := range contenders {
		all = append(all, c.Name)
	}
	return all
}
