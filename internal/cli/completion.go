package cli

import (
	"context"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/manifest"
)

// completions lets every command complete the names of environments, and those that are
// about one rollout its id. It reads the manifest and the journal, and asks no host.
func completions(root *cobra.Command, env Env) {
	for _, c := range root.Commands() {
		completions(c, env)
		if c.Flags().Lookup("env") != nil {
			// It can only fail for a flag that is not there.
			_ = c.RegisterFlagCompletionFunc("env", func(c *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
				return environments(c, env), cobra.ShellCompDirectiveNoFileComp
			})
		}
	}
}

// ofRollouts completes the id of a rollout.
func ofRollouts(env Env) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return rollouts(c.Context(), env), cobra.ShellCompDirectiveNoFileComp
	}
}

// environments are those of the manifest here, and those of rollouts.
func environments(c *cobra.Command, env Env) []cobra.Completion {
	var names []cobra.Completion
	file := manifest.Name
	if f := c.Flags().Lookup("file"); f != nil {
		file = f.Value.String()
	}
	if data, err := os.ReadFile(env.path(file)); err == nil {
		if m, err := manifest.Parse(file, data); err == nil {
			for _, e := range m.Environments {
				names = append(names, e.Name)
			}
		}
	}
	for _, s := range recent(c.Context(), env) {
		names = append(names, s.Environment)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// rollouts are the newest ones, with what they are.
func rollouts(ctx context.Context, env Env) []cobra.Completion {
	var ids []cobra.Completion
	for _, s := range recent(ctx, env) {
		about := s.Service + " " + s.Version + " on " + s.Environment + ", " + string(s.Head.Phase)
		ids = append(ids, cobra.CompletionWithDesc(view.ShortID(s.ID), about))
	}
	return ids
}

func recent(ctx context.Context, env Env) []journal.Summary {
	if ctx == nil {
		return nil
	}
	a, err := env.app(ctx)
	if err != nil {
		return nil
	}
	defer a.Close()
	all, err := a.List(ctx, journal.Filter{Limit: 20})
	if err != nil {
		return nil
	}
	return all
}
