package bench

import (
	"fmt"
	"strings"
)

// Page is the report as docs/bench.md.
func (r Report) Page() string {
	rounds := len(r.row(floor).Times)
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmark

Written by `+"`make bench`"+` on %s: do not edit.

%d hosts of the lab, a tar.gz of %.0f MB, the unit restarted and its health checked, no
balancer, all hosts at once; %d rounds.

`, r.Date.Format("2 January 2006"), r.Hosts, float64(r.Size)/1e6, rounds)
	b.WriteString(r.Table())
	b.WriteString(`
## How it was measured

The hosts are containers on the machine that deploys, so everything below shares its
processors: compare ratios, not seconds.

| | |
|---|---|
`)
	m := r.Machine
	for _, line := range [][2]string{
		{"processors", fmt.Sprintf("%d, %s", m.Cores, m.Processor)},
		{"kernel", m.Kernel},
		{"load averages when it began", m.Load},
		{"Go", m.Go},
		{"Ansible", m.Ansible},
		{"Capistrano", m.Capistrano},
		{"SSH", m.SSH},
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", line[0], strings.ReplaceAll(line[1], "|", "/"))
	}
	b.WriteString(method)
	return b.String()
}

// method says what was done, so that somebody else can judge whether it was fair.
const method = `
- Wall time of one whole command, from its start to its end, which comes only when every
  host serves the new version. After each command the benchmark itself asks every host
  for the version it serves; a wrong answer ends the run.
- **Slipway**: ` + "`slipway deploy VERSION --env bench --yes`" + `. It asks the hosts for their
  facts, plans, sends the artifact, records each host's state, updates, waits for health
  and reads every host back. ` + "`slipway build`" + ` had put the artifact into its store before.
- **Slipway, rollback**: ` + "`slipway rollback`" + ` right after that update.
- **Capistrano**: ` + "`cap bench deploy`" + `. Its usual flow, with an SCM plugin that uploads the
  tar.gz and unpacks it; then the unit is restarted and asked for the new version; 5
  releases are kept. SSHKit works on all hosts in parallel.
- **Playbook of stock modules**: file, unarchive, file (link), systemd, uri, find and file
  (5 releases are kept), with pipelining, 20 forks, and no gathering of facts. The same
  playbook with Ansible's defaults: no pipelining, 5 forks, facts are gathered.
- **ansible -m raw -a true**: the least that Ansible does on a host; it connects and
  becomes root, as the others do. Same settings as the first playbook.
- Each contender has a directory, a unit and a port of its own on every host, and every
  update brings a version that the host has not seen, with content that does not compress.
- The order rotates from round to round. One round before them is not counted: it brings
  the first version, and Slipway's helper, to every host.
- SSH connections that Ansible keeps are closed before each command: each starts cold.
- The projects of Capistrano and Ansible are in lab/bench/project.
`
