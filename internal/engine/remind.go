package engine

import "context"

// remind journals that the rollout still waits for a person, when that is due. The key
// of the notice makes it come once, whichever process is at it.
func (d *drive) remind(ctx context.Context) error {
	s := d.current()
	n, _ := s.Reminder(d.Clock.Now())
	if n.Key == "" || n.Key == d.reminded {
		return nil
	}
	if err := d.Journal.Remind(ctx, d.lease, n); err != nil {
		return err
	}
	d.reminded = n.Key
	return nil
}
