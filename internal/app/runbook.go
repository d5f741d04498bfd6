package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/runbook"
)

// RunbookRequest names a runbook. Relative names start at Dir.
type RunbookRequest struct {
	Dir     string
	File    string // the manifest
	Runbook string // the runbook; "": RUNBOOK.md beside the manifest
}

// Runbook is a runbook and the project that it is of.
type Runbook struct {
	*runbook.Document
	Dir     string // of the project, absolute
	Service string
}

// Linted is what was found in a runbook.
type Linted struct {
	File     string            `json:"file"`
	Findings []runbook.Finding `json:"findings"`
	// Unknown says what the runbook could not be held against, and why.
	Unknown []string `json:"unknown,omitempty"`
}

// path is where the runbook is.
func (r RunbookRequest) path(p project) string {
	name := r.Runbook
	if name == "" {
		return p.runbook()
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(r.Dir, name)
	}
	return name
}

// runbookName is what the manifest calls the runbook.
func (p project) runbookName() string { return cmp.Or(p.Runbook.File, runbook.Name) }

// runbook is where that is.
func (p project) runbook() string {
	name := p.runbookName()
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.dir, name)
}

// name is how messages call it.
func (r RunbookRequest) name(p project) string { return cmp.Or(r.Runbook, p.runbookName()) }

// ReadRunbook reads the runbook of a project.
func ReadRunbook(r RunbookRequest) (Runbook, error) {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return Runbook{}, err
	}
	return r.read(p)
}

func (r RunbookRequest) read(p project) (Runbook, error) {
	data, err := os.ReadFile(r.path(p))
	if errors.Is(err, fs.ErrNotExist) {
		return Runbook{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("there is no %s", r.name(p)),
			Hint: "slipway runbook new writes one, and --runbook names another"}
	}
	if err != nil {
		return Runbook{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("read the runbook: %w", err), Hint: "it is a file that can be read; --runbook names another"}
	}
	doc, err := runbook.Parse(r.name(p), data)
	if err != nil {
		return Runbook{}, &Error{Kind: Misconfigured, Err: err}
	}
	return Runbook{Document: doc, Dir: p.dir, Service: p.Service}, nil
}

// ErrNoRunbook is what an error is when a project has no runbook.
var ErrNoRunbook = errors.New("no runbook")

// RunbookOf reads the runbook of the project that a plan was made in.
func RunbookOf(p *rollout.Plan) (Runbook, error) {
	file := cmp.Or(p.Runbook, filepath.Join(p.Project, runbook.Name))
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || p.Project == "" {
		return Runbook{}, fmt.Errorf("%w in %s", ErrNoRunbook, p.Project)
	}
	if err != nil {
		return Runbook{}, fmt.Errorf("read the runbook: %w", err)
	}
	doc, err := runbook.Parse(file, data)
	if errors.Is(err, runbook.ErrEmpty) {
		return Runbook{}, fmt.Errorf("%w in %s", ErrNoRunbook, p.Project)
	}
	return Runbook{Document: doc, Dir: p.Project, Service: p.Service}, err
}

// NewRunbook writes a runbook from the manifest and returns its name. It never overwrites one.
func NewRunbook(r RunbookRequest) (string, error) {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return "", err
	}
	return r.name(p), writeNew(r.path(p), runbook.Write(p.runbookFacts()))
}

// LintRunbook holds a runbook against its project: the manifest, the inventories, the files
// beside it, and Slipway's own command line, which tool describes.
func (a *App) LintRunbook(ctx context.Context, r RunbookRequest, tool *runbook.Verb) (Linted, error) {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return Linted{}, err
	}
	book, err := r.read(p)
	if err != nil {
		return Linted{}, err
	}
	facts := p.runbookFacts()
	facts.Tool = tool
	beside := filepath.Dir(r.path(p))
	facts.Exists = func(name string) bool {
		_, err := os.Stat(filepath.Join(beside, filepath.FromSlash(name)))
		return err == nil
	}
	out := Linted{File: r.name(p)}
	if err := a.knownHosts(ctx, p, &facts); err != nil {
		if ctx.Err() != nil {
			return Linted{}, err
		}
		facts.Hosts = nil
		out.Unknown = append(out.Unknown, fmt.Sprintf("names of hosts were not checked: %v", err))
	}
	out.Findings = runbook.Lint(book.Document, facts)
	return out, nil
}

// runbookFacts are what the manifest says that a runbook can be wrong about.
func (p project) runbookFacts() runbook.Facts {
	f := runbook.Facts{Service: p.Service, Type: string(p.Type), Manifest: p.File, Units: slices.Concat(p.Units, p.Timers), Link: p.Link}
	for _, c := range p.Contacts {
		f.Contacts = append(f.Contacts, runbook.Contact{Name: c.Name, Role: c.Role, How: c.How})
	}
	if p.Health != nil {
		f.Health = endpoint(p.Health.HTTP)
	}
	for _, e := range p.Environments {
		env := runbook.Environment{Name: e.Name}
		if e.Method.Ansible != nil {
			env.Inventory = e.Method.Ansible.Inventory
		}
		for _, s := range e.Stages {
			env.Stages = append(env.Stages, string(s.Kind))
			for _, c := range s.Checks {
				if at := endpoint(c.HTTP); at != nil {
					f.Checks = append(f.Checks, *at)
				}
			}
		}
		f.Environments = append(f.Environments, env)
	}
	return f
}

// endpoint takes a URL of the manifest apart; nil when there is none.
func endpoint(text string) *runbook.Endpoint {
	if text == "" {
		return nil
	}
	// A name that is filled in stands where a port cannot be.
	u, err := url.Parse(strings.ReplaceAll(text, "{{host}}", "host"))
	if err != nil {
		return nil // the manifest's own checks say more of it
	}
	port := 80
	if u.Scheme == "https" {
		port = 443
	}
	if n, err := strconv.Atoi(u.Port()); err == nil {
		port = n
	}
	return &runbook.Endpoint{Port: port, Path: u.Path}
}

// knownHosts adds the hosts and groups of every environment.
func (a *App) knownHosts(ctx context.Context, p project, f *runbook.Facts) error {
	f.Hosts = []string{}
	for _, e := range p.Environments {
		inv, err := a.inventory(ctx, p, e.Method)
		if err != nil {
			return err
		}
		for _, h := range inv.Hosts {
			address, _, _ := strings.Cut(h.Address, ":")
			f.Hosts = append(f.Hosts, h.Name)
			f.Addresses = append(f.Addresses, address)
		}
		for name := range inv.Groups {
			f.Groups = append(f.Groups, name)
		}
	}
	slices.SortFunc(f.Hosts, fleet.Compare)
	f.Hosts = slices.Compact(f.Hosts)
	return nil
}

// inventory reads the inventory of a method. No host is asked.
func (a *App) inventory(ctx context.Context, p project, m manifest.Method) (*fleet.Inventory, error) {
	if m.Local != nil {
		machine, err := a.local(*plan.Method(m, p.dir).Local)
		if err != nil {
			return nil, err
		}
		hosts, err := machine.Hosts(ctx)
		if err != nil {
			return nil, err
		}
		return localInventory(hosts, namesOf(hosts)), nil
	}
	if m.Ansible == nil {
		return nil, errors.New("the environment's method has no inventory that can be read here")
	}
	runner, err := a.ansible(*plan.Method(m, p.dir).Ansible, p.dir)
	if err != nil {
		return nil, err
	}
	text, err := runner.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	return fleet.Parse(text)
}
