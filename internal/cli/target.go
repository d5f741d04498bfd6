package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// target names a rollout: by id, or as the one there is in an environment.
type target struct {
	id          string
	environment string
	service     string
}

func (t *target) bind(c *cobra.Command) {
	c.Flags().StringVarP(&t.environment, "env", "e", "", "environment, when no id is given")
	c.Flags().StringVar(&t.service, "service", "", "service, when no id is given")
}

// args takes the one argument, an id.
func (t *target) args(args []string) {
	if len(args) > 0 {
		t.id = args[0]
	}
}

// active finds the rollout that has not ended.
func (t target) active(ctx context.Context, a *app.App) (app.Record, error) {
	if t.id != "" {
		return t.byID(ctx, a)
	}
	found, err := a.Active(ctx, t.service, t.environment)
	if err != nil {
		return app.Record{}, err
	}
	switch len(found) {
	case 0:
		return app.Record{}, usagef("no rollout is active%s; slipway history lists those that have ended", t.where())
	case 1:
		return a.Rollout(ctx, found[0].ID)
	}
	return app.Record{}, usagef("%d rollouts are active%s: name one:\n%s", len(found), t.where(), choices(found))
}

// last finds the active rollout, or else the newest one that left hosts changed.
func (t target) last(ctx context.Context, a *app.App) (app.Record, error) {
	if t.id != "" {
		return t.byID(ctx, a)
	}
	found, err := a.Active(ctx, t.service, t.environment)
	if err != nil {
		return app.Record{}, err
	}
	if len(found) > 0 {
		return t.active(ctx, a)
	}
	found, err = a.Standing(ctx, t.service, t.environment)
	if err != nil {
		return app.Record{}, err
	}
	switch len(found) {
	case 0:
		return app.Record{}, noneError{usageError{fmt.Sprintf("no rollout%s can be taken back; slipway history lists what there was", t.where())}}
	case 1:
		if err := notTwice(ctx, a, found[0]); err != nil {
			return app.Record{}, err
		}
		return a.Rollout(ctx, found[0].ID)
	}
	return app.Record{}, usagef("%d rollouts can be taken back: name one:\n%s", len(found), choices(found))
}

// noneError says that no rollout is known that could be taken back.
type noneError struct{ usageError }

// notTwice refuses to go further back without an id: whoever types rollback twice means
// the one that has been rolled back already, not the release before it.
func notTwice(ctx context.Context, a *app.App, found journal.Summary) error {
	all, err := a.List(ctx, journal.Filter{Service: found.Service, Environment: found.Environment})
	if err != nil {
		return err
	}
	for _, later := range all {
		if later.ID == found.ID {
			break
		}
		if later.Head.Phase == rollout.Restored && later.Head.Passed == len(later.Head.Stages) {
			return &app.Error{Kind: app.Refused,
				Err:  fmt.Errorf("rollout %s, of %s, has been rolled back already", later.ID, later.Version),
				Hint: fmt.Sprintf("to take %s back too: slipway rollback %s", found.Version, found.ID)}
		}
	}
	return nil
}

func (t target) byID(ctx context.Context, a *app.App) (app.Record, error) {
	id, err := a.Resolve(ctx, t.id)
	if err != nil {
		return app.Record{}, err
	}
	return a.Rollout(ctx, id)
}

func (t target) where() string {
	text := ""
	if t.service != "" {
		text += " of " + t.service
	}
	if t.environment != "" {
		text += " on " + t.environment
	}
	return text
}

// choices lists rollouts to choose from.
func choices(found []journal.Summary) string {
	var rows []string
	for _, s := range found {
		rows = append(rows, fmt.Sprintf("  %s  %s %s on %s, %s", view.ShortID(s.ID), s.Service, s.Version, s.Environment, s.Head.Phase))
	}
	return strings.Join(rows, "\n")
}
