package journal

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Adopted is what a host remembers of a rollout that changed it last.
type Adopted struct {
	Host    string
	Version string // that it runs now, the plan's
	Digest  string // of the state that it recorded before, as far as it is known
}

// Adopt journals a rollout that another journal drove, from what hosts remember of it: as
// completed, with these hosts changed, so that it can be rolled back from here. The plan
// must have the id by which the hosts know it; hosts of the plan that are not named count
// as owed the release. Nothing is told of it. It refuses what Create refuses.
func (j *Journal) Adopt(ctx context.Context, p *rollout.Plan, hosts []Adopted) error {
	text, plan, err := roundTrip(*p)
	if err != nil {
		return fmt.Errorf("adopt rollout %s: %w", p.ID, err)
	}
	if len(hosts) == 0 {
		return fmt.Errorf("adopt rollout %s: no host remembers it", p.ID)
	}
	before := rollout.New(&plan)
	var after cached
	err = j.transact(ctx, func(tx *sql.Tx) error {
		if err := j.create(ctx, tx, before, text); err != nil {
			return err
		}
		now, err := j.now(ctx, tx)
		if err != nil {
			return err
		}
		w := write{id: p.ID, before: before}
		for i, h := range hosts {
			e := rollout.Event{Seq: i + 1, Kind: rollout.Adopt, At: now, By: p.By, Host: h.Host, Version: h.Version, Digest: h.Digest}
			text, back, err := roundTrip(e)
			if err != nil {
				return fmt.Errorf("host %s: %w", h.Host, err)
			}
			w.events, w.texts = append(w.events, back), append(w.texts, text)
		}
		d, err := rollout.Decide(before, w.events)
		if err != nil {
			return err
		}
		w.after = d.State
		after = cached{state: d.State, seq: len(hosts)}
		return w.run(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("adopt rollout %s: %w", p.ID, err)
	}
	j.remember(p.ID, after)
	return nil
}
