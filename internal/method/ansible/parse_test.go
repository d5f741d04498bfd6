package ansible

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

func TestRead(t *testing.T) {
	t.Parallel()
	stream := strings.Join([]string{
		`{"event": "start", "host": "h1", "task": "slipway-host"}`,
		`not JSON`,
		`{"event": "party", "host": "h1"}`,
		`{"event": "result", "state": "ok"}`,
		`{"event": "stats"}`,
		`{"event": "result", "state": "ok", "host": "h1", "slipway": {"answer": "{}", "begun": true, "calls": 2}}`,
		`{"event": "stats", "stats": {"h1": {"ok": 1, "failures": 0}}}`,
	}, "\n")
	var got []string
	err := read(strings.NewReader(stream), func(e event) { got = append(got, e.Event+" "+e.Host) })
	if !slices.Equal(got, []string{"start h1", "result h1", "stats "}) {
		t.Errorf("got %q", got)
	}
	if !errors.Is(err, errEvent) || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("got %v, want four mistakes", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"event": "result", "host": "h", "state": "failed", "message": "m", "slipway": {"lost": "x"}}` + "\n"))
	f.Add([]byte(`{"event": "result", "host": "h", "slipway": {"answer": "{\"protocol\":1,\"code\":\"ok\"}"}}`))
	f.Add([]byte(`{"event": "stats", "stats": {"h": {"ok": -1}}}`))
	f.Add([]byte(`{"event": "result", "host": "h"}`))
	f.Fuzz(func(t *testing.T, stream []byte) {
		told := map[string]int{}
		tally := newTally([]string{"h", "other"}, func(a answer) {
			told[a.host]++
			r := a.report(host.Update)
			if r.Outcome == "" || (r.Reason == "") != (r.Outcome == rollout.OK) {
				t.Errorf("%q became %+v", stream, r)
			}
		})
		if err := read(strings.NewReader(string(stream)), tally.hear); err != nil && !errors.Is(err, errEvent) {
			t.Log(err) // too long a line
		}
		if err := tally.close(where{}, ended{code: 4}); err == nil && len(told) != 2 {
			t.Errorf("%q: told of %v", stream, told)
		}
		for h, n := range told {
			if n != 1 {
				t.Errorf("%q: told of %s %d times", stream, h, n)
			}
		}
	})
}

func TestListed(t *testing.T) {
	t.Parallel()
	got, err := listed([]byte("[WARNING]: something\n  hosts (2):\n    web1\n    web2\n"))
	if err != nil || !slices.Equal(got, []string{"web1", "web2"}) {
		t.Errorf("got %v and %v", got, err)
	}
	for _, bad := range []string{"", "  hosts (3):\n    web1\n", "  hosts (-1):\n", "hello\n"} {
		if got, err := listed([]byte(bad)); !errors.Is(err, errList) {
			t.Errorf("%q: got %v and %v", bad, got, err)
		}
	}
}

func FuzzListed(f *testing.F) {
	f.Add([]byte("  hosts (1):\n    a\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		hosts, err := listed(out)
		if err == nil && slices.Contains(hosts, "") {
			t.Errorf("%q gave %q", out, hosts)
		}
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ cfg, environ, want string }{
		"the default":     {"[defaults]\nforks = 3\n", "", sshDefault + " " + sshAlive},
		"the project's":   {"[ssh_connection]\nssh_args = -o ControlMaster=no ; mine\n  -o Port=2222\n[x]\nssh_args = no\n", "", "-o ControlMaster=no -o Port=2222 " + sshAlive},
		"by a colon":      {"[ssh_connection]\nSSH_ARGS: -4\n", "", "-4 " + sshAlive},
		"the last wins":   {"[ssh_connection]\nssh_args=-4\nssh_args=-6\n", "", "-6 " + sshAlive},
		"the environment": {"[ssh_connection]\nssh_args = -4\n", "-6", "-6 " + sshAlive},
		"empty":           {"[ssh_connection]\nssh_args =\n", "", sshAlive},
	} {
		dir := t.TempDir()
		must(t, os.Chmod(dir, 0o755))
		must(t, os.WriteFile(filepath.Join(dir, "ansible.cfg"), []byte(c.cfg), 0o600))
		environ := []string{"HOME=" + dir, "PATH=/bin", "ANSIBLE_PIPELINING=0"}
		if c.environ != "" {
			environ = append(environ, "ANSIBLE_SSH_ARGS="+c.environ)
		}
		r := &Runner{cfg: Config{Environ: environ}}
		got := &env{r.environ(where{project: dir}, true)}
		if args, _ := got.get("ANSIBLE_SSH_ARGS"); args != c.want {
			t.Errorf("%s: got %q, want %q", name, args, c.want)
		}
		if p, _ := got.get("ANSIBLE_PIPELINING"); p != "1" || strings.Count(strings.Join(got.list, "\n"), "ANSIBLE_PIPELINING=") != 1 {
			t.Errorf("%s: pipelining is not set once: %q", name, got.list)
		}
	}
}

func TestConfigFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	project, home := filepath.Join(dir, "project"), filepath.Join(dir, "home")
	for _, d := range []string{project, home} {
		must(t, os.Mkdir(d, 0o755))
	}
	must(t, os.WriteFile(filepath.Join(home, ".ansible.cfg"), nil, 0o600))
	e := newEnv([]string{"HOME=" + home})
	if got := configFile(e, project); got != filepath.Join(home, ".ansible.cfg") {
		t.Errorf("without one of the project: got %q", got)
	}
	must(t, os.WriteFile(filepath.Join(project, "ansible.cfg"), nil, 0o600))
	if got := configFile(e, project); got != filepath.Join(project, "ansible.cfg") {
		t.Errorf("with one of the project: got %q", got)
	}
	must(t, os.Chmod(project, 0o777)) //nolint:gosec // what Ansible does not trust
	if got := configFile(e, project); got != filepath.Join(home, ".ansible.cfg") {
		t.Errorf("where anybody may write: got %q", got)
	}
	e.set("ANSIBLE_CONFIG", project)
	if got := configFile(e, project); got != filepath.Join(project, "ansible.cfg") {
		t.Errorf("by a directory: got %q", got)
	}
}

func FuzzINI(f *testing.F) {
	f.Add("[ssh_connection]\nssh_args = -4\n -6\n")
	f.Fuzz(func(t *testing.T, text string) {
		value, ok := iniValue(text, "ssh_connection", "ssh_args")
		if !ok && value != "" || strings.Contains(value, "\n") {
			t.Errorf("%q gave %q, %v", text, value, ok)
		}
	})
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Failed to connect to the host via ssh: ssh: connect to host h port 22: Connection refused":                                                                     "ssh: connect to host h port 22: Connection refused",
		"Data could not be sent to remote host \"10.0.0.1\". Make sure this host can be reached over ssh: slipway-host: begun\nShared connection to 10.0.0.1 closed.\n": "Shared connection to 10.0.0.1 closed.",
		"Failed to connect to the host via ssh: Warning: Permanently added 'h' (ED25519) to the list of known hosts.\nroot@h: Permission denied (publickey).":           "root@h: Permission denied (publickey).",
		"":                     "the connection was lost",
		"slipway-host: begun":  "the connection was lost",
		"something else wrong": "something else wrong",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestComplaint(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"[WARNING]: a\nERROR! the playbook: x could not be found\n": "the playbook: x could not be found",
		"[WARNING]: a\n[ERROR]: no such thing\nmore\n":              "no such thing more",
		"one\ntwo\nthree\nfour\n":                                   "two three four",
	} {
		if got := complaint(ended{stderr: []byte(in)}); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
