package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/lab/proxy"
)

// patience is how long the balancer's process may take to answer for the first time.
const patience = 10 * time.Second

// startBalancer hands the listeners to the balancer, in this process or its own. They
// are the balancer's, whatever becomes of it.
func (f *Fleet) startBalancer(ctx context.Context, cfg Config, n network) error {
	b := f.info.Balancers[0]
	socket, err := net.Listen("unix", b.Socket)
	if err != nil {
		return errors.Join(fmt.Errorf("make the balancer's socket: %w", err), n.close())
	}
	p := planOf(f.info)
	if err := writeJSON(b.Config, p); err != nil {
		return errors.Join(err, n.close(), socket.Close())
	}
	if len(cfg.Balancer) > 0 {
		if err := f.spawn(cfg.Balancer, n, socket); err != nil {
			return err
		}
		return f.answers(ctx)
	}
	balancer, err := proxy.New(p.config(n.public, n.internal, socket))
	if err != nil {
		return errors.Join(err, n.close(), socket.Close())
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- balancer.Serve(ctx) }()
	f.stop = func() error { cancel(); return <-ended }
	return nil
}

// spawn starts the balancer's process, in a session of its own so that it goes on
// when this one ends.
func (f *Fleet) spawn(command []string, n network, socket net.Listener) (err error) {
	defer func() { err = errors.Join(err, n.close(), socket.Close()) }()
	var files []*os.File
	for _, l := range []net.Listener{n.public, n.internal, socket} {
		own, ok := l.(interface{ File() (*os.File, error) })
		if !ok {
			return fmt.Errorf("hand down the listener %s: it has no descriptor", l.Addr())
		}
		file, err := own.File()
		if err != nil {
			return fmt.Errorf("hand down the listener %s: %w", l.Addr(), err)
		}
		defer file.Close()
		files = append(files, file)
	}
	if u, ok := socket.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // the other process has it now
	}
	logs, err := os.Create(filepath.Join(f.info.Directory, logFile))
	if err != nil {
		return err
	}
	defer logs.Close()
	cmd := exec.Command(command[0], append(command[1:], f.info.Balancers[0].Config)...) //nolint:noctx // it outlives its caller on purpose
	cmd.ExtraFiles, cmd.Stdout, cmd.Stderr = files, logs, logs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the balancer: %w", err)
	}
	f.child = cmd
	return nil
}

// answers waits for the first answer of the balancer's process.
func (f *Fleet) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := ask(ctx, f.info.Balancers[0].Socket, "show info")
	if err == nil && strings.HasPrefix(answer, "Name: HAProxy\n") {
		return nil
	}
	logs, _ := os.ReadFile(filepath.Join(f.info.Directory, logFile)) // says no more than err when it cannot be read
	return errors.Join(err, fmt.Errorf("the balancer's process does not answer: %s", strings.TrimSpace(string(logs))))
}

// ask sends one command to the runtime socket. A process that ends without an answer
// breaks the connection.
func ask(ctx context.Context, socket, command string) (string, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if _, err := io.WriteString(conn, command+"\n"); err != nil {
		return "", err
	}
	text, err := io.ReadAll(conn)
	return string(text), err
}
