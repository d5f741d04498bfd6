package judgelab

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Page is docs/judge-lab.md.
func (r Report) Page() string {
	var b strings.Builder
	c := r.Config
	fmt.Fprintf(&b, "# The judge on real hosts\n\nWritten by `make judge-lab`: do not edit.\n\n")
	fmt.Fprintf(&b, `Each scenario has labs of its own: %d Debian hosts behind HAProxy with %d requests a second, each of which takes
%s in the middle (20 to 80 ms). A round is one `+"`slipway deploy`"+`: two of the hosts become the canary, which is watched for %s at most. A bad
release must be found, for what is wrong with it; a good one must not be (where nothing is decided it is held, and a person is
asked: that is right, too). The time is from the beginning of the bake to the verdict; hurt are requests that the release answered
with an error until it was gone, or until the round was over. %s of traffic were seen before the first round.

`, c.Hosts, c.Rate, work, bake, seconds(c.Before))
	b.WriteString(r.summary())
	for _, s := range r.Scenarios {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n| round | release | verdict | after | hurt | rollout | what the judge said |\n|---:|---|---|---:|---:|---|---|\n", s.Name, upper(s.About))
		for _, o := range r.of(s) {
			mark := ""
			if !o.Right {
				mark = " **wrong**"
			}
			fmt.Fprintf(&b, "| %d | %s | %s%s | %s | %d | %s | %s |\n", o.Number, o.Version, o.Verdict, mark, seconds(o.After), o.Hurt, o.Ended, cell(o.Reason))
		}
	}
	return b.String()
}

// summary is one line a scenario.
func (r Report) summary() string {
	var b strings.Builder
	b.WriteString("| scenario | rounds | right | verdicts | median | slowest | hurt, median |\n|---|---:|---:|---|---:|---:|---:|\n")
	for _, s := range r.Scenarios {
		all := r.of(s)
		if len(all) == 0 {
			fmt.Fprintf(&b, "| %s | 0 | 0 | – | – | – | – |\n", s.Name)
			continue
		}
		var after []time.Duration
		var hurt []int
		right, verdicts := 0, map[string]int{}
		for _, o := range all {
			after, hurt = append(after, o.After), append(hurt, o.Hurt)
			verdicts[o.Verdict]++
			if o.Right {
				right++
			}
		}
		slices.Sort(after)
		slices.Sort(hurt)
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %s | %s | %d |\n", s.Name, len(all), right, counts(verdicts),
			seconds(after[len(after)/2]), seconds(after[len(after)-1]), hurt[len(hurt)/2])
	}
	return b.String()
}

func (r Report) of(s Scenario) (all []Round) {
	for _, o := range r.Rounds {
		if o.Scenario == s.Name {
			all = append(all, o)
		}
	}
	slices.SortStableFunc(all, func(a, b Round) int { return a.Number - b.Number }) // labs ran them side by side
	return all
}

func counts(verdicts map[string]int) string {
	var parts []string
	for v, n := range verdicts {
		parts = append(parts, fmt.Sprintf("%d %s", n, v))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
