package journal

import (
	"errors"
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// What callers test for with errors.Is.
var (
	// ErrNotFound says that there is no such rollout.
	ErrNotFound = errors.New("no such rollout in the journal")
	// ErrExists says that a rollout with this id was journalled before.
	ErrExists = errors.New("the rollout is already in the journal")
	// ErrStale says that the token is not the current one: another process owns
	// the rollout now, and whatever this one does no longer counts.
	ErrStale = errors.New("another process has taken the rollout over")
	// ErrNewer says that the schema was written by a newer program.
	ErrNewer = errors.New("the journal was written by a newer slipway")
)

// ActiveError says that a service and environment already have a rollout that has
// not ended.
type ActiveError struct {
	Service     string
	Environment string
	Rollout     string
	Phase       rollout.Phase
}

func (e *ActiveError) Error() string {
	return fmt.Sprintf("rollout %s of %s in %s has not ended (%s): let it end, or abort it, first",
		e.Rollout, e.Service, e.Environment, e.Phase)
}

// HeldError says who owns the lease that was asked for.
type HeldError struct {
	Rollout string
	Owner   Owner
	Expires time.Time
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("rollout %s is driven by %s: follow it, or ask it to pause; a process that is gone loses it by %s",
		e.Rollout, e.Owner, e.Expires.Local().Format(time.TimeOnly))
}
