package ansible

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/binary"
	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// What callers test for.
var (
	// ErrProject is wrapped when a Runner lacks what it needs to know of the project.
	ErrProject = errors.New("ansible cannot begin")
	// ErrAnsible is wrapped when Ansible itself could not work, whatever the hosts do.
	ErrAnsible = errors.New("ansible could not work")
)

var _ engine.Method = (*Runner)(nil)

// Config is what a Runner is built from. Inventory, Hosts and Facts need Project and
// Ansible.Inventory; Run takes both from the plan.
type Config struct {
	Ansible rollout.Ansible // where and how
	Project string          // absolute; Ansible runs there, as the user would run it
	Store   method.Store    // where artifacts lie; nil: none can be sent
	Log     *slog.Logger    // nil: nothing is logged
	// Helper returns slipway-host for an architecture; nil: the ones carried inside.
	Helper func(arch string) (binary.Program, error)
	// Temp is the directory for the private files of a run; "": the system's.
	Temp string
	// Environ is what Ansible inherits; nil: the environment of this process.
	Environ []string
}

// Runner runs Ansible. It may be used by several goroutines at once.
type Runner struct {
	cfg Config
	log *slog.Logger

	mu        sync.Mutex // guards what follows
	inventory []byte     // as it was read last; nil: not yet
}

// New returns a Runner for a project. It runs nothing.
func New(c Config) (*Runner, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Helper == nil {
		c.Helper = binary.For
	}
	if c.Environ == nil {
		c.Environ = os.Environ()
	}
	if c.Ansible.Inventory != "" || c.Project != "" {
		if err := check(c.Project, c.Ansible); err != nil {
			return nil, err
		}
	}
	return &Runner{cfg: c, log: c.Log}, nil
}

// Run does an update, restore or check command, with the built-in way or with the
// plan's own playbook.
func (r *Runner) Run(ctx context.Context, job engine.Job, report func(engine.Report)) error {
	if job.Plan.Method.Ansible == nil {
		return fmt.Errorf("%w: the plan %s is not for ansible", ErrProject, job.Plan.ID)
	}
	verb, err := method.Verb(job.Command.Kind)
	if err != nil {
		return err
	}
	if len(job.Command.Hosts) == 0 {
		return nil
	}
	w := where{Ansible: *job.Plan.Method.Ansible, project: job.Plan.Project}
	if err := check(w.project, w.Ansible); err != nil {
		return err
	}
	if w.Playbook == "" || verb == host.Check {
		return r.builtin(ctx, w, job, verb, report)
	}
	o := own{r: r, w: w, job: job, report: report}
	if verb == host.Restore {
		return o.restore(ctx)
	}
	return o.update(ctx)
}

// Facts asks every host for the facts of a service. There is a result for each host.
func (r *Runner) Facts(ctx context.Context, service string, spec rollout.Spec, hosts []string) (map[string]method.Facts, error) {
	out := make(map[string]method.Facts, len(hosts))
	if len(hosts) == 0 {
		return out, nil
	}
	asks := make([]ask, 0, len(hosts))
	for _, h := range hosts {
		asks = append(asks, ask{host: h, request: method.Ask(service, spec)})
	}
	err := r.call(ctx, r.where(), asks, func(a answer) {
		switch {
		case a.response != nil:
			out[a.host] = method.FactsOf(*a.response)
		case a.lost:
			out[a.host] = method.Facts{Outcome: rollout.Unreachable, Reason: a.reason}
		default:
			out[a.host] = method.Facts{Outcome: rollout.Failed, Reason: a.reason}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("ask hosts for facts of %s: %w", service, err)
	}
	return out, nil
}

// builtin does a command by the helper alone: one task a host.
func (r *Runner) builtin(ctx context.Context, w where, job engine.Job, verb host.Verb, report func(engine.Report)) error {
	asks := make([]ask, 0, len(job.Command.Hosts))
	for _, name := range job.Command.Hosts {
		h, err := method.Find(job.Plan, name)
		if err != nil {
			return err
		}
		req, err := method.Request(job, h, incoming)
		if err != nil {
			return err
		}
		asks = append(asks, ask{host: name, request: req})
	}
	return r.call(ctx, w, asks, func(a answer) { report(a.report(verb)) })
}

// where is where Ansible runs and what it is given.
type where struct {
	rollout.Ansible
	project string
}

func (r *Runner) where() where { return where{Ansible: r.cfg.Ansible, project: r.cfg.Project} }

// check says what is wrong with a project before Ansible is started in it.
func check(project string, a rollout.Ansible) error {
	for _, p := range []struct{ what, path string }{{"project directory", project}, {"inventory", a.Inventory}} {
		if !filepath.IsAbs(p.path) {
			return fmt.Errorf("%w: its %s is %q, and must be an absolute path", ErrProject, p.what, p.path)
		}
		if _, err := os.Stat(p.path); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrProject, p.what, err)
		}
	}
	for _, p := range []struct{ what, path string }{{"ansible.cfg", a.Config}, {"playbook", a.Playbook}} {
		if p.path == "" {
			continue
		}
		if _, err := os.Stat(p.path); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrProject, p.what, err)
		}
	}
	return nil
}
