package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/slipway-deploy/slipway/internal/runbook"
)

// WalkRequest is a walk through a part of a runbook.
type WalkRequest struct {
	RunbookRequest
	Part   runbook.Role
	Values runbook.Values
	Shell  string // of the user; "": sh
	Env    []string
	Person runbook.Person
}

// WalkRunbook walks through a part of a runbook, and keeps a record of it as it goes.
func (a *App) WalkRunbook(ctx context.Context, r WalkRequest) (runbook.Record, error) {
	book, err := ReadRunbook(r.RunbookRequest)
	if err != nil {
		return runbook.Record{}, err
	}
	rec := runbook.Record{
		ID: ulid.Make().String(), Service: book.Service, Project: book.Dir, File: book.File, Digest: book.Digest(), Part: r.Part,
		By: a.cfg.By, Began: a.cfg.Now().UTC(), Values: r.Values, Steps: runbook.Walk(book.Document, r.Part, r.Values),
	}
	if len(rec.Steps) == 0 {
		return rec, &Error{Kind: Misconfigured, Err: fmt.Errorf("%s has no steps for %s", book.File, r.Part), Hint: "slipway runbook lint says what it lacks"}
	}
	return a.walk(ctx, rec, r)
}

// ResumeWalk takes a walk up again at the first step that is open or failed. The runbook
// must be what it was.
func (a *App) ResumeWalk(ctx context.Context, id string, r WalkRequest) (runbook.Record, error) {
	rec, err := a.Walked(id)
	if err != nil {
		return rec, err
	}
	if rec.Phase == runbook.Ended {
		return rec, &Error{Kind: Refused, Err: fmt.Errorf("walk %s has ended: each of its steps is done", rec.ID), Hint: "slipway runbook run begins another"}
	}
	book, err := ReadRunbook(r.RunbookRequest)
	if err != nil {
		return rec, err
	}
	if book.Dir != rec.Project || book.Digest() != rec.Digest {
		return rec, &Error{Kind: Refused, Err: fmt.Errorf("%s is not what walk %s began with: it was changed, or is of another project", book.File, rec.ID),
			Hint: "slipway runbook run begins another walk"}
	}
	return a.walk(ctx, rec, r)
}

func (a *App) walk(ctx context.Context, rec runbook.Record, r WalkRequest) (runbook.Record, error) {
	kept, err := openWalk(a.walks(), rec.ID)
	if err != nil {
		return rec, err
	}
	defer kept.close()
	w := runbook.Walker{Record: rec, Person: r.Person, Now: a.cfg.Now, Save: kept.save,
		Runner: shell{dir: rec.Project, program: r.Shell, env: r.Env, now: a.cfg.Now}}
	err = w.Run(ctx)
	var stopped *runbook.StepError
	if errors.As(err, &stopped) {
		err = &Error{Kind: Refused, Err: stopped, Hint: "when it is mended: slipway runbook run --resume " + rec.ID}
	}
	return w.Record, err
}

// Walks lists the recorded walks, the newest first. service "" means all.
func (a *App) Walks(service string) ([]runbook.Record, error) {
	ids, err := walkIDs(a.walks())
	if err != nil {
		return nil, err
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	var all []runbook.Record
	for _, id := range ids {
		rec, err := readWalk(a.walks(), id)
		if err != nil {
			return nil, err
		}
		if service == "" || rec.Service == service {
			all = append(all, rec)
		}
	}
	return all, nil
}

// Walked finds the one walk whose id begins or ends with some letters; "" is the newest.
func (a *App) Walked(part string) (runbook.Record, error) {
	ids, err := walkIDs(a.walks())
	if err != nil {
		return runbook.Record{}, err
	}
	slices.Sort(ids)
	want := strings.ToUpper(part)
	var found []string
	for _, id := range ids {
		if strings.HasPrefix(id, want) || strings.HasSuffix(id, want) {
			found = append(found, id)
		}
	}
	switch {
	case len(found) == 0:
		return runbook.Record{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("no walk %q", part), Hint: "slipway runbook runs lists them"}
	case part != "" && len(found) > 1:
		return runbook.Record{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("%d walks begin or end with %q", len(found), part), Hint: "give more letters: slipway runbook runs lists them"}
	}
	return readWalk(a.walks(), found[len(found)-1])
}

// GateRunbook runs the commands of the prerequisites of a runbook with a rollout's values
// filled in. It refuses when one of them says that it does not hold.
func (a *App) GateRunbook(ctx context.Context, r WalkRequest) error {
	book, err := ReadRunbook(r.RunbookRequest)
	if err != nil {
		return err
	}
	err = runbook.Gate(ctx, book.Document, r.Values, shell{dir: book.Dir, program: r.Shell, env: r.Env, now: a.cfg.Now})
	var unmet *runbook.GateError
	if errors.As(err, &unmet) {
		return &Error{Kind: Refused, Err: unmet, Hint: "nothing was changed; slipway runbook run prerequisites shows the whole output"}
	}
	return err
}
