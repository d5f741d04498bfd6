package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/lab/pack"
	"github.com/slipway-deploy/slipway/lab/sample"
)

// inventory is the lab as Ansible reads it.
func (i Info) inventory() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# The hosts of lab %s.
all:
  vars:
    ansible_user: %s
    ansible_become: true
    ansible_python_interpreter: /usr/bin/python3
    ansible_ssh_private_key_file: %s
    ansible_ssh_common_args: "-o UserKnownHostsFile=%s -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes -o ConnectTimeout=5"
  children:
    %s:
      hosts:
`, i.Name, i.User, i.Key, i.KnownHosts, sample.Name)
	for _, h := range i.Hosts {
		fmt.Fprintf(&b, "        %s: {ansible_host: %s, slipway_zone: %s}\n", h.Name, h.Address, h.Zone)
	}
	return b.String()
}

// manifest is a slipway.yaml that deploys the sample.
func (i Info) manifest() string {
	var sockets []string
	for _, b := range i.Balancers {
		sockets = append(sockets, strconv.Quote(b.Socket))
	}
	artifact := fmt.Sprintf(`{file: "dist/checkout_{{version}}_{{arch}}.tar.gz", architectures: [%s]}`, pack.Arch())
	if i.Format == Deb {
		artifact = `{package: checkout, file: "dist/checkout_{{version}}_{{arch}}.deb"}`
	}
	method := fmt.Sprintf("{ansible: {inventory: %q, hosts: %s}}", i.Inventory, i.Service)
	if i.Fleet != "" {
		method = fmt.Sprintf("{local: {directory: %q}}", i.Fleet)
	}
	return fmt.Sprintf(`# The sample service of %[1]s.
service: %[2]s
type: listener
artifact:
  %[3]s: %[4]s
units: [checkout.service]
health: {http: "http://:%[5]d/_status", expect: {version: "{{version}}"}, within: 10s}
environments:
  %[6]s:
    method: %[7]s
    traffic: {haproxy: {sockets: [%[8]s], public: %[9]s, internal: %[10]s, drain: 15s}}
    stages:
      - internal: {hosts: 1, checks: [{http: "http://:%[5]d/cart", status: 200}]}
      - canary: {hosts: 2, bake: {least: 5s, most: 2m}, judge: {errors: {source: haproxy, at_most: 2%%}}}
      - complete: {waves: 50%%}
`, i.Name, i.Service, i.Format, artifact, i.Port, i.Environment, method, strings.Join(sockets, ", "), PublicBackend, InternalBackend)
}

// WriteProject writes what clients read: the inventory, if there is one, and a
// project with a slipway.yaml and the artifacts.
func (i Info) WriteProject() error {
	files := map[string]string{filepath.Join(i.Project, "slipway.yaml"): i.manifest()}
	if i.Inventory != "" {
		files[i.Inventory] = i.inventory()
	}
	for path, text := range files {
		if err := writeFile(path, text); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	if err := os.Symlink("../artifacts", filepath.Join(i.Project, "dist")); err != nil && !os.IsExist(err) {
		return fmt.Errorf("link the artifacts: %w", err)
	}
	return nil
}
