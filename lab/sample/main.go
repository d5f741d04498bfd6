package sample

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// grace is how long requests that are under way may take when the service is told to end.
const grace = 10 * time.Second

// Main runs the service until ctx ends, and then finishes the requests under way.
// ADDRESS, PORT, CURRENCY, HOST and WORK (how long a cart takes, such as 40ms) come from
// getenv; all have defaults. It returns the exit code.
func Main(ctx context.Context, getenv func(string) string, stderr io.Writer) int {
	r, err := Read()
	if err == nil {
		err = run(ctx, r, getenv, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", Name, err)
		return 1
	}
	return 0
}

func run(ctx context.Context, r Release, getenv func(string) string, stderr io.Writer) error {
	if r.Broken {
		return fmt.Errorf("version %s does not start: that is what it is for", r.Version)
	}
	work, err := time.ParseDuration(or(getenv("WORK"), "0s"))
	if err != nil || work < 0 {
		return fmt.Errorf("WORK is %q: it can be a time such as 40ms", getenv("WORK"))
	}
	l, err := net.Listen("tcp", net.JoinHostPort(getenv("ADDRESS"), or(getenv("PORT"), "8080")))
	if err != nil {
		return err
	}
	host, _ := os.Hostname() // empty is as good a name when there is none
	service := New(r, or(getenv("HOST"), host), or(getenv("CURRENCY"), "EUR"), work)
	fmt.Fprintf(stderr, "%s %s listens on %s\n", Name, r.Version, l.Addr())
	if err := ready(getenv("NOTIFY_SOCKET")); err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	return Serve(ctx, l, service.Handler())
}

// Serve answers on a listener until ctx ends, then finishes the requests under way.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: grace}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(end)
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// ready tells systemd, when it asked to be told, that the service listens.
func ready(socket string) error {
	if socket == "" {
		return nil
	}
	conn, err := net.Dial("unixgram", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte("READY=1"))
	return err
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
