package haproxy

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const serversTable = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 pub 1 w1 127.0.0.1 2 0 100 100 0 15 3 4 6 0 0 0 - 18081 - 0 0 - - 0
3 pub 2 w2 127.0.0.1 0 1 50 100 2 15 3 0 14 0 0 0 - 18082 - 0 0 - - 0
3 pub 3 w3 127.0.0.1 2 8 1 1 2 1 0 2 0 0 0 0 - 18083 - 0 0 - - 0
3 pub 4 w4 127.0.0.1 0 5 1 1 2 1 0 0 8 0 0 0 - 18083 - 0 0 - - 0
3 pub 5 w5 127.0.0.1 0 9 1 1 2 1 0 0 8 0 0 0 - 18083 - 0 0 - - 0
4 pub 6 w6 127.0.0.1 2 16 1 1 0 1 0 2 0 0 0 0 - 18081 - 0 0 - - 0

`

func TestParseServers(t *testing.T) {
	t.Parallel()
	got, err := parseServers(serversTable)
	if err != nil {
		t.Fatal(err)
	}
	want := []Server{
		{Backend: "pub", Name: "w1", ID: 1, Admin: Ready, Up: true, Checked: true, Weight: 100, Initial: 100},
		{Backend: "pub", Name: "w2", ID: 2, Admin: Maint, Checked: true, Weight: 50, Initial: 100},
		{Backend: "pub", Name: "w3", ID: 3, Admin: Drain, Up: true, Weight: 1, Initial: 1},
		{Backend: "pub", Name: "w4", ID: 4, Admin: Maint, Weight: 1, Initial: 1},
		{Backend: "pub", Name: "w5", ID: 5, Admin: Maint, Weight: 1, Initial: 1},
		{Backend: "pub", Name: "w6", ID: 6, Admin: Ready, Inherited: "drain of a tracked server", Up: true, Weight: 1, Initial: 1},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d servers, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("server %d:\n got %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

func TestParseRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"empty", second(parseServers("")), `expected version 1`},
		{"version 2", second(parseServers("2\n# be_id\n")), `expected version 1 of the table of servers, found "2"`},
		{"no header", second(parseServers("1\n3 pub 1\n")), `expected the header`},
		{"short row", second(parseServers("1\n# be_id be_name\n3\n")), `expected 2 columns of a server, found 1`},
		{"missing column", second(parseServers("1\n# be_id be_name\n3 pub\n")), `column srv_admin_state: expected a number, found ""`},
		{"stat without header", second(parseStats("hello\n")), `expected the header of the statistics, found "hello"`},
		{"stat without columns", second(parseStats("# pxname,svname\n")), `no column scur`},
		{"stat with a word for a count", second(parseStats("# pxname,svname,scur,qcur,stot,econ,eresp,hrsp_5xx,status,sid\na,b,x,0,0,0,0,0,UP,1\n")), `server a/b: column scur: expected a count, found "x"`},
		{"info without pid", second(parseInfo("Name: HAProxy\n")), `expected a number as Pid`},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", c.name, c.err, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"web1", "checkout_internal", "a.b-c:1"} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "a b", "a;b", "a\nb", "a/b", "ä", "a\x00", strings.Repeat("x", 256), "$(x)"} {
		if CheckName(name) == nil {
			t.Errorf("%q was allowed", name)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want Address
	}{
		{"/run/haproxy/admin.sock", Address{Path: "/run/haproxy/admin.sock"}},
		{"tcp://10.0.0.1:9999", Address{TCP: "10.0.0.1:9999"}},
		{"tcp://[::1]:9999", Address{TCP: "[::1]:9999"}},
		{"ops@lb1:/run/haproxy/admin.sock", Address{Login: "ops@lb1", Path: "/run/haproxy/admin.sock"}},
		{"lb1:/s.sock", Address{Login: "lb1", Path: "/s.sock"}},
		{"ops@[fe80::1]:/s.sock", Address{Login: "ops@fe80::1", Path: "/s.sock"}},
	} {
		c.want.text = c.text
		got, err := ParseAddress(c.text)
		if err != nil || got != c.want {
			t.Errorf("%q: got %+v, %v, want %+v", c.text, got, err, c.want)
		}
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "/", "lb1", "run/x.sock", "tcp://", "tcp://host", "tcp://host:0", "tcp://host:x", "tcp://:80",
		"-oProxyCommand=id@lb1:/s.sock", "ops@-oProxyCommand=id:/s.sock", "@lb1:/s.sock", "ops@:/s.sock", ":/s.sock",
		"ops@lb1;id:/s.sock", "ops@$(id):/s.sock", "ops@lb1:/s sock", "ops@lb1:/s:22", "ops@lb1:/s\n", "/s:1", "ops@lb1:/",
	} {
		if a, err := ParseAddress(text); err == nil {
			t.Errorf("%q was read as %+v", text, a)
		}
	}
}

// What ssh is given never starts with a dash, and never holds what a shell would read.
func TestSSHArguments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, err := ParseAddress(rapid.StringMatching(`[-a-z@.:\[\]$;' ]{0,12}:/[-a-z/:$;' ]{0,12}`).Draw(t, "address"))
		if err != nil {
			return
		}
		args := sshArguments("/tmp/x/s", a)
		login, forward := args[len(args)-1], args[len(args)-3]
		if args[len(args)-2] != "--" || strings.HasPrefix(login, "-") || strings.ContainsAny(login, "$;'\" ") {
			t.Fatalf("arguments %q", args)
		}
		if strings.Count(forward, ":") != 1 {
			t.Fatalf("forward %q", forward)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"\n":                      nil,
		"No such server.\n\n":     ErrNoServer,
		"No such backend.\n\n":    ErrNoBackend,
		"No such proxy.\n\n":      ErrNoBackend,
		"Can't find backend.\n\n": ErrNoBackend,
		"Permission denied\n\n":   ErrPermission,
		"Absolute weight can only be between 0 and 256 inclusive.\n\n": ErrRefused,
	} {
		if got, _ := refusal(text); !errors.Is(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestErrorNamesThePlace(t *testing.T) {
	t.Parallel()
	e := &Error{Balancer: "ops@lb1:/s", Backend: "checkout", Server: "web1", Op: "set state drain", Err: ErrNoServer}
	if got, want := e.Error(), "set state drain of checkout/web1 on ops@lb1:/s: no such server"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzParseServers(f *testing.F) {
	f.Add(serversTable)
	f.Add("1\n# a b\n1 2\n")
	f.Fuzz(func(t *testing.T, text string) {
		servers, err := parseServers(text)
		if err != nil && servers != nil {
			t.Fatal("servers beside an error")
		}
		for _, s := range servers {
			if s.Admin == "" {
				t.Fatalf("server without a state: %+v", s)
			}
		}
	})
}

func FuzzParseStats(f *testing.F) {
	f.Add("# pxname,svname,scur,qcur,stot,econ,eresp,hrsp_5xx,status,sid,check_status,check_rise,check_fall,check_health,\npub,w1,0,0,5,0,0,1,UP,1,* L7OK,2,3,4,\n")
	f.Add("# pxname,svname,scur,qcur,stot,econ,eresp,hrsp_5xx,status,sid\n\"a,b\n")
	f.Fuzz(func(t *testing.T, text string) {
		stats, err := parseStats(text)
		if err != nil {
			return
		}
		for _, s := range stats {
			if s.Sessions < 0 || s.Total < 0 || s.Status5xx < 0 {
				t.Fatalf("negative count: %+v", s)
			}
		}
	})
}

func FuzzParseInfo(f *testing.F) {
	f.Add("Name: HAProxy\nVersion: 2.6.12\nPid: 12\nStart_time_sec: 1795874516\n")
	f.Fuzz(func(t *testing.T, text string) {
		if i, err := parseInfo(text); err == nil && strings.ContainsAny(i.Version+i.Node, "\n\x00") {
			t.Fatalf("control characters: %+v", i)
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"/run/x", "tcp://h:1", "ops@lb1:/x", "ops@[::1]:/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAddress(text)
		if err == nil && (a.String() != text || strings.HasPrefix(a.Login, "-") || (a.Path == "" && a.TCP == "")) {
			t.Fatalf("%q: %+v", text, a)
		}
	})
}
