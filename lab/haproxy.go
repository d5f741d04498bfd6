package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/lab/process"
)

// haproxyConfig is the configuration of a balancer. Public traffic reaches nothing but
// the service's own paths; on the internal side every server starts disabled.
func (r record) haproxyConfig(b Balancer) string {
	var c strings.Builder
	fmt.Fprintf(&c, `global
	maxconn 4000
	hard-stop-after 30s
	stats socket %s mode 600 level admin expose-fd listeners
	stats timeout 1m
	server-state-file %s

defaults
	mode http
	timeout connect 2s
	timeout client 30s
	timeout server 30s
	timeout queue 5s
	timeout check 1s
	option redispatch
	retries 3
	load-server-state-from-file global
	default-server inter 250ms fastinter 100ms fall 2 rise 2 weight 100

frontend public
	bind %s:%d
	http-request deny if { path_beg /_set }
	default_backend %s

frontend internal
	bind %s:%d
	default_backend %s

frontend stats
	bind %s:%d
	stats enable
	stats uri /
	stats refresh 5s
`, b.Socket, b.State, b.Address, publicPort, PublicBackend, b.Address, internalPort, InternalBackend, b.Address, statsPort)
	r.writeBackend(&c, PublicBackend, "")
	r.writeBackend(&c, InternalBackend, " disabled")
	return c.String()
}

func (r record) writeBackend(c *strings.Builder, name, options string) {
	fmt.Fprintf(c, "\nbackend %s\n\tbalance roundrobin\n\toption httpchk GET /_status\n\thttp-check expect status 200\n", name)
	for _, h := range r.Info.Hosts {
		fmt.Fprintf(c, "\tserver %s %s:%d check%s\n", h.Name, h.Address, servicePort, options)
	}
}

// startBalancer starts a balancer, or with old pids one that takes over from them
// without refusing a connection meanwhile.
func (r record) startBalancer(ctx context.Context, b Balancer, old ...int) error {
	args := []string{"-D", "-f", b.Config, "-p", b.pidFile(), "-L", r.balancerMark(b)}
	if len(old) > 0 {
		args = append(args, "-x", b.Socket, "-sf")
	}
	for _, pid := range old {
		args = append(args, strconv.Itoa(pid))
	}
	out, err := exec.CommandContext(ctx, "haproxy", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("start balancer %s: %w: %s", b.Name, err, bytes.TrimSpace(out))
	}
	return nil
}

// makeBalancer writes the files of a balancer and starts it.
func (r record) makeBalancer(ctx context.Context, b Balancer) error {
	if err := os.MkdirAll(filepath.Dir(b.Config), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(b.Config, []byte(r.haproxyConfig(b)), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(b.State, nil, 0o644); err != nil {
		return err
	}
	return r.startBalancer(ctx, b)
}

// balancerMark is the argument by which a balancer's processes are found.
func (r record) balancerMark(b Balancer) string { return fmt.Sprintf("slipway%d-%s", r.Number, b.Name) }

func (b Balancer) pidFile() string { return filepath.Join(filepath.Dir(b.Config), "pid") }

// pid is the process that serves now; 0 when there is none.
func (r record) balancerPID(b Balancer) int {
	text, err := os.ReadFile(b.pidFile())
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	for _, running := range process.With(r.balancerMark(b)) {
		if running == pid {
			return pid
		}
	}
	return 0
}

// endBalancer ends every process of a balancer, those that still drain included.
func (r record) endBalancer(ctx context.Context, b Balancer) error {
	running := func() []int { return process.With(r.balancerMark(b)) }
	err := process.Gone(ctx, running, func(pids []int) {
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGKILL) //nolint:errcheck // it may just have ended: looked at again
		}
	})
	if err != nil {
		return fmt.Errorf("end balancer %s: %w", b.Name, err)
	}
	return nil
}

// reload notes the servers' state down and starts a process that takes over.
func (r record) reload(ctx context.Context, b Balancer) error {
	state, err := ask(ctx, b.Socket, "show servers state")
	if err != nil {
		return fmt.Errorf("reload balancer %s: %w", b.Name, err)
	}
	if err := os.WriteFile(b.State, state, 0o644); err != nil {
		return fmt.Errorf("reload balancer %s: %w", b.Name, err)
	}
	var old []int
	if pid := r.balancerPID(b); pid != 0 {
		old = append(old, pid)
	}
	return r.startBalancer(ctx, b, old...)
}

// ask sends one command to a runtime socket.
func ask(ctx context.Context, socket, command string) ([]byte, error) {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, command+"\n"); err != nil {
		return nil, err
	}
	return io.ReadAll(conn)
}
