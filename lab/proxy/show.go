package proxy

import (
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// version is the HAProxy whose words are spoken, and a mark that this is not it.
const version = "2.6.12-slipway"

// info is `show info`, as far as anybody needs it.
func (p *Proxy) info(now time.Time) string {
	up := int(now.Sub(p.started).Seconds())
	var b strings.Builder
	line := func(key string, value any) { fmt.Fprintf(&b, "%s: %v\n", key, value) }
	line("Name", "HAProxy")
	line("Version", version)
	line("Nbproc", 1)
	line("Process_num", 1)
	line("Pid", os.Getpid())
	line("Uptime", fmt.Sprintf("%dd %dh%02dm%02ds", up/86400, up/3600%24, up/60%60, up%60))
	line("Uptime_sec", up)
	var current, requests int64
	for _, f := range p.frontends {
		current += f.now
		requests += f.total
	}
	line("CurrConns", current)
	line("CumReq", requests)
	line("node", p.cfg.Node)
	line("Stopping", 0)
	line("Start_time_sec", p.started.Unix())
	return b.String()
}

func (p *Proxy) listBackends() string {
	var b strings.Builder
	b.WriteString("# name\n")
	for _, k := range p.backends {
		b.WriteString(k.name + "\n")
	}
	return b.String()
}

const stateHeader = "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight " +
	"srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state " +
	"bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port"

// serversState is `show servers state`, for one backend or for all.
func (p *Proxy) serversState(only string, now time.Time) string {
	if only != "" && p.backend(only) == nil {
		return "Can't find backend.\n"
	}
	var b strings.Builder
	b.WriteString("1\n" + stateHeader + "\n")
	for _, k := range p.backends {
		if only != "" && k.name != only {
			continue
		}
		for _, s := range k.servers {
			fmt.Fprintf(&b, "%d %s %d %s %s\n", k.id, k.name, s.id, s.name, s.state(now))
		}
	}
	return b.String()
}

// state is a server's line of `show servers state` from its address on.
func (s *server) state(now time.Time) string {
	host, port, err := net.SplitHostPort(s.address)
	if err != nil {
		host, port = s.address, "0" // checked when the proxy was made
	}
	operational, passed := 0, 0
	if s.running {
		operational = 2
	}
	switch {
	case s.last.passed:
		passed = 3
	case s.last.name != "INI":
		passed = 2
	}
	const enabled, paused = 0x06, 0x08
	checks := enabled
	if s.inMaint() {
		checks |= paused
	}
	return fmt.Sprintf("%s %d %d %d %d %d %d %d %d %d 0 0 0 - %s - 0 0 - - 0",
		host, operational, s.admin, s.weight, s.initial, int(now.Sub(s.changed).Seconds()),
		s.last.code, passed, s.health, checks, port)
}
