package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// planForm is the form of a release plan: "" for none, md, html or json.
type planForm struct {
	form  string
	write string // file; "": standard output
}

func (f *planForm) bind(c *cobra.Command) {
	c.Flags().Var(f, "format", "write the release plan, for people to approve: md, html or json")
	c.Flags().StringVar(&f.write, "write", "", "write the release plan to this file")
}

// String implements pflag.Value.
func (f *planForm) String() string { return f.form }

// Type implements pflag.Value.
func (f *planForm) Type() string { return "form" }

// Set implements pflag.Value.
func (f *planForm) Set(s string) error {
	switch s {
	case "md", "html", "json":
		f.form = s
		return nil
	}
	return usagef("it can be md, html or json")
}

// runPlanDocument writes the release plan: one that is made now, or the one in a file.
func runPlanDocument(ctx context.Context, opts planOptions, f planForm, env Env) error {
	d, err := document(ctx, opts, env)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	switch f.form {
	case "md":
		err = d.Markdown(&b)
	case "html":
		err = d.HTML(&b)
	case "json":
		err = d.JSON(&b)
	default: // of a file
		err = plan.Text(&b, d.Plan)
	}
	if err != nil {
		return err
	}
	if f.write == "" {
		_, err = env.Out.Write(b.Bytes())
		return err
	}
	if err := os.WriteFile(env.path(f.write), b.Bytes(), 0o644); err != nil {
		return &app.Error{Kind: app.Misconfigured, Err: fmt.Errorf("write the release plan: %w", err), Hint: "name a file in a directory that is there"}
	}
	_, err = fmt.Fprintf(env.Out, "%s\n", f.write)
	return err
}

// document reads a release plan from its file, or makes one for a version.
func document(ctx context.Context, opts planOptions, env Env) (*plan.Document, error) {
	if isPlanFile(opts.version) {
		data, err := readPlanFile(opts, env)
		if err != nil {
			return nil, err
		}
		return plan.ParseDocument(data)
	}
	a, err := env.app(ctx)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.Document(ctx, opts.request(env), thisVersion().Version, app.WalkRequest{Shell: env.Getenv("SHELL"), Env: env.Environ})
}

// isPlanFile reports whether what is to be deployed is a release plan and no version.
func isPlanFile(arg string) bool { return strings.HasSuffix(arg, ".json") }

// mostPlan bounds a release plan that is read; one of ten thousand hosts is smaller.
const mostPlan = 64 << 20

// readPlanFile reads the file of a release plan. Options that choose what is planned are
// refused: the plan has chosen.
func readPlanFile(opts planOptions, env Env) ([]byte, error) {
	if opts.environment != "" || len(opts.only) > 0 || len(opts.without) > 0 || opts.unreleased != "" {
		return nil, usagef("%s says all that is done: --env, --hosts, --without and --unreleased are for the plan that it is made from", opts.version)
	}
	f, err := os.Open(env.path(opts.version))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("there is no %s; slipway plan VERSION --format json --write %s writes one", opts.version, filepath.Base(opts.version))
	}
	if err != nil {
		return nil, &app.Error{Kind: app.Misconfigured, Err: fmt.Errorf("read the release plan: %w", err)}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostPlan+1))
	if err == nil && len(data) > mostPlan {
		err = fmt.Errorf("it is larger than %d MB", mostPlan>>20)
	}
	if err != nil {
		return nil, &app.Error{Kind: app.Misconfigured, Err: fmt.Errorf("read %s: %w", opts.version, err), Hint: "name the file that slipway plan --format json wrote"}
	}
	return data, nil
}

// planned plans a version, or takes the plan that was approved.
func planned(ctx context.Context, a *app.App, opts deployOptions, env Env) (*rollout.Plan, error) {
	if isPlanFile(opts.version) {
		data, err := readPlanFile(opts.planOptions, env)
		if err != nil {
			return nil, err
		}
		return a.Approved(ctx, env.Dir, data)
	}
	return a.Plan(ctx, opts.request(env))
}
