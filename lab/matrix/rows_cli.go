package matrix

import "fmt"

// Command is a case of three hosts that the slipway command itself deploys to and takes
// back, through Ansible.
type Command struct {
	Row
	Begin    [3]string // how each host begins: a version of the service, or "" for none
	RollBack bool      // slipway rollback takes it back; else the failed deploy does
}

// Commands are the cases of the slipway command.
func Commands() []Command {
	const edit = "[ ! -e /etc/checkout/a.conf ] || echo \"by hand on $(hostname)\" >>/etc/checkout/a.conf"
	deb := func(r Row) Row {
		r.Format, r.Base = "deb", Bare
		return r
	}
	return []Command{
		{deb(Row{ID: "cli-versions", Changed: "three hosts with different versions: 1.0.0, 0.9.0 and none; conffiles edited by hand", Fails: "nothing; slipway deploy, then slipway rollback", Before: edit}),
			[3]string{"1.0.0", "0.9.0", ""}, true},
		{deb(Row{ID: "cli-fails", Changed: "three hosts with a conffile edited by hand", Fails: "postinst of the new version; slipway deploy goes back by itself", Before: edit, New: "1.1.0+postinst"}),
			[3]string{"1.0.0", "1.0.0", "1.0.0"}, false},
		{deb(Row{ID: "cli-person", Changed: "three hosts; a conffile deleted on one of them after the deploy", Fails: "the configuration directory of that host can no longer be written to; slipway rollback",
			Between: "[ $(hostname) = web1 ] || exit 0; rm /etc/checkout/a.conf; " + readOnly}),
			[3]string{"1.0.0", "1.0.0", "1.0.0"}, true},
		{Row{ID: "cli-tarball", Format: "tar.gz", Changed: "three hosts; configuration edited after the deploy", Fails: "nothing; slipway deploy, then slipway rollback", Between: edit},
			[3]string{"1.0.0", "1.0.0", "1.0.0"}, true},
	}
}

// Rows are the rows of cases of the command.
func Rows(all []Command) []Row {
	var rows []Row
	for _, c := range all {
		c.Row.Alone = true
		rows = append(rows, c.Row)
	}
	return rows
}

// beginning is the script that brings the version that a host begins with.
func (c Command) beginning(host int) string {
	if c.Format != "deb" || c.Begin[host] == "" {
		return ""
	}
	return fmt.Sprintf("apt-get install -y -qq --allow-downgrades checkout=%s >/dev/null\n", c.Begin[host])
}

// manifest is the project's slipway.yaml.
func (c Command) manifest(inventory string) string {
	artifact := `{package: checkout, file: "dist/checkout_{{version}}_{{arch}}.deb"}`
	if c.Format != "deb" {
		artifact = `{file: "dist/checkout_{{version}}.tar.gz"}`
	}
	return fmt.Sprintf(`service: checkout
type: listener
artifact: {%s: %s}
units: [checkout.service]
config: [/etc/checkout]
health: {http: "http://:8080/_status", expect: {version: "{{version}}"}, within: 10s}
environments:
  lab:
    method: {ansible: {inventory: %q, hosts: "web1:web2:web3"}}
    max_out: 100%%
    stages: [{complete: {waves: 100%%}}]
`, c.Format, artifact, inventory)
}
