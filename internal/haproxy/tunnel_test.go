package haproxy_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/haproxy/haproxytest"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// sshd is a real OpenSSH server on loopback, with one key that may log in.
type sshd struct {
	dir  string
	cmd  *exec.Cmd
	args []string
}

func startSSHD(t *testing.T) *sshd {
	t.Helper()
	bin := "/usr/sbin/sshd"
	for _, program := range []string{bin, "ssh", "ssh-keygen"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: apt-get install openssh-server openssh-client", program)
		}
	}
	dir, err := os.MkdirTemp("", "sshd")
	if err != nil {
		t.Fatal(err)
	}
	s := &sshd{dir: dir}
	t.Cleanup(func() {
		s.stop()
		os.RemoveAll(dir)
	})
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	port := processtest.Free(t, processtest.Loopback).Port
	s.file(t, "sshd_config", fmt.Sprintf("ListenAddress 127.0.0.1:%d\nHostKey %s/host\nPidFile none\nAuthorizedKeysFile %s/user.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n", port, dir, dir))
	public, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	s.file(t, "known_hosts", fmt.Sprintf("[127.0.0.1]:%d %s", port, public))
	s.file(t, "ssh_config", fmt.Sprintf("Host balancer\n HostName 127.0.0.1\n Port %d\n IdentityFile %s/user\n IdentitiesOnly yes\n UserKnownHostsFile %s/known_hosts\n ControlMaster auto\n ControlPath %s/mux\n", port, dir, dir, dir))
	s.args = []string{"-D", "-e", "-f", filepath.Join(dir, "sshd_config")}
	s.start(t, bin, port)
	return s
}

func (s *sshd) file(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *sshd) start(t *testing.T, bin string, port int) {
	t.Helper()
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil && os.Getuid() == 0 {
		t.Skipf("sshd needs /run/sshd: %v", err)
	}
	s.cmd = exec.Command(bin, s.args...)
	log := &strings.Builder{}
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 250 {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			conn.Close()
			s.probe(t)
			return
		}
		<-tick.C
	}
	t.Skipf("sshd does not start here: %s", log)
}

// probe skips where this account cannot log in at all: an sshd that is not root's
// refuses accounts whose passwords it cannot look up.
func (s *sshd) probe(t *testing.T) {
	t.Helper()
	out, err := exec.Command("ssh", "-F", filepath.Join(s.dir, "ssh_config"), "-S", "none", "balancer", "exit").CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 255 && os.Getuid() != 0 {
		t.Skipf("this account cannot log in to its own sshd: %s", out)
	}
}

func (s *sshd) stop() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.cmd = nil
	}
}

func (s *sshd) pool(t *testing.T) *haproxy.Pool {
	p := &haproxy.Pool{SSH: []string{"ssh", "-F", filepath.Join(s.dir, "ssh_config")}}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestThroughSSH(t *testing.T) {
	s, p := startSSHD(t), haproxytest.Start(t, twoServers)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	pool := s.pool(t)
	c, err := pool.Client(me.Username + "@balancer:" + p.Socket)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetState(t.Context(), "pub", "w1", haproxy.Drain); err != nil {
		t.Fatal(err)
	}
	got, err := c.Server(t.Context(), "pub", "w1")
	if err != nil || got.Admin != haproxy.Drain {
		t.Fatalf("read %+v, %v", got, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d local ends, want one for two commands", len(left))
	}
	for range 2 {
		if err := pool.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := c.SetState(t.Context(), "pub", "w1", haproxy.Ready); err != nil {
		t.Errorf("a lost tunnel is made again: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestSSHSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	pool := s.pool(t)
	for address, want := range map[string]string{
		"balancer:/nonexistent/admin.sock": "is /nonexistent/admin.sock there",
		"nobody@balancer:/run/x.sock":      "Permission denied",
	} {
		c, err := pool.Client(address)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Info(t.Context())
		if !errors.Is(err, haproxy.ErrUnreachable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", address, err, want)
		}
	}
}
