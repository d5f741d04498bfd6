package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/manifest"
)

// runReplay judges a file. What is tolerated comes from the flags, then from the canary
// of the environment that is named, then it is what a manifest tolerates that says nothing.
func runReplay(ctx context.Context, opts judgeOptions, env Env) error {
	all, err := opts.tolerance()
	if err != nil {
		return err
	}
	metrics, span, err := opts.ofCanary(ctx, env)
	if err != nil {
		return err
	}
	name, in := "standard input", env.In
	if opts.replay != "-" {
		f, err := openSamples(ctx, env, opts.replay)
		if err != nil {
			return err
		}
		defer f.Close()
		name, in = opts.replay, f
	}
	j, err := app.Rejudge(ctx, name, &awaited{ctx: ctx, in: in}, metrics, all, span)
	if err != nil {
		return err
	}
	return opts.show(env, j)
}

// openSamples opens a file of samples. Opening a pipe waits for who writes it.
func openSamples(ctx context.Context, env Env, name string) (*os.File, error) {
	f, err := await(ctx, func() (*os.File, error) { return os.Open(env.path(name)) })
	var unopened *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usagef("there is no %s; name a file of samples, one JSON object a line", name)
	case errors.As(err, &unopened):
		return nil, usagef("%s: read the samples: %v", name, unopened.Err)
	case err != nil:
		return nil, err
	}
	if is, err := f.Stat(); err == nil && is.IsDir() {
		f.Close()
		return nil, usagef("%s is a directory; name a file of samples, one JSON object a line", name)
	}
	return f, nil
}

// await does what may never end, and stops waiting for it when ctx ends: the system call itself
// cannot be ended.
func await[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := do()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// awaited reads what may never end, such as a terminal, until ctx ends.
type awaited struct {
	ctx context.Context
	in  io.Reader
	buf []byte // what the read that was given up writes to, not the reader's own
}

func (a *awaited) Read(p []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err // buf is still being written to
	}
	if len(a.buf) < len(p) {
		a.buf = make([]byte, len(p))
	}
	buf := a.buf[:len(p)]
	n, err := await(a.ctx, func() (int, error) { return a.in.Read(buf) })
	return copy(p, buf[:n]), err
}

// ofCanary is what the canary of the environment judges, when one is named, and for how long.
func (o judgeOptions) ofCanary(ctx context.Context, env Env) ([]judge.Metric, judge.Span, error) {
	span := judge.Span{Least: o.least, Most: o.most}
	if o.environment == "" {
		return nil, span, nil
	}
	s, err := o.canary(ctx, env)
	if !o.set("least") {
		span.Least = s.Bake.Least
	}
	return app.JudgedBy(s), span, err
}

// canary is that of the environment.
func (o judgeOptions) canary(ctx context.Context, env Env) (manifest.Stage, error) {
	a, err := env.app(ctx)
	if err != nil {
		return manifest.Stage{}, err
	}
	defer a.Close()
	return a.CanaryOf(app.PlanRequest{Dir: env.Dir, File: o.file, Environment: o.environment})
}

// tolerance is what the flags say.
func (o judgeOptions) tolerance() (t app.Tolerance, err error) {
	for _, f := range []struct {
		name, text string
		into       *float64
		read       func(flag, text string) (float64, error)
	}{
		{"--worse-by", o.worse, &t.WorseBy, ratio},
		{"--pass-below", o.below, &t.PassBelow, ratio},
		{"--at-most", o.atMost, &t.AtMost, percent},
	} {
		if !o.set(strings.TrimPrefix(f.name, "--")) {
			continue
		}
		if *f.into, err = f.read(f.name, f.text); err != nil {
			return t, err
		}
	}
	if t.WorseBy > 0 && t.PassBelow > 0 && !(t.PassBelow >= t.WorseBy && t.PassBelow <= 10*t.WorseBy) {
		return t, usagef("--pass-below %s of --worse-by %s: allowed is from %sx to %sx", o.below, o.worse, number(t.WorseBy), number(10*t.WorseBy))
	}
	return t, nil
}
