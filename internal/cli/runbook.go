package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/runbook"
)

// bookOptions name a runbook.
type bookOptions struct {
	file, name string
}

func (o *bookOptions) bind(c *cobra.Command) {
	c.Flags().StringVarP(&o.file, "file", "f", manifest.Name, "the project's manifest")
	c.Flags().StringVar(&o.name, "runbook", "", "the runbook; RUNBOOK.md beside the manifest when not given")
}

func (o bookOptions) request(env Env) app.RunbookRequest {
	return app.RunbookRequest{Dir: env.Dir, File: o.file, Runbook: o.name}
}

func newRunbook(env Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "runbook",
		Short: "Write, check, show and walk through the project's runbook",
		Long: `Runbook is about RUNBOOK.md: what must hold before a deploy, how to deploy, and how to
roll back. docs/runbook.md says how it is read.

  slipway runbook new                 write one from slipway.yaml
  slipway runbook lint                check that it is whole, and that it is true
  slipway runbook show rollback       show a part of it
  slipway runbook run                 walk through it, step by step
  slipway runbook runs                what became of walks`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return usagef("slipway runbook has no command %q: it has new, lint, show, run and runs", args[0])
		},
	}
	c.AddCommand(newRunbookNew(env), newRunbookLint(env), newRunbookShow(env), newRunbookRun(env), newRunbookRuns(env))
	return c
}

func newRunbookNew(env Env) *cobra.Command {
	var opts bookOptions
	var out output
	c := &cobra.Command{
		Use:   "new",
		Short: "Write a runbook from the manifest",
		Long: `New writes RUNBOOK.md from slipway.yaml: a page to go on from, with the project's own
environments, units and addresses. It never overwrites a file.`,
		Args: exactly(0, 0, "slipway runbook new"),
		RunE: func(*cobra.Command, []string) error {
			name, err := app.NewRunbook(opts.request(env))
			if err != nil {
				return err
			}
			return out.print(env.Out, map[string]string{"file": name}, func() string {
				return fmt.Sprintf("wrote %s\nlook it through, then: slipway runbook lint\n", name)
			})
		},
	}
	opts.bind(c)
	out.bind(c)
	return c
}

// roleOf reads the name of a part of a runbook.
func roleOf(name string) (runbook.Role, error) {
	if r := runbook.Role(strings.ToLower(name)); slices.Contains(runbook.Roles(), r) {
		return r, nil
	}
	return "", usagef("%q is no part of a runbook: it can be prerequisites, deploy or rollback", name)
}

// roleNames completes them.
func roleNames(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	for _, r := range runbook.Roles() {
		names = append(names, string(r))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// valuesOf reads what is given for the placeholders of a runbook, each as NAME=VALUE.
func valuesOf(given []string) (runbook.Values, error) {
	var v runbook.Values
	for _, g := range given {
		name, value, ok := strings.Cut(g, "=")
		if !ok || value == "" {
			return v, usagef("--set %q: it can be NAME=VALUE, such as version=1.4.0", g)
		}
		switch name {
		case "host", "hosts":
			v.Hosts = append(v.Hosts, strings.Split(value, ",")...)
		case "version":
			v.Version = value
		case "previous":
			v.Previous = value
		case "rollout":
			v.Rollout = value
		case "environment", "env":
			v.Environment = value
		default:
			return v, usagef("--set %q: nothing is known as %s; it can be %s", g, name, strings.Join(runbook.Placeholders(), ", "))
		}
	}
	return v, nil
}

// toolOf describes a command line as the linter of runbooks knows it.
func toolOf(c *cobra.Command) runbook.Verb {
	v := runbook.Verb{Name: c.Name()}
	add := func(f *pflag.Flag) {
		v.Flags = append(v.Flags, runbook.Flag{Name: f.Name, Short: f.Shorthand, Value: f.NoOptDefVal == ""})
	}
	c.NonInheritedFlags().VisitAll(add)
	for _, sub := range c.Commands() {
		if sub.Hidden {
			continue // they are for other programs
		}
		v.Verbs = append(v.Verbs, toolOf(sub))
	}
	return v
}
