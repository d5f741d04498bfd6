package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/lab"
)

// ending is all that can be seen of a rollout once it is over: what slipway says of it,
// what hosts answer, and how balancers stand. Versions are written as old and new, so
// that rollouts in both directions compare.
func ending(t *testing.T, info lab.Info, s summary) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s to %s: %s %s\n", s.From, s.To, s.Phase, s.Why)
	for _, st := range s.Stages {
		fmt.Fprintf(&b, "stage %s: %d of %d hosts, %s\n", st.Name, st.Updated, st.Hosts, st.Verdict)
	}
	for _, h := range s.Hosts {
		fmt.Fprintf(&b, "%+v\n", h)
	}
	fmt.Fprintf(&b, "answering: %s\n%s", answering(t, info), standing(t, info))
	return strings.NewReplacer(s.From, "old", s.To, "new").Replace(b.String())
}

// takeUp does what a person does after a crash: resume, or type the same command again
// when there is nothing to resume. It returns the rollout that came of it, which exits
// with a code; last is the one before it.
func (p program) takeUp(t *testing.T, code int, version, last string) summary {
	t.Helper()
	o := p.run(t, "resume", "--output", "json")
	if !strings.Contains(o.errs, "no rollout is active") {
		s := o.summary(t)
		// What was being restored when it was taken up is done as asked once it is.
		if o.code != code && !(o.code == 0 && s.Phase == "restored") {
			t.Fatalf("want exit code %d: %s", code, o)
		}
		return s
	}
	// It was over, or had not begun.
	now := p.status(t)
	if now.Active != nil {
		t.Fatalf("%sand status shows %+v", o, now.Active)
	}
	if now.Last != nil && now.Last.ID != last {
		return *now.Last
	}
	return p.must(t, code, "deploy", version, "--yes", "--output", "json").summary(t)
}

// since is what was added to counters, a host each.
func since(before, after []int) []int {
	added := make([]int, len(after))
	for i := range after {
		added[i] = after[i] - before[i]
	}
	return added
}

// results are the results of one rollout that hosts keep, a host each: one for every
// command that changed it.
func results(t *testing.T, info lab.Info, id string) []string {
	t.Helper()
	var all []string
	for _, h := range info.Hosts {
		files, err := filepath.Glob(filepath.Join(h.Root, "var/lib/slipway/checkout/results", id+"-*.json"))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(files)
		for i, file := range files {
			files[i] = strings.TrimPrefix(filepath.Base(file), id)
		}
		all = append(all, strings.Join(files, " "))
	}
	return all
}
