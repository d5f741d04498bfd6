package work_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/work"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(starting); address != "" {
		if err := startOne(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// start begins work whose commands are reported on a channel as they begin.
func start(t *testing.T, w *work.Work, rollout string) <-chan int {
	t.Helper()
	ran := make(chan int, 100)
	err := w.Start(t.Context(), rollout, func(_ context.Context, command int) error {
		ran <- command
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ran
}

func open(t *testing.T, path string) *work.Work {
	t.Helper()
	w := work.New(path, nil)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func next(t *testing.T, ran <-chan int) int {
	t.Helper()
	select {
	case c := <-ran:
		return c
	case <-time.After(20 * time.Second):
		t.Fatal("nothing ran in 20 s")
		return 0
	}
}

func TestCommandsRun(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { commandsRun(t, filepath.Join(t.TempDir(), "deep", "work.db")) })
	t.Run("postgres", func(t *testing.T) { commandsRun(t, journaltest.Postgres(t)) })
}

func commandsRun(t *testing.T, address string) {
	t.Parallel()
	w := open(t, address)
	ran := start(t, w, "r1")
	for c := 1; c <= 5; c++ {
		if err := w.Enqueue(t.Context(), "r1", c); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	for range 5 {
		got = append(got, next(t, ran))
	}
	slices.Sort(got)
	if !slices.Equal(got, []int{1, 2, 3, 4, 5}) {
		t.Errorf("ran %v", got)
	}
}

// TestStartingAtOnce: processes that find no database make it together.
func TestStartingAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { startingAtOnce(t, filepath.Join(t.TempDir(), "work.db")) })
	t.Run("postgres", func(t *testing.T) { startingAtOnce(t, journaltest.Postgres(t)) })
}

func startingAtOnce(t *testing.T, address string) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c := exec.CommandContext(t.Context(), self)
			c.Env = append(os.Environ(), starting+"="+address)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
}

// starting tells a process of this test to do one command of a rollout of its own, with
// the work at an address.
const starting = "SLIPWAY_TEST_START"

func startOne(address string) error {
	ctx, rollout := context.Background(), fmt.Sprintf("r%d", os.Getpid())
	w, ran := work.New(address, nil), make(chan struct{}, 1)
	err := w.Start(ctx, rollout, func(context.Context, int) error {
		ran <- struct{}{}
		return nil
	})
	if err == nil {
		err = w.Enqueue(ctx, rollout, 1)
	}
	if err == nil {
		<-ran
	}
	return errors.Join(err, w.Close())
}

func TestTheFileIsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "work.db")
	w := open(t, path)
	start(t, w, "r1")
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700, path + "-wal": 0o600} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s is %v, want %v", filepath.Base(p), info.Mode().Perm(), want)
		}
	}
}

func TestEnqueuingTwiceIsNothing(t *testing.T) {
	t.Parallel()
	w := open(t, filepath.Join(t.TempDir(), "work.db"))
	begun, free := make(chan int, 10), make(chan struct{})
	err := w.Start(t.Context(), "r1", func(_ context.Context, command int) error {
		begun <- command
		<-free
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := w.Enqueue(t.Context(), "r1", 7); err != nil {
			t.Fatal(err)
		}
	}
	next(t, begun)
	if err := w.Enqueue(t.Context(), "r1", 7); err != nil { // while it runs
		t.Fatal(err)
	}
	if err := w.Enqueue(t.Context(), "r1", 8); err != nil {
		t.Fatal(err)
	}
	if c := next(t, begun); c != 8 {
		t.Errorf("command %d ran, want 8 alone", c)
	}
	close(free)
}

func TestWorkThatEndedRunsAgainWhenAskedFor(t *testing.T) {
	t.Parallel()
	w := open(t, filepath.Join(t.TempDir(), "work.db"))
	ran := start(t, w, "r1")
	for attempt := range 3 {
		// The outcome is recorded a moment after the handler returns; until then
		// asking again is nothing, so ask until it runs.
		deadline := time.After(20 * time.Second)
		for done := false; !done; {
			if err := w.Enqueue(t.Context(), "r1", 1); err != nil {
				t.Fatal(err)
			}
			select {
			case <-ran:
				done = true
			case <-time.After(50 * time.Millisecond):
			case <-deadline:
				t.Fatalf("attempt %d never ran", attempt)
			}
		}
	}
}

func TestStoppedWorkIsTakenUpByTheNextProcess(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "work.db") },
		"postgres": func(t *testing.T) string { return journaltest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			takenUp(t, address(t), func() {})
		})
	}
}

// TestTheEnvironmentDoesNotOverrule: variables that are meant for programs on DBOS's
// own hosting change nothing, and are still there for what the process starts.
func TestTheEnvironmentDoesNotOverrule(t *testing.T) {
	t.Setenv("DBOS__VMID", "a machine")
	t.Setenv("DBOS__APPVERSION", "8")
	t.Setenv("DBOS__CLOUD", "true")
	takenUp(t, filepath.Join(t.TempDir(), "work.db"), func() { t.Setenv("DBOS__APPVERSION", "9") })
	if got := os.Getenv("DBOS__VMID") + " " + os.Getenv("DBOS__APPVERSION"); got != "a machine 9" {
		t.Errorf("the environment is now %s", got)
	}
}

// takenUp leaves work behind, and checks who takes it up; between is called in between.
func takenUp(t *testing.T, path string, between func()) {
	t.Helper()
	first := open(t, path)
	begun := make(chan int, 1)
	err := first.Start(t.Context(), "r1", func(ctx context.Context, command int) error {
		begun <- command
		<-ctx.Done()
		return ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Enqueue(t.Context(), "r1", 3); err != nil {
		t.Fatal(err)
	}
	next(t, begun)
	if err := first.Stop("r1"); err != nil {
		t.Fatal(err)
	}
	if err := first.Stop("r1"); err != nil {
		t.Errorf("stopping twice: %v", err)
	}
	between()
	other := open(t, path)
	foreign := start(t, other, "r2")
	second := open(t, path)
	if c := next(t, start(t, second, "r1")); c != 3 {
		t.Errorf("command %d was taken up, want 3", c)
	}
	select {
	case c := <-foreign:
		t.Errorf("another rollout's process took command %d", c)
	default:
	}
}

// A process that was frozen, lost its rollout and thawed still takes work for a
// moment. Whoever owns the rollout gets it back by asking again.
func TestWorkThatWasStolenIsHadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "work.db")
	thief := open(t, path)
	err := thief.Start(t.Context(), "r1", func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	owner := open(t, path)
	ran := start(t, owner, "r1")
	const commands = 6
	done := map[int]bool{}
	deadline := time.After(20 * time.Second)
	for len(done) < commands {
		for c := 1; c <= commands; c++ {
			if done[c] {
				continue
			}
			if err := owner.Enqueue(t.Context(), "r1", c); err != nil {
				t.Fatal(err)
			}
		}
		for quiet := false; !quiet; {
			select {
			case c := <-ran:
				done[c] = true
			case <-time.After(100 * time.Millisecond):
				quiet = true
			case <-deadline:
				t.Fatalf("only %d of %d commands ran", len(done), commands)
			}
		}
	}
}

func TestForgettingLeavesNothing(t *testing.T) {
	t.Parallel()
	w := open(t, filepath.Join(t.TempDir(), "work.db"))
	ran := start(t, w, "r1")
	if err := w.Enqueue(t.Context(), "r1", 1); err != nil {
		t.Fatal(err)
	}
	next(t, ran)
	if err := w.Stop("r1"); err != nil {
		t.Fatal(err)
	}
	if err := w.Forget(t.Context(), "r1"); err != nil {
		t.Fatal(err)
	}
	again := start(t, w, "r1")
	if err := w.Enqueue(t.Context(), "r1", 1); err != nil {
		t.Fatal(err)
	}
	if c := next(t, again); c != 1 {
		t.Errorf("command %d ran", c)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := open(t, filepath.Join(t.TempDir(), "work.db"))
	if err := w.Enqueue(t.Context(), "r1", 1); err == nil {
		t.Error("work that was not started took a command")
	}
	start(t, w, "r1")
	if err := w.Start(t.Context(), "r1", nil); err == nil {
		t.Error("work was started twice")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, filepath.Join(file, "work.db")).Start(t.Context(), "r1", nil); err == nil {
		t.Error("a file served as a directory")
	}
}

// BenchmarkLatency measures the time from Enqueue to the handler, one at a time, and
// what an idle queue costs.
func BenchmarkLatency(b *testing.B) {
	w := work.New(filepath.Join(b.TempDir(), "work.db"), nil)
	ran := make(chan time.Time, 1)
	err := w.Start(b.Context(), "r1", func(context.Context, int) error {
		ran <- time.Now()
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	var longest, total time.Duration
	n := 0
	for b.Loop() {
		n++
		asked := time.Now()
		if err := w.Enqueue(b.Context(), "r1", n); err != nil {
			b.Fatal(err)
		}
		took := (<-ran).Sub(asked)
		total += took
		longest = max(longest, took)
	}
	b.ReportMetric(float64(total.Milliseconds())/float64(n), "mean-ms")
	b.ReportMetric(float64(longest.Milliseconds()), "longest-ms")
	before, now := cpu(b), time.Now()
	<-time.After(2 * time.Second)
	b.ReportMetric(100*(cpu(b)-before).Seconds()/time.Since(now).Seconds(), "idle-%")
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

var usage sync.Mutex

func cpu(b *testing.B) time.Duration {
	b.Helper()
	usage.Lock()
	defer usage.Unlock()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
