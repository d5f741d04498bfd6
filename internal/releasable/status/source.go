package status

import (
	"context"
	"errors"

	"github.com/slipway-deploy/slipway/internal/releasable"
)

// Source tells the statuses of a commit.
type Source interface {
	// Statuses are those of a commit, by its whole id; none when the source knows no such
	// commit, or nobody has reported one. It may be asked again after any error.
	Statuses(ctx context.Context, commit string) ([]releasable.Status, error)
}

// ErrBusy is wrapped when the source answers nothing for longer than is worth waiting.
var ErrBusy = errors.New("the source takes no more questions for now")

// Config is where an API is.
type Config struct {
	Address string // base address; "": the public one
	// Repository is OWNER/NAME; at GitLab there may be groups in between.
	Repository string
	Token      string // "": asked as anybody may
	Pace       Pace
}
