package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// untold is a message that has not arrived.
type untold struct {
	Rollout  string    `json:"rollout"`
	Channel  string    `json:"channel"`
	Event    string    `json:"event"`
	At       time.Time `json:"at"`
	Attempts int       `json:"attempts"`
	GivenUp  bool      `json:"given_up,omitempty"`
	Error    string    `json:"error,omitempty"`
	Next     time.Time `json:"next,omitzero"` // when it is tried again
}

func untoldOf(all []journal.Delivery) []untold {
	var out []untold
	for _, d := range all {
		u := untold{Rollout: d.Rollout, Channel: d.Channel, Event: string(d.Notice.Kind), At: d.Notice.At,
			Attempts: d.Attempts, GivenUp: d.Done, Error: d.Err}
		if !d.Done {
			u.Next = d.NextAt
		}
		out = append(out, u)
	}
	return out
}

// look asks the hosts of a place, and what of it was not told.
func (s *status) look(ctx context.Context, a *app.App, offline bool) error {
	for _, sum := range []*view.Summary{s.Active, s.Last} {
		if sum == nil {
			continue
		}
		left, err := a.Untold(ctx, sum.ID)
		if err != nil {
			return err
		}
		s.Untold = append(s.Untold, untoldOf(left)...)
	}
	sum := s.Last
	if s.Active != nil {
		sum = s.Active
	}
	if offline {
		s.NotAsked = "--offline was given"
		return nil
	}
	if s.Active != nil && (s.Active.Phase == rollout.Running || s.Active.Phase == rollout.Restoring) {
		s.NotAsked = "they are being worked on"
		return nil
	}
	rec, err := a.Rollout(ctx, sum.ID)
	if err != nil {
		return err
	}
	s.Drift, err = a.Drift(ctx, rec.State)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		s.NotAsked = short(err)
	}
	return nil
}

// short is an error in one line: what is shown goes on below it.
func short(err error) string {
	var person *app.Error
	if errors.As(err, &person) {
		err = person.Err
	}
	return view.Clause(err.Error(), 160)
}

// driftText shows what hosts are not as recorded.
func driftText(theme view.Theme, all []app.Drift, notAsked string) string {
	if notAsked != "" {
		return theme.Faint.Render("  hosts were not asked: "+notAsked) + "\n"
	}
	if len(all) == 0 {
		return theme.Good.Render("  hosts are as recorded") + "\n"
	}
	return theme.Warn.Render("  drift: not as recorded") + "\n" + driftTable(theme, all) +
		"  slipway reconcile tells what can be done about it\n"
}

func driftTable(theme view.Theme, all []app.Drift) string {
	var rows [][]string
	for _, d := range all {
		rows = append(rows, []string{"  " + d.Host, d.Item, orNothing(d.Record), orNothing(d.Found)})
	}
	return theme.Table([]string{"  host", "what", "recorded", "found"}, rows)
}

func orNothing(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// untoldText shows which channels have not got what.
func untoldText(theme view.Theme, all []untold) string {
	if len(all) == 0 {
		return ""
	}
	type key struct{ channel, err string }
	count, last := map[key]int{}, map[key]untold{}
	var order []key
	for _, u := range all {
		k := key{u.Channel, u.Error}
		if count[k] == 0 {
			order = append(order, k)
		}
		count[k]++
		last[k] = u
	}
	text := theme.Warn.Render("  not delivered:") + "\n"
	for _, k := range order {
		text += fmt.Sprintf("    %s: %s%s\n", k.channel, view.Count(count[k], "message"), why(last[k]))
	}
	return text + "  slipway notify deliver tries again, slipway notify test tries the channels\n"
}

func why(u untold) string {
	text := ""
	if u.Error != "" {
		text = ": " + view.Clause(u.Error, 120)
	}
	if u.GivenUp {
		text += " (given up)"
	}
	return text
}
