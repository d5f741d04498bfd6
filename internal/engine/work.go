package engine

import "context"

// Work runs commands durably: what was enqueued runs, also after a crash.
type Work interface {
	// Start begins to take the work of a rollout, first what an earlier process left
	// unfinished. run may be called several times at once, for different commands,
	// and again for one that was cut off; its ctx ends when the work is stopped.
	Start(ctx context.Context, rollout string, run func(ctx context.Context, command int) error) error
	// Enqueue asks for a command to be run. While it waits or runs that is nothing
	// (but for the moment in which it begins, when it may run twice at once); after it
	// has ended, in whatever way, it runs again.
	Enqueue(ctx context.Context, rollout string, command int) error
	// Stop cancels what runs and returns when it has returned. Twice is nothing.
	Stop(rollout string) error
	// Forget deletes what is kept of a rollout that has ended and was stopped.
	Forget(ctx context.Context, rollout string) error
}
