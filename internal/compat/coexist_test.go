package compat_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/compat"
)

var twoHosts = compat.Pair{
	Old: compat.Side{Host: "web1", Address: "127.0.0.1:8081", Version: "1.0.0"},
	New: compat.Side{Host: "web2", Address: "127.0.0.1:8082", Version: "1.1.0"},
}

func shell(script string) compat.Command {
	return compat.Command{Args: []string{"/bin/sh", "-c", script}, Within: time.Minute}
}

func TestCoexistTellsTheCommandWhoIsWho(t *testing.T) {
	t.Setenv("SLIPWAY_DATABASE", "postgres://secret")
	c := shell(`echo "$SLIPWAY_OLD_HOST $SLIPWAY_OLD_ADDRESS $SLIPWAY_OLD_VERSION"; echo "$SLIPWAY_NEW_HOST $SLIPWAY_NEW_ADDRESS $SLIPWAY_NEW_VERSION" >&2; echo "[$SLIPWAY_DATABASE] $TENANT"; pwd`)
	c.Dir, c.Env = t.TempDir(), []string{"TENANT=blue"}
	r, err := compat.Coexist(t.Context(), c, twoHosts)
	if err != nil {
		t.Fatal(err)
	}
	want := "web1 127.0.0.1:8081 1.0.0\nweb2 127.0.0.1:8082 1.1.0\n[] blue\n" + c.Dir + "\n"
	if !r.Passed || r.Exit != 0 || r.Output != want {
		t.Errorf("got %+v, want output %q", r, want)
	}
}

func TestCoexistKeepsWhatAFailedTestSaid(t *testing.T) {
	t.Parallel()
	r, err := compat.Coexist(t.Context(), shell("echo order 7 written by new is not read by old; exit 3"), twoHosts)
	if err != nil || r.Passed || r.Exit != 3 || !strings.Contains(r.Output, "order 7") {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestCoexistEndsAtItsTime(t *testing.T) {
	t.Parallel()
	// What the test starts holds the other end of a pipe, which closes when the last of it has ended.
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	end, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer end.Close()
	c := shell("exec 3>" + pipe + "; sleep 600 & echo begun; wait")
	c.Within = 3 * time.Second // long enough for a busy machine to begin
	r, err := compat.Coexist(t.Context(), c, twoHosts)
	if err != nil || r.Passed || !r.TimedOut || r.Output != "begun\n" {
		t.Fatalf("got %+v, %v", r, err)
	}
	if err := end.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := end.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("what the test started goes on: %v", err)
	}
}

func TestCoexistStopsWhenTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("the rollout is aborted")
	cancel(stop)
	if _, err := compat.Coexist(ctx, shell("sleep 600"), twoHosts); err == nil {
		t.Error("it ran although it was told to stop")
	}
}

func TestCoexistKeepsTheEndOfALongOutput(t *testing.T) {
	t.Parallel()
	r, err := compat.Coexist(t.Context(), shell("yes 0123456789 | head -n 20000; echo the end"), twoHosts)
	if err != nil || !r.Truncated || len(r.Output) != 64<<10 || !strings.HasSuffix(r.Output, "the end\n") {
		t.Errorf("got %d bytes, truncated %v, %v", len(r.Output), r.Truncated, err)
	}
}

func TestCoexistRefusesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command compat.Command
		pair    compat.Pair
		want    string
	}{
		{compat.Command{}, twoHosts, "compat.coexist.run"},
		{shell("true"), compat.Pair{Old: twoHosts.Old}, "the new side"},
		{compat.Command{Args: []string{"/no/such/program"}}, twoHosts, "/no/such/program"},
	} {
		if _, err := compat.Coexist(t.Context(), c.command, c.pair); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
