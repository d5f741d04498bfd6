package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/slipway-deploy/slipway/lab/sample"
)

// slipwayService is the service that Slipway updates: the lab's own.
const slipwayService = sample.Name

// environment is its name in Slipway's manifest.
const environment = "bench"

// keep puts a release into Slipway's store, as the build of a project would.
func (b *bench) keep(ctx context.Context, r release) error {
	return b.slipway("build", r.version).run(ctx)
}

// deploy is the whole command: it asks the hosts for their facts, plans, sends the
// artifact, updates, and waits until every host is healthy.
func (b *bench) deploy(ctx context.Context, r release) error {
	return b.slipway("deploy", r.version, "--env", environment, "--yes").run(ctx)
}

func (b *bench) rollback(ctx context.Context, _ release) error {
	return b.slipway("rollback", "--env", environment, "--service", slipwayService).run(ctx)
}

// slipway is a command whose journal lives as long as the lab: the hosts would refuse
// what one that was made later says.
func (b *bench) slipway(args ...string) command {
	return command{
		dir:  filepath.Join(b.dir, "slipway"),
		env:  append(b.connections().env(), "SLIPWAY_STATE="+filepath.Join(b.info.Directory, "bench-state"), "SLIPWAY_JOURNAL=", "SLIPWAY_USER=bench"),
		argv: append([]string{b.cfg.Slipway}, args...),
	}
}

// writeManifest is one stage that takes all hosts at once, without a balancer.
func (b *bench) writeManifest() error {
	dir := filepath.Join(b.dir, "slipway")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	text := fmt.Sprintf(`service: %s
type: listener
artifact:
  tar.gz: {file: "dist/%[1]s_{{version}}.tar.gz", keep: 5}
units: [%[1]s.service]
health: {http: "http://:%d/_status", expect: {version: "{{version}}"}, within: 30s}
environments:
  %s:
    method: {ansible: {inventory: %q, hosts: all}}
    max_out: 100%%
    stages:
      - complete: {waves: 100%%}
`, slipwayService, b.info.Port, environment, b.info.Inventory)
	if err := os.Symlink("../releases/"+slipwayService, filepath.Join(dir, "dist")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "slipway.yaml"), []byte(text), 0o644)
}
