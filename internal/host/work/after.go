package work

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/state"
)

// after captures the state at the end of an update that went well. The first of a
// rollout is kept; one that comes later, after a restore, must end in the same.
func (j *job) after(ctx context.Context, r capture.Record) error {
	dir := j.memory.Recorded(j.request.Rollout)
	p, err := capture.LoadProgress(dir)
	if err != nil {
		return err
	}
	first, err := capture.LoadAfter(dir)
	none := errors.Is(err, capture.ErrNone)
	if err != nil && !none {
		return err
	}
	watch := p.Watch
	if !none {
		watch = first.Watch
	}
	seen, err := j.host.Look(ctx, j.request.Spec, watch)
	if err != nil {
		return err
	}
	if j.answer.After, err = state.Digest(seen.State); err != nil {
		return err
	}
	now := capture.After{State: seen.State, Watch: watch, Others: versions(r, p)}
	if none {
		return now.Save(dir)
	}
	j.answer.Differences = append(state.Compare(first.State, now.State), othersChanged(first.Others, now.Others)...)
	if len(j.answer.Differences) == 0 {
		return nil
	}
	return fail(host.CodeDifferent, "not as the first update of this rollout left it: %s", summary(j.answer.Differences))
}

// versions returns the versions that the other packages have which an update changed.
func versions(r capture.Record, p capture.Progress) map[string]string {
	all := map[string]string{}
	for _, o := range others(r, p) {
		all[o.name] = p.Packages[o.name].Version
	}
	return all
}

func othersChanged(before, after map[string]string) []host.Difference {
	names := maps.Clone(before)
	if names == nil {
		names = map[string]string{}
	}
	maps.Copy(names, after)
	var all []host.Difference
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if before[name] != after[name] {
			all = append(all, packageDiffers(name, before[name], after[name]))
		}
	}
	return all
}
