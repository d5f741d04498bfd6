package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/lab"
)

type labOptions struct {
	config lab.Config
	out    output
}

func newLab(env Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "lab",
		Short: "Real Debian hosts in containers on this machine, to try things on",
		Long: `Lab boots Debian hosts with systemd and sshd in containers, puts HAProxy in front of
them, and packs a sample service to deploy to them. It needs root. Labs run side by
side under different names.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("slipway lab has no command %q: it has up, down, list and status", args[0])
			}
			return c.Help()
		},
	}
	c.AddCommand(newLabUp(env), newLabDown(env), newLabList(env), newLabStatus(env))
	return c
}

// bindName adds --name to a lab command.
func (o *labOptions) bindName(c *cobra.Command) {
	c.Flags().StringVar(&o.config.Name, "name", "lab", "name of the lab")
	o.out.bind(c)
}

func newLabUp(env Env) *cobra.Command {
	var opts labOptions
	c := &cobra.Command{
		Use:   "up",
		Short: "Boot a lab",
		Long: `Up boots a lab and returns when every host answers. --output json prints the paths of
the inventory and of the SSH key, hosts with addresses, balancers with their sockets
and URLs, and where the sample's artifacts lie.`,
		Args: exactly(0, 0, "slipway lab up --hosts 6"),
		RunE: func(c *cobra.Command, args []string) error { return runLabUp(c.Context(), opts, env) },
	}
	f := c.Flags()
	f.IntVar(&opts.config.Hosts, "hosts", 6, "how many hosts, at most 100")
	f.IntVar(&opts.config.Balancers, "balancers", 1, "how many balancers, 1 or 2")
	f.StringVar(&opts.config.Format, "format", lab.Tarball, "what the sample is packed as: tar.gz or deb")
	f.StringSliceVar(&opts.config.Packages, "packages", nil, "Debian packages to have on the hosts")
	f.Int64Var(&opts.config.Disk, "disk", 1<<30, "bytes that each host may write")
	f.Int64Var(&opts.config.Pad, "pad", 0, "also pack versions of about this many bytes")
	f.StringVar(&opts.config.Dir, "dir", "", "where the lab's files go")
	opts.bindName(c)
	return c
}

func runLabUp(ctx context.Context, opts labOptions, env Env) error {
	if err := lab.Supported(ctx); err != nil {
		return err
	}
	opts.config.Fallback = program()
	l, err := lab.Up(ctx, opts.config, func(line string) { fmt.Fprintln(env.Err, line) })
	if err != nil {
		return err
	}
	info := l.Info()
	return opts.out.print(env.Out, info, func() string { return labText(env, info) })
}

func newLabList(env Env) *cobra.Command {
	var out output
	c := &cobra.Command{
		Use: "list", Short: "Labs on this machine",
		Long: "List prints the names of the labs on this machine.",
		Args: exactly(0, 0, "slipway lab list"),
		RunE: func(c *cobra.Command, args []string) error {
			names, err := lab.Names()
			if err != nil {
				return err
			}
			if names == nil {
				names = []string{}
			}
			return out.print(env.Out, names, func() string {
				if len(names) == 0 {
					return "no labs; slipway lab up boots one\n"
				}
				return strings.Join(names, "\n") + "\n"
			})
		},
	}
	out.bind(c)
	return c
}

func newLabStatus(env Env) *cobra.Command {
	var opts labOptions
	c := &cobra.Command{
		Use: "status", Short: "Hosts and addresses of a lab",
		Long: "Status prints what lab up printed, with the processes of the moment.",
		Args: exactly(0, 0, "slipway lab status --name lab"),
		RunE: func(c *cobra.Command, args []string) error {
			l, err := lab.Open(opts.config.Name)
			if err != nil {
				return noLab(err, opts.config.Name)
			}
			info := l.Info()
			return opts.out.print(env.Out, info, func() string { return labText(env, info) })
		},
	}
	opts.bindName(c)
	return c
}

func noLab(err error, name string) error {
	if errors.Is(err, lab.ErrNone) {
		return usagef("there is no lab %q; slipway lab list shows those there are", name)
	}
	return err
}

func labText(env Env, info lab.Info) string {
	var b strings.Builder
	fmt.Fprintf(&b, "lab %s, for %s\n", info.Name, info.Format)
	var rows [][]string
	for _, h := range info.Hosts {
		state := "up"
		if h.PID == 0 {
			state = "down"
		}
		rows = append(rows, []string{"  " + h.Name, h.Address, h.Zone, h.Arch, state})
	}
	b.WriteString(env.theme(env.Out).Table([]string{"  host", "address", "zone", "arch", ""}, rows))
	fmt.Fprintf(&b, "inventory  %s\nkey        %s\npublic     %s\ninternal   %s\n", info.Inventory, info.Key, info.Public, info.Internal)
	for _, bal := range info.Balancers {
		fmt.Fprintf(&b, "balancer   %s\n", bal.Socket)
	}
	fmt.Fprintf(&b, "project    %s\n\ncd %s && slipway deploy 1.0.0\n", info.Project, info.Project)
	return b.String()
}
