package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/slipway-deploy/slipway/internal/git"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Document plans as Plan does, and gathers what people want to know before they say yes. The
// commands of prerequisites that stand before a deploy are run, with the shell that walk names.
func (a *App) Document(ctx context.Context, r PlanRequest, program string, walk WalkRequest) (*plan.Document, error) {
	made, err := a.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	d := &plan.Document{
		Plan: made.plan, Program: program,
		Asked: plan.Asked{File: filepath.Base(r.File), Only: r.Only, Without: r.Without, Again: r.Again, Unreleased: r.Unreleased},
		Gates: append([]plan.Result{}, made.gates()...), Compat: made.beside.document(),
		Contacts: []plan.Person{},
	}
	if d.Prerequisites, err = a.prerequisites(ctx, made.plan, walk); err != nil {
		return nil, err
	}
	for _, c := range made.project.Contacts {
		d.Contacts = append(d.Contacts, plan.Person(c))
	}
	if rules := made.project.Release; rules != nil {
		d.CommitLink = commitLink(rules.Statuses)
	}
	if _, err := os.Stat(made.project.runbook()); err == nil {
		d.Runbook = made.project.runbookName()
	}
	d.World, err = made.world(ctx, d.Asked.File)
	return d, err
}

// gates are those that the plan has passed already: it would not be there otherwise.
func (m prepared) gates() []plan.Result {
	var all []plan.Result
	if m.released != nil {
		all = append(all, *m.released)
	}
	rules := m.project.Standard
	if rules.Gate != manifest.GateErrors || m.env.Method.Local != nil {
		return all
	}
	all = append(all, plan.Result{Name: "the deployment standard", Answer: plan.Met, Said: "slipway check finds no error of the rules about deploys"})
	for _, w := range rules.Waive {
		if until := w.Until.AddDate(0, 0, 1); m.plan.At.Before(until) {
			all = append(all, plan.Result{Name: "rule " + w.Rule, Answer: plan.Waived, Said: fmt.Sprintf("%s, until %s", w.Reason, w.Until.Format(time.DateOnly))})
		}
	}
	return all
}

// world is what the plan takes for granted.
func (m prepared) world(ctx context.Context, file string) (plan.World, error) {
	w := plan.World{Hosts: plan.Look(m.crew.inventory, m.crew.hosts, m.crew.facts), Release: m.release, Files: map[string]string{}}
	repo, err := git.Open(ctx, m.project.dir)
	if err == nil {
		w.Head, err = repo.Resolve(ctx, "HEAD")
	}
	if err != nil && !errors.Is(err, git.ErrNone) && !errors.Is(err, git.ErrUnknown) {
		return w, err
	}
	names := []string{filepath.Join(m.project.dir, file)}
	if s := plan.Method(m.env.Method, m.project.dir).Ansible; s != nil {
		names = append(names, s.Inventory, s.Playbook, s.Config)
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		sum, err := digestOf(name)
		if err != nil {
			return w, err
		}
		shown := strings.TrimPrefix(name, m.project.dir+"/")
		if sum != "" {
			w.Files[shown] = sum
		}
	}
	return w, nil
}

// digestOf is the digest of a file, or of all files of a directory with their names; ""
// for what is neither.
func digestOf(path string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == path {
			return fs.SkipAll // a list of hosts, or a plugin's name
		}
		if err != nil {
			return err
		}
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s\x00%d\x00", strings.TrimPrefix(name, path), len(data))
		_, err = h.Write(data)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read what the plan is made from: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return "", nil //nolint:nilerr // see above
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

// Approved reads a release plan and returns the plan in it, when the world is still the
// one that it was made for. An *Error of kind Refused says what has changed otherwise.
func (a *App) Approved(ctx context.Context, dir string, file []byte) (*rollout.Plan, error) {
	d, err := plan.ParseDocument(file)
	if errors.Is(err, plan.ErrEdited) {
		return nil, &Error{Kind: Refused, Err: err, Hint: "make a new one: slipway plan VERSION --format json"}
	}
	if err != nil {
		return nil, &Error{Kind: Misconfigured, Err: err, Hint: "slipway plan VERSION --format json writes one"}
	}
	if _, err := ulid.ParseStrict(d.Plan.ID); err != nil {
		return nil, &Error{Kind: Misconfigured, Err: fmt.Errorf("%w: its id %q is none", plan.ErrNoDocument, plainText(d.Plan.ID)), Hint: "slipway plan VERSION --format json writes one"}
	}
	stale := &plan.Stale{Of: d.Of()}
	if err := a.notRun(ctx, d, stale); err != nil {
		return nil, err
	}
	if old := d.Age(a.cfg.Now()); old != "" {
		stale.Changes = append(stale.Changes, old)
	}
	if len(stale.Changes) == 0 {
		if err := a.compare(ctx, dir, d, stale); err != nil {
			return nil, err
		}
	}
	if len(stale.Changes) > 0 {
		return nil, &Error{Kind: Refused, Err: stale, Hint: "make a new one, and have it approved: slipway plan " + d.Plan.Release.Version + " --env " + d.Plan.Environment + " --format json"}
	}
	d.Plan.ApprovedBy = a.cfg.By
	return d.Plan, nil
}

// notRun notes when a plan has been run already.
func (a *App) notRun(ctx context.Context, d *plan.Document, stale *plan.Stale) error {
	st, _, err := a.journal.Load(ctx, d.Plan.ID)
	if errors.Is(err, journal.ErrNotFound) {
		return nil
	}
	if err == nil {
		stale.Changes = append(stale.Changes, fmt.Sprintf("it was run already: rollout %s is %s", d.Plan.ID, st.Phase))
	}
	return err
}

// compare plans the same again and notes what is different.
func (a *App) compare(ctx context.Context, dir string, d *plan.Document, stale *plan.Stale) error {
	if at, err := filepath.Abs(dir); err != nil || at != d.Plan.Project {
		return errors.Join(err, &Error{Kind: Misconfigured, Err: fmt.Errorf("the release plan is of the project in %s", d.Plan.Project), Hint: "run it there"})
	}
	now, err := a.prepare(ctx, PlanRequest{
		Dir: d.Plan.Project, File: d.Asked.File, Environment: d.Plan.Environment, Version: d.Plan.Release.Version,
		Only: d.Asked.Only, Without: d.Asked.Without, Again: d.Asked.Again, Unreleased: d.Asked.Unreleased,
	})
	var refusals *plan.Refusals
	if err != nil && !errors.As(err, &refusals) {
		return err
	}
	world, err := now.world(ctx, d.Asked.File)
	if err != nil {
		return err
	}
	stale.Changes = plan.Compare(d.World, world)
	if refusals != nil {
		for _, r := range refusals.List {
			stale.Changes = append(stale.Changes, r.Place+": "+r.Found)
		}
		return nil
	}
	differ, err := plan.Differs(d.Plan, now.plan)
	if err == nil && len(stale.Changes) == 0 && len(differ) > 0 {
		stale.Changes = []string{"it would be planned in another way now: " + strings.Join(differ, ", ")}
	}
	return err
}
