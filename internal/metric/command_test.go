package metric

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

func openCommand(t *testing.T, now *time.Time, kind rollout.MetricKind, environ []string, args ...string) *Sources {
	t.Helper()
	s, err := New(Deps{Now: func() time.Time { return *now }, Environ: environ}, &rollout.Plan{Service: "shop", Project: t.TempDir()},
		[]rollout.Metric{{Name: "errors", Kind: kind, Source: "command", Ask: &rollout.Ask{Command: args}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCommand(t *testing.T) {
	t.Parallel()
	now := time.Now()
	file := filepath.Join(t.TempDir(), "counts")
	s := openCommand(t, &now, "", []string{"PATH=/usr/bin:/bin", "SLIPWAY_JOURNAL=secret"}, "sh", "-c", `test "$0$SLIPWAY_JOURNAL" = shop && cat "$1"`, "{{service}}", file)
	look := func(text, want, gap string) {
		t.Helper()
		write(t, file, text)
		now = now.Add(15 * time.Second)
		got, err := s.Sample(t.Context(), []string{"web1", "web2"})
		if fmt.Sprint(got) != want || (err != nil) != (gap != "") || (err != nil && !strings.Contains(err.Error(), gap)) {
			t.Errorf("%s: got %v, %v; want %s, %s", text, got, err, want, gap)
		}
	}
	look("web1 1 100\nweb2 5\n", "[]", "")
	look("web1 3 200\n{\"host\": \"web2\", \"events\": 6}\n", "[{web1 errors count 2 100 0 []} {web2 errors count 1 15 0 []}]", "")
	look("web1 1 10\n\nweb2 8", "[{web2 errors count 2 15 0 []}]", "errors of web1: "+reasonAnew)
	look("web1 2 20", "[{web1 errors count 1 10 0 []}]", "errors of web2: nothing is said of web2 (but of web1)")
	look("web1 many", "[]", `line 1 (web1 many): expected a number, found "many"`)
	look("web1 3 30\nweb1 3 30", "[]", "line 2 (web1 3 30): the host had a line before")
	look(`{"host":"web1","errors":3}`, "[]", `unknown field "errors"`)
	look("web1 -1 3", "[]", "not negative")
	look("web1 4 40\nweb2 9", "[{web1 errors count 2 20 0 []} {web2 errors count 1 90 0 []}]", "")
	fails := openCommand(t, &now, "", nil, "sh", "-c", "echo no database >&2; exit 3")
	if got, err := fails.Sample(t.Context(), []string{"web1"}); got != nil || err == nil || !strings.Contains(err.Error(), "sh: exit status 3: no database") {
		t.Errorf("got %v, %v", got, err)
	}
	floods := openCommand(t, &now, "", nil, "head", "-c", "5000000", "/dev/zero")
	if got, err := floods.Sample(t.Context(), []string{"web1"}); got != nil || err == nil || !strings.Contains(err.Error(), "head: it prints more than 4 MB") {
		t.Errorf("got %v, %v", got, err)
	}
	gauge := openCommand(t, &now, rollout.Gauge, nil, "echo", "web1 1.5")
	if got, err := gauge.Sample(t.Context(), []string{"web1"}); got != nil || err != nil {
		t.Errorf("the first call: %v, %v", got, err)
	}
	now = now.Add(15 * time.Second)
	if got, err := gauge.Sample(t.Context(), []string{"web1"}); err != nil || len(got) != 1 || got[0].Value != 1.5 {
		t.Errorf("got %v, %v", got, err)
	}
}

// A command that hangs is ended with all that it has started.
func TestACommandThatHangs(t *testing.T) {
	t.Parallel()
	now := time.Now()
	file := filepath.Join(t.TempDir(), "pid")
	s := openCommand(t, &now, "", nil, "sh", "-c", `sleep 1000 & echo $! > "$0"; mv "$0" "$0".done; wait`, file)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.Sample(ctx, []string{"web1"})
		ended <- err
	}()
	var child int
	processtest.Until(t, func() error {
		b, err := os.ReadFile(file + ".done")
		if err != nil {
			return err
		}
		child, err = strconv.Atoi(strings.TrimSpace(string(b)))
		return err
	})
	cancel()
	if err := <-ended; err == nil {
		t.Error("no error")
	}
	processtest.Until(t, func() error {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		if err == nil && !strings.Contains(string(state), ") Z ") {
			return fmt.Errorf("the child is alive: %w", syscall.Kill(child, 0))
		}
		return nil
	})
}

func FuzzCommand(f *testing.F) {
	f.Add([]byte("web1 3 410\n{\"host\":\"web2\",\"events\":3}\n"), false)
	f.Add([]byte("web1 1e3"), true)
	f.Fuzz(func(t *testing.T, b []byte, gauge bool) {
		kind := rollout.Counts
		if gauge {
			kind = rollout.Gauge
		}
		all, err := parseCommand(b, kind)
		if err != nil {
			return
		}
		for _, r := range all {
			if r.host == "" || (!gauge && r.value < 0) || gauge != (r.role == "value") {
				t.Errorf("%q: %+v", b, r)
			}
		}
	})
}
