package cli

import (
	"errors"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// message is what a person reads of an error. Errors that were made for people are
// shown without the chain of calls that they came through.
func message(err error) string {
	var (
		problems *manifest.Errors
		refusals *plan.Refusals
		refusal  *rollout.Refusal
		active   *journal.ActiveError
		held     *journal.HeldError
		person   *app.Error
	)
	switch {
	case errors.As(err, &person):
		return person.Error()
	case errors.As(err, &problems):
		return problems.Error()
	case errors.As(err, &refusals):
		return refusals.Error()
	case errors.As(err, &active):
		return active.Error() + "\n  slipway status shows it"
	case errors.As(err, &held):
		return held.Error()
	case errors.As(err, &refusal):
		return refusal.Error()
	}
	return err.Error()
}
