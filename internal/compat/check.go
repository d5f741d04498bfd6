package compat

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/slipway-deploy/slipway/internal/compat/avromessage"
	"github.com/slipway-deploy/slipway/internal/compat/configkeys"
	"github.com/slipway-deploy/slipway/internal/compat/finding"
	"github.com/slipway-deploy/slipway/internal/compat/jsonmessage"
	"github.com/slipway-deploy/slipway/internal/compat/migration"
	"github.com/slipway-deploy/slipway/internal/compat/openapi"
	"github.com/slipway-deploy/slipway/internal/compat/protobuf"
)

// Check compares the contracts of the live version with the new version's and gives what
// matters, in a fixed order. The error is for a specification that cannot be followed, a
// tree that cannot be read, or a ctx that ended; a contract that does not parse is a finding.
func Check(ctx context.Context, old, new Tree, spec Spec) ([]Finding, error) {
	files, err := list(ctx, old, new)
	if err != nil {
		return nil, err
	}
	c := &check{old: old, new: new, files: files, running: spec.Running}
	if !slices.Contains(c.running, old.Version) && old.Version != "" {
		c.running = append(slices.Clone(c.running), old.Version)
	}
	for _, step := range []func(context.Context, Spec) error{c.openAPI, c.proto, c.jsonSchema, c.avro, c.migrations, c.config} {
		if err := step(ctx, spec); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("check compatibility: %w", context.Cause(ctx))
		}
	}
	slices.SortStableFunc(c.found, finding.Compare)
	return slices.Compact(c.found), nil
}

// check gathers what the gates find.
type check struct {
	old, new Tree
	files    listing
	running  []string
	found    []Finding
}

func (c *check) openAPI(ctx context.Context, spec Spec) error {
	for _, s := range spec.OpenAPI {
		before, after, err := c.files.find("compat.openapi", s.Files)
		if err != nil {
			return err
		}
		for _, name := range before {
			if !slices.Contains(after, name) {
				c.found = append(c.found, openapi.Removed(name))
				continue
			}
			c.found = append(c.found, openapi.Compare(ctx, c.old.FS, c.new.FS, name, s.NewClients)...)
		}
	}
	return nil
}

func (c *check) proto(_ context.Context, spec Spec) error {
	for _, s := range spec.Proto {
		before, after, err := c.files.find("compat.proto", s.Files)
		if err != nil {
			return err
		}
		found, err := protobuf.Compare(c.old.FS, c.new.FS, before, after, protobuf.Options{JSON: s.JSON, NewClients: s.NewClients})
		if err != nil {
			return fmt.Errorf("compat.proto: %w", err)
		}
		c.found = append(c.found, found...)
	}
	return nil
}

// flow turns a direction into which reader meets which writer.
func flow(section string, d Direction) (oldReadsNew, newReadsOld, own bool, err error) {
	switch d {
	case Both, "":
		return true, true, true, nil
	case Produces:
		return true, false, false, nil
	case Consumes:
		return false, true, false, nil
	}
	return false, false, false, fmt.Errorf("%s: direction %q: want both, produces or consumes", section, d)
}

func (c *check) jsonSchema(_ context.Context, spec Spec) error {
	for _, s := range spec.JSONSchema {
		oldReads, newReads, own, err := flow("compat.json_schema", s.Direction)
		if err != nil {
			return err
		}
		both, err := c.messages("compat.json_schema", finding.JSONSchema, s.Files, newReads)
		if err != nil {
			return err
		}
		for _, name := range both {
			found, err := jsonmessage.Compare(c.old.FS, c.new.FS, name, jsonmessage.Flow{OldReadsNew: oldReads, NewReadsOld: newReads, Own: own})
			if err != nil {
				return fmt.Errorf("compat.json_schema: %w", err)
			}
			c.found = append(c.found, found...)
		}
	}
	return nil
}

func (c *check) avro(_ context.Context, spec Spec) error {
	for _, s := range spec.Avro {
		oldReads, newReads, own, err := flow("compat.avro", s.Direction)
		if err != nil {
			return err
		}
		both, err := c.messages("compat.avro", finding.Avro, s.Files, newReads)
		if err != nil {
			return err
		}
		for _, name := range both {
			before, err := fs.ReadFile(c.old.FS, name)
			if err != nil {
				return fmt.Errorf("compat.avro: %w", err)
			}
			after, err := fs.ReadFile(c.new.FS, name)
			if err != nil {
				return fmt.Errorf("compat.avro: %w", err)
			}
			c.found = append(c.found, avromessage.Compare(name, before, after, avromessage.Flow{OldReadsNew: oldReads, NewReadsOld: newReads, Own: own})...)
		}
	}
	return nil
}

// messages gives the schemas that both trees have, and reports those that are gone.
func (c *check) messages(section string, kind Kind, patterns []string, newReads bool) (both []string, err error) {
	before, after, err := c.files.find(section, patterns)
	if err != nil {
		return nil, err
	}
	for _, name := range before {
		if slices.Contains(after, name) {
			both = append(both, name)
			continue
		}
		c.found = append(c.found, Finding{
			Kind: kind, Rule: string(kind) + "-removed", Place: Place{File: name, Old: true}, Breaking: newReads,
			What: "the new version has no such schema: " + map[bool]string{true: "messages of it may still come from the old one", false: "its readers get none any more"}[newReads],
			Mend: "keep the schema where it was until no old writer is left and no queue holds a message of it",
		})
	}
	return both, nil
}

func (c *check) migrations(_ context.Context, spec Spec) error {
	for _, s := range spec.Migrations {
		if err := valid(s.Dir); err != nil {
			return fmt.Errorf("compat.migrations: %w", err)
		}
		d, ok := map[Dialect]migration.Dialect{"": migration.PostgreSQL, PostgreSQL: migration.PostgreSQL, MySQL: migration.MySQL, SQLite: migration.SQLite}[s.Dialect]
		if !ok {
			return fmt.Errorf("compat.migrations: dialect %q: want postgresql, mysql or sqlite", s.Dialect)
		}
		if a, b := pick(c.files.old, s.Dir+"/**"), pick(c.files.new, s.Dir+"/**"); len(a)+len(b) == 0 {
			return fmt.Errorf("compat.migrations: directory %q is in neither version: mend the name or take it out", s.Dir)
		}
		found, err := migration.Compare(c.old.FS, c.new.FS, migration.Options{Dir: s.Dir, Dialect: d, Running: c.running})
		if err != nil {
			return fmt.Errorf("compat.migrations: %w", err)
		}
		c.found = append(c.found, found...)
	}
	return nil
}

func (c *check) config(_ context.Context, spec Spec) error {
	for _, s := range spec.Config {
		before, after, err := c.files.find("compat.config", s.Files)
		if err != nil {
			return err
		}
		for _, name := range before {
			if !slices.Contains(after, name) {
				c.found = append(c.found, configkeys.Removed(name))
				continue
			}
			found, err := configkeys.Compare(c.old.FS, c.new.FS, name)
			if err != nil {
				return fmt.Errorf("compat.config: %w", err)
			}
			c.found = append(c.found, found...)
		}
	}
	return nil
}
