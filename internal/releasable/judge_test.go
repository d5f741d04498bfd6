package releasable_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/releasable"
)

const id = "3f2a9c10aa003f2a9c10aa003f2a9c10aa003f2a"

// fine is a commit with nothing against it.
func fine() releasable.Facts {
	return releasable.Facts{
		Commit: releasable.Commit{ID: id}, Branch: "origin/master", OnBranch: true, Asks: true, Required: []string{"ci/build"},
		Statuses: []releasable.Status{{Context: "ci/build", State: releasable.Green}},
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(f *releasable.Facts)
		answer releasable.Answer
		why    string
	}{
		"fine":            {func(*releasable.Facts) {}, releasable.Yes, ""},
		"nobody is asked": {func(f *releasable.Facts) { f.Asks, f.Statuses = false, nil }, releasable.Yes, ""},
		"side branch":     {func(f *releasable.Facts) { f.OnBranch = false }, releasable.No, "commit 3f2a9c10aa is not on origin/master"},
		"shallow":         {func(f *releasable.Facts) { f.OnBranch, f.Shallow = false, true }, releasable.No, "this clone has not all of its history"},
		"no branch":       {func(f *releasable.Facts) { f.OnBranch, f.Branch = false, "" }, releasable.No, "no release branch"},
		"dirty":           {func(f *releasable.Facts) { f.Changed = []string{"a", "b"} }, releasable.No, "a and 1 more: not as commit"},
		"red":             {func(f *releasable.Facts) { f.Statuses[0].State, f.Statuses[0].Said = releasable.Red, "timed_out" }, releasable.No, "ci/build is red (timed_out)"},
		"pending":         {func(f *releasable.Facts) { f.Statuses[0].State = releasable.Pending }, releasable.Wait, "ci/build has not ended"},
		"not reported":    {func(f *releasable.Facts) { f.Required = []string{"ci/test"} }, releasable.Unknown, "ci/test has not been reported"},
		"not told":        {func(f *releasable.Facts) { f.Err = errors.New("no answer") }, releasable.Unknown, "no answer"},
		"none at all":     {func(f *releasable.Facts) { f.Required, f.Statuses = nil, nil }, releasable.Unknown, "nobody has reported"},
		"another is red": {func(f *releasable.Facts) {
			f.Statuses = append(f.Statuses, releasable.Status{Context: "x", State: releasable.Red})
		}, releasable.Yes, ""},
		"any counts": {func(f *releasable.Facts) {
			f.Required = nil
			f.Statuses = append(f.Statuses, releasable.Status{Context: "x", State: releasable.Red})
		}, releasable.No, "x is red"},
		"told twice": {func(f *releasable.Facts) {
			f.Statuses = append(f.Statuses, releasable.Status{Context: "ci/build", State: releasable.Red})
		}, releasable.No, "ci/build is red"},
		"red and pending": {func(f *releasable.Facts) {
			f.Required = nil
			f.Statuses = []releasable.Status{{Context: "b", State: releasable.Red}, {Context: "a", State: releasable.Pending}}
		}, releasable.No, "a has not ended; b is red"},
	} {
		f := fine()
		c.change(&f)
		v := releasable.Judge(f)
		if v.Answer != c.answer || !strings.Contains(v.Why(), c.why) || c.why == "" && v.Why() != "" {
			t.Errorf("%s: %s, %s", name, v.Answer, v.Why())
		}
		for _, r := range v.Reasons {
			if r.Next == "" {
				t.Errorf("%s: %s: nothing to do about it", name, r.Found)
			}
		}
	}
}

// TestJudgeNeverYes: whatever is told, a yes means that the commit is on the branch, clean,
// and that each context that is required is there and green, however often it was told.
func TestJudgeNeverYes(t *testing.T) {
	t.Parallel()
	states := []releasable.State{releasable.Green, releasable.Green, releasable.Pending, releasable.Red, "odd"}
	rapid.Check(t, func(t *rapid.T) {
		f := releasable.Facts{
			Commit: releasable.Commit{ID: id}, Branch: rapid.SampledFrom([]string{"", "master", "master"}).Draw(t, "branch"),
			OnBranch: rapid.Bool().Draw(t, "on"), Asks: true,
			Required: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 0, 2).Draw(t, "required"),
			Changed:  rapid.SliceOfN(rapid.Just("f"), 0, 1).Draw(t, "changed"),
		}
		for _, c := range rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 5).Draw(t, "contexts") {
			f.Statuses = append(f.Statuses, releasable.Status{Context: c, State: rapid.SampledFrom(states).Draw(t, "state")})
		}
		v := releasable.Judge(f)
		if (v.Answer == releasable.Yes) != (len(v.Reasons) == 0) {
			t.Fatalf("%s with %v", v.Answer, v.Reasons)
		}
		good := f.Branch != "" && f.OnBranch && len(f.Changed) == 0
		seen := map[string]bool{}
		for _, s := range f.Statuses {
			counts := len(f.Required) == 0
			for _, r := range f.Required {
				counts = counts || r == s.Context
			}
			good = good && (!counts || s.State == releasable.Green)
			seen[s.Context] = true
		}
		for _, r := range f.Required {
			good = good && seen[r]
		}
		good = good && (len(f.Required) > 0 || len(f.Statuses) > 0)
		if (v.Answer == releasable.Yes) != good {
			t.Fatalf("%s: %s, and it is %v", v.Answer, v.Why(), good)
		}
	})
}
