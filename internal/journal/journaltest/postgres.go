package journaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres starts a PostgreSQL server for a test, on a socket of its own, and
// returns a URL; what is added to its search_path keeps journals apart. It skips the
// test where there is no server to start.
func Postgres(t testing.TB) string {
	t.Helper()
	bin := binaries(t)
	who := unprivileged(t)
	// Not t.TempDir: a socket's path may have 100 bytes only, and another user must get in.
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	initdb := command(who, dir, filepath.Join(bin, "initdb"), "-D", data, "-U", "slipway", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale", "C")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	server := command(who, dir, filepath.Join(bin, "postgres"), "-D", data, "-k", dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200")
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, server) })
	address := fmt.Sprintf("postgres:///postgres?host=%s&user=slipway", dir)
	if err := answers(t.Context(), address); err != nil {
		stop(t, server)
		t.Fatalf("the PostgreSQL server does not answer: %v\n%s", err, log.String())
	}
	return address
}

// binaries finds the newest server that Debian has installed.
func binaries(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Skip("no PostgreSQL server in /usr/lib/postgresql: install Debian's postgresql package")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}

// unprivileged is who runs the server when root tests, since it refuses root.
func unprivileged(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Skipf("root cannot run a PostgreSQL server, and there is no other user for it: %v", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func command(who *syscall.Credential, dir, name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setpgid: true}
	return c
}

// stop ends a server at once; its data is not needed any more.
func stop(t testing.TB, server *exec.Cmd) {
	if server.ProcessState != nil {
		return
	}
	if err := server.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := server.Wait(); err != nil && !errors.As(err, &exit) {
		t.Error(err)
	}
}

// answers waits until a server takes connections.
func answers(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
}
