package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/pack"
)

// stage is where a demo is played: hosts, a balancer, and a project to deploy.
type stage struct {
	kind      string // lab or local
	why       string // why it is not a lab
	directory string
	project   string
	format    string
	public    string // URL
	artifacts []pack.Artifact
	end       string // how it is taken away later
	down      func(context.Context) error
}

// openStage boots a lab, or makes a local fleet where that cannot be.
func openStage(ctx context.Context, opts demoOptions, say func(string)) (stage, error) {
	unsupported := lab.Supported(ctx)
	if opts.local {
		unsupported = fmt.Errorf("--local was given")
	}
	if unsupported != nil {
		say("no lab: " + unsupported.Error())
		say("a fleet of processes on this machine is used instead")
		return localStage(ctx, opts, unsupported.Error(), say)
	}
	name := fmt.Sprintf("demo-%d", os.Getpid())
	l, err := lab.Up(ctx, lab.Config{Name: name, Hosts: opts.hosts, Fallback: program()}, say)
	if err != nil {
		return stage{}, err
	}
	info := l.Info()
	return stage{
		kind: "lab", directory: info.Directory, project: info.Project, format: info.Format, public: info.Public,
		artifacts: info.Artifacts, end: "slipway lab down --name " + name + " takes it away", down: l.Down,
	}, nil
}

// state is where the demo's journal and store are.
func (s stage) state() string { return filepath.Join(s.directory, "slipway") }

// artifact finds the file of a version.
func (s stage) artifact(version string) (file, arch string) {
	for _, a := range s.artifacts {
		if a.Version == version && a.Format == s.format && !a.Padded {
			return a.Path, a.Arch
		}
	}
	return version, "" // the import says that there is no such file
}

// program is this program's own file, or "" when that is not known.
func program() string {
	file, err := os.Executable()
	if err != nil {
		return ""
	}
	return file
}
