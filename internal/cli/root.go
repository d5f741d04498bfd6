package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// Main runs the program with the process's own arguments and streams, and returns
// its exit code.
func Main() int {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(signals, syscall.SIGHUP)
	}
	defer signal.Stop(signals)
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	return Run(context.Background(), os.Args[1:], Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Dir: dir,
		Getenv: os.Getenv, Environ: os.Environ(), Signals: signals, Now: time.Now,
	})
}

// Run runs one command line and returns its exit code. Errors go to env.Err, each
// as one message that says what to do next.
func Run(ctx context.Context, args []string, env Env) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	env.interrupts = &interrupts{}
	defer env.interrupts.watch(env.Signals, cancel)()
	root := newRoot(env)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !told(err) {
		fmt.Fprintf(env.Err, "slipway: %s\n", message(err))
	}
	return exitCode(err)
}

// newRoot lists every command.
func newRoot(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "slipway",
		Short: "Progressive delivery for services on ordinary hosts",
		Long: `Slipway takes a release to production hosts in stages: first to hosts that only
staff can reach, then to a share of live traffic, then everywhere. When something
is worse, or someone says so, it puts every host back as it was, and shows that it did.

  slipway init                      write slipway.yaml for this project
  slipway build 1.4.0               make the artifact
  slipway plan 1.4.0                see what would happen
  slipway deploy 1.4.0              do it, and watch`,
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return unknownCommand(c, args[0])
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpTemplate("{{with .Long}}{{. | trimTrailingWhitespaces}}\n\n{{end}}{{.UsageString}}\n" + exitHelp + "\n")
	root.AddGroup(&cobra.Group{ID: "ship", Title: "Ship a release:"},
		&cobra.Group{ID: "steer", Title: "Steer a rollout:"},
		&cobra.Group{ID: "look", Title: "Look:"},
		&cobra.Group{ID: "try", Title: "Try it:"})
	root.SetHelpCommandGroupID("look")
	root.SetCompletionCommandGroupID("look")
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("ship", newInit(env), newCheck(env), newCompat(env), newBuild(env), newReleasable(env), newRelease(env), newPlan(env), newDeploy(env))
	add("steer", newPromote(env), newComplete(env), newPause(env), newResume(env), newAbort(env), newRollback(env), newReconcile(env))
	add("look", newStatus(env), newHistory(env), newShow(env), newJudge(env), newNotify(env), newRunbook(env), newSchema(env), newVersion(env))
	add("try", newLab(env), newDemo(env))
	root.AddCommand(newSample(env), newBalance())
	completions(root, env)
	return root
}

// flagError says which flag was wrong and where the right ones are listed.
func flagError(c *cobra.Command, err error) error {
	wrong := err.Error()
	// A wrong number comes with the words of the function that could not read it.
	if value, parser, ok := strings.Cut(wrong, " flag: strconv."); ok {
		can := "a whole number"
		if strings.HasPrefix(parser, "ParseBool") {
			can = "true or false"
		}
		wrong = value + " flag: it can be " + can
	}
	return usagef("%s; %s --help lists the flags", wrong, c.CommandPath())
}

// unknownCommand names the command that was meant, if one is near.
func unknownCommand(c *cobra.Command, name string) error {
	near := c.SuggestionsFor(name)
	if len(near) > 0 {
		return usagef("there is no command %q; did you mean %s?", name, near[0])
	}
	return usagef("there is no command %q; slipway --help lists them", name)
}

// exactly checks how many arguments a command got, and shows how it is called.
func exactly(least, most int, example string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		if len(args) > most {
			return usagef("%s does not take %q; it is called as in: %s", c.CommandPath(), args[most], example)
		}
		lacks := "more"
		if words := strings.Fields(c.Use); len(words) > len(args)+1 {
			lacks = words[len(args)+1]
		}
		return usagef("%s needs %s; it is called as in: %s", c.CommandPath(), lacks, example)
	}
}
