package work

import (
	"context"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/deb"
	"github.com/slipway-deploy/slipway/internal/host/memory"
)

// idle waits until nobody else runs apt or dpkg, before anything is read or touched.
func (j *job) idle(ctx context.Context) error {
	if j.request.Spec.Format != "deb" {
		return nil
	}
	return j.step("wait", func() error { return deb.Wait(ctx, minutes(j.request.Wait, 5)) })
}

// noteHold remembers that the package is about to be put on hold by Slipway. apt lets go
// of every hold when it is told to change a package, so dpkg is told afterwards.
func (j *job) noteHold() error {
	if j.host.Held {
		return nil
	}
	err := j.memory.Hold(memory.Hold{Package: j.request.Spec.Package, Rollout: j.request.Rollout, At: time.Now().UTC()})
	j.host.Held = err == nil
	return err
}

// forgetHold makes the hold, if there is one, nobody's but dpkg's.
func (j *job) forgetHold() error {
	if !j.host.Held {
		return nil
	}
	j.host.Held = false
	return j.memory.Released()
}

// release gives the package's hold back: it was on none before Slipway put it there.
func (j *job) release(ctx context.Context) error {
	if !j.host.Held {
		return nil
	}
	now, err := deb.Query(ctx, j.request.Spec.Package)
	if err == nil && now.Hold {
		err = deb.Hold(ctx, now.Name, false)
	}
	if err != nil {
		return as(host.CodeInstall, err)
	}
	return j.forgetHold()
}

// releaseOnly does nothing but give the hold back. It may be repeated, and is not kept
// as a result.
func (j *job) releaseOnly(ctx context.Context) error {
	if err := j.memory.Fence(j.request.Token); err != nil {
		return err
	}
	unlock, err := j.memory.Lock(ctx, memory.Of(j.request), minutes(j.cfg.Wait, 1))
	if err != nil {
		return err
	}
	defer unlock()
	// It may have been given back, or put on, while this one waited.
	if err := j.heldNow(); err != nil || !j.host.Held {
		return err
	}
	if err := j.idle(ctx); err != nil {
		return err
	}
	return j.release(ctx)
}

// heldNow reads whether the package is on hold by Slipway.
func (j *job) heldNow() error {
	h, err := j.memory.Held()
	j.host.Held = err == nil && h.Package != "" && h.Package == j.request.Spec.Package
	return err
}
