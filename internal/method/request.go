package method

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// ErrNoHost is wrapped when a job names a host that its plan does not have.
var ErrNoHost = errors.New("not a host of the plan")

// Store tells where the file of an artifact is on this machine.
type Store interface {
	// Path returns the path of the file with a digest ("sha256:<hex>"). An error
	// says that the store has no such file.
	Path(ctx context.Context, digest string) (string, error)
}

// Find returns the host of a plan with a name.
func Find(p *rollout.Plan, name string) (rollout.Host, error) {
	for _, h := range p.Hosts {
		if h.Name == name {
			return h, nil
		}
	}
	return rollout.Host{}, fmt.Errorf("host %q: %w", name, ErrNoHost)
}

// Request returns what the helper of a host is asked for a job. incoming is the
// directory on the host in which artifacts are put when the helper asks for one.
func Request(job engine.Job, h rollout.Host, incoming string) (host.Request, error) {
	verb, err := Verb(job.Command.Kind)
	if err != nil {
		return host.Request{}, err
	}
	p := job.Plan
	r := host.Request{
		Protocol: host.Protocol,
		Verb:     verb,
		Service:  p.Service,
		Rollout:  p.ID,
		Command:  job.Command.ID,
		Token:    job.Token,
		Spec:     Spec(p.Spec),
	}
	place := incomingPath(incoming, p.ID, job.Command.ID)
	switch verb {
	case host.Update:
		a, ok := p.Release.For(h.Arch)
		if !ok {
			return host.Request{}, fmt.Errorf("release %s has no artifact for %s, the architecture of host %s (it has: %s)",
				p.Release.Version, h.Arch, h.Name, architectures(p.Release))
		}
		r.Artifact, r.Version = artifact(a, place), a.Version
	case host.Restore:
		if h.Back.Artifact != nil {
			r.Previous = artifact(*h.Back.Artifact, place)
		}
		r.Version = h.From
	case host.Check:
		if r.Checks, err = checks(p, job.Command.Stage); err != nil {
			return host.Request{}, err
		}
		r.Version = p.Release.Version
	}
	return r, nil
}

// Ask returns the request for the facts of a service, before there is a plan.
func Ask(service string, spec rollout.Spec) host.Request {
	return host.Request{Protocol: host.Protocol, Verb: host.Facts, Service: service, Spec: Spec(spec)}
}

// Verb returns what a command is called on a host; only three kinds reach one.
func Verb(k rollout.CommandKind) (host.Verb, error) {
	switch k {
	case rollout.Update:
		return host.Update, nil
	case rollout.Restore:
		return host.Restore, nil
	case rollout.CheckHosts:
		return host.Check, nil
	}
	return "", fmt.Errorf("command %q is not for a method (allowed: %s, %s, %s)", k, rollout.Update, rollout.Restore, rollout.CheckHosts)
}

// Spec returns the service as the helper sees it.
func Spec(s rollout.Spec) host.Spec {
	out := host.Spec{
		Format:    s.Format,
		Package:   s.Package,
		Directory: s.Directory,
		Keep:      s.Keep,
		Units:     s.Units,
		Timers:    s.Timers,
		Config:    s.Config,
		Data:      s.Data,
	}
	if s.Health != nil {
		out.Health = &host.Health{HTTP: s.Health.HTTP, Status: s.Health.Status, Expect: s.Health.Expect, Within: s.Health.Within}
	}
	return out
}

func checks(p *rollout.Plan, stage int) ([]host.CheckOf, error) {
	if stage < 0 || stage >= len(p.Stages) {
		return nil, fmt.Errorf("stage %d is not in the plan, which has %d", stage, len(p.Stages))
	}
	var out []host.CheckOf
	for _, c := range p.Stages[stage].Checks {
		out = append(out, host.CheckOf{Name: c.Name, HTTP: c.HTTP, Status: c.Status, Body: c.Body, Command: c.Command, Within: c.Within})
	}
	return out, nil
}

func artifact(a rollout.Artifact, place string) *host.Artifact {
	return &host.Artifact{
		Format: a.Format, Name: a.Name, Version: a.Version, Arch: a.Arch, Digest: a.Digest, Size: a.Size,
		Path: place + "." + a.Format,
	}
}

// incomingPath names a file after the command, so that two rollouts which send the
// same artifact to one host never remove each other's copy.
func incomingPath(dir, id string, command int) string {
	return path.Join(dir, id+"-"+strconv.Itoa(command))
}

func architectures(r rollout.Release) string {
	if len(r.Artifacts) == 0 {
		return "none"
	}
	var all []string
	for _, a := range r.Artifacts {
		all = append(all, a.Arch)
	}
	return strings.Join(all, ", ")
}
