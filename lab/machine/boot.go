package machine

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// launcher joins the control groups named before "--" and becomes the rest of its
// arguments, in a session of its own, so that it outlives whoever started it.
const launcher = `while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift; exec setsid --fork "$@"`

// beat is how often a machine is looked at while somebody waits for it.
const beat = 25 * time.Millisecond

// second is how many looks are about a second.
const second = 40

// Boot starts it and returns at once; Ready waits.
func (m Machine) Boot(ctx context.Context) error {
	files, err := m.enterCgroups()
	if err != nil {
		return fmt.Errorf("boot %s: %w", m.Host, err)
	}
	console, err := os.OpenFile(m.Console(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("boot %s: %w", m.Host, err)
	}
	defer console.Close()
	args := append([]string{"-c", launcher, "sh"}, files...)
	args = append(args, "--", "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot",
		m.argument(), "--network-namespace-path=/run/netns/"+m.Name, "--machine="+m.Name, "--hostname="+m.Host,
		"--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe")
	cmd := exec.CommandContext(ctx, "sh", args...)
	cmd.Stdout, cmd.Stderr = console, console
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("boot %s: %w: %s", m.Host, err, m.lastWords())
	}
	return nil
}

// argument is the one by which its processes are found again.
func (m Machine) argument() string { return "--directory=" + m.Root() }

// Ready waits until it answers on SSH and lets its users log in.
func (m Machine) Ready(ctx context.Context) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for missed := 0; ; {
		up, err := m.answers(ctx)
		if up {
			return nil
		}
		// A process has no arguments to be found by while it becomes another program,
		// which takes long where much runs.
		if missed++; err == nil {
			missed = 0
		}
		if missed > second {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for SSH on %s (%s): %w: %s", m.Host, m.Address.Addr(), ctx.Err(), m.lastWords())
		}
	}
}

// answers looks once; an error means that it never will.
func (m Machine) answers(ctx context.Context) (bool, error) {
	if len(m.processes()) == 0 {
		return false, fmt.Errorf("%s ended while it booted: %s", m.Host, m.lastWords())
	}
	pid := m.PID()
	if pid == 0 || exists(fmt.Sprintf("/proc/%d/root/run/nologin", pid)) {
		return false, nil
	}
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(m.Address.Addr().String(), "22"))
	if err != nil {
		return false, nil // not yet
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return false, nil
	}
	banner, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.HasPrefix(banner, "SSH-"), nil
}

// lastWords is the end of what its console printed.
func (m Machine) lastWords() string {
	text, err := os.ReadFile(m.Console())
	if err != nil {
		return "its console is silent"
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-3):], []byte("; ")))
}
