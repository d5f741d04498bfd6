package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/standard"
)

type checkOptions struct {
	file      string
	artifact  string
	releasing bool
	rules     bool
	hook      bool
	units     string
	form      reportForm
}

func newCheck(env Env) *cobra.Command {
	opts := checkOptions{form: "text"}
	c := &cobra.Command{
		Use:   "check [DIRECTORY]",
		Short: "Hold the project to the deployment standard",
		Long: `Check holds a project to the rules of the standard, names each place where it does
not keep them with what to do about it, and writes out the systemd unit and timer in
place of each cron job. It asks git, and no host and no network.

A rule can be waived in slipway.yaml, with a reason and a last day:

  standard:
    waive:
      - {rule: cron.crontab, reason: rolled out with 2.0, until: 2027-01-31}

In CI: slipway check --output sarif > slipway.sarif. Before each push:
slipway check --install-hook. It exits with 3 when an error counts.`,
		Example: "  slipway check\n  slipway check --releasing --artifact dist/checkout_1.4.0_amd64.deb\n  slipway check --units debian",
		Args:    exactly(0, 1, "slipway check"),
		RunE: func(c *cobra.Command, args []string) error {
			dir := env.Dir
			if len(args) > 0 {
				dir = env.path(args[0])
			}
			return runCheck(c.Context(), dir, opts, env)
		},
	}
	c.Flags().StringVarP(&opts.file, "file", "f", manifest.Name, "the project's manifest")
	c.Flags().StringVar(&opts.artifact, "artifact", "", "look into this .deb or .tar.gz as well")
	c.Flags().BoolVar(&opts.releasing, "releasing", false, "a release is to be cut: its commit counts too")
	c.Flags().StringVar(&opts.units, "units", "", "write the units that replace cron jobs into this directory")
	c.Flags().BoolVar(&opts.rules, "rules", false, "list the rules")
	c.Flags().BoolVar(&opts.hook, "install-hook", false, "have git run the check before each push")
	c.Flags().VarP(&opts.form, "output", "o", "text, json or sarif")
	return c
}

func runCheck(ctx context.Context, dir string, opts checkOptions, env Env) error {
	switch {
	case opts.rules:
		_, err := io.WriteString(env.Out, standard.Catalogue())
		return err
	case opts.hook:
		return installHook(ctx, dir, opts, env)
	}
	file := opts.artifact
	if file != "" {
		file = env.path(file)
	}
	report, err := app.Check(ctx, app.CheckRequest{Dir: dir, File: opts.file, Artifact: file, Releasing: opts.releasing, Now: env.Now()})
	if err != nil {
		return err
	}
	if err := opts.form.print(env.Out, report); err != nil {
		return err
	}
	if opts.units != "" {
		if err := writeUnits(env.path(opts.units), report, env.Err); err != nil {
			return err
		}
	}
	if report.Failed() {
		return ended{phase: "refused", code: exitRefused} // the report has said why
	}
	return nil
}

// writeUnits writes what replaces cron jobs, and never over a file that is there.
func writeUnits(dir string, report standard.Report, tell io.Writer) error {
	for _, f := range report.Findings {
		for _, u := range f.Units {
			path := filepath.Join(dir, u.Name)
			out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if err != nil {
				return usagef("write a unit: %s; name a directory that exists and has no such file", err)
			}
			_, err = io.WriteString(out, u.Text)
			if closing := out.Close(); err == nil {
				err = closing
			}
			if err != nil {
				return fmt.Errorf("write %s: %w", path, err)
			}
			fmt.Fprintf(tell, "wrote %s\n", path)
		}
	}
	return nil
}

// reportForm is the form of a report: text, json or sarif.
type reportForm string

// String implements pflag.Value.
func (f *reportForm) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *reportForm) Type() string { return "form" }

// Set implements pflag.Value.
func (f *reportForm) Set(s string) error {
	switch s {
	case "text", "json", "sarif":
		*f = reportForm(s)
		return nil
	}
	return usagef("it can be text, json or sarif")
}

func (f reportForm) print(w io.Writer, report standard.Report) error {
	if f != "sarif" {
		return output(f).print(w, report, report.Text)
	}
	text, err := report.SARIF(thisVersion().Version)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
