package runbook

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// systemctl checks the units that it is given.
func (l *linter) systemctl(args []Word) {
	verb := false
	for i := 0; i < len(args); i++ {
		text := args[i].Text
		switch {
		case slices.Contains([]string{"-H", "-M", "-p", "-P", "-t", "-n", "-o", "-s", "--property", "--lines", "--output", "--type", "--state", "--host", "--machine", "--signal", "--root"}, text):
			i++
		case strings.HasPrefix(text, "-"):
		case !verb:
			verb = true
			if !slices.Contains([]string{"start", "stop", "restart", "reload", "try-restart", "reload-or-restart", "status", "show", "cat", "enable", "disable", "mask", "unmask", "is-active", "is-enabled", "is-failed", "reset-failed", "kill", "edit", "preset"}, text) {
				return
			}
		default:
			l.unit(args[i])
		}
	}
}

// journalctl checks the units whose log is read.
func (l *linter) journalctl(args []Word) {
	for i, w := range args {
		name, value, joint := strings.Cut(w.Text, "=")
		long := name == "--unit"
		short := !strings.HasPrefix(w.Text, "--") && strings.HasPrefix(w.Text, "-") && strings.HasSuffix(name, "u") && !joint
		switch {
		case long && joint:
			l.unit(Word{Text: value, At: w.At, Opaque: w.Opaque})
		case (long || short) && i+1 < len(args):
			l.unit(args[i+1])
		}
	}
}

// unit checks the name of a unit. One that is nearly the service's own is wrong; one that is
// quite another is something to look at, unless it is of the machine.
func (l *linter) unit(w Word) {
	if len(l.facts.Units) == 0 || variable(w) || w.Text == "" || strings.HasPrefix(w.Text, "-") || strings.ContainsAny(w.Text, "*?[") {
		return
	}
	name := suffixed(w.Text)
	if slices.ContainsFunc(l.facts.Units, func(own string) bool { return sameUnit(own, name) }) || ofMachine(name) {
		return
	}
	f := Finding{Rule: "unit", Severity: Warning, At: w.At, Found: w.Text,
		Message: fmt.Sprintf("%s is not a unit of %s", name, l.manifest()), Allowed: either(l.facts.Units),
		Mend: fmt.Sprintf("correct it; if it is another service's, say so in the file: <!-- slipway: allow %s: why -->", w.Text)}
	if near := nearest(name, l.facts.Units); near != "" {
		f.Severity, f.Mend = Error, "write "+near+" if that is meant"
	}
	l.add(f)
}

var unitSuffix = regexp.MustCompile(`\.(service|timer|socket|target|mount|path|slice|scope|device|automount|swap)$`)

func suffixed(unit string) string {
	if unitSuffix.MatchString(unit) {
		return unit
	}
	return unit + ".service"
}

// sameUnit reports whether a unit is one of the manifest's, or an instance of it, or the
// service of a timer and the other way round.
func sameUnit(own, name string) bool {
	own = suffixed(own)
	if own == name || stem(own) == stem(name) {
		return true
	}
	at := strings.IndexByte(own, '@')
	return at >= 0 && strings.HasPrefix(name, own[:at+1])
}

func stem(unit string) string { return unitSuffix.ReplaceAllString(unit, "") }

// ofMachine reports whether a unit is one that machines have for themselves.
func ofMachine(unit string) bool {
	name, _, _ := strings.Cut(stem(unit), "@")
	if strings.HasPrefix(name, "systemd-") || strings.HasPrefix(name, "apt-") || strings.HasPrefix(name, "network") {
		return true
	}
	return slices.Contains(strings.Fields(`ssh sshd cron crond rsyslog syslog chrony chronyd ntp ntpd nginx apache2 httpd haproxy varnish envoy traefik caddy
keepalived docker containerd podman puppet puppetserver ansible-pull unattended-upgrades postgresql mysql mysqld mariadb redis redis-server memcached
rabbitmq-server mongod mongodb elasticsearch kafka zookeeper consul vault nomad etcd prometheus grafana-server node_exporter prometheus-node-exporter
telegraf collectd statsd carbon-cache graphite-web filebeat fluentd fluent-bit vector newrelic-infra datadog-agent multi-user default reboot
postfix exim4 bind9 named dnsmasq unbound nftables iptables firewalld ufw fail2ban php-fpm pgbouncer`), name)
}

// ssh checks the host, and the command that is run there.
func (l *linter) ssh(args []Word) {
	i := 0
	for i < len(args) && strings.HasPrefix(args[i].Text, "-") {
		flag := args[i].Text
		i++
		if len(flag) == 2 && strings.Contains("bcDEeFIiJLlmOopQRSWw", flag[1:]) {
			i++
		}
	}
	if i >= len(args) {
		return
	}
	l.host(args[i])
	rest := args[i+1:]
	switch {
	case len(rest) == 1:
		at := rest[0].At
		l.code(commands(rest[0].Text, func(int) Position { return at }))
	case len(rest) > 1:
		l.code([]Command{{Words: rest}})
	}
}

// copies checks the hosts that files are copied from or to.
func (l *linter) copies(args []Word) {
	for _, w := range args {
		host, _, ok := strings.Cut(w.Text, ":")
		if ok && !w.Opaque && !strings.HasPrefix(w.Text, "-") && !strings.ContainsAny(host, "/") && host != "" {
			l.host(Word{Text: host, At: w.At})
		}
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// host checks the name of a host. One that is called as those of the inventory are, and is
// not there, is wrong; any other is something to look at.
func (l *linter) host(w Word) {
	if l.facts.Hosts == nil || variable(w) || placeholder.MatchString(w.Text) {
		return
	}
	name := w.Text[strings.LastIndexByte(w.Text, '@')+1:]
	name, _, _ = strings.Cut(name, ":")
	if name == "" || name == "localhost" || strings.HasPrefix(name, "127.") || shouted(name) || slices.Contains(l.facts.Addresses, name) {
		return
	}
	short, _, dotted := strings.Cut(name, ".")
	alike := ""
	for _, h := range l.facts.Hosts {
		other, _, full := strings.Cut(h, ".")
		if h == name || other == short && !(dotted && full) {
			return
		}
		if digits.ReplaceAllString(h, "0") == digits.ReplaceAllString(name, "0") {
			alike = h
		}
	}
	f := Finding{Rule: "host", Severity: Warning, At: w.At, Found: name,
		Message: fmt.Sprintf("no inventory has a host %q", name), Allowed: either(l.facts.Hosts),
		Mend: fmt.Sprintf("correct it; if it is no host of the service, say so in the file: <!-- slipway: allow %s: why -->", name)}
	if near := nearest(name, l.facts.Hosts); near != "" || alike != "" {
		f.Severity = Error
		f.Mend = "name one of them, or write {{host}} for the one that is meant"
	}
	l.add(f)
}

// address checks the port of a URL that leads to where the service answers.
func (l *linter) address(w Word) {
	at := strings.Index(w.Text, "http")
	if at < 0 {
		return
	}
	text := placeholder.ReplaceAllString(w.Text[at:], "localhost")
	text = regexp.MustCompile(`^(https?://)[$][{]?\w+[}]?`).ReplaceAllString(text, "${1}localhost")
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || !l.own(u.Hostname()) {
		return
	}
	port := 80
	if u.Scheme == "https" {
		port = 443
	}
	if n, err := strconv.Atoi(u.Port()); err == nil {
		port = n
	}
	l.port(w, u, port)
}

// own reports whether a name stands for a host of the service.
func (l *linter) own(name string) bool {
	return name == "localhost" || name == "127.0.0.1" || name == "::1" || slices.Contains(l.facts.Hosts, name) || slices.Contains(l.facts.Addresses, name) || shouted(name)
}

func (l *linter) port(w Word, u *url.URL, port int) {
	h := l.facts.Health
	if h == nil {
		return
	}
	var known []string
	for _, e := range append([]Endpoint{*h}, l.facts.Checks...) {
		if e.Port == port {
			return
		}
		if e.Path == u.Path {
			known = append(known, strconv.Itoa(e.Port))
		}
	}
	f := Finding{Rule: "port", Severity: Error, At: w.At, Found: strconv.Itoa(port), Allowed: either(known)}
	f.Message = fmt.Sprintf("%s does not answer %s on port %d", l.service(), u.Path, port)
	f.Mend = "write the port that " + l.manifest() + " has"
	if len(known) == 0 {
		if !slices.Contains(strings.Fields("_status status health healthz healthcheck _health readyz livez ping alive"), path.Base(u.Path)) {
			return
		}
		f.Severity = Warning
		f.Message = fmt.Sprintf("health is asked for at port %d, %s; in %s it is port %d, %s", port, u.Path, l.manifest(), h.Port, h.Path)
		f.Mend = "correct it; if something else answers there, say so in the file: <!-- slipway: allow " + f.Found + ": what -->"
	}
	l.add(f)
}

func (l *linter) service() string {
	if l.facts.Service == "" {
		return "the service"
	}
	return l.facts.Service
}
