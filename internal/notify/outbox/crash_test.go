package outbox

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/notifytest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// service is a chat in a file: a line a message. asked is one that can be asked for what
// it has, as a chat that keeps keys; the other is not.
type service struct {
	file  string
	asked bool
	after func() // runs between sending and noting it
}

func (s service) Send(_ context.Context, m notify.Message, memory *notify.Memory) (string, error) {
	if s.asked && memory.Again {
		have, err := os.ReadFile(s.file)
		if err != nil {
			return "", err
		}
		if strings.Contains(string(have), m.Key+"\n") {
			return m.Key, nil
		}
	}
	f, err := os.OpenFile(s.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := f.WriteString(m.Key + "\n"); err != nil {
		return "", err
	}
	s.after()
	return m.Key, nil
}

// TestMain is also the process that is killed: it sends one message and says so, before
// it could note it.
func TestMain(m *testing.M) {
	dir := os.Getenv("SLIPWAY_OUTBOX_CHILD")
	if dir == "" {
		os.Exit(m.Run())
	}
	j, err := journal.Open(context.Background(), filepath.Join(dir, "journal.db"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	Start(context.Background(), j, func(c rollout.Channel) (notify.Notifier, error) {
		return service{filepath.Join(dir, c.Name), c.Name == "asked", func() {
			fmt.Println("sent " + c.Name)
			select {}
		}}, nil
	}, Pace{})
	select {}
}

// TestKilledBetween: the process is killed between sending and noting it. Nothing is
// lost, the order holds, and nothing is doubled where the service can be asked.
func TestKilledBetween(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j, err := journal.Open(t.Context(), filepath.Join(dir, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	plan := notifytest.Plan("R-7", rollout.Channel{Name: "asked", Kind: "slack"}, rollout.Channel{Name: "deaf", Kind: "hipchat"})
	if err := j.Create(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	lease, err := j.Acquire(t.Context(), plan.ID, journal.Self("test"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := j.Remind(t.Context(), lease, now(i)); err != nil {
			t.Fatal(err)
		}
	}
	killed(t, dir)
	d := Start(t.Context(), j, func(c rollout.Channel) (notify.Notifier, error) {
		return service{filepath.Join(dir, c.Name), c.Name == "asked", func() {}}, nil
	}, Pace{Look: 10 * time.Millisecond})
	processtest.Until(t, func() error {
		all, err := j.Deliveries(t.Context(), "R-7")
		for _, one := range all {
			if one.Delivered.IsZero() {
				return fmt.Errorf("%s is not delivered", one.ID())
			}
		}
		return err
	})
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	planned := "R-7/" + rollout.PlannedNotice(plan).Key + "\n"
	rest := planned + "R-7/0\nR-7/1\nR-7/2\n"
	for name, want := range map[string]string{"asked": rest, "deaf": planned + rest} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s got\n%swant\n%s%v", name, got, want, err)
		}
	}
}

// killed runs a process that sends to both channels, and kills it before it notes that.
func killed(t *testing.T, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), "SLIPWAY_OUTBOX_CHILD="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range 2 {
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), "sent ") {
			t.Fatalf("the process says %q", lines.Text())
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed, and says so
}
