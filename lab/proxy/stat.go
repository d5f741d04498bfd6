package proxy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// statHeader is the first line of `show stat`: HAProxy's columns up to the last one
// that anything here fills.
const statHeader = "pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck," +
	"chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max," +
	"check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail," +
	"req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt," +
	"qtime,ctime,rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc," +
	"check_rise,check_fall,check_health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo"

// Kinds of lines: types in the column "type", and bits of the mask that picks them.
const (
	frontendType, backendType, serverType = 0, 1, 2
)

// line is one of `show stat`, by column.
type line map[string]string

// stat is `show stat [<proxy> <types> <server>]`.
func (p *Proxy) stat(words []string, now time.Time) string {
	pick, refusal := p.selection(words)
	if refusal != "" {
		return refusal
	}
	var b strings.Builder
	b.WriteString("# " + statHeader + ",\n")
	columns := strings.Split(statHeader, ",")
	add := func(l line) {
		if !pick(l) {
			return
		}
		for _, c := range columns {
			b.WriteString(quoted(l[c]) + ",")
		}
		b.WriteString("\n")
	}
	for _, f := range p.frontends {
		add(f.line())
	}
	for _, k := range p.backends {
		for _, s := range k.servers {
			add(s.line(k, now))
		}
		add(k.line(now))
	}
	return b.String()
}

// quoted protects a text of strangers as CSV wants it.
func quoted(s string) string {
	if !strings.ContainsAny(s, ",\"\r\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// selection reads which lines are asked for. HAProxy takes -1 for any.
func (p *Proxy) selection(words []string) (pick func(line) bool, refusal string) {
	if len(words) < 3 {
		return func(line) bool { return true }, ""
	}
	id := words[0]
	if _, err := strconv.Atoi(id); err != nil {
		if id = p.idOf(words[0]); id == "" {
			return nil, "No such proxy.\n"
		}
	}
	types, err := strconv.Atoi(words[1])
	if err != nil {
		types = 0 // HAProxy reads a word as the number 0, too
	}
	return func(l line) bool {
		kind, err := strconv.Atoi(l["type"])
		return err == nil && types&(1<<kind) != 0 && (id == "-1" || l["iid"] == id) &&
			(words[2] == "-1" || kind != serverType || l["sid"] == words[2])
	}, ""
}

func (p *Proxy) idOf(name string) string {
	for _, f := range p.frontends {
		if f.Name == name {
			return strconv.Itoa(f.id)
		}
	}
	if b := p.backend(name); b != nil {
		return strconv.Itoa(b.id)
	}
	return ""
}

func (l line) set(column string, value any) { l[column] = fmt.Sprint(value) }

// common fills in what every kind of line has.
func (c *counters) common(proxy, name string, id, kind int) line {
	l := line{"pxname": proxy, "svname": name, "pid": "1", "mode": "http"}
	l.set("iid", id)
	l.set("sid", 0)
	l.set("type", kind)
	l.set("scur", c.now)
	l.set("smax", c.most)
	l.set("stot", c.total)
	l.set("bin", c.in)
	l.set("bout", c.out)
	for i, column := range []string{"hrsp_other", "hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx"} {
		l.set(column, c.answers[i])
	}
	return l
}

func (f *frontend) line() line {
	l := f.common(f.Name, "FRONTEND", f.id, frontendType)
	l.set("status", "OPEN")
	l.set("dreq", f.denied)
	l.set("req_tot", f.total)
	return l
}

// behind fills in what servers and backends have.
func (c *counters) behind(l line) {
	l.set("qcur", 0) // nothing is ever queued
	l.set("qmax", 0)
	l.set("econ", c.connErrors)
	l.set("eresp", c.respErrors)
	l.set("wretr", c.retries)
	l.set("wredis", c.redispatches)
	l.set("lbtot", c.balanced)
	l.set("req_tot", c.total)
	l.set("cli_abrt", c.aborts)
}

func (s *server) line(b *backend, now time.Time) line {
	l := s.common(b.name, s.name, b.id, serverType)
	s.behind(l)
	l.set("sid", s.id)
	l.set("status", s.status())
	l.set("weight", s.weight)
	l.set("act", 1)
	l.set("bck", 0)
	l.set("chkfail", s.checksFailed)
	l.set("chkdown", s.timesDown)
	l.set("lastchg", int(now.Sub(s.changed).Seconds()))
	l.set("downtime", s.downtime(now))
	l.set("addr", s.address)
	if s.inMaint() {
		return l
	}
	l.set("check_status", s.last.name)
	if s.last.http != 0 {
		l.set("check_code", s.last.http)
	}
	l.set("check_duration", s.last.took.Milliseconds())
	l.set("last_chk", s.last.text)
	l.set("check_rise", s.check.Rise)
	l.set("check_fall", s.check.Fall)
	l.set("check_health", s.health)
	return l
}

func (s *server) downtime(now time.Time) int {
	down := s.down
	if !s.running {
		down += now.Sub(s.changed)
	}
	return int(down.Seconds())
}

// line sums up a backend: its counts are its own, but for those that only servers have.
func (b *backend) line(now time.Time) line {
	sum := b.counters
	up, weight := 0, 0
	for _, s := range b.servers {
		sum.retries += s.retries
		sum.redispatches += s.redispatches
		sum.respErrors += s.respErrors
		sum.balanced += s.balanced
		sum.out += s.out
		if s.takes() {
			up++
			weight += s.weight
		}
	}
	l := sum.common(b.name, "BACKEND", b.id, backendType)
	sum.behind(l)
	l.set("dreq", 0)
	l.set("status", "UP")
	if up == 0 {
		l.set("status", "DOWN")
	}
	l.set("weight", weight)
	l.set("act", up)
	l.set("bck", 0)
	l.set("lastchg", int(now.Sub(b.since).Seconds()))
	l.set("algo", "roundrobin")
	return l
}
