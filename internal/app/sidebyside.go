package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/slipway-deploy/slipway/internal/compat"
	"github.com/slipway-deploy/slipway/internal/git"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// mostFindings is how many findings of one sort a plan names.
const mostFindings = 20

// sideBySide is what a plan is told of contracts.
type sideBySide struct {
	verdict *compat.Verdict // nil: nothing was compared
	unasked []string        // what was not compared, and why
}

// sideBySide compares the release with every version that hosts of the environment run.
// What git does not know is said and refuses nothing.
func (a *App) sideBySide(ctx context.Context, p project, release rollout.Release, facts map[string]plan.Facts) (s sideBySide, err error) {
	running := versionsOn(facts)
	old := slices.DeleteFunc(slices.Clone(running), func(v string) bool { return v == release.Version })
	if !p.declares() || len(old) == 0 {
		return s, nil
	}
	repo, err := git.Open(ctx, p.dir)
	if errors.Is(err, git.ErrNone) {
		s.unasked = []string{"Compatibility not checked: the project is in no git repository."}
		return s, nil
	}
	if err != nil {
		return s, err
	}
	to := Compared{Version: release.Version, Commit: commit(release.Commit)}
	if !a.known(ctx, p, repo, &to, &s) {
		return s, ctx.Err()
	}
	var all []compat.Finding
	for _, v := range old {
		from := Compared{Version: v}
		if !a.known(ctx, p, repo, &from, &s) {
			continue
		}
		found, err := p.compare(ctx, repo, from, to, running)
		if err != nil {
			return s, err
		}
		for _, f := range found {
			if !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
		verdict := compat.Judge(all)
		s.verdict = &verdict
	}
	return s, ctx.Err()
}

// versionsOn are the versions that hosts run, in order.
func versionsOn(facts map[string]plan.Facts) []string {
	var all []string
	for _, f := range facts {
		if f.Err == nil && f.Version != "" {
			all = append(all, f.Version)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// known finds the commit of a version, or notes that nothing can be compared with it.
func (a *App) known(ctx context.Context, p project, repo *git.Repo, c *Compared, s *sideBySide) bool {
	if c.Commit == "" {
		c.Commit = a.commitOf(ctx, p, c.Version)
	}
	if c.Commit != "" {
		id, err := repo.Resolve(ctx, c.Commit)
		if c.Commit = id; err == nil {
			return true
		}
	}
	s.unasked = append(s.unasked, "Compatibility not checked: neither an artifact nor a tag tells which commit of the repository "+c.Version+" is.")
	return false
}

// clashes are the findings that refuse a plan.
func (s sideBySide) clashes() []plan.Refusal {
	if s.verdict == nil {
		return nil
	}
	var all []plan.Refusal
	for i, f := range s.verdict.Breaking {
		if i == mostFindings {
			all = append(all, plan.Refusal{Place: "compat", Found: fmt.Sprintf("%d more findings of this kind", len(s.verdict.Breaking)-i), Next: "slipway compat lists all of them"})
			break
		}
		all = append(all, plan.Refusal{Place: f.Place.String(), Found: fmt.Sprintf("%s (%s)", f.What, f.Rule), Next: f.Mend})
	}
	return all
}

// unsafe is why going back is not safe.
func (s sideBySide) unsafe() []string {
	if s.verdict == nil {
		return nil
	}
	return told(s.verdict.Unsafe)
}

// remarks are what else was found.
func (s sideBySide) remarks() []string {
	if s.verdict == nil {
		return s.unasked
	}
	return append(slices.Clone(s.unasked), told(s.verdict.Warnings)...)
}

func told(findings []compat.Finding) []string {
	var all []string
	for i, f := range findings {
		if i == mostFindings {
			return append(all, fmt.Sprintf("and %d more: slipway compat lists all of them", len(findings)-i))
		}
		all = append(all, fmt.Sprintf("%s: %s (%s); %s", f.Place, f.What, f.Rule, f.Mend))
	}
	return all
}

// document is the verdict for a release plan; nil when nothing was compared.
func (s sideBySide) document() *plan.Compat {
	if s.verdict == nil {
		return nil
	}
	return &plan.Compat{Compatible: s.verdict.Compatible, RollbackSafe: s.verdict.RollbackSafe, Findings: append(s.unsafe(), told(s.verdict.Warnings)...)}
}

// Accept notes who takes it upon themselves that a plan has no safe way back.
func (a *App) Accept(p *rollout.Plan) {
	if len(p.Unsafe) > 0 {
		p.AcceptedBy = a.cfg.By
	}
}

// accepted refuses a plan without a safe way back that nobody has said yes to.
func accepted(p *rollout.Plan) error {
	if len(p.Unsafe) == 0 || p.AcceptedBy != "" {
		return nil
	}
	return &Error{Kind: Refused, Err: fmt.Errorf("%s %s may have no way back: after live traffic the old version may fail when it is put back\n  %s", p.Service, p.Release.Version, p.Unsafe[0]),
		Hint: "slipway plan tells all of it; to go on all the same give --accept-no-way-back"}
}
