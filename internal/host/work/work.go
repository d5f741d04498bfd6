// Package work does what a request asks of a host: the verbs of slipway-host, each
// a short list of steps over the packages beside it.
//
// call runs it, in the process that was called or in one that outlives its caller. It
// decides the order of things and what a failure means; it never changes two things
// of a service at once, and changes nothing before it has recorded what was there.
package work

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/deb"
	"github.com/slipway-deploy/slipway/internal/host/memory"
	"github.com/slipway-deploy/slipway/internal/host/observe"
	"github.com/slipway-deploy/slipway/internal/host/probe"
	"github.com/slipway-deploy/slipway/internal/host/release"
	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/unit"
)

// Config bounds the work. The zero value is what slipway-host runs with.
type Config struct {
	Wait time.Duration // for another change of the service; 0: a minute, ten for a restore
	Soak time.Duration // how long a unit without a health check must run; 0: 2 s
	// Free returns the bytes free at a path; nil: what the file system says.
	Free func(path string) (int64, error)
}

// Units runs the units of a service. Every method may be repeated.
type Units interface {
	capture.Units
	observe.Units
	// Restart restarts a unit, or starts it. It returns when the unit's own start
	// is over; that it stays up is for the caller to see.
	Restart(ctx context.Context, name string) error
	// Start starts a unit; one that runs is left alone.
	Start(ctx context.Context, name string) error
	// Stop stops a unit and waits until it has; one that is not there is stopped.
	Stop(ctx context.Context, name string) error
	// Reload reads unit files again.
	Reload(ctx context.Context) error
}

var (
	_ Units = unit.Systemd{}
	_ Units = unit.Process{}
)

// Failure is why a request was not done, with the machine's word for it.
type Failure struct {
	Code host.Code
	Err  error
}

// Error says why.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

func fail(code host.Code, format string, args ...any) error {
	return &Failure{code, fmt.Errorf(format, args...)}
}

// as gives an error without a code of its own a code.
func as(code host.Code, err error) error {
	if _, ok := errors.AsType[*Failure](err); ok || err == nil {
		return err
	}
	return &Failure{code, err}
}

// Do does a request, and always answers.
func Do(ctx context.Context, cfg Config, r host.Request) host.Response {
	j := &job{request: r, cfg: cfg, answer: host.Response{Protocol: host.Protocol, Verb: r.Verb}}
	err := j.open()
	if err == nil {
		err = j.run(ctx)
	}
	answer := j.end(err)
	if r.Verb == host.Update && j.memory != nil {
		answer.Begun = answer.Begun || begunBefore(j.memory, r.Rollout)
	}
	return answer
}

// begunBefore reports whether an earlier call of a rollout began to change this host:
// one that was cut off left no answer, and what this call did not begin says nothing of
// it. When that cannot be read it may have.
func begunBefore(m *memory.Service, rollout string) bool {
	p, err := capture.LoadProgress(m.Recorded(rollout))
	return err != nil || p.Begun
}

// Lacks answers an update whose artifact is not on the host yet, so that no worker
// need be started to learn it. ok is false when the update can begin.
func Lacks(r host.Request) (answer host.Response, ok bool) {
	j := &job{request: r, answer: host.Response{Protocol: host.Protocol, Verb: r.Verb}}
	if r.Verb != host.Update || j.open() != nil {
		return host.Response{}, false
	}
	_, err := j.format.here(*r.Artifact)
	failure, coded := errors.AsType[*Failure](err)
	if !coded || failure.Code != host.CodeNeedsArtifact {
		return host.Response{}, false
	}
	return j.end(err), true
}

// job is one request on its way.
type job struct {
	request host.Request
	cfg     Config
	answer  host.Response

	root   root.Dir
	memory *memory.Service
	units  Units
	host   capture.Host
	format format
	// replaced identifies the runs of units that are older than what this update installs.
	replaced []string
	intact   bool // the release that is gone back to was seen whole in this call
}

// open makes everything that the request needs, and refuses what makes no sense here.
func (j *job) open() (err error) {
	r := j.request
	if err := Valid(r); err != nil {
		return as(host.CodeRefused, err)
	}
	j.root = root.Dir(r.Root)
	switch {
	case r.Units == "process":
		j.units = unit.Process{Root: j.root, Service: r.Spec.Directory, Address: r.Address}
	case !j.root.Real():
		return fail(host.CodeRefused, "units of systemd below %s: systemd runs those of / only; a local fleet asks for process", r.Root)
	case os.Geteuid() != 0:
		return fail(host.CodeRefused, "the helper runs as user %d; it must run as root: have the method become root", os.Geteuid())
	default:
		j.units = unit.Systemd{}
	}
	if j.memory, err = memory.Open(j.root, r.Service); err != nil {
		if root.Full(err) {
			return as(host.CodeDisk, err)
		}
		return err
	}
	j.host = capture.Host{Root: j.root, Units: j.units}
	j.use(r.Spec)
	return j.heldNow()
}

// use takes the service to be what a spec says.
func (j *job) use(s host.Spec) {
	j.request.Spec, j.format = s, j.formatOf(s)
	if t, ok := j.format.(tarball); ok {
		j.host.Changed = t.changed
	}
}

func (j *job) run(ctx context.Context) error {
	switch j.request.Verb {
	case host.Facts:
		return j.facts(ctx)
	case host.Capture:
		return j.capture(ctx)
	case host.Update:
		return j.once(ctx, minutes(j.cfg.Wait, 1), j.update)
	case host.Restore:
		return j.once(ctx, minutes(j.cfg.Wait, 10), j.restore)
	case host.Verify:
		return j.verify(ctx)
	case host.Check:
		return j.check(ctx)
	case host.Observe:
		return j.observe(ctx)
	case host.Release:
		return j.releaseOnly(ctx)
	}
	return fail(host.CodeRefused, "verb %q; this helper knows facts, capture, update, restore, verify, check, observe and release", j.request.Verb)
}

func minutes(given time.Duration, otherwise int) time.Duration {
	if given != 0 {
		return given
	}
	return time.Duration(otherwise) * time.Minute
}

// end makes the answer out of how the work ended.
func (j *job) end(err error) host.Response {
	if err == nil {
		j.answer.Code = host.CodeOK
		return j.answer
	}
	j.answer.Code, j.answer.Reason = host.CodeInternal, err.Error()
	failure, coded := errors.AsType[*Failure](err)
	_, odd := errors.AsType[*release.NoLink](err)
	switch {
	case coded:
		j.answer.Code = failure.Code
	case odd:
		j.answer.Code = host.CodeRefused
	case errors.Is(err, memory.ErrStale):
		j.answer.Code = host.CodeStale
	case errors.Is(err, memory.ErrBusy), errors.Is(err, deb.ErrBusy):
		j.answer.Code = host.CodeBusy
	case errors.Is(err, memory.ErrDigest), errors.Is(err, capture.ErrTooMuch), errors.Is(err, artifact.ErrRefused):
		j.answer.Code = host.CodeRefused
	}
	if j.answer.Code != host.CodeDifferent && root.Full(err) {
		j.answer.Code = host.CodeDisk
	}
	return j.answer
}

// once does work that changes the host: by the newest owner only, one at a time, and
// a call that has finished is answered with what it answered then.
func (j *job) once(ctx context.Context, wait time.Duration, work func(context.Context) error) error {
	if err := j.memory.Fence(j.request.Token); err != nil {
		return err
	}
	call := memory.Of(j.request)
	unlock, err := j.memory.Lock(ctx, call, wait)
	if err != nil {
		return err
	}
	defer unlock()
	earlier, done, err := j.memory.Result(call)
	if err != nil {
		return err
	}
	if done {
		j.answer = earlier
		return answered(earlier)
	}
	// A newer owner may have come, and the hold may have changed, while this one waited.
	if err := errors.Join(j.memory.Fence(j.request.Token), j.heldNow()); err != nil {
		return err
	}
	answer := j.end(work(ctx))
	j.answer = answer
	// What touched nothing may be tried again with the same id.
	if answer.Begun || answer.Code == host.CodeOK {
		if err := j.memory.Finish(call, answer); err != nil {
			return fmt.Errorf("done (%s), but not remembered: %w", answer.Code, err)
		}
	}
	return answered(answer)
}

// answered turns an answer back into the error that it came from.
func answered(r host.Response) error {
	if r.Code == host.CodeOK {
		return nil
	}
	return &Failure{r.Code, errors.New(r.Reason)}
}

// step does one part of the work and notes how long it took.
func (j *job) step(name string, do func() error) error {
	start := time.Now()
	err := do()
	j.answer.Steps = append(j.answer.Steps, host.Step{Name: name, Duration: time.Since(start)})
	return err
}

func (j *job) probe(version string) probe.Host {
	return probe.Host{Address: j.request.Address, Version: version}
}
