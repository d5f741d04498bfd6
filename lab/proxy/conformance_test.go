package proxy

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// site is a balancer under test: the real one or ours.
type site struct {
	name     string
	socket   string
	public   string
	internal string
}

func (s site) ask(t *testing.T, command string) string {
	t.Helper()
	text, err := s.try(t, command)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (s site) try(t *testing.T, command string) (string, error) {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "unix", s.socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, command+"\n"); err != nil {
		return "", err
	}
	text, err := io.ReadAll(conn)
	return string(text), err
}

func (s site) fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// table is the part of `show stat` that is compared, by line and column.
func (s site) table(t *testing.T, command string) map[string]map[string]string {
	t.Helper()
	text, found := strings.CutPrefix(s.ask(t, command), "# ")
	if !found {
		t.Fatalf("%s: %s answers %q", s.name, command, text)
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	all := map[string]map[string]string{}
	for _, row := range rows[1:] {
		line := map[string]string{}
		for i, column := range rows[0] {
			line[column] = row[i]
		}
		all[line["pxname"]+"/"+line["svname"]] = line
	}
	return all
}

// listen takes a free port of an address in this test's own part of the loopback.
func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// nobody is an address on which nothing listens.
const nobody = "127.0.0.1:1"

// service is a server behind both balancers.
func service(t *testing.T, name string) string {
	t.Helper()
	l := listen(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/_status", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/sick/_status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("/cart", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, name) })
	mux.HandleFunc("/fail", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	server := &http.Server{Handler: mux}
	ended := make(chan struct{})
	go func() { defer close(ended); server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return l.Addr().String()
}

// ours starts the proxy.
func ours(t *testing.T, servers []Server, path string) site {
	t.Helper()
	dir := t.TempDir()
	socket, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	public, internal := listen(t), listen(t)
	p, err := New(Config{
		Frontends: []Frontend{{Name: "public", Listener: public, Backend: "checkout", Deny: "/_set"}, {Name: "internal", Listener: internal, Backend: "checkout_internal"}},
		Backends:  []Backend{{Name: "checkout", Servers: servers}, {Name: "checkout_internal", Servers: servers, Disabled: true}},
		Socket:    socket, Node: "test", Check: Check{Path: path, Timeout: 10 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return site{"ours", filepath.Join(dir, "s"), "http://" + public.Addr().String(), "http://" + internal.Addr().String()}
}

// real starts HAProxy.
func real(t *testing.T, servers []Server, path string) site {
	t.Helper()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skip("haproxy is not installed: apt-get install haproxy")
	}
	dir := t.TempDir()
	public, internal := listen(t), listen(t) // handed down, so that no other program can take their ports
	var c strings.Builder
	fmt.Fprintf(&c, `global
	stats socket %s/s mode 600 level admin
defaults
	mode http
	timeout connect 2s
	timeout client 30s
	timeout server 30s
	timeout check 10s
	option redispatch
	retries 3
	default-server inter 250ms fastinter 100ms fall 2 rise 2 weight 100
frontend public
	bind fd@3
	http-request deny if { path_beg /_set }
	default_backend checkout
frontend internal
	bind fd@4
	default_backend checkout_internal
`, dir)
	for _, b := range []struct{ name, options string }{{"checkout", ""}, {"checkout_internal", " disabled"}} {
		fmt.Fprintf(&c, "backend %s\n\tbalance roundrobin\n\toption httpchk GET %s\n\thttp-check expect status 200\n", b.name, path)
		for _, s := range servers {
			fmt.Fprintf(&c, "\tserver %s %s check%s\n", s.Name, s.Address, b.options)
		}
	}
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(c.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-db", "-f", file)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	for _, l := range []net.Listener{public, internal} {
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(output.String())
		}
	})
	s := site{"haproxy", filepath.Join(dir, "s"), "http://" + public.Addr().String(), "http://" + internal.Addr().String()}
	eventually(t, "haproxy answers", func() error { _, err := s.try(t, "show info"); return err })
	return s
}

func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	processtest.Eventually(t, what, 20*time.Second, try)
}

// settled waits until every server that is checked has a final status: it neither
// comes nor goes, and its last check has ended.
func (s site) settled(t *testing.T) {
	t.Helper()
	eventually(t, s.name+" settles", func() error {
		for at, line := range s.table(t, "show stat -1 4 -1") {
			if strings.Contains(line["status"], "/") || line["check_status"] == "INI" || strings.HasPrefix(line["check_status"], "*") {
				return fmt.Errorf("%s is %s, %s", at, line["status"], line["check_status"])
			}
		}
		return nil
	})
}

// comparedColumns are those that Slipway, its metrics or people read.
var comparedColumns = []string{
	"qcur", "scur", "stot", "dreq", "econ", "eresp", "wretr", "wredis", "status", "weight", "act", "bck", "chkfail", "chkdown",
	"pid", "iid", "sid", "lbtot", "type", "check_status", "check_code", "hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other",
	"last_chk", "check_rise", "check_fall", "check_health", "addr", "mode",
}

// same holds our tables against the real ones. A check that is under way shows in
// them, so they are looked at until they agree.
func same(t *testing.T, step string, real, mine site) {
	t.Helper()
	real.settled(t)
	mine.settled(t)
	eventually(t, step, func() error { return differences(t, real, mine) })
}

func differences(t *testing.T, real, mine site) error {
	t.Helper()
	var found []error
	want, got := real.table(t, "show stat"), mine.table(t, "show stat")
	for at, line := range want {
		if got[at] == nil {
			found = append(found, fmt.Errorf("show stat has no line %s", at))
			continue
		}
		for _, c := range comparedColumns {
			w, g := line[c], got[at][c]
			if line["svname"] == "BACKEND" && c == "chkdown" {
				continue // how often no server was left: not counted here
			}
			if line["svname"] == "BACKEND" && c == "status" && strings.HasPrefix(w, "DOWN") {
				w = "DOWN" // "DOWN (0/2)" once a server went
			}
			if w != g {
				found = append(found, fmt.Errorf("%s: column %s is %q, HAProxy says %q", at, c, g, w))
			}
		}
	}
	if w, g := states(t, real), states(t, mine); w != g {
		found = append(found, fmt.Errorf("show servers state is\n%s\nHAProxy says\n%s", g, w))
	}
	return errors.Join(found...)
}

// states is `show servers state` without how long ago something changed.
func states(t *testing.T, s site) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(s.ask(t, "show servers state")) {
		if f := strings.Fields(line); len(f) > 14 && f[0] != "#" {
			f[9] = "-"
			if f[13] == "7" {
				f[13] = "6" // a check is under way
			}
			if f[6] == "1" || f[6] == "5" {
				f[12] = "-" // in maint, HAProxy may still count a check that was under way
			}
			line = strings.Join(f, " ") + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

func TestSameWordsAsHAProxy(t *testing.T) {
	t.Parallel()
	servers := []Server{{Name: "web1", Address: service(t, "one")}, {Name: "web2", Address: service(t, "two")}, {Name: "web3", Address: nobody}}
	r, o := real(t, servers, "/_status"), ours(t, servers, "/_status")
	same(t, "at the start", r, o)
	for _, command := range []string{
		"set server checkout/web1 state drain", "set server checkout/web1 state drain",
		"set server checkout/web2 state maint", "set server checkout/web2 state drain", "set server checkout/web2 state ready",
		"set server checkout/web1 state maint", "set server checkout/web1 state ready",
		"set server checkout/web3 state drain", "set server checkout/web3 state ready",
		"set server checkout_internal/web1 state ready", "set server checkout_internal/web1 state maint",
		"set server checkout_internal/web2 state drain", "set server checkout_internal/web2 state maint",
		"disable server checkout/web1", "enable server checkout/web1",
		"set server checkout/web1 weight 50", "get weight checkout/web1", "set server checkout/web1 weight 50%", "get weight checkout/web1",
		"set server checkout/web1 weight 0", "get weight checkout/web1", "set server checkout/web1 weight 256", "set server checkout/web1 weight 1000%",
		"get weight checkout/web1", "set server checkout/web1 weight +7", "get weight checkout/web1", "set weight checkout/web1 20", "get weight checkout/web1",
		"set server checkout/web1 weight 100%", "get weight checkout/web1",
		"set server checkout/web1 state maint; set server checkout/web1 state drain", "set server checkout/web1 health down", "set server checkout/web1 health up",
		"set server checkout/web1 state ready; get weight checkout/web1",
		"set server checkout/web2 state maint; set server checkout/web2 state drain; set server checkout/web2 health down", "set server checkout/web2 state ready",
		"show backend",
	} {
		if want, got := r.ask(t, command), o.ask(t, command); got != want {
			t.Errorf("%s: answers %q, HAProxy answers %q", command, got, want)
		}
		same(t, "after "+command, r, o)
	}
}

const usageOfSet = "usage: set server <backend>/<server> "

func TestSameErrorsAsHAProxy(t *testing.T) {
	t.Parallel()
	servers := []Server{{Name: "web1", Address: service(t, "one")}}
	r, o := real(t, servers, "/_status"), ours(t, servers, "/_status")
	for _, command := range []string{
		"set server", "set server checkout", "set server checkout/nope state ready", "set server nope/web1 state ready",
		"set server checkout/web1 state", "set server checkout/web1 state bogus", "set server checkout/web1 health", "set server checkout/web1 health bogus",
		"set server checkout/web1 weight", "set server checkout/web1 weight 257", "set server checkout/web1 weight -1", "set server checkout/web1 weight abc",
		"set server checkout/web1 weight 50abc", "set server checkout/web1 weight 5%%", "set server checkout/web1 weight -5%", "set server checkout/web1 weight --5",
		"get weight", "get weight checkout", "get weight nope/web1", "get weight checkout/nope", "set weight checkout/web1", "set weight nope/x 5",
		"show servers state nope", "show stat nope -1 -1", "disable server", "disable server nope/web1", "enable server checkout/nope",
	} {
		if want, got := r.ask(t, command), o.ask(t, command); got != want {
			t.Errorf("%s: answers %q, HAProxy answers %q", command, got, want)
		}
	}
	for _, command := range []string{"bogus", "show", "show bogus", ""} { // the list of commands is our own
		if want, got := r.ask(t, command), o.ask(t, command); got[:15] != want[:15] {
			t.Errorf("%s: answers %q, HAProxy answers %q", command, got, want)
		}
	}
	for _, command := range []string{"set server checkout/web1", "set server checkout/web1 bogus"} { // so is what can be set
		if want, got := r.ask(t, command), o.ask(t, command); got[:len(usageOfSet)] != want[:len(usageOfSet)] {
			t.Errorf("%s: answers %q, HAProxy answers %q", command, got, want)
		}
	}
	for _, command := range []string{"show stat checkout 4 -1", "show stat -1 1 -1", "show stat -1 2 -1", "show stat checkout 4 1", "show stat checkout 4 9", "show stat 2 1 0", "show stat checkout"} {
		want, got := r.table(t, command), o.table(t, command)
		for at := range want {
			if got[at] == nil {
				t.Errorf("%s: no line %s", command, at)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d lines, HAProxy has %d", command, len(got), len(want))
		}
	}
}

func TestSameTrafficAsHAProxy(t *testing.T) {
	t.Parallel()
	servers := []Server{{Name: "web1", Address: service(t, "one")}, {Name: "web2", Address: service(t, "two")}}
	r, o := real(t, servers, "/_status"), ours(t, servers, "/_status")
	both := func(step string, do func(s site) string) {
		t.Helper()
		want, got := do(r), do(o)
		if got != want {
			t.Errorf("%s: %q, with HAProxy %q", step, got, want)
		}
		same(t, "after "+step, r, o)
	}
	get := func(n int, url func(site) string) func(site) string {
		return func(s site) string {
			seen := map[string]int{}
			for range n {
				code, text := s.fetch(t, url(s))
				seen[fmt.Sprint(code, " ", strings.TrimSpace(text))]++
			}
			return fmt.Sprint(seen)
		}
	}
	public := func(path string) func(site) string { return func(s site) string { return s.public + path } }
	internal := func(path string) func(site) string { return func(s site) string { return s.internal + path } }
	say := func(command string) { r.ask(t, command); o.ask(t, command) }

	both("equal weights", get(20, public("/cart")))
	both("errors of the service", get(4, public("/fail")))
	both("what nobody serves", get(2, public("/nowhere")))
	both("what is denied", get(3, public("/_set?fail=1")))
	both("the internal side, nobody there", get(2, internal("/cart")))
	say("set server checkout_internal/web2 state ready")
	both("the internal side, one there", get(3, internal("/cart")))
	say("set server checkout/web1 state drain")
	both("one drained", get(6, public("/cart")))
	say("set server checkout/web1 state ready; set server checkout/web2 state maint")
	both("the other in maint", get(6, public("/cart")))
	say("set server checkout/web1 weight 0")
	both("nobody left", get(2, public("/cart")))
}

func TestSameSickServersAsHAProxy(t *testing.T) {
	t.Parallel()
	servers := []Server{{Name: "web1", Address: service(t, "one")}, {Name: "web2", Address: nobody}}
	r, o := real(t, servers, "/sick/_status"), ours(t, servers, "/sick/_status")
	same(t, "when nobody is healthy", r, o)
}
