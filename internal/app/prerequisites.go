package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/runbook"
)

// prerequisites are those of the runbook of a plan, with what came of them where they stand
// before a deploy. A project without a runbook has none.
func (a *App) prerequisites(ctx context.Context, p *rollout.Plan, r WalkRequest) ([]plan.Result, error) {
	all := []plan.Result{}
	book, err := RunbookOf(p)
	if err != nil {
		return all, nil // slipway check tells of it
	}
	tried := runbook.Walk(book.Document, runbook.Prerequisites, RunbookValues(p))
	if p.Prerequisites {
		if tried, err = runbook.Try(ctx, book.Document, RunbookValues(p), shell{dir: book.Dir, program: r.Shell, env: r.Env, now: a.cfg.Now}); err != nil {
			return nil, err
		}
	}
	for _, s := range tried {
		all = append(all, prerequisite(s))
	}
	return all, nil
}

// prerequisite is one prerequisite in words.
func prerequisite(s runbook.Walked) plan.Result {
	r := plan.Result{Name: s.Name(), Answer: plan.Unasked, Said: "a person must say so: slipway runbook run prerequisites"}
	switch {
	case s.Outcome == runbook.Passed:
		r.Answer, r.Said = plan.Met, ""
	case s.Outcome == runbook.Failed:
		last := s.Results[len(s.Results)-1]
		code, _, _ := strings.Cut(strings.TrimSpace(last.Code), "\n")
		r.Answer, r.Said = plan.Unmet, fmt.Sprintf("%q ended with exit code %d", code, last.Exit)
	case s.Auto:
		r.Said = "slipway runbook run prerequisites runs its command"
	}
	return r
}

// RunbookValues are what the placeholders of a runbook stand for in a rollout.
func RunbookValues(p *rollout.Plan) runbook.Values {
	v := runbook.Values{Version: p.Release.Version, Environment: p.Environment, Rollout: p.ID}
	for _, h := range p.Hosts {
		v.Hosts = append(v.Hosts, h.Name)
	}
	return v
}
