package ansible

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// fleet is some sshd processes of our own on loopback, each a host with a directory.
// They run as whoever runs the test.
type fleet struct {
	dir   string
	hosts map[string]*sshd
	place rollout.Ansible
}

type sshd struct {
	fake
	name string
	port int
	cmd  *exec.Cmd
}

// need skips a test where a program is missing.
func need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed here", p)
		}
	}
}

func newFleet(t testing.TB, names ...string) *fleet {
	t.Helper()
	need(t, "ansible-playbook", "ssh", "ssh-keygen")
	if os.Geteuid() == 0 {
		if _, err := os.Stat("/run/sshd"); err != nil {
			t.Skip("sshd as root needs /run/sshd, which only its service makes")
		}
	}
	// Short, since the path of a control socket may have 107 characters.
	dir, err := os.MkdirTemp("", "slwa")
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{dir: dir, hosts: map[string]*sshd{}}
	t.Cleanup(func() { f.close(t) })
	for _, key := range []string{"host", "user"} {
		must(t, exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f.path(key)).Run())
	}
	for _, n := range names {
		f.hosts[n] = f.sshd(t, n)
	}
	f.place = rollout.Ansible{Inventory: f.path("hosts.yaml"), Hosts: "all"}
	f.inventory(t, "")
	must(t, os.Mkdir(f.path("project"), 0o755))
	return f
}

func (f *fleet) path(name string) string { return filepath.Join(f.dir, name) }

// runner returns a Runner for the fleet.
func (f *fleet) runner(t testing.TB, store map[string]string) *Runner {
	t.Helper()
	r, err := New(Config{
		Ansible: f.place, Project: f.path("project"), Store: files(store), Helper: fakeHelper(t), Temp: f.dir,
		Environ: append(os.Environ(), "ANSIBLE_HOME="+f.path("ansible"), "ANSIBLE_SSH_CONTROL_PATH_DIR="+f.path("cp"), "ANSIBLE_LOCAL_TEMP="+f.path("tmp")),
	})
	must(t, err)
	return r
}

// inventory writes the inventory, with more lines below the variables of all hosts.
func (f *fleet) inventory(t testing.TB, more string) {
	t.Helper()
	me, err := user.Current()
	must(t, err)
	var b strings.Builder
	b.WriteString("all:\n  hosts:\n")
	for n, s := range f.hosts {
		fmt.Fprintf(&b, "    %s: {ansible_port: %d, slipway_directory: %s}\n", n, s.port, s.dir)
	}
	fmt.Fprintf(&b, `  vars:
    ansible_host: 127.0.0.1
    ansible_user: %s
    ansible_become: false
    ansible_remote_tmp: %s
    ansible_ssh_private_key_file: %s
    ansible_ssh_common_args: -F none -o UserKnownHostsFile=%s -o IdentitiesOnly=yes
%s`, me.Username, f.path("remote"), f.path("user"), f.path("known"), more)
	must(t, os.WriteFile(f.place.Inventory, []byte(b.String()), 0o600))
	key, err := os.ReadFile(f.path("host.pub"))
	must(t, err)
	var known strings.Builder
	for _, s := range f.hosts {
		fmt.Fprintf(&known, "[127.0.0.1]:%d %s", s.port, key)
	}
	must(t, os.WriteFile(f.path("known"), []byte(known.String()), 0o600))
}

func (f *fleet) sshd(t testing.TB, name string) *sshd {
	t.Helper()
	s := &sshd{fake: fake{dir: f.path(name)}, name: name}
	must(t, os.Mkdir(s.dir, 0o755))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.port = l.Addr().(*net.TCPAddr).Port
	must(t, l.Close())
	s.start(t, f)
	return s
}

func (s *sshd) start(t testing.TB, f *fleet) {
	t.Helper()
	program := "/usr/sbin/sshd" // sshd wants to be called by its path
	if _, err := os.Stat(program); err != nil {
		t.Skip("sshd is not installed here")
	}
	s.cmd = exec.Command(program, "-D", "-e", "-f", "/dev/null", "-p", strconv.Itoa(s.port), "-h", f.path("host"),
		"-o", "ListenAddress=127.0.0.1", "-o", "AuthorizedKeysFile="+f.path("user.pub"), "-o", "StrictModes=no", "-o", "UsePAM=no",
		"-o", "PidFile=none", "-o", "Subsystem=sftp internal-sftp", "-o", "MaxStartups=100", "-o", "PermitRootLogin=yes")
	must(t, s.cmd.Start())
	for {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err == nil {
			must(t, c.Close())
			return
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// cut ends the host's sshd and every session of it, as a host that is cut off does.
// The work that was handed to a worker goes on.
func (s *sshd) cut(t testing.TB) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	sessions := descendants(t, s.cmd.Process.Pid)
	must(t, s.cmd.Process.Kill())
	_ = s.cmd.Wait() // killed
	for _, pid := range sessions {
		_ = syscall.Kill(pid, syscall.SIGKILL) // or it has just ended
	}
	s.cmd = nil
}

// descendants returns the sshd processes below one.
func descendants(t testing.TB, pid int) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	must(t, err)
	var all []int
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		name, rest, _ := strings.Cut(string(b), ") ")
		fields := strings.Fields(rest)
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) && strings.HasSuffix(name, "(sshd") {
			all = append(append(all, child), descendants(t, child)...)
		}
	}
	return all
}

func (f *fleet) close(t testing.TB) {
	t.Helper()
	for _, s := range f.hosts {
		s.cut(t)
	}
	must(t, os.RemoveAll(f.dir))
}

// files is a store of a few files.
type files map[string]string

// Path returns the path of the file with a digest.
func (f files) Path(_ context.Context, digest string) (string, error) {
	p, ok := f[digest]
	if !ok {
		return "", fmt.Errorf("artifact %s is not in the store", digest)
	}
	return p, nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
