package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestExitCodes is the contract with scripts.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	wrap := func(err error) error { return fmt.Errorf("do a thing: %w", err) }
	for name, c := range map[string]struct {
		err  error
		want int
		told bool
	}{
		"done":                       {nil, 0, false},
		"completed as asked":         {endedAs(rollout.Completed, rollout.Completed), 0, false},
		"restored as asked":          {endedAs(rollout.Restored, rollout.Restored), 0, false},
		"left while it waits":        {endedAs(rollout.Waiting, rollout.Completed), 0, false},
		"paused as asked":            {endedAs(rollout.Paused, rollout.Paused), 0, false},
		"restored instead":           {endedAs(rollout.Restored, rollout.Completed), 1, true},
		"needs a person":             {endedAs(rollout.NeedsPerson, rollout.Completed), 4, true},
		"needs a person, taken back": {endedAs(rollout.NeedsPerson, rollout.Restored), 4, true},
		"completed before an abort":  {endedAs(rollout.Completed, rollout.Restored), 3, true},
		"wrong usage":                {usagef("no"), 2, false},
		"wrong manifest":             {wrap(&manifest.Errors{}), 2, false},
		"misconfigured":              {&app.Error{Kind: app.Misconfigured, Err: errors.New("no")}, 2, false},
		"plan refused":               {wrap(&plan.Refusals{}), 3, false},
		"request refused":            {wrap(&rollout.Refusal{}), 3, false},
		"another one is active":      {wrap(&journal.ActiveError{}), 3, false},
		"driven by another":          {wrap(&journal.HeldError{}), 3, false},
		"gate":                       {&app.Error{Kind: app.Refused, Err: errors.New("no")}, 3, false},
		"stopped half way":           {wrap(&app.Error{Kind: app.Broken, Err: errors.New("disk full")}), 4, false},
		"half way by a refusal":      {&app.Error{Kind: app.Broken, Err: &rollout.Refusal{}}, 4, false},
		"left":                       {errInterrupted, 130, true},
		"cancelled":                  {wrap(context.Canceled), 130, false},
		"said no":                    {errDeclined, 3, false},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%s: exit code %d, want %d", name, got, c.want)
		}
		if got := told(c.err); got != c.told {
			t.Errorf("%s: told %v, want %v", name, got, c.told)
		}
	}
}

// TestMessage: a person sees what is wrong and what to do, not the chain of calls.
func TestMessage(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"promote refused while the rollout is paused: resume it first": fmt.Errorf("append to rollout 01A: %w",
			&rollout.Refusal{Event: rollout.Promote, Phase: rollout.Paused, Why: "resume it first"}),
		"no journal\n  make one": fmt.Errorf("x: %w", &app.Error{Err: errors.New("no journal"), Hint: "make one"}),
		"rollout 01A of checkout in production has not ended (waiting): let it end, or abort it, first\n  slipway status shows it": fmt.Errorf("create: %w",
			&journal.ActiveError{Service: "checkout", Environment: "production", Rollout: "01A", Phase: rollout.Waiting}),
	} {
		if got := message(err); got != want {
			t.Errorf("message %q, want %q", got, want)
		}
	}
}
