package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/releasable"
)

type releasableOptions struct {
	commit string
	file   string
	fetch  bool
	watch  bool
	every  time.Duration
	most   int
	out    output
}

func newReleasable(env Env) *cobra.Command {
	var opts releasableOptions
	c := &cobra.Command{
		Use:   "releasable [COMMIT]",
		Short: "Say which commits may be released, and why not",
		Long: `Releasable looks at each commit since the last release: whether it is in the history of
the release branch as the remote has it, whether the tree is clean, and whether the
statuses that release.statuses asks for are green. The answer for COMMIT, or for what is
checked out, is the exit code: 0 when it may be released, 3 when it may not, or not yet.

With --watch it stays, and tells of the release branch whenever that moves or a status
ends, until Ctrl-C.`,
		Example: "  slipway releasable\n  slipway releasable --watch --every 1m",
		Args:    exactly(0, 1, "slipway releasable"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.commit = args[0]
			}
			if opts.watch {
				return runWatchReleasable(c.Context(), opts, env)
			}
			return runReleasable(c.Context(), opts, env)
		},
	}
	c.Flags().StringVarP(&opts.file, "file", "f", manifest.Name, "the project's manifest")
	c.Flags().BoolVar(&opts.fetch, "fetch", false, "ask the remote first where the branch is")
	c.Flags().IntVarP(&opts.most, "limit", "n", 20, "at most so many commits")
	c.Flags().BoolVar(&opts.watch, "watch", false, "stay, and tell of the release branch when something changes")
	c.Flags().DurationVar(&opts.every, "every", 30*time.Second, "how often --watch looks")
	opts.out.bind(c)
	return c
}

func (o releasableOptions) request(env Env) app.ReleasableRequest {
	return app.ReleasableRequest{Dir: env.Dir, File: o.file, Commit: o.commit, Fetch: o.fetch, Most: o.most}
}

func (o releasableOptions) check() error {
	switch {
	case o.most < 1:
		return usagef("--limit %d makes no sense: it can be 1 or more", o.most)
	case o.watch && o.every < time.Second:
		return usagef("--every %s makes no sense: it can be a time of 1s or more", o.every)
	case o.watch && o.commit != "":
		return usagef("--watch and commit %s: give one of them; --watch is about the release branch", o.commit)
	}
	return nil
}

func runReleasable(ctx context.Context, opts releasableOptions, env Env) error {
	if err := opts.check(); err != nil {
		return err
	}
	found, err := app.Releasable(ctx, opts.request(env))
	if err != nil {
		return err
	}
	if err := opts.out.print(env.Out, found, func() string { return releasableText(env, found) }); err != nil {
		return err
	}
	if found.Newest().Answer != releasable.Yes {
		return ended{phase: "refused", code: exitRefused} // why was told
	}
	return nil
}

func runWatchReleasable(ctx context.Context, opts releasableOptions, env Env) error {
	if err := opts.check(); err != nil {
		return err
	}
	told := ""
	err := app.WatchReleasable(ctx, opts.request(env), opts.every, func(found app.Releasability) error {
		told = ""
		if opts.out == asJSON {
			return json.NewEncoder(env.Out).Encode(found)
		}
		_, err := fmt.Fprintf(env.Out, "%s\n%s\n", env.Now().UTC().Format("2006-01-02 15:04:05 UTC"), releasableText(env, found))
		return err
	}, func(err error) {
		if told != err.Error() { // once, while it lasts
			told = err.Error()
			fmt.Fprintf(env.Err, "slipway: %s; tried again\n", message(err))
		}
	})
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// releasableText is a line for each commit, with what stands in its way.
func releasableText(env Env, r app.Releasability) string {
	theme := env.theme(env.Out)
	branch, since := r.Branch, "there was no release yet"
	if branch == "" {
		branch = "no release branch"
	}
	if r.Since != "" {
		since = "since " + r.Since
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %s\n", r.Service, branch, since)
	style := map[releasable.Answer]lipgloss.Style{releasable.Yes: theme.Good, releasable.No: theme.Bad, releasable.Wait: theme.Warn, releasable.Unknown: theme.Warn}
	for _, v := range r.Commits {
		fmt.Fprintf(&b, "%s  %s  %s%s\n", style[v.Answer].Render(fmt.Sprintf("%-7s", v.Answer)), releasable.Short(v.ID), v.Subject, authorOf(v.By))
		for _, reason := range v.Reasons {
			fmt.Fprintf(&b, "         %s: %s\n           %s\n", reason.Rule, reason.Found, reason.Next)
		}
	}
	if r.More {
		b.WriteString("and older ones; --limit shows more\n")
	}
	return b.String()
}

func authorOf(name string) string {
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}
