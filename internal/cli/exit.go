package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// The exit codes are a contract with scripts.
const (
	exitDone        = 0   // done as asked
	exitRestored    = 1   // the rollout failed and production was restored
	exitUsage       = 2   // wrong usage or configuration
	exitRefused     = 3   // refused by a gate
	exitPerson      = 4   // production is not restored, a person is needed
	exitInterrupted = 130 // interrupted
)

const exitHelp = `Exit codes:
  0    done as asked
  1    the rollout failed and production was restored
  2    wrong usage or configuration
  3    refused by a gate
  4    production is not restored, a person is needed
  130  interrupted; nothing is lost, slipway resume goes on`

// usageError is wrong usage of the command line.
type usageError struct{ text string }

func (u usageError) Error() string { return u.text }

func usagef(format string, args ...any) error {
	return usageError{text: fmt.Sprintf(format, args...)}
}

// ended is a rollout that ended in another way than was asked for. The command has
// told it already: the error only carries the code.
type ended struct {
	phase rollout.Phase
	code  int
}

func (e ended) Error() string { return fmt.Sprintf("the rollout is %s", e.phase) }

// errInterrupted means that the user left and was told how to go on.
var errInterrupted = errors.New("interrupted")

// endedAs returns what a command that wanted a phase makes of the one that was
// reached: nil when it is the one.
func endedAs(got, want rollout.Phase) error {
	switch {
	case got == want:
		return nil
	case got == rollout.NeedsPerson:
		return ended{phase: got, code: exitPerson}
	case got == rollout.Restored:
		return ended{phase: got, code: exitRestored}
	case got == rollout.Completed:
		return ended{phase: got, code: exitRefused}
	}
	return nil
}

// exitCode is the one place that maps errors to exit codes.
func exitCode(err error) int {
	var end ended
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &end):
		return end.code
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case broken(err):
		return exitPerson
	case refused(err), errors.Is(err, errDeclined):
		return exitRefused
	}
	return exitUsage
}

// told reports whether the command has already said what its error says.
func told(err error) bool {
	var end ended
	return errors.As(err, &end) || errors.Is(err, errInterrupted)
}

// refused reports whether an error is a gate that did not open: the plan's, the
// rollout's, or another rollout that is in the way.
func refused(err error) bool {
	var (
		refusals *plan.Refusals
		refusal  *rollout.Refusal
		active   *journal.ActiveError
		held     *journal.HeldError
		person   *app.Error
	)
	return errors.As(err, &refusals) || errors.As(err, &refusal) || errors.As(err, &active) ||
		errors.As(err, &held) || errors.As(err, &person) && person.Kind == app.Refused
}

// broken reports whether an error ended a rollout's work half way.
func broken(err error) bool {
	var person *app.Error
	return errors.As(err, &person) && person.Kind == app.Broken
}
