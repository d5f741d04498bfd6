package cli

import (
	"context"
	"os"
	"sync"
)

// interrupts passes signals on: to the session that shows a rollout, and otherwise
// to the context, which ends what the command does.
type interrupts struct {
	mu      sync.Mutex // guards handler
	handler func()
}

// watch passes signals on until the returned function is called.
func (i *interrupts) watch(signals <-chan os.Signal, cancel context.CancelFunc) (stop func()) {
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-signals:
				i.pass(cancel)
			case <-done:
				return
			}
		}
	})
	return func() { close(done); wait.Wait() }
}

func (i *interrupts) pass(cancel context.CancelFunc) {
	i.mu.Lock()
	handler := i.handler
	i.mu.Unlock()
	if handler == nil {
		cancel()
		return
	}
	handler()
}

// take lets handler have the signals until the returned function is called. The
// handler must not block.
func (i *interrupts) take(handler func()) (release func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.handler = handler
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.handler = nil
	}
}
