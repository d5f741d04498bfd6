package work

import (
	"context"
	"runtime"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/state"
)

// facts tells what runs here, and whether it could be put back.
func (j *job) facts(ctx context.Context) error {
	l, changed, err := j.lastChange()
	if err != nil {
		return err
	}
	seen, err := j.host.Capture(ctx, j.request.Spec, l.watch)
	if err != nil {
		return err
	}
	f := host.FactsOf{Arch: arch(), Version: seen.State.Version()}
	if changed {
		l.Held = l.Held && seen.Package.Hold // somebody else may have given it back
		f.Last, j.replaced = &l.LastChange, l.replaced
		if f.Drift, err = j.drift(ctx, l, seen); err != nil {
			return err
		}
	}
	known, err := j.memory.Releases()
	if err != nil {
		return err
	}
	f.Digest = known[f.Version]
	if f.Previous, err = j.format.previous(ctx, seen); err != nil {
		return err
	}
	if f.Stale, err = j.stale(seen.Units); err != nil {
		return err
	}
	free := j.cfg.Free
	if free == nil {
		free = root.Free
	}
	if f.Free, err = free(j.format.where()); err != nil {
		return err
	}
	units := seen.Units[:len(j.request.Spec.Units)]
	f.Running = len(units) > 0
	for _, u := range units {
		f.Running = f.Running && (u.Up() || u.Batch)
	}
	f.Problems = j.problems(seen)
	if seen.Package.Broken() {
		f.Problems = append(f.Problems, "package "+seen.Package.Name+" is "+seen.Package.Status+": dpkg --configure -a")
	}
	if r := seen.State.Release; r != nil && r.Current != "" && f.Previous == "" {
		f.Problems = append(f.Problems, r.Directory+"/current points to "+r.Current+", which is no release of "+r.Directory+"/releases")
	}
	j.answer.Facts, j.answer.Version = &f, f.Version
	return nil
}

// arch returns Debian's name of what this program was built for.
func arch() string {
	switch runtime.GOARCH {
	case "arm":
		return "armhf"
	case "386":
		return "i386"
	case "ppc64le":
		return "ppc64el"
	case "mips64le":
		return "mips64el"
	}
	return runtime.GOARCH // amd64, arm64, riscv64, s390x
}

// capture records the state for a rollout whose changes somebody else makes. Without
// a rollout it only answers with the digest. The state of a rollout is recorded once;
// a later call answers with the digest of the state as it is then.
func (j *job) capture(ctx context.Context) error {
	if j.request.Rollout == "" {
		return j.look(ctx)
	}
	return j.once(ctx, minutes(j.cfg.Wait, 1), func(ctx context.Context) error {
		if _, err := capture.Load(j.memory.Recorded(j.request.Rollout)); err == nil {
			return j.look(ctx)
		}
		r, _, err := j.record(ctx, nil)
		j.answer.Version = r.State.Version()
		return err
	})
}

func (j *job) look(ctx context.Context) error {
	seen, err := j.host.Look(ctx, j.request.Spec, nil)
	if err != nil {
		return err
	}
	j.answer.Version = seen.State.Version()
	j.answer.State, err = state.Digest(seen.State)
	return err
}

// verify makes sure that a version is installed, runs and is healthy.
func (j *job) verify(ctx context.Context) error {
	seen, err := j.host.Look(ctx, j.request.Spec, nil)
	if err != nil {
		return err
	}
	version := seen.State.Version()
	j.answer.Version = version
	if want := j.request.Version; want != "" && version != want {
		j.answer.Differences = []host.Difference{{Item: "version", Before: want, After: or(version, "none")}}
		return fail(host.CodeDifferent, "version %s is installed, expected %s", or(version, "none"), want)
	}
	if j.answer.State, err = state.Digest(seen.State); err != nil {
		return err
	}
	l, _, err := j.lastChange()
	if err != nil {
		return err
	}
	j.replaced = l.replaced
	stale, err := j.stale(seen.Units)
	if err != nil {
		return err
	}
	if len(stale) > 0 {
		return fail(host.CodeUnit, "%s runs what was installed before: restart it", stale[0])
	}
	if err := j.step("units", func() error { return j.up(ctx) }); err != nil {
		return err
	}
	return j.step("health", func() error { return j.healthy(ctx, version) })
}

// check runs the checks in their order and stops at the first that does not hold.
func (j *job) check(ctx context.Context) error {
	for _, c := range j.request.Checks {
		c.Within = within(c.Within)
		if len(c.Command) > 0 {
			c.Command = slices.Clone(c.Command)
			c.Command[0] = j.program(c.Command[0])
		}
		err := j.step(c.Name, func() error { return j.probe(j.request.Version).Check(ctx, c) })
		if err != nil {
			return fail(host.CodeCheck, "check %q: %w", c.Name, err)
		}
	}
	return nil
}

// program takes a program of the service below the root of a local fleet.
func (j *job) program(name string) string {
	if d := j.request.Spec.Directory; d != "" && strings.HasPrefix(name, d+"/") {
		return j.root.Path(name)
	}
	return name
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
