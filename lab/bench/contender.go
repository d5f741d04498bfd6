package bench

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// project holds what a user of Capistrano and one of Ansible would have in a
// repository to do the same as Slipway.
//
//go:embed project
var project embed.FS

// Names of what is measured.
const (
	updateSlipway    = "Slipway, update"
	rollbackSlipway  = "Slipway, rollback"
	updateCapistrano = "Capistrano, update"
	updatePlaybook   = "Playbook of stock modules, update"
	updateDefaults   = "The same playbook, with Ansible's defaults"
	floor            = "ansible -m raw -a true"
)

// contender updates a service of its own on all hosts.
type contender struct {
	name  string                               // also of its service
	port  int                                  // its service listens there; 0: it has none
	user  bool                                 // whether the user that logs in owns its directory
	ready func(context.Context, release) error // done before, not measured; may be nil
	steps []step                               // measured one after the other
}

// step is one thing that is measured.
type step struct {
	name string
	back bool // it brings the first version back
	run  func(context.Context, release) error
}

// contenders writes their projects below the run's directory.
func (b *bench) contenders() ([]contender, error) {
	files, err := fs.Sub(project, "project")
	if err == nil {
		err = os.CopyFS(b.dir, files)
	}
	if err == nil {
		err = b.writeStage()
	}
	if err != nil {
		return nil, fmt.Errorf("write projects: %w", err)
	}
	if err := b.writeManifest(); err != nil {
		return nil, fmt.Errorf("write projects: %w", err)
	}
	return []contender{
		{name: slipwayService, port: b.info.Port, ready: b.keep, steps: []step{
			{name: updateSlipway, run: b.deploy},
			{name: rollbackSlipway, back: true, run: b.rollback},
		}},
		{name: "checkout-capistrano", port: b.info.Port + 1, user: true, steps: []step{{name: updateCapistrano, run: b.capistrano}}},
		b.playbook("checkout-playbook", 2, updatePlaybook, false),
		b.playbook("checkout-defaults", 3, updateDefaults, true),
		{name: "floor", steps: []step{{name: floor, run: b.raw}}},
	}, nil
}

// writeStage lists the hosts for Capistrano.
func (b *bench) writeStage() error {
	var text strings.Builder
	for _, h := range b.info.Hosts {
		fmt.Fprintf(&text, "server %q, user: %q, roles: %%w{app}\n", h.Address, b.info.User)
	}
	dir := filepath.Join(b.dir, "capistrano/config/deploy")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "bench.rb"), []byte(text.String()), 0o644)
}

// capistrano deploys as its users do: cap STAGE deploy.
func (b *bench) capistrano(ctx context.Context, r release) error {
	return command{
		dir: filepath.Join(b.dir, "capistrano"),
		env: []string{
			"LC_ALL=C.UTF-8", "RELEASE=" + r.version, "TARBALL=" + r.path,
			"SSH_KEY=" + b.info.Key, "KNOWN_HOSTS=" + b.info.KnownHosts, "SERVICE_PORT=" + strconv.Itoa(b.info.Port+1),
		},
		argv: []string{"cap", "bench", "deploy"},
	}.run(ctx)
}

// playbook runs the stock playbook, with the settings that suit it or with those that
// Ansible comes with.
func (b *bench) playbook(service string, number int, name string, defaults bool) contender {
	port := b.info.Port + number
	run := func(ctx context.Context, r release) error {
		c := b.ansible("ansible-playbook", "-i", b.info.Inventory, "deploy.yml", "-e", "service="+service, "-e", "gather="+strconv.FormatBool(defaults),
			"-e", "version="+r.version, "-e", "artifact="+r.path, "-e", "port="+strconv.Itoa(port))
		if defaults {
			c.env = append(c.env, "ANSIBLE_CONFIG=defaults.cfg")
		}
		return c.run(ctx)
	}
	return contender{name: service, port: port, steps: []step{{name: name, run: run}}}
}

// raw is the least that Ansible can do on every host.
func (b *bench) raw(ctx context.Context, _ release) error {
	return b.ansible("ansible", "-i", b.info.Inventory, "all", "-m", "raw", "-a", "true").run(ctx)
}

// ansible is a command that finds the ansible.cfg beside the playbook.
func (b *bench) ansible(argv ...string) command {
	return command{dir: filepath.Join(b.dir, "playbook"), env: b.connections().env(), argv: argv}
}
