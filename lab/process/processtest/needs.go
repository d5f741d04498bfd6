package processtest

import (
	"context"
	"net"
	"os/exec"
	"testing"
	"time"
)

// Program is where a program of a Debian package is; without it the test is skipped.
func Program(t testing.TB, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: apt-get install %s", name, pkg)
	}
	return path
}

// Loopback is the address of servers that nobody else calls.
const Loopback = "127.0.0.1"

// Free is an address of a host that nobody listens on.
func Free(t testing.TB, host string) *net.TCPAddr {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr)
}

// Until tries again until there is no error, for a minute.
func Until(t testing.TB, try func() error) {
	t.Helper()
	Eventually(t, "it did not come to be", time.Minute, try)
}

// Eventually tries again until there is no error, for a time; what is what was waited for.
func Eventually(t testing.TB, what string, within time.Duration, try func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		}
	}
}
